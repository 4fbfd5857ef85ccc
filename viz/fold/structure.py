"""Folding by structure: sums take in their products, and what does the same to results of the same kinds is one box.

>>> from engine import Value, exp
>>> from viz.nodes import in_order
>>> v = Value(0.0)
>>> for _ in range(32):
...     v = exp(v)
>>> [box.heading for box in by_structure(Numbered.of(in_order(v)), 40).boxes]
['1 value', '1 exp of values', '31 exps of exps']
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any

from viz.fold.box import CONSTANT, Box, Folded, filled
from viz.fold.nouns import listed, many, noun
from viz.fold.signature import array_of
from viz.nodes import Numbered

SUMS = ("add", "total")
ARROWS = 3  # for each box: more are a tangle that no eye follows
ARRAYS = 12  # of labelled leaves: more are no names
VALUE = ""  # in the place of an operation, where a leaf is read
Kind = tuple[str, int, int]  # an operation; of a sum the number of its products and of its other terms


def by_structure(graph: Numbered, limit: int) -> Folded:
    """Fold into at most `limit` boxes, told apart as finely as that allows and as arrows can be followed."""
    leads = _leads(graph)
    kinds = _kinds(graph, leads)
    plain = {kind: (kind[0], 0, 0) for kind in set(kinds.values())}
    for same, apart in (
        (dict(zip(plain, plain)), True),
        (plain, True),
        (dict(zip(plain, plain)), False),
        (plain, False),
    ):
        folded = _folded(graph, leads, {i: same[kind] for i, kind in kinds.items()}, apart)
        if len(folded.boxes) <= limit and len(folded.edges) <= ARROWS * len(folded.boxes):
            break
    return folded


def _leads(graph: Numbered) -> list[int]:
    """Return for each node that whose words it goes by: of a sum's terms that are read there alone, the sum."""
    ops = [node.op for node in graph.nodes]
    reader = [-1] * len(ops)
    for i, operands in enumerate(graph.parents):
        for p in operands:
            reader[p] = i if reader[p] in (-1, i) else -2
    leads = list(range(len(ops)))
    for i in range(len(ops) - 1, -1, -1):
        j = reader[i]
        if j >= 0 and ops[j] in SUMS and graph.parents[i] and ops[i] in (*SUMS, "multiply"):
            leads[i] = leads[j]
    return leads


def _kinds(graph: Numbered, leads: Sequence[int]) -> dict[int, Kind]:
    """Return the kind of each operation that goes by its own words."""
    products: Counter[int] = Counter()
    others: Counter[int] = Counter()
    for i, operands in enumerate(graph.parents):
        if graph.nodes[i].op in SUMS:
            for p in operands:
                if leads[p] != leads[i]:
                    others[leads[i]] += graph.kinds[p] != "constant" or graph.nodes[p].data != 0.0
                elif graph.nodes[p].op == "multiply":
                    products[leads[i]] += 1
    kinds: dict[int, Kind] = {}
    for i, operands in enumerate(graph.parents):
        if operands and leads[i] == i:
            op = graph.nodes[i].op
            if op == "dot":
                kinds[i] = ("add", len(operands) // 2, len(operands) % 2)
            else:
                kinds[i] = ("add", products[i], others[i]) if op in SUMS else (op, 0, 0)
    return kinds


def _folded(graph: Numbered, leads: Sequence[int], kinds: Mapping[int, Kind], apart: bool) -> Folded:
    """Return a box for each kind, told `apart` by the kinds of operands or not; leaves stand with what reads them."""
    reads: dict[int, set[str]] = {i: set() for i in kinds}
    for i, operands in enumerate(graph.parents):
        for p in operands if apart else ():
            if leads[p] != leads[i] and graph.kinds[p] != "constant":
                reads[leads[i]].add(kinds[leads[p]][0] if graph.parents[p] else VALUE)
    keys: dict[int, Hashable] = {i: (kind, tuple(sorted(reads[i]))) for i, kind in kinds.items()}
    owner, boxes = numbered(graph, _with_leaves(graph, leads, keys))
    held = Counter([owner[i] for i in kinds])
    chained = {
        owner[i]
        for i, operands in enumerate(graph.parents)
        for p in operands
        if owner[p] == owner[i] and leads[p] != leads[i]
    }
    for number, box in enumerate(boxes):
        if box.kind == "operation":
            box.title = _words(box.key, held[number])
            box.subtitle = ("one after another",) if number in chained else ()
    return filled(graph, owner, boxes)


def numbered(graph: Numbered, keys: Sequence[Hashable]) -> tuple[list[int], list[Box]]:
    """Return a box for each key, in the order in which their nodes were born; a constant has none."""
    first: dict[Hashable, float] = {}
    kinds: dict[Hashable, str] = {}
    for born, key, what in zip(_births(graph), keys, graph.kinds):
        if what != "constant" and not first.get(key, inf) <= born:
            first[key] = born
            kinds[key] = what
    numbers = {key: i for i, key in enumerate(sorted(first, key=first.__getitem__))}
    owner = [CONSTANT if what == "constant" else numbers[key] for key, what in zip(keys, graph.kinds)]
    return owner, [Box(key, kind=kinds[key], worded=True) for key in numbers]


def _births(graph: Numbered) -> list[float]:
    """Return when each node was born; a leaf stands just before what reads it first."""
    births = [node.born if node.parents else inf for node in graph.nodes]
    for i, operands in enumerate(graph.parents):
        for p in operands:
            if not graph.parents[p]:
                births[p] = min(births[p], births[i] - 0.5)
    return [min(born, sys.float_info.max) for born in births]


def _with_leaves(graph: Numbered, leads: Sequence[int], keys: Mapping[int, Hashable]) -> list[Hashable]:
    """Return the key of each node: a leaf's is its array, or where there are too many or none, what reads it first."""
    reader: dict[int, int] = {}
    for i, operands in enumerate(graph.parents):
        for p in operands:
            reader.setdefault(p, leads[i])
    arrays = {array_of(node.label) for node in graph.nodes if not node.parents and node.label}
    few = len(arrays) <= ARRAYS
    return [
        keys[leads[i]]
        if node.parents
        else ("array", array_of(node.label), graph.kinds[i])
        if few and node.label
        else ("leaves", keys.get(reader.get(i, i)), graph.kinds[i])
        for i, node in enumerate(graph.nodes)
    ]


def _words(key: Any, count: int) -> str:
    """Return what so many results are, in words."""
    (op, products, others), reads = key
    if products:
        terms = f"{many('multiply', products)}{f' and {others} more' if others else ''}"
        return f"{many(op, count)} of {terms}"
    if others:
        return f"{many(op, count)} of {many(reads[0] if len(reads) == 1 else VALUE, others)}"
    operands = [noun(what) for what in reads]
    return f"{many(op, count)}{f' of {listed(operands)}' if operands else ''}"
