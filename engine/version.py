"""The version, here alone: the distribution's metadata is read from it, a plain checkout has it too."""

__version__ = "0.1.0"
