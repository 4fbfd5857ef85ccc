"""Fourth stage: Groups ->  every group is an array and every operand a view of an earlier one.

A group's members are put in the order in which they read their operands, so the program does not depend on the
author's loops.  A sum is split by the kinds of its terms: products of many factors go to `contract`, plain terms are
a reduction, single terms (a bias, a skip connection) are added element by element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from engine.lifting.exact import Folded, exactly, fold
from engine.lifting.ir import Group, Groups, Product, Step, Steps, Sum
from engine.lifting.views import (
    Gather,
    Indices,
    Literal,
    Operand,
    Source,
    View,
    affine,
    all_distinct,
    as_view,
    factor,
)

Contract = Callable[[Indices, Indices, bool], Product | str]


@dataclass
class Column:
    """One operand of every member of a group: positions in a source, or constants."""

    source: Source | None
    at: Indices
    constants: np.ndarray | None = None

    def take(self, order: Indices) -> Column:
        """Return the column with its members in another order."""
        constants = None if self.constants is None else self.constants[order]
        return Column(self.source, self.at[order], constants)


@dataclass
class Arrangement:
    """The layout being made: steps so far, and where each scalar node is."""

    groups: Groups
    contract: Contract
    position: Indices  # of each node in its group's source
    source: list[Source | None]  # of each group
    constants: np.ndarray
    choosing: dict[Source, Source]  # inputs -> the integers that they are, where they choose
    steps: list[Step] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    of: Indices = field(init=False)  # group of each node

    def __post_init__(self) -> None:
        self.of = np.array(self.groups.of, dtype=np.int64)

    def new(self, shape: Sequence[int], batched: bool) -> Source:
        """Return a fresh source for a step's result."""
        source = Source(f"v{len(self.sources)}", tuple(shape), "value", batched)
        self.sources.append(source)
        return source

    def held(self, values: np.ndarray) -> Source:
        """Return a constant array as a source."""
        source = Source(f"c{len(self.sources)}", values.shape, "constant", value=values)
        self.sources.append(source)
        return source

    def step(self, op: str, shape: Sequence[int], operands: Sequence[Operand], **more: object) -> Source:
        """Append an array operation; its result is batched if an operand is."""
        batched = any(x.batched for x in operands)
        target = self.new(shape, batched)
        self.steps.append(Step(op, target.view, tuple(operands), **more))  # type: ignore[arg-type]
        return target

    def column(self, nodes: Indices, choosing: bool = False) -> Column:
        """Return where the given nodes are, as integers where they choose; several groups are copied together."""
        of = self.of[nodes]
        at = self.position[nodes]
        if (of != of[0]).any():
            return self.concatenated(of, at, self.constants[nodes], choosing)
        source = self.held_in(int(of[0]), choosing)
        return Column(source, at, self.constants[nodes] if source is None else None)

    def held_in(self, group: int, choosing: bool) -> Source | None:
        """Return where a group is; None for constants."""
        source = self.source[group]
        return self.choosing[source] if choosing and source is not None else source

    def concatenated(self, of: Indices, at: Indices, constants: np.ndarray, choosing: bool) -> Column:
        """Append the steps that copy several groups' arrays into one, one after the other."""
        parts = np.unique(of).tolist()
        pieces: list[tuple[View | Literal, int, Indices]] = []
        for part in parts:
            source, chosen = self.held_in(part, choosing), of == part
            if source is None:
                pieces.append(
                    (
                        self.constant(Column(None, at[chosen], constants[chosen]), (int(chosen.sum()),)),
                        int(chosen.sum()),
                        np.arange(int(chosen.sum())),
                    )
                )
            else:
                pieces.append((source.view.reshape((source.size,)), source.size, at[chosen]))
        batched = any(x.batched for x, _, _ in pieces)
        target = self.new((sum(size for _, size, _ in pieces),), batched)
        moved, offset = np.empty(len(at), dtype=np.int64), 0
        for part, (piece, size, where) in zip(parts, pieces):
            self.steps.append(Step("copy", target.view[offset : offset + size], (piece,)))
            moved[of == part] = where + offset
            offset += size
        return Column(target, moved)

    def look(self, column: Column, shape: tuple[int, ...]) -> View | Literal:
        """Return a column as an operand of that shape; what is no view is gathered first."""
        if column.source is None:
            return self.constant(column, shape)
        seen = as_view(column.source, column.at.reshape(shape))
        return seen if isinstance(seen, View) else self.gathered(seen)

    def gathered(self, seen: Gather) -> View:
        """Append the step that gathers, and return its result."""
        return self.step("gather", seen.shape, [seen]).view

    def constant(self, column: Column, shape: tuple[int, ...]) -> View | Literal:
        """Return constants as a number where all are equal, else as an array without its repeated axes."""
        assert column.constants is not None
        values = column.constants.reshape(shape)
        if (values == values.flat[0]).all():
            return Literal(values.flat[0] if values.dtype == object else float(values.flat[0]))
        keep = []
        for axis in range(values.ndim):
            same = (values == values.take([0], axis)).all()
            keep.append(not same)
            values = values.take([0], axis) if same else values
        kept = values.squeeze()
        source = self.held(kept)
        return source.view.reshape(tuple([n if k else 1 for k, n in zip(keep, shape)])).broadcast_to(shape)


