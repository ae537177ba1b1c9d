"""What can be learnt from source text without running it; knows nothing of models or stages."""
