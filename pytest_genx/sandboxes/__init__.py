"""What runs candidates against cases, one mechanism a file."""
