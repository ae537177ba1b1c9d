"""What shows records, one form a file."""
