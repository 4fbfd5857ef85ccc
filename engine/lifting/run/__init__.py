"""Text becomes something that one calls."""
