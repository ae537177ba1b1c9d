"""Inputs for a call, guessed from source text that is never imported."""
