"""Arrays of Values: NumPy's own arrays, whose ufuncs and functions go through the rules."""
