"""What can go wrong with a picture: one class per misunderstanding.

>>> issubclass(TooLargeError, ValueError)
True
"""


class TooLargeError(ValueError):
    """The graph has more boxes than can be laid out: `draw(loss, collapse=None)` of 100,000 nodes.

    Fold it with `collapse="auto"`, or draw a part of it.
    """


class RenderError(RuntimeError):
    """A program that makes the picture is missing or failed: `save(z, "z.pdf")` where there is no `dot`."""


class ExpressionError(ValueError):
    """What was typed is not arithmetic over the engine's functions; the message points at the place."""
