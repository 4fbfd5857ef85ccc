"""What depends on what in a trace, as sets of bits, and columns that one direction serves together.

>>> from engine.lifting.ir import Leaf, Trace
>>> trace = Trace(["", "", "add"], [(), (), (0, 1)], {}, {0: Leaf("input"), 1: Leaf("input", 1)}, (), [2], {})
>>> dependence(trace, {0: 0, 1: 1})
[1, 2, 3]
>>> colours([0b011, 0b110], 3)
[0, 1, 0]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.lifting.ir import Trace
from engine.rules import RULES


def dependence(trace: Trace, columns: Mapping[int, int]) -> list[int]:
    """Return the variables that each node depends on by a derivative, as bits.

    Parameters
    ----------
    trace
        All operations.
    columns
        The number of the variable that a leaf is.
    """
    known: list[int] = []
    for i, (op, xs) in enumerate(zip(trace.ops, trace.operands)):
        bits = 1 << columns[i] if i in columns else 0
        if xs and RULES[op].differentiable:
            for x in xs:
                bits |= known[x]
        known.append(bits)
    return known


def reached_results(trace: Trace, columns: Mapping[int, int]) -> list[int]:
    """Return the results that each node reaches by a derivative, as bits; 0 for what no variable reaches."""
    depends = dependence(trace, columns)
    known = [0] * len(trace.ops)
    for row, root in enumerate(trace.roots[: trace.results]):
        known[root] |= 1 << row
    for i in range(len(known) - 1, -1, -1):
        if not depends[i]:
            known[i] = 0
        elif trace.operands[i] and known[i] and RULES[trace.ops[i]].differentiable:
            for x in trace.operands[i]:
                known[x] |= known[i]
    return known


def total_bits(sets: Sequence[int]) -> int:
    """Return how many members all sets have together."""
    return sum([bits.bit_count() for bits in sets])


def members(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set.

    >>> list(members(0b1010))
    [1, 3]
    """
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def colours(rows: Sequence[int], count: int) -> list[int]:
    """Return a colour for each column, so that no row has two of one colour: one direction serves all of a colour.

    Curtis, Powell and Reid's way: each column, in order, takes the first colour that none of its rows has.

    Parameters
    ----------
    rows
        The columns of each row, as bits.
    count
        How many columns there are.
    """
    of_column: list[list[int]] = [[] for _ in range(count)]
    for row, bits in enumerate(rows):
        for column in members(bits):
            of_column[column].append(row)
    taken = [0] * len(rows)
    chosen = []
    for places in of_column:
        others = 0
        for row in places:
            others |= taken[row]
        colour = (~others & (others + 1)).bit_length() - 1
        for row in places:
            taken[row] |= 1 << colour
        chosen.append(colour)
    return chosen
