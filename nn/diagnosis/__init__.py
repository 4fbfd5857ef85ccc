"""What is wrong with a gradient, by name."""
