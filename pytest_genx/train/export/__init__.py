"""A trained model -> a folder that other programs take."""
