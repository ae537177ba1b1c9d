"""What scores a pass matrix, one algorithm a file."""
