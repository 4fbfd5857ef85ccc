"""Index arrays as loops: nested ranges, each bounded by what the outer ones are at, that count elements in order.

The pairs (i, j) of a triangle, say, are ``1 <= i < 4, j < i``; what is read for each is then affine in i and j:

>>> i, j = np.array([1, 2, 2, 3, 3, 3]), np.array([0, 0, 1, 0, 1, 2])
>>> domain = nested([i, j, 4 * i + j])
>>> [(loop.low.constant, loop.stop) for loop in domain.loops]
[(1, Affine(constant=4, factors=())), (0, Affine(constant=0, factors=(1,)))]
>>> fitted(4 * i + j, domain.variables)
Affine(constant=0, factors=(4, 1))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.lifting.views import Indices, Shape

SAMPLED = 512  # elements from which factors are solved for, before all are checked


class Affine(NamedTuple):
    """A constant, and a multiple of each loop variable."""

    constant: int
    factors: tuple[int, ...]


class Loop(NamedTuple):
    """The range of one variable, from `low` up to before `stop`, affine in the variables outside it.

    Lengths of no pattern are told for every element of the loops outside.
    """

    low: Affine
    stop: Affine | Indices


@dataclass(frozen=True, eq=False)
class Domain:
    """Nested loops, outermost first, and the value of each variable at every element, in order."""

    loops: tuple[Loop, ...]
    variables: tuple[Indices, ...]

    def within(self, inner: Domain) -> Domain:
        """Return these loops around others, whose variables are already those of every inner element."""
        return Domain((*self.loops, *inner.loops), inner.variables)


def fitted(column: Indices, variables: Sequence[Indices]) -> Affine | None:
    """Return a column as an affine function of variables, or None; of several, one that mentions few.

    Parameters
    ----------
    column, variables
        Integers, one per element.
    """
    zeros = (0,) * len(variables)
    first = int(column[0])
    if (column == first).all():
        return Affine(first, zeros)
    for k, variable in enumerate(variables):
        factor = _slope(column, variable)
        if factor and np.array_equal(first + factor * (variable - variable[0]), column):
            return Affine(first - factor * int(variable[0]), (*zeros[:k], factor, *zeros[k + 1 :]))
    return _solved(column, variables)


def _slope(column: Indices, variable: Indices) -> int:
    """Return by how much a column grows with a variable, between two elements; 0 where that is no integer."""
    other = int(np.argmax(variable != variable[0]))
    run = int(variable[other] - variable[0])
    rise = int(column[other] - column[0])
    return rise // run if run and rise % run == 0 else 0


def _solved(column: Indices, variables: Sequence[Indices]) -> Affine | None:
    """Return the affine function by least squares, if integers solve them."""
    varying = [k for k, variable in enumerate(variables) if (variable != variable[0]).any()]
    if not varying:
        return None
    rows = np.stack([np.ones_like(column), *[variables[k] for k in varying]], axis=1)
    some = np.unique(np.linspace(0, len(column) - 1, SAMPLED).astype(int)) if len(column) > SAMPLED else slice(None)
    solution = np.linalg.lstsq(rows[some].astype(float), column[some].astype(float), rcond=None)[0]
    factors = np.rint(solution).astype(np.int64)
    if not np.array_equal(rows @ factors, column):
        return None
    by_variable = dict(zip(varying, factors[1:].tolist()))
    return Affine(int(factors[0]), tuple([by_variable.get(k, 0) for k in range(len(variables))]))


def box(shape: Shape) -> Domain:
    """Return the loops over the axes of an array.

    >>> [v.tolist() for v in box((2, 2)).variables]
    [[0, 0, 1, 1], [0, 1, 0, 1]]
    """
    loops = [Loop(Affine(0, (0,) * k), Affine(n, (0,) * k)) for k, n in enumerate(shape)]
    return Domain(tuple(loops), tuple([axis.reshape(-1) for axis in np.indices(shape, dtype=np.int64)]))


def nested(columns: Sequence[Indices], outer: Sequence[Indices] = ()) -> Domain | None:
    """Return the loops, in variables that are columns themselves, that count the elements in order; None if none do.

    Parameters
    ----------
    columns
        What is known of every element: places of what is read for it. Those that step by more than one are divided.
    outer
        Variables of loops around these.
    """
    size = len(columns[0]) if columns else 0
    if not size:
        return None
    variables, loops = list(outer), []
    ends = _changes(variables, size)
    remaining = [_unit(column) for column in columns]
    while not ends.all():
        steps = [(column, np.diff(column)) for column in remaining]
        fitting = [(int((d[~ends] != 0).sum()), k) for k, (_, d) in enumerate(steps) if (d[~ends] >= 0).all()]
        fitting = [(changes, k) for changes, k in fitting if changes]
        if not fitting:
            return None
        column = remaining.pop(min(fitting)[1])
        loop = _loop(column, variables, ends)
        if loop is None:
            return None
        column, loop = _from_zero(column, loop, variables)
        variables.append(column)
        loops.append(loop)
        ends = _changes(variables, size)
    return Domain(tuple(loops), tuple(variables))


def _from_zero(column: Indices, loop: Loop, outer: Sequence[Indices]) -> tuple[Indices, Loop]:
    """Count from 0 where a range of one length begins at a place that depends on the loops around it."""
    low, stop = loop
    if not isinstance(stop, Affine) or not any(low.factors) or low.factors != stop.factors:
        return column, loop
    begins = low.constant + sum(factor * variable for factor, variable in zip(low.factors, outer))
    none = (0,) * len(low.factors)
    return column - begins, Loop(Affine(0, none), Affine(stop.constant - low.constant, none))


def _unit(column: Indices) -> Indices:
    """Return a column whose values are a multiple apart by one apart."""
    apart = math.gcd(*np.unique(np.abs(column - column[0])).tolist())
    return column if apart <= 1 else (column - column.min()) // apart


def _changes(variables: Sequence[Indices], size: int) -> np.ndarray:
    """Return between which elements one of the variables changes."""
    ends = np.zeros(size - 1, dtype=bool)
    for variable in variables:
        ends |= np.diff(variable) != 0
    return ends


def _loop(column: Indices, outer: Sequence[Indices], ends: np.ndarray) -> Loop | None:
    """Return the range of a variable in each block of the loops outside it, if that is affine in theirs."""
    if (np.diff(column)[~ends] > 1).any():
        return None
    first = np.flatnonzero(np.concatenate([[True], ends]))
    last = np.concatenate([first[1:] - 1, [len(column) - 1]])
    around = [variable[first] for variable in outer]
    low, stop = fitted(column[first], around), fitted(column[last] + 1, around)
    if low is None or stop is None or any(abs(b - a) > 1 for a, b in zip(low.factors, stop.factors)):
        return None  # lengths that grow by more are no pattern: of two blocks, anything is affine
    return Loop(low, stop)
