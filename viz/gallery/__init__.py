"""The pictures of the README, and the command that draws them: ``python -m viz.gallery``."""
