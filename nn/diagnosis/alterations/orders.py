"""A factor that is multiplied last of all, with the gradient of an argument, as if all between were elementwise.

>>> from nn.diagnosis.alterations.alteration import gradients_of
>>> from nn.diagnosis.alterations.recorded import record
>>> c = np.array([1.0, 2.0, 3.0])
>>> sweep = Sweep(*record(lambda x: (x[::-1] * c).sum(), [("x", np.ones(3))]))
>>> [(a.kind, gradients_of((a,), sweep)[0].tolist()) for a in of_orders(sweep)]
[('factor-too-late', [1.0, 2.0, 3.0])]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array


def of_orders(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield factors that are multiplied with what has come to an argument of their shape."""
    for edge in sweep.edges:
        is_factor = edge.kind == "local" and edge.step.op in ("multiply", "divide") and np.ptp(edge.saved) > 0.0
        for leaf in sweep.leaves if is_factor else ():
            below = sweep.below[edge.parent] >> sweep.place[leaf] & 1 if leaf in sweep.place else 0
            if edge.parent is not leaf and below and leaf.value.shape == edge.step.value.shape:
                finish = partial(_times_at, of=leaf, factor=edge.saved)
                yield BackwardAlteration("factor-too-late", (edge,), {edge: _without}, leaf.name, 3, finish=finish)


def _times_at(leaf: ArrayStep, g: Array, of: ArrayStep, factor: Array) -> Array:
    return g * factor if leaf is of else g


def _without(edge: Edge, g: Array) -> Array:
    return edge.pull(g, np.ones_like(edge.saved))
