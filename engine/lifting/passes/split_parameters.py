"""Views of the flat vector of parameters, and of its gradient, become views of the named arrays that they lie in.

What reaches over several arrays (queries, keys and values that are one product) stays a view of the flat vector.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import replace
from operator import is_
from typing import TypeVar

from engine.lifting.external import Named
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View

FlatOperand = TypeVar("FlatOperand", View, Gather)
FLAT = frozenset(("parameters", "gradient"))  # kinds of sources that are all named arrays, one after the other


def split_parameters(steps: Steps, arrays: Sequence[Named]) -> Steps:
    """Return the steps with every reading and writing within one named array as one of that array.

    ``theta[6; (1,)] -> b1``
    """
    parts = Parts(arrays)
    forward, backward = ([_split(step, parts) for step in part] for part in (steps.forward, steps.backward))
    return replace(steps, forward=forward, backward=backward, roots=[parts.in_array(x) for x in steps.roots])


def _split(step: Step, parts: Parts) -> Step:
    if FLAT.isdisjoint([source.kind for x in (step.target, *step.operands) for source in x.sources]):
        return step
    operands = tuple(map(parts.in_array, step.operands))
    places = operands[0]
    scatters = isinstance(places, Gather) and step.op == "scatter"
    target = places.source.view if scatters and isinstance(places, Gather) else parts.in_array(step.target)
    if target is step.target and all(map(is_, operands, step.operands)):
        return step
    assert isinstance(target, View)
    return step.on(target, operands)


class Parts:
    """The named arrays, in the order in which they lie in the flat vector."""

    def __init__(self, arrays: Sequence[Named]) -> None:
        self.arrays = sorted([named for named in arrays if named.part.size], key=lambda named: named.part.offset)
        self.starts = [named.part.offset for named in self.arrays]
        self.views: dict[Hashable, View] = {}  # which views of the flat vector are which views: many steps read one

    def in_array(self, x: Operand) -> Operand:
        """Return an operand as one of the named array that it lies in, if it lies in one."""
        if isinstance(x, Literal) or not is_flat(x.source):
            return x
        if isinstance(x, View):
            key = (x.source, x.shape, x.offset, x.strides)
            if key not in self.views:
                self.views[key] = self._found(x)
            return self.views[key]
        return self._found(x)

    def _found(self, x: FlatOperand) -> FlatOperand:
        low, high = x.span()
        k = bisect_right(self.starts, low) - 1
        if k < 0 or high >= self.starts[k] + self.arrays[k].part.size:
            return x
        named, start = self.arrays[k], self.starts[k]
        source = named.gradient if x.source.kind == "gradient" else named.array
        if isinstance(x, View):
            return View(source, x.shape, x.offset - start, x.strides)
        return replace(x, source=source, index=x.index - start)


def is_flat(source: Source) -> bool:
    """Whether this is the flat vector of parameters, or its gradient."""
    return source.kind in FLAT
