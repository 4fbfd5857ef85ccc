"""Einstein's sums: ``np.einsum``, in which each result is one `dot` of two operands.

>>> from engine.arrays.array import array
>>> einsum("ij,j->i", array([[1.0, 2.0], [3.0, 4.0]]), array([1.0, 10.0]))
array([21.0, 43.0], dtype=object)
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays.along import sum_of
from engine.arrays.elements import as_element
from engine.arrays.plain import Objects, into, objects
from engine.arrays.products import dot
from engine.arrays.table import written


@written("einsum")
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **options: Any) -> Any:
    """Sum products of arrays over axes that are named by letters, or by numbers; operands go from left to right.

    Raises
    ------
    ValueError
        If the subscripts and the shapes do not fit.
    """
    text, factors = _as_text(operands)
    arrays = [objects(x) for x in factors]
    terms, result = _letters(text, arrays)
    for i, (term, array) in enumerate(zip(terms, arrays)):
        terms[i], arrays[i] = _without_repeats(term, array)
    while len(arrays) > 2:
        later = result + "".join(terms[2:])
        remaining = "".join([k for k in dict.fromkeys(terms[0] + terms[1]) if k in later])
        arrays[:2], terms[:2] = [_contracted(terms[:2], arrays[:2], remaining)], [remaining]
    return into(out, _contracted(terms, arrays, result), "einsum")


@written("einsum_path")
def einsum_path(*operands: Any, **options: Any) -> Any:
    """Return the order in which NumPy would multiply, which depends on shapes alone."""
    text, factors = _as_text(operands)
    return np.einsum_path(text, *[np.empty(objects(x).shape) for x in factors], **options)


def _as_text(operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the subscripts as text, and the arrays, whichever way they were passed."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), operands[1:]

    def spelt(axes: Any) -> str:
        return "".join(["..." if k is Ellipsis else string.ascii_letters[k] for k in axes])

    arrays, axes = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    text = ",".join(map(spelt, axes[: len(arrays)]))
    return (f"{text}->{spelt(operands[-1])}" if len(operands) % 2 else text), arrays


def _letters(text: str, arrays: Sequence[Objects]) -> tuple[list[str], str]:
    """Return a letter for each axis of every array, and for those of the result."""
    left, arrow, result = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        raise ValueError(f"einsum: '{text}' names {len(terms)} arrays; got {len(arrays)}.")
    free = [k for k in string.ascii_letters if k not in text]
    more = [array.ndim - len(term.replace("...", "")) for term, array in zip(terms, arrays)]
    for term, array, n in zip(terms, arrays, more):
        if n < 0 or (n and "..." not in term):
            raise ValueError(f"einsum: '{term}' does not fit an array of shape {array.shape}. Name each of its axes.")
    ellipsis = "".join(free[: max([n for term, n in zip(terms, more) if "..." in term], default=0)])
    terms = [term.replace("...", ellipsis[len(ellipsis) - n :] if n else "") for term, n in zip(terms, more)]
    if not arrow:
        once = [k for k in sorted(set("".join(terms)) - set(ellipsis)) if "".join(terms).count(k) == 1]
        return terms, ellipsis + "".join(once)
    return terms, result.replace("...", ellipsis)


def _without_repeats(term: str, array: Objects) -> tuple[str, Objects]:
    """Return the diagonal of axes that one letter names."""
    for k in dict.fromkeys(term):
        while term.count(k) > 1:
            i, j = term.index(k), term.rindex(k)
            array = np.diagonal(array, axis1=i, axis2=j)
            term = "".join([c for at, c in enumerate(term) if at not in (i, j)]) + k
    return term, array


def _contracted(terms: Sequence[str], arrays: Sequence[Objects], result: str) -> Objects:
    """Sum the products of one or two arrays over the letters that the result has not."""
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays):
        for k, n in zip(term, array.shape):
            if sizes.setdefault(k, n) != n and 1 not in (n, sizes[k]):
                raise ValueError(f"einsum: axis '{k}' has {sizes[k]} elements in one array and {n} in another.")
            sizes[k] = max(sizes[k], n) if n else 0
    if missing := set(result) - set(sizes):
        raise ValueError(f"einsum: '{min(missing)}' is in the result and names no axis of an array.")
    summed = [k for k in sizes if k not in result]
    shape, n = [sizes[k] for k in result], math.prod([sizes[k] for k in summed])
    letters = [*result, *summed]
    rows = [_spread(*pair, letters, sizes).reshape(math.prod(shape), n).tolist() for pair in zip(terms, arrays)]
    products = np.empty(math.prod(shape), dtype=object)
    for i, factors in enumerate(zip(*rows)):
        products[i] = _summed(factors, bool(summed))
    return products.reshape(shape)


def _spread(term: str, array: Objects, letters: Sequence[str], sizes: dict[str, int]) -> Objects:
    """Return an array with an axis for each letter, in their order."""
    own = [k for k in letters if k in term]
    widened = array.transpose([term.index(k) for k in own])[tuple([slice(None) if k in own else None for k in letters])]
    return np.broadcast_to(widened, [sizes[k] for k in letters])


def _summed(factors: Sequence[list[Any]], is_sum: bool) -> Any:
    if is_sum:
        return dot(*factors) if len(factors) == 2 else sum_of(factors[0])
    x, *others = [as_element(row[0]) for row in factors]
    return x * others[0] if others else x
