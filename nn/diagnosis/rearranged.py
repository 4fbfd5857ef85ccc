"""What people do to a whole gradient of some function: a transpose, a sum, a factor, another order, an offset.

>>> right, given = np.array([1.0, 2.0, 5.0]), np.array([5.0, 1.0, 2.0])
>>> [finding.found for finding in by_numbers(right, given)]
['one place late, the last entry first']
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from engine.agreement import EXACT
from nn.agreement.tolerance import close, proportion
from nn.diagnosis.report import Finding
from nn.samples import Array

TWICE_OR_HALF = {2.0: "this is twice the right gradient", 0.5: "this is half the right gradient: a factor 2 is missing"}


def of_function(name: str, sentence: str, found: str, yours: str, right: str = "df/dx") -> Finding:
    """Return a finding in the gradient of a function by x."""
    return Finding(name, sentence, "x", found, right, yours, "")


def reproduces(altered: Array, right: Array, given: Array, precision: float = EXACT) -> bool:
    """Whether an altered gradient is the given one, and not only because the right one is as well."""
    if not close(given, altered, precision):
        return False
    if given.shape != right.shape:
        return True
    left, before = (float(np.abs(given - other).max(initial=0.0)) for other in (altered, right))
    return left <= 0.01 * before


def by_shape(right: Array, given: Array, precision: float = EXACT) -> Iterator[Finding]:
    """Yield a transpose, a sum that is not taken, and sums and means over axes, whatever shape is left."""
    if right.ndim == 2 and reproduces(right.T, right, given, precision):
        yield of_function("transposed", "the gradient is transposed", f"shape {given.shape}", "(df/dx).T")
    for several in itertools.chain(*[itertools.combinations(range(given.ndim), count) for count in (1, 2)]):
        wider = given.sum(axis=several) if given.ndim > right.ndim else given.sum(axis=several, keepdims=True)
        if wider.shape == right.shape != given.shape and close(wider, right, precision):
            where = f"axis {', '.join(map(str, several))}"
            yield of_function(
                "unsummed", "the sum over what it was repeated along is not taken", where, f"not summed over {where}"
            )
            return
    axes: list[int | None] = [None, *range(right.ndim)] if right.ndim > 1 else [None]
    for axis in axes if right.size > 1 else ():
        where = "all entries" if axis is None else f"axis {axis}"
        for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
            reduced = reduce(right, axis=axis, keepdims=True)
            options = reduce(right, axis=axis), reduced, np.broadcast_to(reduced, right.shape)
            if any(reproduces(np.asarray(option), right, given, precision) for option in options):
                sentence = f"the gradient is {name} over {where}, though every entry has its own"
                yield of_function(f"{name}-over-axis", sentence, where, f"df/dx {name} over {where}")


def by_numbers(right: Array, given: Array, precision: float = EXACT) -> Iterator[Finding]:
    """Yield a factor, an order with a simple rule, an offset."""
    if given.shape != right.shape:
        return
    factor = proportion(given, right, precision)
    is_usual = factor is not None and any(abs(factor - usual) <= precision for usual in (-1.0, 2.0, 0.5))
    is_telling = is_usual or np.count_nonzero(right) > 1
    if factor is not None and is_telling and reproduces(factor * right, right, given, precision):
        if abs(factor + 1.0) <= precision:
            yield of_function("sign", "the sign is turned", "yours = -1 x correct", "-df/dx")
        else:
            found = f"yours = {_brief(factor, precision)} x correct"
            sentence = TWICE_OR_HALF.get(round(factor, 9), "this is the right gradient times a constant")
            yield of_function("factor", sentence, found, f"{_brief(factor, precision)} * df/dx")
    order = next((text for text, moved in orders(right) if reproduces(moved, right, given, precision)), None)
    if order is not None and order.startswith("one place"):
        yield of_function("off-by-one", "the entries are off by one index", order, "df/dx with its entries moved")
    elif order is not None:
        yield permuted(order)
    offset = float((given - right).mean()) if right.size else 0.0
    if right.size > 1 and offset and reproduces(right + offset, right, given, precision):
        yield of_function("offset", "a constant is added to every entry", _brief(offset, precision), "df/dx + constant")


def _brief(number: float, precision: float) -> str:
    """Return a fitted number with the digits that are sure."""
    return f"{number:.{max(2, round(-math.log10(precision)) - 2)}g}"


def by_sorting(right: Array, given: Array, precision: float = EXACT) -> Iterator[Finding]:
    """Yield the same numbers in an order without a simple rule."""
    if right.shape == given.shape and right.size > 2:
        sorted_alike = np.empty(right.size)
        sorted_alike[np.argsort(given, axis=None)] = np.sort(right, axis=None)
        if reproduces(sorted_alike.reshape(right.shape), right, given, precision):
            yield permuted("no simple rule")


def permuted(order: str) -> Finding:
    """Return the finding of another order."""
    sentence = "the entries are right but in another order"
    return of_function("permuted", sentence, order, "df/dx with its entries moved")


def orders(r: Array) -> Iterator[tuple[str, Array]]:
    """Yield reorderings of a gradient that people make."""
    for axis in range(r.ndim):
        along = f" along axis {axis}" if r.ndim > 1 else ""
        yield f"reversed{along}", np.flip(r, axis)
        for step, place, ends in (
            (1, "one place late", "the last entry first"),
            (-1, "one place early", "the first entry last"),
        ):
            moved = np.roll(r, step, axis)
            yield f"{place}{along}, {ends}", moved
            padded = moved.copy()
            padded[(slice(None),) * axis + (0 if step == 1 else -1,)] = 0.0
            yield f"{place}{along}, with zeros", padded
    if r.ndim == 2 and r.shape[0] != r.shape[1]:
        yield "reshaped in place of transposed", r.T.reshape(r.shape)
