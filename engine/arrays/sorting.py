"""Orders: sort, argsort, partition, argmax, searchsorted and what asks likewise where a number is.

NumPy finds an order from the numbers, and what certifies it is compared again by a lifted program: each against the
next, one guard for a whole row.  In a batch, whose samples have orders of their own, a row is sorted by exchanges that
are choices.  NaN comes last, and what ties keeps its order.

>>> from engine import Value
>>> from engine.arrays.array import array
>>> np.sort(array([3.0, Value(1.0), 2.0])).tolist(), np.argsort(array([3.0, Value(1.0), 2.0]))
([Value(1.0, grad=0.0), 2.0, 3.0], array([1, 2, 0]))
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays.along import along, by_lines
from engine.arrays.deciding import certify, choosing
from engine.arrays.elements import as_element, both, choose, inverted, isnan, primal
from engine.arrays.plain import Objects, objects
from engine.arrays.table import refuse_function, written
from engine.tracing import LOCAL

Numbers = list[Any]


def order_of(xs: Sequence[Any]) -> list[int]:
    """Return the order in which numbers ascend, NaN last; ties keep theirs."""
    items = [as_element(x) for x in xs]
    numbers = [primal(x) for x in items]
    order: list[int] = np.argsort(numbers, kind="stable").tolist()
    if LOCAL.active is not None:
        count = sum(x == x for x in numbers)
        certify([isnan(items[i]) for i in order[count:]] + _ascending([items[i] for i in order[:count]], order))
    return order


def _ascending(items: Numbers, order: Sequence[int]) -> list[Any]:
    """Return what certifies that numbers which come from places of that order ascend, and none of them is NaN."""
    if len(items) == 1:
        return [inverted(isnan(items[0]))]
    pairs = zip(items, items[1:], order, order[1:])
    return [x <= y if i < j else x < y for x, y, i, j in pairs]


def in_order(xs: Sequence[Any]) -> Numbers:
    """Return numbers as they ascend, NaN last."""
    return _exchanged([as_element(x) for x in xs]) if choosing() else [xs[i] for i in order_of(xs)]


def _exchanged(xs: Numbers) -> Numbers:
    """Sort by exchanging neighbours, a choice each; as many rounds as numbers suffice."""
    for k in range(len(xs)):
        for i in range(k % 2, len(xs) - 1, 2):
            x, y = xs[i], xs[i + 1]
            descend = both(inverted(x <= y), inverted(isnan(y)))
            xs[i], xs[i + 1] = choose(descend, y, x), choose(descend, x, y)
    return xs


def _check_order(name: str, order: Any) -> None:
    if order is not None:
        refuse_function(f"{name}(order=)", "Numbers have no fields; leave order out.")


@written("sort")
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Objects:
    """Return the numbers along an axis as they ascend."""
    _check_order("sort", order)
    return by_lines(in_order, a, axis)


@written("argsort")
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Objects:
    """Return the order in which the numbers along an axis ascend; ties keep theirs."""
    _check_order("argsort", order)
    return by_lines(order_of, a, axis, dtype=np.intp)


@written("msort")
def msort(a: Any) -> Objects:
    """Return the numbers along the first axis as they ascend."""
    return by_lines(in_order, a, 0)


def partition_of(xs: Sequence[Any], kth: Any) -> list[int]:
    """Return an order, NumPy's own, in which what is before each place `kth` is no larger, and after it no smaller."""
    items = [as_element(x) for x in xs]
    numbers = np.array([primal(x) for x in items])
    order = np.empty(len(items), dtype=np.intp)
    order[np.argsort(np.partition(numbers, kth), kind="stable")] = np.argsort(numbers, kind="stable")
    if LOCAL.active is not None:
        certify([isnan(x) if n != n else inverted(isnan(x)) for x, n in zip(items, numbers)])
        for k in np.ravel(kth):
            x = items[order[k]]
            certify([inverted(items[i] > x) for i in order[:k]] + [inverted(items[i] < x) for i in order[k:]])
    return [int(i) for i in order]


