"""Traces of derivatives: of a function along a direction, against one, and of each entry of its Jacobian or Hessian.

A matrix is computed entry by entry, where each operation depends on few variables or reaches few results, so that what
is sparse costs what its entries cost; else along directions, which are samples of the program: one for each colour of
columns (forward) or of rows (reverse) that share no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.lifting.ir import Trace
from engine.lifting.passes.dependence import colours, dependence, members, reached_results, total_bits
from engine.lifting.passes.pull import pull
from engine.lifting.passes.push import push
from engine.lifting.passes.scalar_graph import Atom, ScalarGraph
from engine.lifting.views import Indices

SPARSE = 8  # variables that an operation depends on, on average, up to which each entry is computed by itself
SMALL = 2_000  # derivatives of operations, up to which it is in any case


@dataclass(frozen=True, eq=False)
class Variables:
    """What is differentiated by.

    Attributes
    ----------
    columns
        The leaves of a trace that are variables, and the number of each.
    count
        How many variables there are; some may be read by nothing.
    """

    columns: Mapping[int, int]
    count: int

    def of(self, trace: Trace, before: Trace) -> Variables:
        """Return the same variables, of a trace that was made of the one before."""
        if trace is before:
            return self
        named = {before.leaves[i]: k for i, k in self.columns.items()}
        return Variables({i: named[leaf] for i, leaf in trace.leaves.items() if leaf in named}, self.count)


@dataclass(frozen=True, eq=False)
class Entries:
    """How the entries of a matrix of derivatives are computed.

    Attributes
    ----------
    trace
        What computes them; directions are its last input array.
    shape
        Of the matrix: results, variables.
    rows, columns
        Where each entry that can be other than 0 is, in the order of rows and columns.
    at
        Where each is in what the trace computes, directions first.
    directions
        One for each sample; None where the trace computes each entry by itself.
    mirrored
        Whether entries above the diagonal are those below it.
    """

    trace: Trace
    shape: tuple[int, int]
    rows: Indices
    columns: Indices
    at: Indices
    directions: npt.NDArray[np.float64] | None = None
    mirrored: bool = False

    @cached_property
    def starts(self) -> Indices:
        """Where each row begins among the entries, and how many there are."""
        return np.searchsorted(self.rows, np.arange(self.shape[0] + 1)).astype(self.columns.dtype)

    @cached_property
    def places(self) -> Indices:
        """Where each entry is in the flat matrix."""
        return self.rows * self.shape[1] + self.columns


class _Begun:
    """A graph that begins with a function's trace."""

    def __init__(self, trace: Trace, variables: Variables) -> None:
        self.graph, self.variables = ScalarGraph(trace), variables
        self.results, self.guards = trace.roots[: trace.results], trace.roots[trace.results :]

    def finished(self, results: Sequence[Atom]) -> Trace:
        """Return the trace of some results, under the same guards."""
        return self.graph.finished(results, self.guards)


def tangents_of(trace: Trace, variables: Variables, argument: int, *, primals: bool) -> Trace:
    """Return the trace of the results' tangents.

    Parameters
    ----------
    trace, variables
        The function's, and its variables.
    argument
        Which input array the direction is, a number for each variable.
    primals
        Whether the results are results still, in front of their tangents.
    """
    begun = _Begun(trace, variables)
    graph = begun.graph
    moved = push(graph, {leaf: {0: graph.input(argument, k)} for leaf, k in begun.variables.columns.items()})
    tangents = [moved.get(root, {}).get(0, 0.0) for root in begun.results]
    return begun.finished([*(begun.results if primals else []), *tangents])


def cotangents_of(trace: Trace, variables: Variables, argument: int | None = None, *, primals: bool = False) -> Trace:
    """Return the trace of the variables' cotangents.

    Parameters
    ----------
    trace, variables
        The function's, and its variables.
    argument
        Which input array holds a cotangent for each result; without it each is 1.
    primals
        Whether the results are results still, in front of the cotangents.
    """
    begun = _Begun(trace, variables)
    graph = begun.graph
    seeds: dict[int, list[Atom]] = {}
    for row, root in enumerate(begun.results):
        seeds.setdefault(root, []).append(1.0 if argument is None else graph.input(argument, row))
    summed = {root: {0: graph.total(terms)} for root, terms in seeds.items()}
    reached = pull(graph, summed, set(begun.variables.columns))
    cotangents: list[Atom] = [0.0] * variables.count
    for leaf, k in begun.variables.columns.items():
        cotangents[k] = reached.get(leaf, {}).get(0, 0.0)
    return begun.finished([*(begun.results if primals else []), *cotangents])


# --- matrices ------------------------------------------------------------------------------------------------------