def arrange(
    groups: Groups,
    contract: Contract,
    leaves: dict[int, Source],
    choosing: dict[Source, Source],
    places: Indices,
) -> Steps:
    """Lay out every group.

    Parameters
    ----------
    groups
        Operations of equal signature.
    contract
        What finds matrix products.
    leaves
        The source of each group of parameters or inputs.
    choosing
        The source of the integers that an input is, where it chooses from tables.
    places
        Where each parameter of the trace lies in the flat vector.
    """
    trace = groups.normal.trace
    count = len(trace.ops)
    nowhere: list[Source | None] = [None] * len(groups.groups)
    state = Arrangement(groups, contract, np.zeros(count, dtype=np.int64), nowhere, np.zeros(count), choosing)
    for number, group in enumerate(groups.groups):
        if group.op in ("constant", "parameter", "input"):
            state.source[number] = leaves.get(number)
            found = [trace.leaves[i] for i in group.members]
            positions = np.array([leaf.position for leaf in found])
            state.position[group.members] = places[positions] if group.op == "parameter" else positions
            state.constants[group.members] = [leaf.value for leaf in found]
        else:
            _ARRANGE.get(group.op, _elementwise)(state, number, group)
    roots: list[Operand] = [state.look(state.column(np.array([root])), ()) for root in trace.roots]
    return Steps(state.steps, roots, declined=tuple(dict.fromkeys(state.declined)))


def _place(state: Arrangement, number: int, members: Indices, source: Source, at: Indices) -> None:
    state.source[number] = source
    state.position[members] = at


def _elementwise(state: Arrangement, number: int, group: Group) -> None:
    members = np.array(group.members)
    operands = np.array([state.groups.normal.items[i] for i in group.members])
    columns = [state.column(operands[:, k]) for k in range(operands.shape[1])]
    source, at = element_by_element(state, group.op, columns, group.fixed, len(members))
    _place(state, number, members, source, at)


def element_by_element(
    state: Arrangement, op: str, columns: Sequence[Column], fixed: tuple[float, ...] = (), nodes: int = 0
) -> tuple[Source, Indices]:
    """Append one element-by-element operation; return its result and where each member is in it."""
    if op == "multiply" and (other := _times_one(columns)) is not None:
        return other
    order = _reading_order(columns)
    ordered = [c.take(order) for c in columns]
    shape = _shape(ordered)
    source = state.step(op, shape, [state.look(c, shape) for c in ordered], fixed=fixed, nodes=nodes)
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.arange(len(order))
    return source, at


def _times_one(columns: Sequence[Column]) -> tuple[Source, Indices] | None:
    """Return the factor of a product with ones (the 1 / 1 of a mean over one output)."""
    for c, other in zip(columns, reversed(columns)):
        if c.constants is not None and (c.constants == 1.0).all() and other.source is not None:
            return other.source, other.at
    return None


def _reading_order(columns: Sequence[Column]) -> Indices:
    """Order members by what they read: by the operand with most different elements first, then by the others."""
    size = len(columns[0].at)
    keyed = [c for c in columns if c.source is not None]
    if size == 1 or not keyed:
        return np.arange(size)
    keyed.sort(key=lambda c: (-len(np.unique(c.at)), c.source is not None and c.source.kind == "parameters"))
    return np.lexsort([c.at for c in reversed(keyed)])


