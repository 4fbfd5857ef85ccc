"""Where a function compares numbers: which way each comparison turns out, and the other right gradients at a tie.

Where numbers are equal, either may be taken for the larger one, or half of each.

>>> rights = at_ties(lambda x: np.maximum(x, 0.0).sum(), [("x", np.array([0.0, 2.0]))])
>>> [right.tolist() for (right,) in itertools.islice(rights, 3)]
[[1.0, 1.0], [0.0, 1.0], [0.5, 1.0]]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from nn.diagnosis.alterations.recorded import recorded_or_none
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

LEAST = 1e-100  # instead of 0: the products of two such are numbers still
OF_TWO = ("maximum", "minimum")
OF_MANY = ("max", "amax", "min", "amin")
PIECEWISE_LINEAR = (*OF_TWO, *OF_MANY, "where", "relu", "leaky_relu", "abs")


def at_ties(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]) -> list[list[Array]]:
    """Return the gradients in which one of several equal numbers has all that they share; none where there are none.

    And those at the next numbers, above and below, and their mean, if comparisons turn out otherwise there.
    """
    recorded = recorded_or_none(f, arguments)
    if recorded is None:
        return []
    sweep = Sweep(*recorded).without_shifts()
    tied = [
        edge for edge in sweep.edges if edge.step.op in (*OF_TWO, *OF_MANY) and (np.abs(edge.saved - 0.5) < 0.5).any()
    ]
    of_two = list(_either(edge for edge in tied if edge.step.op in OF_TWO))
    of_many = list(_either(edge for edge in tied if edge.step.op in OF_MANY))
    chosen = [sweep.altered(one | other) for one, other in itertools.product(of_two, of_many) if one or other]
    sides = [_next(f, arguments, sweep, side) for side in (1.0, -1.0)]
    if sides == [None, None]:
        return chosen
    above, below = (side or sweep.gradients for side in sides)
    return [*chosen, above, below, [0.5 * (a + b) for a, b in zip(above, below)]]  # differences are the mean


def _next(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]], sweep: Sweep, side: float) -> list[Array] | None:
    """Return the gradients at the numbers next to all arguments, if other branches are taken there than here."""
    moved = [(name, np.where(x == 0.0, side * LEAST, np.nextafter(x, side * np.inf))) for name, x in arguments]
    recorded = recorded_or_none(f, moved)
    if recorded is None:
        return None
    there = Sweep(*recorded).without_shifts()
    here, turned = ([_decided_by(edge).tolist() for edge in each.edges] for each in (sweep, there))
    return there.gradients if here != turned else None


def branches(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]) -> list[Array]:
    """Return which way each of a function's comparisons turns out, edge by edge: what is let through, what is taken.

    It is the same everywhere of a function that compares nothing; none where it cannot be recorded.
    """
    recorded = recorded_or_none(f, arguments)
    return [] if recorded is None else [_decided_by(edge) for edge in Sweep(*recorded).edges]


def _decided_by(edge: Edge) -> Array:
    """Return what comparisons have made of an edge: a derivative of few values, zeros of a mask beside it, places."""
    if edge.kind == "move":
        return np.asarray(edge.saved[1])
    if edge.step.op in PIECEWISE_LINEAR:
        return np.asarray(edge.saved)
    constants = [x for x in edge.step.operands if isinstance(x, np.ndarray)]
    return np.concatenate([np.ravel(x != 0.0) for x in constants]) if constants else np.zeros(0)


def _either(edges: Iterator[Edge]) -> Iterator[dict[Edge, Any]]:
    """Yield what edges hand on where the first of equal numbers has everything, the last, or each half."""
    several = list(edges)
    for first in (1.0, 0.0, 0.5) if several else (1.0,):
        yield dict.fromkeys(several, partial(_decided, first=first))


def _decided(edge: Edge, g: Array, first: float) -> Array:
    saved = np.array(edge.saved)
    if edge.step.op in OF_TWO:  # of a variable and a constant the variable is the first
        is_first = edge.operand == 0 or len(edge.step.edges) == 1
        saved[(saved > 0.0) & (saved < 1.0)] = first if is_first else 1.0 - first
        return edge.pull(g, saved)
    windows = edge.pull(np.arange(g.size, dtype=float).reshape(g.shape), np.ones(saved.shape)).ravel()
    hits = np.flatnonzero(saved)[:: 1 if first else -1]
    chosen = np.zeros(saved.size)
    chosen[hits] = 0.5 * (first == 0.5)
    alone = np.ravel(saved) == 1.0
    chosen[hits[np.unique(windows[hits], return_index=True)[1]]] = max(first, 1.0 - first)
    return edge.pull(g, np.where(alone, 1.0, chosen).reshape(saved.shape))
