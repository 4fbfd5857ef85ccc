"""One change of a backward pass: of what its edges hand on, or of the function that is differentiated.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.tanh(x).sum(), [("x", np.array([0.0, 1.0]))])
>>> sweep = Sweep(root, leaves)
>>> path = (scaled(tuple(e for e in sweep.edges if e.step.op == "tanh"), -1.0, "sign"),)
>>> gradients_of(path, sweep)[0].round(2).tolist()
[-1.0, -0.42]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge, Saving
from nn.diagnosis.alterations.sweep import Change, Pull, Sweep
from nn.samples import Array

NUMBER = re.compile(r"\d+\.\d+|\d+e[+-]\d+")
Saves: TypeAlias = Callable[[Edge], Any]
Convert: TypeAlias = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class BackwardAlteration:
    """One change of a reverse sweep.

    Attributes
    ----------
    kind
        The name of the mistake.
    edges
        Where it is; the first gives the names.
    pulls
        What is handed on there.
    changes
        The steps of the function that are others.
    saved, factor
        Where an edge hands on no more than a multiple, or what its own rule does with another saved array: those.
    finish
        What is done to each leaf's gradient in the end.
    run
        What makes the gradients, where that is no single sweep.
    what, times
        The array or the number that stands there in place of the right one; and a number that it is multiplied with.
    rank
        How far from the right one it is: of several that fit, those of the least are believed.
    """

    kind: str
    edges: tuple[Edge, ...]
    pulls: Mapping[Edge, Pull] = field(default_factory=dict)
    what: str = ""
    rank: int = 1
    changes: Mapping[ArrayStep, Change] = field(default_factory=dict)
    saved: Saves | None = None
    factor: float = 1.0
    run: Callable[[Sweep], list[Array]] | None = None
    finish: Callable[[ArrayStep, Array], Array] | None = None
    times: str = ""

    @cached_property
    def name(self) -> tuple[str, str]:
        """What tells it from others at the same edges, without numbers that may be lengths."""
        return self.kind, NUMBER.sub("#", self.what)


Path: TypeAlias = tuple[BackwardAlteration, ...]
Reruns: TypeAlias = dict[Path, tuple[Sweep, dict[ArrayStep, ArrayStep]]]


def pulling(kind: str, edges: tuple[Edge, ...], pull: Pull, what: str = "", rank: int = 1) -> BackwardAlteration:
    """Return the alteration of edges that all hand on something else."""
    return BackwardAlteration(kind, edges, dict.fromkeys(edges, pull), what, rank)


def saving(kind: str, edges: tuple[Edge, ...], saved: Saves, what: str = "", rank: int = 1) -> BackwardAlteration:
    """Return the alteration of edges whose local derivative is computed with something else."""
    return BackwardAlteration(kind, edges, dict.fromkeys(edges, Saving(saved)), what, rank, saved=saved)


def of_saved(kind: str, edges: tuple[Edge, ...], change: Convert, what: str = "", rank: int = 1) -> BackwardAlteration:
    """Return the alteration of edges that do something to what they have saved first."""
    return saving(kind, edges, lambda edge: change(edge.saved), what, rank)


def of_arriving(
    kind: str, edges: tuple[Edge, ...], change: Convert, what: str = "", rank: int = 1
) -> BackwardAlteration:
    """Return the alteration of edges that do something to what arrives first."""
    return pulling(kind, edges, lambda edge, g: edge.right(change(g)), what, rank)


def of_share(kind: str, edges: tuple[Edge, ...], change: Convert, what: str = "", rank: int = 1) -> BackwardAlteration:
    """Return the alteration of edges that do something to what they hand on."""
    return pulling(kind, edges, lambda edge, g: change(edge.right(g)), what, rank)


def nothing(edge: Edge, g: Array) -> Array:
    """Hand on nothing: a pull."""
    return np.zeros(edge.parent.value.shape)


def scaled(edges: tuple[Edge, ...], factor: float, kind: str, what: str = "", rank: int = 0) -> BackwardAlteration:
    """Return the alteration of edges that hand on a multiple."""
    altered = pulling(kind, edges, lambda edge, g: factor * edge.right(g), what, rank)
    return replace(altered, saved=lambda edge: edge.saved, factor=factor)


def gradients_of(path: Path, sweep: Sweep) -> list[Array]:
    """Return the gradients of several alterations at once: the function is rerun, then swept with what is altered."""
    if len(path) == 1 and path[0].run is not None:
        return path[0].run(sweep)
    other, pulls = together(path, sweep)
    return [finished(path, leaf, g) for leaf, g in zip(sweep.leaves, other.altered(*pulls))]


def finished(path: Path, leaf: ArrayStep, g: Array) -> Array:
    """Return a leaf's gradient after what is done to it in the end."""
    for alteration in path:
        g = alteration.finish(leaf, g) if alteration.finish is not None else g
    return g


def in_place(alteration: BackwardAlteration, here: Sweep, there: Sweep) -> BackwardAlteration:
    """Return an alteration of one sweep at the same places of another, of the same operations."""
    edges, steps = dict(zip(here.edges, there.edges)), dict(zip(here.steps, there.steps))
    return replace(
        alteration,
        edges=tuple(edges[edge] for edge in alteration.edges),
        pulls={edges[edge]: pull for edge, pull in alteration.pulls.items()},
        changes={steps[step]: change for step, change in alteration.changes.items()},
    )


def together(path: Path, sweep: Sweep, known: Reruns | None = None) -> tuple[Sweep, list[Mapping[Edge, Pull]]]:
    """Return the sweep of the function that several alterations make, and what edges hand on there, one by one.

    Parameters
    ----------
    path, sweep
        The alterations, and what they alter.
    known
        Functions that were rerun for one alteration before, to which this one is added.
    """
    changing = tuple(a for a in path if a.changes)
    if not changing:
        return sweep, [a.pulls for a in path]
    one = known if known is not None and len(changing) == 1 else {}
    if changing not in one:
        one[changing] = sweep.rerun({step: change for a in changing for step, change in a.changes.items()})
    other, become = one[changing]
    return other, [{_moved(edge, become): pull for edge, pull in a.pulls.items()} for a in path]


def _moved(edge: Edge, become: Mapping[ArrayStep, ArrayStep]) -> Edge:
    step = become.get(edge.step, edge.step)
    return next((other for other in step.edges if other.operand == edge.operand), edge)


def attempted(path: Path, sweep: Sweep) -> list[Array]:
    """Return its gradients; not a number where its arrays do not go together."""
    try:
        with np.errstate(all="ignore"):
            return gradients_of(path, sweep)
    except (ValueError, IndexError, TypeError, KeyError):
        return [np.full(leaf.value.shape, np.nan) for leaf in sweep.leaves]
