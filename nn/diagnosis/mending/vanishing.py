"""Where an author's gradient becomes zero: the first expression that is, of operands that are not.

>>> def backward(d, x):
...     mask = (x > 1.0) & (x < 0.0)
...     return d * mask
>>> x, d = np.array([1.0, 2.5, -0.7]), np.array([0.3, 0.9, 1.7])
>>> at_first = Written(backward, lambda f: {0: f(d, x)}, np.square, None, {0: d}, {0: 0.0 * d}, {0: "x"})
>>> vanishing([at_first], [0])
'line 2: `(x > 1.0) & (x < 0.0)` is zero everywhere'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nn.diagnosis.alterations.target import size
from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.instrumented import Node
from nn.diagnosis.mending.program import Program
from nn.diagnosis.mending.written import Written

ROUNDING = 1e-12  # of the largest operand, what is left of a sum that is zero


def vanishing(points: Sequence[Written | None], wrong: Sequence[int]) -> str:
    """Return the line and the expression that is zero at all points, and makes some gradients zero; "" if none is."""
    several = [dict.fromkeys((x.line, x.text) for x in _vanishing(point, wrong)) for point in points if point]
    everywhere = [place for place in several[0] if all(place in there for there in several)] if several else []
    return f"line {everywhere[0][0]}: `{everywhere[0][1]}` is zero everywhere" if everywhere else ""


def _vanishing(point: Written, wrong: Sequence[int]) -> Iterator[Node]:
    """Yield the expressions that are zero at a point and reach wrong gradients alone, in the order of computing."""
    program = Program()
    try:
        run = partial(point.run, program.followed(point.function))
        program.record(run)
    except Exception:
        return
    for key, (operands, _, value) in list(program.seen.items()):
        owners = [getattr(x, "__self__", x) for x in operands]  # of a method, its array
        arrays = [np.asarray(x) for x in owners if isinstance(x, (np.ndarray, float))]
        largest = max((size(x * 1.0) for x in arrays), default=0.0)
        if isinstance(value, np.ndarray) and value.size and largest > 0.0 and size(value * 1.0) <= ROUNDING * largest:
            try:
                made = program.altered([_NotZero("", program.nodes[key], "", 0)], run, {})
            except Exception:
                continue
            reached = {at for at in point.given if at not in made or not np.array_equal(made[at], point.given[at])}
            if reached and reached <= set(wrong):
                yield program.nodes[key]


class _NotZero(Edit):
    """What is not zero in place of what is."""

    def make(self, do: Callable[..., Any], operands: Sequence[Any], keywords: Mapping[str, Any], *at_hand: Any) -> Any:
        """Return it."""
        value = operands[0] if self.node.form == "store" else np.asarray(do(*operands, **keywords))
        return ~value if value.dtype == bool else value + 1.0