def _shape(columns: Sequence[Column]) -> tuple[int, ...]:
    """Return the axes in which the operands are views: an operand's own if possible, else factored."""
    size = len(columns[0].at)
    if size == 1:
        return ()
    sourced = [c for c in columns if c.source is not None]
    for c in sourced:
        assert c.source is not None
        if c.source.size == size and (c.at == np.arange(size)).all():
            if all(affine(d.at.reshape(c.source.shape)) for d in sourced):
                return c.source.shape
    regular = [c.at for c in sourced if factor([c.at]) is not None]
    while regular:
        shape = factor(regular)
        if shape is not None:
            return shape
        regular.pop()
    return (size,)


# --- sums ----------------------------------------------------------------------------------------------------


def _sum(state: Arrangement, number: int, group: Group) -> None:
    members = np.array(group.members)
    sums = [s for i in group.members if isinstance(s := state.groups.normal.items[i], Sum)]
    owner = np.repeat(np.arange(len(sums)), [len(s.left) for s in sums])
    left = np.fromiter(chain.from_iterable(s.left for s in sums), np.int64, len(owner))
    right = np.fromiter(chain.from_iterable(s.right for s in sums), np.int64, len(owner))
    of = np.append(state.of, -1)  # of[-1] is -1: no right factor
    parts: list[Column] = []
    for a, b in sorted(group.classes, key=lambda kind: kind[1] < 0):
        chosen = (of[left] == a) & (of[right] == b)
        factors = left[chosen], (right[chosen] if b >= 0 else None)
        parts.append(_part(state, owner[chosen], *factors, len(sums), len(group.classes) > 1))
    result = parts[0]
    for part in parts[1:]:
        source, at = element_by_element(state, "add", [result, part], (), 0)
        result = Column(source, at)
    result = result if result.source is not None else _spread(state, result)
    assert result.source is not None
    if state.steps and state.steps[-1].target.source is result.source:
        state.steps[-1] = replace(state.steps[-1], nodes=len(owner) * (2 if group.classes[0][1] >= 0 else 1))
    _place(state, number, members, result.source, result.at)


def _part(
    state: Arrangement, owner: Indices, left: Indices, right: Indices | None, count: int, several: bool
) -> Column:
    """Sum the terms of one kind within each member: products of factors, or plain terms where `right` is None.

    Constants are added up here where the sum has `several` kinds of terms.
    """
    counts = np.bincount(owner, minlength=count)
    uniform = (counts == counts[0]).all()
    x = state.column(left)
    if right is None:
        if x.source is None and several:
            x, counts = _folded(x, owner, counts)
            uniform = uniform or bool((counts == 1).all())
        if uniform and counts[0] == 1:
            return _materialised(state, x)
        return _reduced(state, x, counts, uniform)
    y = state.column(right)
    if uniform and counts[0] > 1:
        made = _contracted(state, x, y, int(counts[0]))
        if made is not None:
            return made
    source, at = element_by_element(state, "multiply", [x, y])
    product = Column(source, at)
    return product if uniform and counts[0] == 1 else _reduced(state, product, counts, uniform)


def _folded(x: Column, owner: Indices, counts: Indices) -> tuple[Column, Indices]:
    """Add up the constants of each sum, if all have one total or each a float: (the totals, how many each has)."""
    assert x.constants is not None
    totals: list[Any] = [0.0] * len(counts)
    for k, number in zip(owner.tolist(), x.constants.tolist()):
        totals[k] = None if totals[k] is None else fold("add", totals[k], number)
    equal = None not in totals and len({exactly(t) for t in totals}) == 1
    if None in totals or (not equal and any(isinstance(t, Folded) for t in totals)):
        return x, counts
    constants = np.array(totals, dtype=object if equal else float)
    return Column(None, np.arange(len(counts)), constants), np.ones_like(counts)


def _materialised(state: Arrangement, x: Column) -> Column:
    """Give constants that are added a place of their own."""
    if x.source is not None:
        return x
    seen = state.constant(x, (len(x.at),))
    if isinstance(seen, Literal):
        return x
    return Column(seen.source, seen.positions())