def jacobian_entries(trace: Trace, variables: Variables, argument: int, *, samples: bool = False) -> Entries:
    """Return how a Jacobian is computed.

    Parameters
    ----------
    trace, variables
        The function's, and its variables.
    argument
        Which input array directions would be.
    samples
        Whether the program has samples already, so that directions cannot be some.
    """
    forward, reverse = dependence(trace, variables.columns), reached_results(trace, variables.columns)
    costs = total_bits(forward), total_bits(reverse)
    if samples or min(costs) <= max(SMALL, SPARSE * len(trace.ops)):
        return _each(trace, variables, by_results=costs[1] < costs[0])
    return _directed(trace, variables, argument, [forward[root] for root in trace.roots[: trace.results]])


def hessian_entries(gradient: Trace, variables: Variables, argument: int, *, samples: bool = False) -> Entries | None:
    """Return how a Hessian is computed, the symmetric Jacobian of a gradient; None where it is to be row by row.

    Parameters
    ----------
    gradient, variables, argument, samples
        The trace of the gradient, and as `jacobian_entries` takes them.
    """
    depends = dependence(gradient, variables.columns)
    if total_bits(depends) <= max(SMALL, SPARSE * len(gradient.ops)):
        return _each(gradient, variables, by_results=False, symmetric=True)
    rows = [depends[root] for root in gradient.roots[: gradient.results]]
    return None if samples else _directed(gradient, variables, argument, rows, forward=True)


def _each(trace: Trace, variables: Variables, *, by_results: bool, symmetric: bool = False) -> Entries:
    """Compute each entry by itself: forward for each variable, or in reverse for each result."""
    begun = _Begun(trace, variables)
    entries = (_by_results if by_results else _by_variables)(begun)
    if symmetric:
        entries = {(row, column): x for (row, column), x in entries.items() if column <= row}
    places = np.array([*entries], dtype=np.int64).reshape(-1, 2)
    at = np.arange(len(places))
    if symmetric:
        lower = places[:, 0] != places[:, 1]
        places = np.concatenate([places, places[lower][:, ::-1]])
        at = np.concatenate([at, at[lower]])
    derivatives = begun.finished([*entries.values()] or [0.0])
    entries_in_order = _in_order(derivatives, (trace.results, variables.count), places[:, 0], places[:, 1], at)
    return replace(entries_in_order, mirrored=symmetric)


def _by_variables(begun: _Begun) -> dict[tuple[int, int], Atom]:
    moved = push(begun.graph, {leaf: {k: 1.0} for leaf, k in begun.variables.columns.items()})
    return {(row, k): x for row, root in enumerate(begun.results) for k, x in moved.get(root, {}).items()}


def _by_results(begun: _Begun) -> dict[tuple[int, int], Atom]:
    seeds: dict[int, dict[int, Atom]] = {}
    for row, root in enumerate(begun.results):
        seeds.setdefault(root, {})[row] = 1.0
    columns = begun.variables.columns
    reached = pull(begun.graph, seeds, set(columns))
    return {(row, columns[leaf]): x for leaf, of in reached.items() for row, x in of.items()}


def _directed(
    trace: Trace, variables: Variables, argument: int, rows: Sequence[int], *, forward: bool = False
) -> Entries:
    """Compute along directions, or against them, whichever are fewer."""
    count = variables.count
    places = np.array([(row, k) for row, bits in enumerate(rows) for k in members(bits)], np.int64).reshape(-1, 2)
    of_columns, of_rows = colours(rows, count), colours(_transposed(rows, count), len(rows))
    forward = forward or max(of_columns, default=0) <= max(of_rows, default=0)
    chosen = np.array(of_columns if forward else of_rows, np.int64)
    directions = np.zeros((1 + int(chosen.max(initial=0)), len(chosen)))
    directions[chosen, np.arange(len(chosen))] = 1.0
    if forward:
        derivatives, at = (
            tangents_of(trace, variables, argument, primals=False),
            chosen[places[:, 1]] * len(rows) + places[:, 0],
        )
    else:
        derivatives, at = cotangents_of(trace, variables, argument), chosen[places[:, 0]] * count + places[:, 1]
    return _in_order(derivatives, (len(rows), count), places[:, 0], places[:, 1], at, directions)


def _transposed(rows: Sequence[int], count: int) -> list[int]:
    """Return the rows of each column, as bits."""
    columns = [0] * count
    for row, bits in enumerate(rows):
        for k in members(bits):
            columns[k] |= 1 << row
    return columns


def _in_order(
    trace: Trace, shape: tuple[int, int], rows: Indices, columns: Indices, at: Indices, directions: object = None
) -> Entries:
    """Return entries in the order of rows and columns."""
    order = np.lexsort([columns, rows])
    assert directions is None or isinstance(directions, np.ndarray)
    return Entries(trace, shape, rows[order], columns[order], at[order], directions)
