"""An equation element by element, as text: ``t4[i, j] = sum over k < 3 of t1[i, j, k] ** 2  for 1 <= i < 6, j < i``.

The loops are found so that whatever is read is at an affine function of their variables: the axes of the result, these
cut finer, or ranges that depend on one another (`loops`). What fits none has its places in an array of constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations

import numpy as np

from engine.lifting.distinct import count_distinct
from engine.lifting.emit.elements import Picked, Runs, leaves, of_elements
from engine.lifting.emit.loops import Affine, Domain, Loop, box, fitted, nested
from engine.lifting.emit.notation import Notation
from engine.lifting.expr import OVER, RANGE, Expr, subscript, suffixed
from engine.lifting.index_arrays import factor
from engine.lifting.views import Indices, Shape

ONE_TERM = ("sum" + OVER, "max" + OVER, "logsumexp" + OVER)  # which of one term are that term
MOST_COLUMNS = 4  # by which elements are put in order: 24 orders


class NoLoopsError(Exception):
    """What a run's terms are read from fits no loops: its terms must have an array of their own."""


@dataclass
class Scope:
    """The loops around what is being printed, by the names of their variables."""

    notation: Notation
    domain: Domain
    names: list[str]
    dense: Shape | None  # the lengths of the loops where none depends on another
    outside: Shape | None = None  # those of all but the innermost, of a run's
    tabled: bool = False  # whether a table says where terms of no pattern are

    def affine(self, x: Affine) -> Expr:
        """Return an affine function of the variables as an expression."""
        result: Expr | None = None
        for name, factor_ in zip(self.names, x.factors):
            if factor_:
                size = abs(factor_)
                term = Expr(name) if size == 1 else Expr(None, "multiply", (Expr(str(size)), Expr(name)))
                result = _added(result, term, factor_ < 0)
        if result is None or x.constant:
            number = Expr(str(abs(x.constant)))
            result = _added(result, number, x.constant < 0)
        return result

    def index(self, column: Indices) -> Expr:
        """Return where an element is along one axis: an affine function, or one of a table of constants."""
        as_affine = fitted(column, self.domain.variables)
        if as_affine is not None:
            return self.affine(as_affine)
        if self.dense is None:
            return self._moved(column)
        table = column.reshape(self.dense)
        varying = [a for a, n in enumerate(self.dense) if n > 1 and (np.diff(table, axis=a) != 0).any()]
        table = table[tuple([slice(None) if a in varying else 0 for a in range(table.ndim)])]
        names = [Expr(self.names[a]) for a in varying]
        return subscript(Expr(self.notation.constant(table.astype(np.int64))), names)

    def _moved(self, column: Indices) -> Expr:
        """Return where a term is that lies a multiple of the innermost variable from a place of the outer ones."""
        *_, inner = self.domain.variables
        first = np.flatnonzero(inner == 0)
        for k in range(9):
            outer = column - k * inner
            starts = outer[first]
            if np.array_equal(np.repeat(starts, np.diff(first, append=len(column))), outer):
                around = Scope(
                    self.notation,
                    Domain((), tuple([v[first] for v in self.domain.variables[:-1]])),
                    self.names[:-1],
                    self._around(),
                    tabled=self.tabled,
                )
                moved = Expr(self.names[-1]) if k == 1 else Expr(None, "multiply", (Expr(str(k)), Expr(self.names[-1])))
                return Expr(None, "add", (around.index(starts), moved)) if k else around.index(starts)
        if not self.tabled:
            raise NoLoopsError
        table = np.zeros((*self._around(), int(inner.max()) + 1), np.int64)
        table[self.domain.variables] = column
        return subscript(Expr(self.notation.constant(table)), [Expr(name) for name in self.names])

    def _around(self) -> Shape:
        if self.outside is None:
            raise NoLoopsError
        return self.outside

    # --- what is printed -----------------------------------------------------------------------------------------

    def written(self, tree: Expr) -> Expr:
        """Return a tree as an expression in the variables."""
        if not tree.op:
            return self.element(tree.leaf) if isinstance(tree.leaf, Picked) else tree
        if not isinstance(tree.leaf, Runs):
            return Expr(tree.leaf, tree.op, tuple([self.written(arg) for arg in tree.args]))
        return self._reduction(tree.leaf, tree)

    def element(self, reading: Picked) -> Expr:
        """Return the element of an array that is read."""
        columns, chosen, apart = self.notation.coordinates(reading)
        places = [self.index(column) for column in columns]
        if chosen is not None and reading.chooser is not None and reading.chosen is not None:
            integer = self.element(Picked(reading.chooser, reading.chosen))
            moved = integer if abs(apart) == 1 else Expr(None, "multiply", (Expr(str(abs(apart))), integer))
            start = None if apart > 0 and str(places[chosen]) == "0" else places[chosen]
            places[chosen] = _added(start, moved, apart < 0)
        array = Expr(reading.source.name)
        sample = [Expr(self.notation.sample)] if reading.source.batched else []
        if self.notation.is_flat(reading, columns):
            lengths = [*(["N"] if sample else []), str(reading.source.size)]
            array = suffixed(array, f".reshape({', '.join(lengths)})")
        return subscript(array, [*sample, *places])

    def _reduction(self, runs: Runs, tree: Expr) -> Expr:
        outer = [v[runs.owner] for v in self.domain.variables]
        domain = self._inner(runs, tree.args[-1], outer)
        count = len(outer)
        names = [*self.names, *[x for x in self.notation.letters() if x not in self.names][: len(domain.loops)]]
        dense = None if self.dense is None or not runs.shape else (*self.dense, *runs.shape)
        inside = Scope(self.notation, self.domain.within(domain), names, dense, self.dense, self.tabled)
        if tree.op == "softmax" + OVER:
            return self._softmax(tree, inside, count) if (runs.counts > 1).any() else Expr("1")
        ranges = inside.ranges(count, self)
        ranges = [x for x in ranges if not _is_one(x)]
        if runs.over_batch:
            ranges = [samples(self.notation), *ranges]
        body = inside.written(tree.args[-1])
        return Expr(tuple(ranges), tree.op, (body,)) if ranges or tree.op not in ONE_TERM else body

    def _softmax(self, tree: Expr, inside: Scope, count: int) -> Expr:
        """Return the word, where the element's own term is the one at a variable of the loops around."""
        own = self.written(tree.args[0])
        for name in self.names if len(inside.names) == count + 1 else ():
            bound = replace(inside, notation=self.notation.copied(), names=[*self.names, name])
            try:
                same = str(bound.written(tree.args[1])) == str(own)
            except NoLoopsError:
                continue
            if same:
                return Expr(tuple(bound.ranges(count, self)), tree.op, (own,))
        total = Expr(
            tuple(inside.ranges(count, self)), "sum" + OVER, (Expr(None, "exp", (inside.written(tree.args[1]),)),)
        )
        return Expr(None, "divide", (Expr(None, "exp", (own,)), total))

    def _inner(self, runs: Runs, body: Expr, outer: list[Indices]) -> Domain:
        """Return the loops over the terms of a run, within those over the elements."""
        columns = list(chain.from_iterable(self.notation.coordinates(reading)[0] for reading in leaves(body)))
        ordinal = np.arange(len(outer[0]) if outer else int(runs.counts.sum()))
        if runs.shape:
            inner = box(runs.shape)
            repeats = len(ordinal) // max(1, len(inner.variables[0]))
            domain = Domain(inner.loops, (*outer, *[np.tile(v, repeats) for v in inner.variables]))
            if _fit(columns, domain):
                return domain
        nest = nested(columns, outer) if columns else None
        if nest is not None and nest.loops and _fit(columns, nest):
            return nest
        if runs.shape and self.dense is not None:
            return domain
        first = np.cumsum(runs.counts) - runs.counts
        within = ordinal - np.repeat(first, runs.counts)
        stop = fitted(runs.counts, self.domain.variables) or runs.counts
        return Domain((Loop(Affine(0, (0,) * len(outer)), stop),), (*outer, within))

    def ranges(self, start: int = 0, around: Scope | None = None) -> list[Expr]:
        """Return the ranges of the variables from one on."""
        loops = list(zip(self.names, self.domain.loops))[start:]
        return [self._range(name, loop, around) for name, loop in loops]

    def _range(self, name: str, loop: Loop, around: Scope | None) -> Expr:
        """Return the range of a variable: ``i < 3``, or ``j <= i`` where it stops after an outer variable."""
        low, stop = self.affine(loop.low), loop.stop
        if not isinstance(stop, Affine):
            assert around is not None
            return Expr(name, RANGE + " <", (low, around.index(stop)))
        closed = any(stop.factors) and stop.constant == 1
        last = self.affine(stop._replace(constant=0) if closed else stop)
        return Expr(name, RANGE + (" <=" if closed else " <"), (low, last))


