"""Gathers on JAX: five patterns, each with how it is read and, beside it, how something is added to what it reads.

Of the flat index ``sample * size + index + stride * chosen`` a pattern is told by what is fixed, and by which rows or
columns an integer input chooses, so that what a sample chooses is looked up along its own axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engine.lifting.emit.jax_bind import bind, name_of
from engine.lifting.emit.jax_tuning import column_sums, pays, picked
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Indices, Literal, Operand, View


def write_gather(w: Writer, step: Step) -> None:
    """Write what a gather reads."""
    gather = step.gather()
    bind(w, step, pattern(gather).read(w, w.variable(gather.source)))


def write_scatter(w: Writer, step: Step) -> None:
    """Write what is added to the places that a gather reads; places that coincide each get their sum."""
    gather, g = step.gather(), step.operands[1]
    name, defined = name_of(w, gather.source)
    if not defined:
        w.body.append(f"{name} = {w.call('zeros', w.shape(gather.source), 'dtype')}")
    w.body.append(f"{name} = {pattern(gather).add(w, name, _in_full(w, g, gather))}")


def pattern(gather: Gather) -> Pattern:
    """Return how a gather reads its source.

    >>> from engine.lifting.views import Source
    >>> W, t = Source("W", (5, 3), "parameter"), Source("t", (), "index", batched=True)
    >>> row = View(t, (3,), 0, (0,))
    >>> pattern(Gather(W, (3,), np.arange(3), row, 3, reach=12)).length
    3
    """
    if gather.chosen is None:
        return Fixed(gather)
    return _whole_rows(gather) or _one_per_row(gather) or (PerSample if gather.source.batched else Flat)(gather)


@dataclass(frozen=True)
class Fixed:
    """Elements at a fixed index, those of each sample alike."""

    gather: Gather

    def read(self, w: Writer, name: str) -> str:
        """Return the elements."""
        source = self.gather.source
        flat = name if len(source.shape) == 1 else f"{name}.reshape({_rows(w, self.gather)})"
        return picked(w, flat, self.gather.index, source.size, source.batched, f"{name}_at")

    def add(self, w: Writer, name: str, added: str) -> str:
        """Return the sum; what each element of the source gets is itself gathered, which takes less than scattering."""
        source, rows = self.gather.source, _rows(w, self.gather)
        back = self._gathered_back(w, name, f"{added}.reshape({rows})")
        if back is not None:
            return f"{name} + {back}.reshape({w.shape(source)})"
        index = w.index(self.gather.index, f"{name}_at")
        changed = f"{name}.reshape({rows}).at[{':, ' * source.batched}{index}].add({added})"
        return f"{changed}.reshape({w.shape(source)})"

    def _gathered_back(self, w: Writer, name: str, added: str) -> str | None:
        """Return what is added to each element of the source; None where some would get much more than others."""
        index, source = self.gather.index.reshape(-1), self.gather.source
        touched, which, counts = np.unique(index, return_inverse=True, return_counts=True)
        if not pays(int(counts.max()) * touched.size, index.size):
            return None
        order = np.argsort(which, kind="stable")
        first = order
        if int(counts.max()) > 1:
            table = w.index(_columns(order, which, counts), f"{name}_from")
            axis = int(source.batched)
            added = column_sums(w, f"{added}.take({table}, {axis}, mode='clip')", counts, axis)
            first = np.arange(touched.size)
        place = np.zeros(source.size, dtype=np.int64)
        place[touched] = first
        if touched.size == source.size and (place == np.arange(source.size)).all():
            return added
        added = picked(w, added, place, touched.size, source.batched, f"{name}_from")
        if touched.size < source.size:
            met = w.index(np.bincount(touched, minlength=source.size), f"{name}_met")
            added = w.call("where", f"{met} > 0", added, "0.0")
        return added


def _columns(order: Indices, which: Indices, counts: Indices) -> Indices:
    """Return a table with a column for each element of the source that is read: where it is read, then padding."""
    rank = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.zeros((int(counts.max()), counts.size), dtype=np.int64)
    table[rank, which.reshape(-1)[order]] = order
    return table


@dataclass(frozen=True)
class WholeRows:
    """Whole rows of a table that all samples share: how long they are, and along which axis of the gather they lie."""

    gather: Gather
    length: int
    axis: int

    def read(self, w: Writer, name: str) -> str:
        """Return the rows."""
        rows = f"{self._table(name)}.take({self._index(w, name)}, 0, mode='clip')"
        return rows if self._last == -1 else w.call("moveaxis", rows, -1, self._last)

    def add(self, w: Writer, name: str, added: str) -> str:
        """Return the table, with rows added to."""
        index = self._index(w, name)
        added = added if self._last == -1 else w.call("moveaxis", added, self._last, -1)
        changed = f"{self._table(name)}.at[{index}].add({added})"
        return changed if self._table(name) == name else f"{changed}.reshape({w.shape(self.gather.source)})"

    @property
    def _last(self) -> int:
        return self.axis - len(self.gather.shape)

    def _table(self, name: str) -> str:
        return name if self.gather.source.shape[1:] == (self.length,) else f"{name}.reshape(-1, {self.length})"

    def _index(self, w: Writer, name: str) -> str:
        """Return the number of each row."""
        chosen, axis = self.gather.chosen, self.axis
        assert chosen is not None
        shape, strides = (v[:axis] + v[axis + 1 :] for v in (chosen.shape, chosen.strides))
        text = w.text(View(chosen.source, shape, chosen.offset, strides), whole=True)
        moved = text if self.gather.stride == self.length else f"{self.gather.stride // self.length} * {text}"
        first = np.take(self.gather.index, 0, axis) // self.length
        return f"{w.index(first, f'{name}_rows')} + {moved}" if first.any() else moved


def _whole_rows(gather: Gather) -> WholeRows | None:
    source, chosen, index = gather.source, gather.chosen, gather.index
    if source.batched or chosen is None:
        return None
    for axis, length in enumerate(gather.shape):
        first = np.take(index, 0, axis)
        along = np.arange(length).reshape([-1 if a == axis else 1 for a in range(index.ndim)])
        whole = chosen.strides[axis] == 0 and (index == np.expand_dims(first, axis) + along).all()
        even = not (first % length).any() and gather.stride % length == 0 and source.size % length == 0
        if length > 1 and whole and even:
            return WholeRows(gather, length, axis)
    return None


@dataclass(frozen=True)
class OnePerRow:
    """One element of each row, and how long the rows are: the probability of each sample's class."""

    gather: Gather
    columns: int

    def read(self, w: Writer, name: str) -> str:
        """Return the elements."""
        gather, rows = self.gather, self.gather.index.size
        n = w.lead(gather)
        table = f"{name}.reshape({tuple_text([*w.lead(gather.source), rows, self.columns])})"
        if n and not gather.source.batched:
            table = w.call("broadcast_to", table, tuple_text([*n, rows, self.columns]))
        index = f"{_chosen(w, gather)}.reshape({tuple_text([*n, rows, 1])})"
        picks = w.call("take_along_axis", table, index, len(n) + 1, "mode='clip'")
        return f"{picks}.reshape({w.shape(gather)})"

    def add(self, w: Writer, name: str, added: str) -> str:
        """Return the sum with the table that has one number in each row, and else zeros."""
        gather = self.gather
        if gather.batched and not gather.source.batched:
            return Flat(gather).add(w, name, added)
        rows = tuple_text([*w.lead(gather), gather.index.size, 1])
        here = f"{_chosen(w, gather)}.reshape({rows}) == {w.use('np')}.arange({self.columns})"
        hot = w.call("where", here, f"{added}.reshape({rows})", "0.0")
        return f"{name} + {hot}.reshape({w.shape(gather.source)})"


