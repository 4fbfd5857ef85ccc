"""Whether gradients agree, in units of rounding."""
