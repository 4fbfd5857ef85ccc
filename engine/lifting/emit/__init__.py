"""Array operations become text: NumPy's or JAX's modules, and formulas for people."""