def _one_per_row(gather: Gather) -> OnePerRow | None:
    columns, rest = divmod(gather.source.size, gather.index.size)
    apart = gather.index.reshape(-1) == np.arange(gather.index.size) * columns
    return OnePerRow(gather, columns) if gather.stride == 1 and not rest and bool(apart.all()) else None


@dataclass(frozen=True)
class Flat:
    """Elements of what all samples share, wherever the integers say."""

    gather: Gather

    def read(self, w: Writer, name: str) -> str:
        """Return the elements."""
        return f"{name}.reshape(-1).take({_index(w, self.gather, name)}, mode='clip')"

    def add(self, w: Writer, name: str, added: str) -> str:
        """Return the source, with elements added to."""
        changed = f"{name}.reshape(-1).at[{_index(w, self.gather, name)}].add({added})"
        return f"{changed}.reshape({w.shape(self.gather.source)})"


@dataclass(frozen=True)
class PerSample:
    """Elements of each sample's own part, wherever the integers say."""

    gather: Gather

    def read(self, w: Writer, name: str) -> str:
        """Return the elements."""
        n = w.use("N")
        index = f"{_index(w, self.gather, name)}.reshape({n}, -1)"
        picks = w.call("take_along_axis", f"{name}.reshape({n}, -1)", index, 1, "mode='clip'")
        return f"{picks}.reshape({w.shape(self.gather)})"

    def add(self, w: Writer, name: str, added: str) -> str:
        """Return the source, with elements of each sample added to."""
        gather, n = self.gather, w.use("N")
        table, whole = f"{name}.reshape({n}, -1)", w.shape(gather.source)
        assert gather.chosen is not None
        if not gather.chosen.batched:  # the same places of each sample
            moved = f"{gather.stride} * {w.text(gather.chosen, whole=True)}"
            return f"{table}.at[:, {w.index(gather.index, f'{name}_at')} + {moved}].add({added}).reshape({whole})"
        index = f"{_index(w, gather, name)}.reshape({n}, -1)"
        one = f"{w.use('jax')}.vmap(lambda x, i, g: x.at[i].add(g))"
        return f"{one}({table}, {index}, {added}.reshape({n}, -1)).reshape({whole})"


Pattern: TypeAlias = "Fixed | WholeRows | OnePerRow | Flat | PerSample"


# --- what patterns share ---------------------------------------------------------------------------------------


def _rows(w: Writer, gather: Gather) -> str:
    """Return the shape of the source with one row per sample."""
    return ", ".join([*w.lead(gather.source), "-1"])


def _index(w: Writer, gather: Gather, name: str) -> str:
    """Return the flat index of every element, within a sample where the source is of samples."""
    moved = _chosen(w, gather) if gather.stride == 1 else f"{gather.stride} * {_chosen(w, gather)}"
    return f"({w.index(gather.index, f'{name}_at')} + {moved})" if gather.index.any() else f"({moved})"


def _chosen(w: Writer, gather: Gather) -> str:
    """Return what an integer input chooses, for each element of a gather."""
    assert gather.chosen is not None
    return _in_full(w, gather.chosen, gather)


def _in_full(w: Writer, x: Operand, gather: Gather) -> str:
    """Return an operand with every axis of a gather."""
    text = w.text(x, whole=True)
    if isinstance(x, Literal):
        return w.call("full", w.shape(gather), text, "dtype")
    return text if x.batched == gather.batched else w.call("broadcast_to", text, w.shape(gather))
