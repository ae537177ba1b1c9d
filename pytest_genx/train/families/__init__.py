"""Composed functions with inputs: what the embedded model learns its two roles from."""
