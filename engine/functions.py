"""Every operation of the calculus, and what is composed of them, on any number: float, Value, array or expression.

>>> exp(0.0), relu(-2.0), maximum(1.0, 3.0)
(1.0, 0.0, 3.0)
>>> log(0.0), exp(1000.0)
(-inf, inf)
>>> import numpy as np
>>> sigmoid(np.array([0.0, 2.0])).round(3)
array([0.5  , 0.881])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine import choices, rules
from engine.arguments import listed
from engine.choices import *  # noqa: F403
from engine.choices import largest, shift
from engine.operands import as_operand
from engine.rules import *  # noqa: F403
from engine.rules import abs as absolute
from engine.rules import erf, exp, sigmoid, total

INVERSE_SQRT_2 = 0.7071067811865476


def silu(x: Any) -> Any:
    """Sigmoid linear unit, x * sigmoid(x)  (Elfwing et al. 2017).

    >>> silu(0.0)
    0.0
    """
    x = as_operand(x, "silu")
    return x * sigmoid(x)


def gelu(x: Any) -> Any:
    """Gaussian error linear unit, x * Phi(x), in its exact form  (Hendrycks and Gimpel 2016).

    >>> round(gelu(1.0), 6)
    0.841345
    """
    x = as_operand(x, "gelu")
    return 0.5 * x * (1.0 + erf(INVERSE_SQRT_2 * x))


def smallest(xs: Sequence[Any]) -> Any:
    """The smallest of any number of numbers; its derivative is shared evenly by those that are as small.

    >>> smallest([2.0, -1.0, 3.0])
    -1.0
    """
    operands = listed(xs, "smallest's operand", "numbers and Values")
    return 0.0 - largest([-as_operand(x, "smallest") for x in operands])


def softmax(xs: Sequence[Any]) -> list[Any]:
    """exp(x) / sum(exp(x)) as a list, stable for any finite input.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    operands = listed(xs, "softmax's operand", "numbers and Values")
    if not operands:
        return []
    highest = shift(operands)
    es = [exp(x - highest) for x in operands]
    s = total(es)
    return [e / s for e in es]


COMPOSED = {"silu": silu, "gelu": gelu, "smallest": smallest, "softmax": softmax}
"""What is no operation of its own: its graph is that of the operations it is composed of."""

if not TYPE_CHECKING:  # type checkers and editors read the names themselves
    __all__ = [*rules.__all__, *choices.__all__, "absolute", *COMPOSED]
