"""Operations in words: what the results of one kind are called.

>>> many("multiply", 60), many("tanh", 1), many("maximum", 3)
('60 products', '1 tanh', '3 maxima')
"""

from __future__ import annotations

from collections.abc import Sequence

from viz.nodes import symbol

NOUNS = {
    "add": "sum/sums",
    "total": "sum/sums",
    "subtract": "difference/differences",
    "multiply": "product/products",
    "divide": "quotient/quotients",
    "floor_divide": "whole quotient/whole quotients",
    "remainder": "remainder/remainders",
    "negative": "negative/negatives",
    "reciprocal": "reciprocal/reciprocals",
    "square": "square/squares",
    "power_constant": "power/powers",
    "power": "power/powers",
    "dot": "sum of products/sums of products",
    "sqrt": "square root/square roots",
    "abs": "absolute value/absolute values",
    "maximum": "maximum/maxima",
    "minimum": "minimum/minima",
    "": "value/values",
    "parameter": "parameter/parameters",
    "input": "input/inputs",
}


def noun(op: str, count: int = 2) -> str:
    """Return what so many results of an operation are called; "" is what is not computed."""
    if op not in NOUNS:
        return symbol(op) + "s" * (count != 1)
    one, several = NOUNS[op].split("/")
    return one if count == 1 else several


def many(op: str, count: int) -> str:
    """Return so many results of an operation."""
    return f"{count:,} {noun(op, count)}"


def listed(words: Sequence[str], most: int = 3) -> str:
    """Return words as they are said.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcde"))
    ('a', 'a, b and c', 'a, b, c and 2 more')
    """
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most:,} more"]
    return " and ".join([part for part in (", ".join(words[:-1]), *words[-1:]) if part])
