"""Measuring rankers on recorded pools: `genx bench`."""