@written("partition")
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Objects:
    """Return the numbers along an axis so arranged that those at places `kth` are where sorting would put them."""
    _check_order("partition", order)
    return by_lines(lambda xs: [xs[i] for i in partition_of(xs, kth)], a, axis)


@written("argpartition")
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Objects:
    """Return such an arrangement, as places."""
    _check_order("argpartition", order)
    return by_lines(lambda xs: partition_of(xs, kth), a, axis, dtype=np.intp)


# --- places ------------------------------------------------------------------------------------------------------


def first_extreme(
    find: Callable[[Any], Any], outdoes: Callable[[Any, Any], Any], reaches: Callable[[Any, Any], Any]
) -> Callable[[Numbers], int]:
    """Return what finds the first extreme of a list, or its first NaN.

    Parameters
    ----------
    find
        NumPy's function of numbers.
    outdoes, reaches
        What the extreme does to the numbers before it, and to those after it.
    """

    def first(xs: Numbers) -> int:
        items = [as_element(x) for x in xs]
        i = int(find([primal(x) for x in items]))
        x = items[i]
        if LOCAL.active is not None and primal(x) != primal(x):
            certify([isnan(x), *[inverted(isnan(y)) for y in items[:i]]])
        elif LOCAL.active is not None:
            after = [reaches(x, y) for y in items[i + 1 :]]
            certify([outdoes(x, y) for y in items[:i]] + (after or [inverted(isnan(x))]))
        return i

    return first


first_largest = first_extreme(np.argmax, operator.gt, operator.ge)
first_smallest = first_extreme(np.argmin, operator.lt, operator.le)


def _place(name: str, first: Callable[[Numbers], int]) -> None:
    @written(name)
    def place(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        places = along(first, a, axis, keepdims).astype(np.intp)
        if out is None:
            return places[()]
        out[...] = places
        return out


def _but_nan(first: Callable[[Numbers], int]) -> Callable[[Numbers], int]:
    def first_number(xs: Numbers) -> int:
        places = [i for i, x in enumerate(xs) if not isnan(x)]
        if not places:
            raise ValueError("All numbers are NaN, so that none is the largest or smallest. Leave such slices out.")
        return places[first([xs[i] for i in places])]

    return first_number


_place("argmax", first_largest)
_place("argmin", first_smallest)
_place("nanargmax", _but_nan(first_largest))
_place("nanargmin", _but_nan(first_smallest))


@written("searchsorted")
def searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    """Return where numbers would be put into a sorted list."""
    knots = [as_element(x) for x in (objects(a) if sorter is None else objects(a)[np.asarray(sorter)]).tolist()]
    numbers = np.array([primal(x) for x in knots])
    before = operator.lt if side == "left" else operator.le

    def place(x: Any) -> int:
        x = as_element(x)
        i = int(np.searchsorted(numbers, primal(x), side))
        if LOCAL.active is not None and primal(x) == primal(x):
            certify(
                [before(y, x) for y in knots[max(i - 1, 0) : i]] + [inverted(before(y, x)) for y in knots[i : i + 1]]
            )
        elif LOCAL.active is not None:
            certify([isnan(x)])
        return i

    items = objects(v)
    return np.array([place(x) for x in items.flat], dtype=np.intp).reshape(items.shape)[()]


@written("digitize")
def digitize(x: Any, bins: Any, right: Any = False) -> Any:
    """Return in which bin each number falls."""
    edges = objects(bins)
    numbers = np.array([primal(as_element(b)) for b in edges.tolist()])
    side = "left" if right else "right"
    if (np.diff(numbers) >= 0).all():
        return searchsorted(edges, x, side)
    if (np.diff(numbers) <= 0).all():
        return len(edges) - searchsorted(edges[::-1], x, side)
    raise ValueError("np.digitize needs bins in order, ascending or descending; these are in none. Sort them.")
