"""Part of `arrange`: sums, split by the kinds of their terms, in the order of their groups.

Products of many factors are matrix products, if `contract` finds them to be; plain terms are a reduction; single terms
(a bias, a skip connection) are added element by element.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from engine.lifting.exact import Folded, exactly, fold
from engine.lifting.index_arrays import as_view, factor
from engine.lifting.ir import ADDED, TAKEN, Group, Product
from engine.lifting.ops import Step
from engine.lifting.passes.choose import largest_constant, rows
from engine.lifting.passes.contract import contract
from engine.lifting.passes.contract_ragged import GAP, contract_ragged
from engine.lifting.passes.layout import GroupOperand, LayoutBuilder, distinct, rows_of, runs_of
from engine.lifting.views import Gather, Indices, Literal, Source, View

LEAST_RAGGED, LEAST_OF_SAMPLES = 512, 128  # terms of dots of uneven length from which on a product is looked for


def sums(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Sum the terms of each member."""
    items = builder.items(group)
    owner = np.repeat(np.arange(len(items)), [len(s.left) for s in items])
    left = np.fromiter(chain.from_iterable([s.left for s in items]), np.int64, len(owner))
    right = np.fromiter(chain.from_iterable([s.right for s in items]), np.int64, len(owner))
    of = np.append(builder.of, -1)  # of[-1] is -1: no right factor
    signs, right = np.where(right == TAKEN, -1.0, 1.0), np.maximum(right, ADDED)
    parts: list[GroupOperand] = []
    for a, b in sorted(group.classes, key=lambda kind: kind[1] < 0):
        terms = (of[left] == a) & (of[right] == b)
        counts = np.bincount(owner[terms], minlength=len(items))
        if b >= 0:
            parts.append(_products(builder, left[terms], right[terms], counts))
        else:
            several = len(group.classes) > 1
            x = builder.operand(left[terms])
            if (signs[terms] < 0.0).any():
                x = _signed(builder, x, owner[terms], signs[terms])
            parts.append(_terms(builder, x, owner[terms], counts, several))
    result = parts[0]
    for part in parts[1:]:
        result = builder.element_by_element("add", [result, part])
    result = builder.in_memory(result)
    if builder.steps and builder.steps[-1].target.source is result.source:
        nodes = len(owner) * (2 if group.classes[0][1] >= 0 else 1)
        builder.steps[-1] = builder.steps[-1].but(nodes=nodes)
    return result


