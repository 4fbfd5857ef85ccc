"""A term that the function does not have, added to a whole gradient: a multiple of an array at hand, as of a penalty.

>>> from nn.diagnosis.alterations.recorded import record
>>> sweep = Sweep(*record(lambda w: (np.tanh(w) ** 2).sum(), [("w", np.array([0.5, -1.0, 2.0]))]))
>>> [a.what for a in of_terms(sweep)]
['w', 'exp(w)', 'tanh(w)', 'tanh(w) ** 2.0']
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

FEWEST = 3  # entries: of fewer, any array has a multiple that fits


def of_terms(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what is added to an argument's gradient: the argument, its exponential, values in its shape."""
    for leaf in sweep.leaves:
        edges = sweep.arriving.get(leaf, [])[:1] if leaf.value.size >= FEWEST else []
        values = {label(leaf): leaf.value, f"exp({label(leaf)})": np.exp(leaf.value)}
        for step in sweep.steps[::-1] if edges else ():
            if step.value.shape == leaf.value.shape:
                values.setdefault(label(step), step.value)
        for edge in edges:
            for what, value in values.items():
                pulls = {edge: partial(_with_term, value=value)}
                yield BackwardAlteration("term-added", (edge,), pulls, what, 3)


def _with_term(edge: Edge, g: Array, value: Array) -> Array:
    return np.asarray(edge.right(g) + value)