def _reduced(state: Arrangement, x: Column, counts: Indices, uniform: bool) -> Column:
    """Sum rows of plain terms: over an axis if all are equally long, else over runs."""
    size = len(counts)
    x = x if x.source is not None else _spread(state, x)
    if not uniform:
        seen = state.look(x, (len(x.at),))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        target = state.step("segment_sum", (size,), [seen], starts=starts, total=len(x.at))
        return Column(target, np.arange(size))
    rows = x.at.reshape(size, -1)
    order = np.lexsort(rows.T[:1]) if size > 1 else np.arange(1)
    ordered = Column(x.source, rows[order].reshape(-1), None if x.constants is None else x.constants)
    shape = (factor([rows[order][:, 0]]) or (size,)) if size > 1 else ()
    target = state.step("sum", shape, [state.look(ordered, (*shape, rows.shape[1]))])
    at = np.empty(size, dtype=np.int64)
    at[order] = np.arange(size)
    return Column(target, at)


def _contracted(state: Arrangement, x: Column, y: Column, k: int) -> Column | None:
    """Turn dots into a matrix product if they are one."""
    xs, ys = _identities(x).reshape(-1, k), _identities(y).reshape(-1, k)
    found = state.contract(xs, ys, _is_columns(x, y))
    if isinstance(found, str):
        state.declined.append(found)
        return None
    rows, columns = (y, x) if _is_columns(x, y) else (x, y)
    a = _matrix(state, rows, found.rows)
    b = _matrix(state, columns, found.columns)
    a, b = _same_blocks(state, a, b)
    n, m = a.shape[-2], b.shape[-2]
    shape = tuple(s for s in (*a.shape[:-2], n, m) if s > 1)
    target = state.step("matmul", shape, [a, b])
    return Column(target, found.place)


def _identities(x: Column) -> Indices:
    """Return positions, or for constants the number of each distinct value."""
    if x.constants is None:
        return x.at
    return np.unique(x.constants, return_inverse=True)[1].reshape(-1)


def _is_columns(x: Column, y: Column) -> bool:
    """Whether `x` gives the columns of the product: weights do, whatever samples or positions give the rows."""

    def rank(c: Column) -> int:
        return 1 if c.source is None else 2 if c.source.batched else 0 if c.source.kind == "parameters" else 1

    return rank(x) <= rank(y)


def _matrix(state: Arrangement, c: Column, index: Indices) -> View:
    """Return (blocks, rows, k) elements as a view of (*block axes, rows, k)."""
    if c.source is None:
        assert c.constants is not None
        values = np.unique(c.constants)[index]
        return state.held(values).view
    seen = as_view(c.source, index)
    if isinstance(seen, View):
        return seen
    blocks = factor([index[:, 0, 0]])
    if blocks is not None and len(blocks) > 1:
        seen = as_view(c.source, index.reshape(*blocks, *index.shape[1:]))
    return seen if isinstance(seen, View) else state.gathered(seen)


def _same_blocks(state: Arrangement, a: View, b: View) -> tuple[View, View]:
    """Give both matrices the block axes of the one that has more; one block is no axis."""
    if a.shape[:-2] != b.shape[:-2]:
        finer = max(a.shape[:-2], b.shape[:-2], key=len)
        a, b = (v if v.shape[:-2] == finer else _reshaped(state, v, finer) for v in (a, b))
    if a.shape[:-2] == (1,):
        a, b = a[0], b[0]
    return a, b


def _reshaped(state: Arrangement, v: View, blocks: tuple[int, ...]) -> View:
    seen = as_view(v.source, v.positions().reshape(*blocks, *v.shape[-2:]))
    return seen if isinstance(seen, View) else state.gathered(seen)


# --- log-sum-exp and choices -----------------------------------------------------------------------------------


