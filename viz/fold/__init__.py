"""Folding: a graph of any size becomes at most some sixty boxes."""
