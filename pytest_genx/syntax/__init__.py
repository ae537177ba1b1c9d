"""What can be learnt from source files without running them; knows nothing of models or stages."""
