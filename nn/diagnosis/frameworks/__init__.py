"""Backward passes that are written for PyTorch and JAX, judged as those that are written in NumPy."""