def _is_one(span: Expr) -> bool:
    """Whether a range is of one value, 0, at which no place depends on it."""
    return span.op == RANGE + " <" and [str(x) for x in span.args] == ["0", "1"]


def _added(total: Expr | None, term: Expr, negative: bool) -> Expr:
    if total is None:
        return Expr(None, "negative", (term,)) if negative else term
    return Expr(None, "subtract" if negative else "add", (total, term))


def samples(notation: Notation) -> Expr:
    """Return the range of the samples."""
    return Expr(notation.sample, RANGE + " <", (Expr("0"), Expr("N")))


# --- equations -----------------------------------------------------------------------------------------------------


def equation(
    notation: Notation, places: Picked, tree: Expr, dims: Shape, defines: bool, tabled: bool = False
) -> tuple[Expr, Expr, list[Expr]]:
    """Return the element that is written, what it is, and the ranges of the variables.

    Parameters
    ----------
    notation
        Names, which grow.
    places, tree
        Where each element goes, and what it is.
    dims
        The axes of the elements.
    defines
        Whether each element of the array is written, once and in order, and nothing else has been.
    tabled
        Whether the loops are the axes, and tables say where terms are that fit no loops.

    Raises
    ------
    NoLoopsError
        If a run's terms need an array of their own, and may have no table.
    """
    source = places.source
    packs = defines and len(source.shape) == 1 and source.kind == "value" and notation.table(source) is None
    listed = {x.source for x in _outer(tree) if packs and x.source in notation.lists and _in_order(x)}
    read = [reading for reading in _outer(tree) if reading.source not in listed]
    columns = [column for reading in read for column in notation.coordinates(reading)[0]]
    columns += [runs.counts for runs in _runs(tree) if not runs.shape]
    own = notation.coordinates(places)[0]
    axes = replace(_axes(notation, dims), tabled=tabled)
    scope, order = (axes, None) if tabled else _scope(notation, axes, columns, own, packs)
    if order is not None:
        tree, places = of_elements(tree, order), places.of(order)
    if packs and scope.dense is None:
        back = np.arange(len(places.at)) if order is None else np.argsort(order)
        table = tuple([variable[back] for variable in scope.domain.variables])
        notation.packed |= {source: table, **dict.fromkeys(listed, table)}
    written = scope.written(tree)
    batched = places.batched or _per_sample(tree)
    ranges = [*([samples(notation)] if batched else []), *scope.ranges()]
    return scope.element(places), written, ranges


