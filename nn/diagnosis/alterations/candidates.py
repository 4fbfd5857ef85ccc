"""Everything that is tried in place of a right backward pass, in the order in which it is believed.

>>> from nn.diagnosis.alterations.recorded import record
>>> sweep = Sweep(*record(lambda x: np.tanh(x).sum(), [("x", np.array([1.0, 2.0]))]))
>>> near, far = phases(sweep)
>>> next(near).alteration.kind
'path-missing'
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, of_saved, scaled
from nn.diagnosis.alterations.composites import of_composites
from nn.diagnosis.alterations.edges import of_choices, of_edges, of_joined
from nn.diagnosis.alterations.errors import of_errors
from nn.diagnosis.alterations.exchanged import exchanged, of_leaves, of_parts
from nn.diagnosis.alterations.formulas import bracketed, label
from nn.diagnosis.alterations.forward import of_functions
from nn.diagnosis.alterations.groups import everywhere, groups, is_twin
from nn.diagnosis.alterations.orders import of_orders
from nn.diagnosis.alterations.paths import of_paths
from nn.diagnosis.alterations.stale import of_other_runs
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.samples import Array

Number: TypeAlias = tuple[str, float]
Key: TypeAlias = tuple[Hashable, ...]
Family: TypeAlias = Callable[[Sweep], Iterable[BackwardAlteration]]
OfGroup: TypeAlias = Callable[[tuple[Edge, ...], Sweep], Iterable[BackwardAlteration]]
PLAIN = (0.0, 1.0, 2.0, 0.5)  # numbers that explain nothing
TIMES = "*"  # the first part of a key of two numbers
ROUNDED = 1e-7  # of a number that is fitted
MOST_NAMES = 40  # of a number, of which those that are lengths at all points are right
UNEXPLAINED = 4  # the rank of a factor that is no number of the function's
ADVANCED = (
    "updated-value",
    "term-added",
    "factor-shifted",
    "slope-shifted",
    "mask-leaky",
)  # kinds of which the change is multiplied, not the whole
MANY = 200  # edges, beyond which arrays are not exchanged for one another


@dataclass(frozen=True)
class Attempt:
    """An alteration, and how it is found again at another point and for another shape.

    Attributes
    ----------
    alteration
        What is altered here.
    family
        Makes it and its like of any sweep of the function.
    base, number
        Without the number that was fitted; and that: by its key among the function's numbers, or itself.
    """

    alteration: BackwardAlteration
    family: Family
    base: BackwardAlteration | None = None
    number: Hashable = None

    @property
    def fitted(self) -> int:
        """How many numbers were fitted that the function does not know."""
        return int(isinstance(self.number, float))

    @property
    def is_update(self) -> bool:
        """Whether what is fitted is how far the altered value is from the right one: a learning rate, a strength."""
        return self.alteration.kind in ADVANCED

    @property
    def is_multiplied(self) -> bool:
        """Whether a number is fitted to what is handed on."""
        return bool(self.alteration.pulls) and (self.alteration.rank > 0 or self.alteration.kind == "factor")

    def at(self, sweep: Sweep) -> Iterator[BackwardAlteration]:
        """Yield what it is in another sweep."""
        base = self.base or self.alteration
        number = self.number if isinstance(self.number, float) else _value(known_numbers(sweep), self.number)
        if self.family not in sweep.families:
            sweep.families[self.family] = list(self.family(sweep))
        for other in sweep.families[self.family]:
            if other.name == base.name and self.base is None:
                yield other
            elif other.name == base.name and number is not None:
                yield with_number(other, number, base.rank)

    def times(self, factor: float, known: Mapping[Key, Number]) -> Iterator[Attempt]:
        """Yield it with a number that was fitted: one of the function's, under every name, or any that has none."""
        alteration = self.alteration
        names = named_numbers(factor, known)
        if alteration.kind == "mask-leaky" and not 0.0 < factor < 1.0:
            return  # of what was no mask another number is wrong
        if self.is_update or (not names and alteration.kind == "factor"):
            rank = alteration.rank if self.is_update else UNEXPLAINED
            yield Attempt(with_number(alteration, factor, rank), self.family, alteration, factor)
        for key, text in names:
            rank = alteration.rank + 1 + (key[0] == TIMES)
            yield Attempt(with_number(alteration, factor, rank, text), self.family, alteration, key)


def with_number(alteration: BackwardAlteration, factor: float, rank: int, text: str = "") -> BackwardAlteration:
    """Return an alteration whose shares, or for an update whose change, are multiplied with a number."""
    multiply = _advanced if alteration.kind in ADVANCED else _multiplied
    pulls = {edge: partial(multiply, pull=pull, factor=factor) for edge, pull in alteration.pulls.items()}
    return replace(alteration, pulls=pulls, times=text or f"{factor:.6g}", rank=rank, saved=None, factor=factor)


def _multiplied(edge: Edge, g: Array, pull: Pull, factor: float) -> Array:
    return factor * pull(edge, g)


def _advanced(edge: Edge, g: Array, pull: Pull, factor: float) -> Array:
    right = edge.right(g)
    return right + factor * (pull(edge, g) - right)


