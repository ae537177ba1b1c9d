"""Training the models: `genx-train`. Nothing imports this package."""