def _rows(state: Arrangement, number: int, group: Group) -> None:
    """A log-sum-exp, or its shift alone, over rows of one length, or over runs where they are ragged."""
    members = np.array(group.members)
    operands = [xs for i in group.members if isinstance(xs := state.groups.normal.items[i], tuple)]
    counts = np.array([len(xs) for xs in operands])
    x = state.column(np.fromiter(chain.from_iterable(operands), np.int64, counts.sum()))
    if x.source is None:
        x = _spread(state, x)
    at = np.arange(len(counts))
    if (counts == counts[0]).all():
        rows = x.at.reshape(len(counts), -1)
        order = np.lexsort(rows.T[:1]) if len(counts) > 1 else at
        shape = (factor([rows[order][:, 0]]) or (len(counts),)) if len(counts) > 1 else ()
        row = state.look(Column(x.source, rows[order].reshape(-1)), (*shape, rows.shape[1]))
        assert isinstance(row, View)
        highest = state.step("max", shape, [row], constant=True)
        result = _shifted(state, row, shape, highest) if group.op == "logsumexp" else highest
        at = np.argsort(order)
    else:
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        flat = state.look(x, (len(x.at),))
        assert isinstance(flat, View)
        runs = {"starts": starts, "total": len(x.at)}
        highest = state.step("segment_max", (len(starts),), [flat], constant=True, **runs)
        result = _shifted_runs(state, flat, highest, runs) if group.op == "logsumexp" else highest
    state.steps[-1] = replace(state.steps[-1], nodes=len(counts))
    _place(state, number, members, result, at)


def _shifted(state: Arrangement, row: View, shape: tuple[int, ...], highest: Source) -> Source:
    """max, subtract, exp, sum, log, add: what one writes to be stable; the shift passes no derivative."""
    column = highest.view.expand_dims(-1).broadcast_to(row.shape)
    shifted = state.step("subtract", row.shape, [row, column])
    e = state.step("exp", row.shape, [shifted.view])
    s = state.step("sum", shape, [e.view])
    return state.step("add", shape, [state.step("log", shape, [s.view]).view, highest.view])


def _shifted_runs(state: Arrangement, flat: View, highest: Source, runs: dict[str, Any]) -> Source:
    shape, total = highest.shape, (runs["total"],)
    spread = state.step("repeat", total, [highest.view], constant=True, **runs)
    e = state.step("exp", total, [state.step("subtract", total, [flat, spread.view]).view])
    s = state.step("segment_sum", shape, [e.view], **runs)
    return state.step("add", shape, [state.step("log", shape, [s.view]).view, highest.view])


def _select(state: Arrangement, number: int, group: Group) -> None:
    """Element m is entry `chosen[m]` of its own table: a gather whose index an integer input moves."""
    members = np.array(group.members)
    tables = [state.groups.normal.items[i] for i in group.members]
    width = max(len(t) for t in tables)  # type: ignore[arg-type]
    padded = np.array([(*t[:-1], *[t[-2]] * (width - len(t))) for t in tables])  # type: ignore[index, arg-type]
    chosen = state.column(np.array([t[-1] for t in tables]), choosing=True)  # type: ignore[index]
    entries = state.column(padded.reshape(-1))
    if entries.source is None:
        kept = _materialised(state, entries)
        entries = kept if kept.source is not None else _spread(state, entries)
    assert entries.source is not None
    at = entries.at.reshape(padded.shape)
    stride = int(at[0, 1] - at[0, 0]) if width > 2 else 1
    if not (np.diff(at, axis=1) == stride).all() or any(len(t) != width for t in tables):  # type: ignore[arg-type]
        packed = state.gathered(Gather(entries.source, at.shape, at, distinct=all_distinct(at)))
        entries, at, stride = Column(packed.source, at), np.arange(at.size).reshape(at.shape), 1
    base = Column(entries.source, at[:, 0])
    order = _reading_order([chosen, base])
    shape = _shape([chosen.take(order), base.take(order)])
    index = state.look(chosen.take(order), shape)
    assert isinstance(index, View) and entries.source is not None
    distinct = all_distinct(at)
    gather = Gather(entries.source, shape, base.at[order].reshape(shape), index, stride, distinct, stride * (width - 2))
    source = state.step("gather", shape, [gather], nodes=len(members))
    _place(state, number, members, source, np.argsort(order))


def _spread(state: Arrangement, x: Column) -> Column:
    assert x.constants is not None
    return Column(state.held(x.constants), np.arange(len(x.constants)))


_ARRANGE = {"sum": _sum, "logsumexp": _rows, "shift": _rows, "select": _select}