def log_sum_exp(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Sum by its parts, log(exp(x - m) + exp(y - m)) + m, where m is the larger and passes no derivative.

    So its gradient, a softmax, reuses the exponentials.
    """
    x, counts = rows(builder, group)
    m = largest_constant(builder, group)
    shifted = builder.element_by_element("subtract", [x, m[np.repeat(np.arange(len(counts)), counts)]])
    total = _reduced(builder, builder.element_by_element("exp", [shifted]), counts)
    logarithm = builder.element_by_element("log", [total])
    return builder.element_by_element("add", [logarithm, m], nodes=len(counts))


def _uniform(counts: Indices) -> bool:
    return bool((counts == counts[0]).all())


def _products(builder: LayoutBuilder, left: Indices, right: Indices, counts: Indices) -> GroupOperand:
    """Sum products: as a matrix product if they are one, those of two lengths (rows, and a norm of all) apart."""
    lengths = sorted(set(counts.tolist()))
    if len(lengths) == 2 and lengths[0] > 1:
        parts = [(np.flatnonzero(counts == n), np.repeat(counts == n, counts)) for n in lengths]
        return _one_after_the_other(
            builder,
            [(members, _products(builder, left[of], right[of], counts[members])) for members, of in parts],
            len(counts),
        )
    x, y = builder.operand(left), builder.operand(right)
    if _uniform(counts) and counts[0] > 1:
        contracted = _contracted(builder, x, y, int(counts[0]))
        if contracted is not None:
            return contracted
    least = LEAST_OF_SAMPLES if x.batched or y.batched else LEAST_RAGGED
    if builder.gaps and not _uniform(counts) and len(left) >= least:
        contracted = _ragged(builder, x, y, counts)
        if contracted is not None:
            return contracted
    product = builder.element_by_element("multiply", [x, y])
    return product if (counts == 1).all() else _reduced(builder, product, counts)


def _one_after_the_other(
    builder: LayoutBuilder, parts: Sequence[tuple[Indices, GroupOperand]], count: int
) -> GroupOperand:
    """Copy results for some members each into one array."""
    parts = [(members, builder.in_memory(part)) for members, part in parts]
    sources = [part.source for _, part in parts if part.source is not None]
    result = builder.new((sum(source.size for source in sources),), any(source.batched for source in sources))
    at, start = np.zeros(count, np.int64), 0
    for (members, part), source in zip(parts, sources):
        place = result.view[start : start + source.size]
        builder.steps.append(Step("copy", place, (source.view.reshape((source.size,)),)))
        at[members] = part.at + start
        start += source.size
    return GroupOperand(result, at)


def _terms(builder: LayoutBuilder, x: GroupOperand, owner: Indices, counts: Indices, several: bool) -> GroupOperand:
    """Sum plain terms; constants are added up here where the sum has `several` kinds of terms."""
    if x.source is None and several:
        x, counts = _folded(x, owner, counts)
    return builder.compact(x) if (counts == 1).all() else _reduced(builder, x, counts)


def _signed(builder: LayoutBuilder, x: GroupOperand, owner: Indices, signs: Any) -> GroupOperand:
    """Give terms their signs, the terms of each sum in the order of their places."""
    order = np.lexsort([x.at, owner])
    read, by = builder.as_view(x[order], (len(order),)), builder.constant(signs[order])
    return GroupOperand(builder.step("multiply", (len(order),), [read, by]), np.arange(len(order)))


def _folded(x: GroupOperand, owner: Indices, counts: Indices) -> tuple[GroupOperand, Indices]:
    """Add up the constants of each sum, if all have one total or each a float: (the totals, how many each has)."""
    numbers = x.constants.tolist()
    totals: list[Any] = [0.0] * len(counts)
    if (counts == 1).all() and all(map(math.isfinite, numbers)):
        totals = [number or 0.0 for number in numbers]
    else:
        for k, number in zip(owner.tolist(), numbers):
            totals[k] = None if totals[k] is None else fold("add", totals[k], number)
    if None in totals:
        return x, counts
    rounded = any(isinstance(t, Folded) for t in totals)
    equal = len(set(totals)) == 1 and not (rounded and len({exactly(t) for t in totals}) > 1)
    if rounded and not equal:
        return x, counts
    constants = np.array(totals, dtype=object if equal else float)
    return GroupOperand(None, np.arange(len(counts)), constants), np.ones_like(counts)


def _reduced(builder: LayoutBuilder, x: GroupOperand, counts: Indices) -> GroupOperand:
    """Sum rows of plain terms: over an axis if all are equally long, else over runs."""
    size = len(counts)
    x = builder.in_places(x, counts)
    if not _uniform(counts):
        flat = builder.as_view(x, (len(x.at),))
        return GroupOperand(builder.step("segment_sum", (size,), [flat], **runs_of(counts)), np.arange(size))
    rows = x.at.reshape(size, -1)
    order, shape = rows_of(rows)
    terms = builder.as_view(GroupOperand(x.source, rows[order].reshape(-1)), (*shape, rows.shape[1]))
    return GroupOperand(builder.step("sum", shape, [terms]), np.argsort(order))


# --- matrix products -----------------------------------------------------------------------------------------------


def _contracted(builder: LayoutBuilder, x: GroupOperand, y: GroupOperand, k: int) -> GroupOperand | None:
    """Turn dots into a matrix product if they are one."""
    turned = _is_columns(x, y)
    product = contract(x.identities().reshape(-1, k), y.identities().reshape(-1, k), turned)
    if not isinstance(product, Product):
        builder.declined[product] = None
        return None
    rows, columns = (y, x) if turned else (x, y)
    a, b = _same_blocks(builder, _matrix(builder, rows, product.rows), _matrix(builder, columns, product.columns))
    return _multiplied(builder, a, b, product.place)


def _multiplied(builder: LayoutBuilder, a: View, b: View, place: Indices, terms: Indices | None = None) -> GroupOperand:
    """Append a product; where somebody asks for some of its elements only, it says for which."""
    full = (*a.shape[:-1], b.shape[-2])
    asked = None
    if len(place) < math.prod(full):
        asked = np.zeros(full, bool)
        asked.reshape(-1)[place] = True
    shape = [n for n in full if n > 1]
    return GroupOperand(builder.step("matmul", shape, [a, b], asked=asked, terms=terms), place)


def _ragged(builder: LayoutBuilder, x: GroupOperand, y: GroupOperand, counts: Indices) -> GroupOperand | None:
    """Turn dots of uneven length into a product of rows that have zeros where they have no terms."""
    reasons = []
    for a, b in ((x, y), (y, x)):
        if a.source is None:
            continue
        product = contract_ragged(a.at, b.identities(), counts)
        if isinstance(product, Product):
            rows, columns = _with_zeros(builder, a.source, product.rows), _matrix(builder, b, product.columns)
            rows, columns = _same_blocks(builder, rows, columns)
            terms = (product.rows != GAP).reshape(rows.shape)
            return _multiplied(builder, rows, columns, product.place, terms)
        reasons.append(product)
    builder.declined.update(dict.fromkeys(reasons))
    return None


def _with_zeros(builder: LayoutBuilder, source: Source, index: Indices) -> View:
    """Return elements at places, zeros in the gaps: both are copied together, so that each is read once."""
    there = index != GAP
    read = np.unique(index[there])
    elements, count = builder.as_view(GroupOperand(source, read), (len(read),)), len(read) + int((~there).sum())
    together = builder.new((count,), source.batched)
    builder.steps.append(Step("copy", together.view[: len(read)], (elements,)))
    builder.steps.append(Step("copy", together.view[len(read) :], (Literal(0.0),)))
    at = np.empty(index.shape, np.int64)
    at[there] = np.searchsorted(read, index[there])
    at[~there] = np.arange(len(read), count)
    return builder.gathered(Gather(together, at.shape, at, distinct=count == at.size))


def _is_columns(x: GroupOperand, y: GroupOperand) -> bool:
    """Whether `x` gives the columns of the product: weights do, whatever samples or positions give the rows."""

    def rank(c: GroupOperand) -> int:
        return 1 if c.source is None else 2 if c.source.batched else 0 if c.source.kind == "parameters" else 1

    return rank(x) <= rank(y)


def _matrix(builder: LayoutBuilder, x: GroupOperand, index: Indices) -> View:
    """Return (blocks, rows, k) elements as a view of (*block axes, rows, k)."""
    if x.source is None:
        return builder.stored(distinct(x.constants)[0][index]).view
    matrix = as_view(x.source, index)
    blocks = factor([index[:, 0, 0]])
    if not isinstance(matrix, View) and blocks is not None and len(blocks) > 1:
        matrix = as_view(x.source, index.reshape(*blocks, *index.shape[1:]))
    return matrix if isinstance(matrix, View) else builder.gathered(matrix)


def _same_blocks(builder: LayoutBuilder, a: View, b: View) -> tuple[View, View]:
    """Give both matrices the block axes of the one that has more; one block is no axis."""
    if a.shape[:-2] != b.shape[:-2]:
        finer = max(a.shape[:-2], b.shape[:-2], key=len)
        a, b = (v if v.shape[:-2] == finer else _cut(builder, v, finer) for v in (a, b))
    return (a[0], b[0]) if a.shape[:-2] == (1,) else (a, b)


def _cut(builder: LayoutBuilder, v: View, blocks: tuple[int, ...]) -> View:
    cut = as_view(v.source, v.positions().reshape(*blocks, *v.shape[-2:]))
    return cut if isinstance(cut, View) else builder.gathered(cut)
