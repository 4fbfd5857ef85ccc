"""What people call, of the operations that look at their arguments before they compute.

>>> from engine import clip, dot, leaky_relu
>>> where(2.0 > 1.0, 10.0, 20.0), select([10.0, 20.0, 30.0], 1)
(10.0, 20.0)
>>> clip(5.0, -1.0, 1.0), leaky_relu(-2.0), dot([1.0, 2.0], [3.0, 4.0], 0.5)
(1.0, -0.02, 11.5)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arguments import described, listed
from engine.operands import NUMBERS, check_operand, check_operands, check_shapes, is_value

Operation = Callable[..., Any]


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return `x` where `condition` holds, else `y`; the side not chosen gets no gradient, not even 0 times inf.

    A Python bool chooses at once.  While a function is being lifted, ``a < b`` is a condition that stays
    part of the program, so `where` is how a choice is written that every new input makes afresh.

    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    if x.__class__ is float and y.__class__ is float and condition.__class__ is bool:
        return x if condition else y  # what rules ask most
    if condition.__class__ is bool and is_value(x) and is_value(y):
        return x if condition else y
    for operand in (x, y):
        if not is_value(operand):
            check_operands(operand, "where")
    if condition.__class__ is not bool:
        if isinstance(condition, np.ndarray):
            check_operands(condition, "where")
            check_shapes("where", (condition, x, y))
            return np.where(condition, x, y)
        if hasattr(condition, "where"):
            if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
                return np.where(condition, x, y)  # which asks the condition
            return condition.where(x, y)
        if not isinstance(condition, NUMBERS) and not is_value(condition):
            raise TypeError(f"where needs a comparison, or True or False, to choose by; got {described(condition)}.")
    chosen, other = (x, y) if condition else (y, x)
    if is_value(other) and not is_value(chosen):
        return other.__class__.constant(chosen)
    return chosen


def select(table: Sequence[Any], i: Any) -> Any:
    """Return entry `i` of a table of numbers, or row `i` of a table of rows.

    With a Python integer this is ``table[i]``.  While a function is being lifted, `i` may be an integer input:
    the choice then stays in the program, and a new index needs no new trace.

    Raises
    ------
    TypeError
        If `i` is not an integer.
    IndexError
        If the table has no entry `i`; negative indices are refused, since a class or a token has none.

    Examples
    --------
    >>> select([10.0, 20.0, 30.0], 1)
    20.0
    """
    if hasattr(i, "choose_from"):
        return i.choose_from(table)
    if isinstance(i, np.ndarray) and i.ndim == 0:
        i = i[()]
    if isinstance(i, (bool, np.bool_)) or not isinstance(i, (int, np.integer)):
        raise TypeError(f"select needs an integer index; got {described(i)}. A class or token is an int.")
    if not isinstance(table, (list, tuple)) and not (isinstance(table, np.ndarray) and table.ndim):
        raise TypeError(f"select needs a table, which is a list of numbers or of rows; got {described(table)}.")
    if not 0 <= i < len(table):
        raise IndexError(
            f"select: index {described(i)} is outside a table of {len(table)} entries (0 to {len(table) - 1})."
        )
    entry = table[int(i)]
    if not isinstance(entry, (list, tuple)) and not is_value(entry):
        check_operand(entry, "select")
    return entry


def sloping(leaky_relu: Operation) -> Operation:
    """Give the slope of the other side its default."""
    return lambda x, slope=0.01: leaky_relu(x, slope)


def bounded(clip: Operation) -> Operation:
    """Refuse bounds that are numbers the wrong way round; where they are computed, `high` wins, as in NumPy."""

    def clipped(x: Any, low: Any, high: Any) -> Any:
        """Hold `x` between `low` and `high`; the gradient passes inside and on the bounds, outside it is the bound's.

        Raises
        ------
        ValueError
            If the bounds are numbers the wrong way round.
        """
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            raise ValueError(f"clip needs low <= high; got {described(low)} and {described(high)}. Swap them.")
        return clip(x, low, high)

    return clipped


def weights_and_inputs(dot: Operation) -> Operation:
    """Take the operands of `dot`, which are one list, as two lists and a bias."""

    def dotted(ws: Sequence[Any], xs: Sequence[Any], bias: Any = None) -> Any:
        """Sum of w * x over two sequences of equal length, plus `bias`, as one node: a neuron's pre-activation.

        Its local derivative with respect to its weights is its input (note 001, section 3).

        Raises
        ------
        ValueError
            If the sequences differ in length.
        """
        ws = ws if ws.__class__ is list else listed(ws, "dot's weights", "numbers and Values")
        xs = xs if xs.__class__ is list else listed(xs, "dot's inputs", "numbers and Values")
        if len(ws) != len(xs):
            raise ValueError(
                f"dot needs as many weights as inputs; got {len(ws)} and {len(xs)}. Check the layer's input size."
            )
        if not ws and bias is None:
            return 0.0
        return dot([*ws, *xs] if bias is None else [*ws, *xs, bias])

    return dotted
