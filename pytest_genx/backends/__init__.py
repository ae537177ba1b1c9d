"""What writes samples, one backend a file."""
