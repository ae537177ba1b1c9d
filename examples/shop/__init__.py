"""A small shop: the ordinary kind of code that has too few tests."""
