"""A Python function becomes a graph of scalars: it is watched while it runs, and recorded."""
