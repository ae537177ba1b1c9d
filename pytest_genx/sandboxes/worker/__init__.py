"""Child side of the process sandbox: run by path, imports nothing of the package around it."""