def _scope(
    notation: Notation, axes: Scope, columns: list[Indices], own: list[Indices], packs: bool
) -> tuple[Scope, Indices | None]:
    """Return loops in whose variables all columns are affine, and the elements' order in them if that is another.

    They are the axes, finer ones, or nested ones; where there are none, the axes.
    """
    letters = notation.letters()
    known = [*columns, *own]
    if _fit(known, axes.domain):
        return axes, None
    finer = factor(known)
    if finer is not None and len(finer) <= len(axes.names) + 3:
        return Scope(notation, box(finer), letters[: len(finer)], finer), None
    read = columns if packs else known
    for order in _orders(read):
        ragged = nested([column if order is None else column[order] for column in read])
        if ragged is not None and _fit([column if order is None else column[order] for column in read], ragged):
            return Scope(notation, ragged, letters[: len(ragged.loops)], None), order
    return axes, None


def _axes(notation: Notation, dims: Shape) -> Scope:
    """Return the loops over the axes of the elements."""
    dims = tuple([n for n in dims if n != 1])
    return Scope(notation, box(dims), notation.letters()[: len(dims)], dims)


def _orders(columns: list[Indices]) -> Iterator[Indices | None]:
    """Yield orders of the elements in which loops may count them: their own, and by some of the columns."""
    yield None
    different = {column.tobytes(): column for column in columns if (column != column[0]).any()}
    ranked = sorted(different.values(), key=count_distinct)[:MOST_COLUMNS]
    for some in permutations(ranked):
        yield np.lexsort(some[::-1])


def _in_order(reading: Picked) -> bool:
    """Whether every element of an array is read, once and in order."""
    return reading.chooser is None and np.array_equal(reading.at, np.arange(reading.source.size))


def _fit(columns: Sequence[Indices], domain: Domain) -> bool:
    return all(fitted(column, domain.variables) is not None for column in columns)


def _outer(tree: Expr) -> list[Picked]:
    """Return what is read for each element; of a run, its first term."""
    if not tree.op:
        return [tree.leaf] if isinstance(tree.leaf, Picked) else []
    if not isinstance(tree.leaf, Runs):
        return [reading for arg in tree.args for reading in _outer(arg)]
    first = np.cumsum(tree.leaf.counts) - tree.leaf.counts
    own = [reading for arg in tree.args[:-1] for reading in leaves(arg)]
    return [*own, *[reading.of(first) for reading in leaves(tree.args[-1])]]


def _runs(tree: Expr) -> list[Runs]:
    if isinstance(tree.leaf, Runs):
        return [tree.leaf]
    return [runs for arg in tree.args for runs in _runs(arg)]


def _per_sample(tree: Expr) -> bool:
    """Whether each sample has elements of its own: not where these are summed over."""
    if not tree.op:
        return isinstance(tree.leaf, Picked) and tree.leaf.batched
    return not (isinstance(tree.leaf, Runs) and tree.leaf.over_batch) and any(map(_per_sample, tree.args))
