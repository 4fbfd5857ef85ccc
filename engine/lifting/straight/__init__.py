"""From the trace straight to Python's floats: programs whose operations come one after the other, a number each."""
