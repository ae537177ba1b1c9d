"""What this machine can run, what is missing, and what to type next."""
