"""Where a function compares numbers: which way each comparison turns out, and the other right gradients at a tie.

Where numbers are equal, either may be taken for the larger one.

>>> other, another = at_ties(lambda x: np.maximum(x, 0.0).sum(), [("x", np.array([0.0, 2.0]))])
>>> other[0].tolist(), another[0].tolist()
([1.0, 1.0], [0.0, 1.0])
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

    And those at the next numbers, above and below, if comparisons turn out otherwise there.
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
    return [*chosen, *_next(f, arguments, sweep)]


def _next(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]], sweep: Sweep) -> Iterator[list[Array]]:
    """Yield the gradients at the numbers next to all arguments, where other branches are taken than at these."""
    known = [_decided_by(edge) for edge in sweep.edges]
    for side in (1.0, -1.0):
        moved = [(name, np.where(x == 0.0, side * LEAST, np.nextafter(x, side * np.inf))) for name, x in arguments]
        recorded = recorded_or_none(f, moved)
        there = Sweep(*recorded).without_shifts() if recorded is not None else sweep
        if [x.tolist() for x in known] != [_decided_by(edge).tolist() for edge in there.edges]:
            yield there.altered({})


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
    """Yield what edges hand on where the first of equal numbers has everything, and where the last has."""
    several = list(edges)
    for is_first in (True, False) if several else (True,):
        yield dict.fromkeys(several, partial(_decided, is_first=is_first))


def _decided(edge: Edge, g: Array, is_first: bool) -> Array:
    saved = np.array(edge.saved)
    if edge.step.op in OF_TWO:  # of a variable and a constant the variable is the first
        wins = is_first == (edge.operand == 0 or len(edge.step.edges) == 1)
        saved[(saved > 0.0) & (saved < 1.0)] = float(wins)
        return edge.pull(g, saved)
    windows = edge.pull(np.arange(g.size, dtype=float).reshape(g.shape), np.ones(saved.shape)).ravel()
    hits = np.flatnonzero(saved)[:: 1 if is_first else -1]
    chosen = np.zeros(saved.size)
    chosen[hits[np.unique(windows[hits], return_index=True)[1]]] = 1.0
    return edge.pull(g, chosen.reshape(saved.shape))
