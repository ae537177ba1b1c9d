"""What is kept on disk between runs, whatever it is: keys and bytes."""
