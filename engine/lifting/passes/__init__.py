"""A graph of scalars becomes array operations, forward and backward."""
