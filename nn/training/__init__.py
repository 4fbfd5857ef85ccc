"""Training: steps, epochs, metrics, checkpoints, predictions."""