@lru_cache(maxsize=16)
def known_numbers(sweep: Sweep) -> dict[Key, Number]:
    """Return numbers that a function knows, with their text: lengths, constants, their inverses and opposites."""
    known: dict[Key, Number] = {(1.0,): ("1", 1.0), (2.0,): ("2", 2.0), (0.5,): ("0.5", 0.5)}
    for step in (*sweep.leaves, *sweep.steps):
        where = step.site or step.name
        lengths: list[tuple[tuple[Hashable, ...], str, int]] = [
            ((step.name or where, axis), step.name, n) for axis, n in enumerate(step.value.shape)
        ]
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray):
                name = step.constants.get(k, "")
                lengths += [((where, k, axis), name, n) for axis, n in enumerate(x.shape)]
                several = [axes for count in (2, 3) for axes in itertools.combinations(range(min(x.ndim, 4)), count)]
                lengths += [((where, k, axes), name, math.prod(x.shape[a] for a in axes)) for axes in several]
                if not x.ndim and np.isfinite(x) and float(x) not in PLAIN:
                    number = float(x) if name else abs(float(x))
                    known.setdefault((where, k), (name or f"{number:.4g}", number))
        for key, name, n in lengths:
            if n > 1:
                known.setdefault(key, (_lengths(name, key[-1]) if name else str(n), float(n)))
    known |= {("input", name): (name, x) for name, x in sweep.numbers.items() if math.isfinite(x) and x not in PLAIN}
    known |= {("1/", key): (f"1/{bracketed(text)}", 1.0 / x) for key, (text, x) in known.items() if len(key) > 1}
    return known | {("-", key): (f"-{text}", -x) for key, (text, x) in known.items()}


def _lengths(name: str, axes: Hashable) -> str:
    several = axes if isinstance(axes, tuple) else (axes,)
    return " * ".join(f"{name}.shape[{axis}]" for axis in several)


def named_numbers(factor: float, known: Mapping[Key, Number]) -> list[tuple[Key, str]]:
    """Return the numbers that a factor is, each by its key and its text; or else the products of two that it is."""
    names = [(key, text) for key, (text, value) in known.items() if abs(factor - value) <= ROUNDED * abs(factor)]
    several = [(key, text, value) for key, (text, value) in known.items() if key[0] != "-" and len(key) > 1]
    values = np.array([value for _, _, value in several])
    order = np.argsort(values)
    for key, text, value in several if not names else ():
        begin, end = np.searchsorted(values[order], np.sort(factor / value * np.array([1 - ROUNDED, 1 + ROUNDED])))
        names += [((TIMES, key, several[k][0]), f"{text} * {several[k][1]}") for k in order[begin:end]]
    return names[:MOST_NAMES]


def _value(known: Mapping[Key, Number], key: Hashable) -> float | None:
    if isinstance(key, tuple) and key[0] == TIMES:
        one, other = (_value(known, part) for part in key[1:])
        return one * other if one is not None and other is not None else None
    return known[key][1] if isinstance(key, tuple) and key in known else None


def phases(sweep: Sweep) -> list[Iterator[Attempt]]:
    """Return what is tried first, and what is tried where that does not fit."""
    return [_near(sweep), _far(sweep)]


def _near(sweep: Sweep) -> Iterator[Attempt]:
    by_key = groups(sweep)
    repeated = {edge for edges in by_key.values() if len(edges) > 1 for edge in edges}
    for key, edges in by_key.items():
        is_exception = len(edges) == 1 and (edges[0] in repeated or is_twin(edges[0]))
        for attempt in _attempts(partial(_of_group, key=key, of=_simple), sweep):
            altered = attempt.alteration
            yield replace(attempt, alteration=replace(altered, rank=altered.rank + 1)) if is_exception else attempt
    for key in everywhere(sweep):
        yield from _attempts(partial(_of_group, key=key, of=_of_rule), sweep)
    for whole in (of_choices, of_paths):
        yield from _attempts(whole, sweep)


def _far(sweep: Sweep) -> Iterator[Attempt]:
    """Yield the least likely last: one run of a line that runs often."""
    for whole in (of_other_runs, of_joined, of_orders, of_parts, of_leaves, of_errors, of_functions, of_composites):
        yield from _attempts(whole, sweep)
    by_size = sorted(groups(sweep).items(), key=lambda group: -len(group[1]))
    for key, _ in by_size if len(sweep.edges) <= MANY else ():
        yield from _attempts(partial(_of_group, key=key, of=_with_others), sweep)


def _attempts(family: Family, sweep: Sweep) -> Iterator[Attempt]:
    return (Attempt(alteration, family) for alteration in family(sweep))


def _of_group(sweep: Sweep, key: object, of: OfGroup) -> Iterator[BackwardAlteration]:
    edges = groups(sweep).get(key) or everywhere(sweep).get(key)
    yield from of(edges, sweep) if edges else ()


def _simple(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    yield from of_edges(edges, sweep)
    yield scaled(edges, 1.0, "factor")


def _of_rule(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield a derivative that is wrong wherever its operation stands; a missing path has a name at each place."""
    several = (altered for altered in of_edges(edges, sweep) if altered.kind != "path-missing")
    yield from (replace(altered, rank=altered.rank + 1) for altered in several)


def _with_others(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    yield from (*exchanged(edges, sweep), *_updated(edges, sweep))


def _updated(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield a factor that a step of gradient descent has changed before it was used: by how much is fitted."""
    edge = edges[0]
    other = edge.step.operands[1 - edge.operand] if len(edges) == 1 and len(edge.step.operands) == 2 else None
    if isinstance(other, ArrayStep) and other in sweep.cotangents and np.array_equal(edge.saved, other.value):
        g = sweep.cotangents[other]
        if g.shape == np.shape(edge.saved):
            yield of_saved("updated-value", edges, lambda saved: saved - g, label(other), 2)
