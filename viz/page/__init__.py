"""The page to step through a computation."""
