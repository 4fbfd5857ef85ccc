"""Products of numbers with themselves: what hands back twice the cotangent of one factor, and not once that of each."""

from __future__ import annotations

from engine.lifting.ops import Step
from engine.lifting.views import View


def is_square(step: Step) -> bool:
    """Whether a step is a product of one view with itself: element by element, or a vector's with itself.

    >>> from engine.lifting.views import Source
    >>> x, y = Source("x", (2,), "input").view, Source("y", (2,), "input").view
    >>> z = Source("z", (2,), "value").view
    >>> is_square(Step("multiply", z, (x, x))), is_square(Step("multiply", z, (x, y)))
    (True, False)
    """
    if step.op not in ("multiply", "matmul"):
        return False
    x, y = step.operands
    if not isinstance(x, View) or not isinstance(y, View) or (step.op == "matmul" and not is_dot(step)):
        return False
    return x.source is y.source and (x.shape, x.offset, x.strides) == (y.shape, y.offset, y.strides)


def is_dot(step: Step) -> bool:
    """Whether a product of matrices is one of two vectors."""
    x, y = step.view(0), step.view(1)
    return x.shape == y.shape and x.size == x.shape[-1]
