"""Folding: a graph of any size becomes at most forty boxes."""
