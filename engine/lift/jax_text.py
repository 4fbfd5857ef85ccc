"""JAX's spelling of steps: every result is a new array, and a part is changed by making a changed copy.

Nothing here needs JAX: this is text.  What a sample chooses is looked up along its own axis, so that a batch that is
spread over devices stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.lift.emit import Backend, Writer, gathered, reduced_axes
from engine.lift.ir import Gather, Indices, Literal, Operand, Source, Step, View
from engine.lift.text import box, tuple_text, view_text

COMPARISONS = ("less", "less_equal", "equal")
FULLEST = 4  # padded runs may hold so many times what they run over


def _look(w: Writer, view: View, expression: str, name: str) -> str:
    """Return the expression itself, or a lookup by index where a view is of no simple shape."""
    if "strided(" not in expression:
        return expression
    at = w.index(view.positions(), f"{name}_at")
    if view.batched:
        return f"{name}.reshape(N, -1).take({at}, 1, mode='clip')"
    return f"{name}.reshape(-1).take({at}, mode='clip')"


def _place(w: Writer, step: Step, now: int) -> None:
    """Make no room: results are new arrays."""


def _keep(w: Writer, step: Step, now: int, call: str) -> None:
    _bind(w, step, now, f"{call})", covered=_covers(step))


def _product(w: Writer, step: Step, now: int, left: str, right: str, plain: bool) -> None:
    _bind(w, step, now, f"jnp.matmul({left}, {right})", covered=True)


def _covers(step: Step) -> bool:
    """Whether the operands have every axis of the result, so that none is left to broadcasting."""
    if step.op in ("sum", "max", "matmul", "batch_matmul"):
        return True
    views = [x for x in step.operands if isinstance(x, View)]
    axes = [n == 1 or any(x.strides[a] for x in views) for a, n in enumerate(step.target.shape)]
    return all(axes) and (not step.batched or any(x.batched for x in views))


def _bind(w: Writer, step: Step, now: int, value: str, covered: bool) -> None:
    """Give a result its name; where it is a part of an array, the name is given to a copy with that part changed."""
    view = w.named(step.target)
    name, defined = _name(w, view.source, step, now)
    if step.op in COMPARISONS and view.source.dtype == "float":
        value = f"{value}.astype(dtype)"
    if step.accumulate and defined:
        value = f"({_look(w, view, view_text(name, view, exact=True), name)} + {value})"
    elif not covered:
        value = f"jnp.broadcast_to({value}, {_shape(view)})"
    elif view.shape[:1] == (1,) or _natural(step) != view.shape:
        value = f"{value}.reshape({_shape(view)})"
    if step.constant:
        value = f"lax.stop_gradient({value})"
    if view.is_whole():
        w.body.append(f"{name} = {value}")
    else:
        _change(w, view, name, value, defined)


def _name(w: Writer, source: Source, step: Step, now: int) -> tuple[str, bool]:
    """Return the variable of a result, and whether it has been given a value.

    A result may take over the name of an operand that is read here for the last time: ``z1 = jnp.add(z1, b1)``.
    """
    if source not in w.variables:
        left = [x.source for x in step.operands if isinstance(x, View) and w.readers.get(x.source) == now]
        taken = [w.variables[s] for s in left if s.name == source.name and s.kind == "value"]
        w.variables[source] = taken[0] if taken else w.fresh(source.name)
        w.written.add(w.variables[source])
        w.defined.discard(w.variables[source])
    name = w.variables[source]
    defined = name in w.defined
    w.defined.add(name)
    return name, defined


def _natural(step: Step) -> tuple[int, ...]:
    """Return the shape that a call's result has of itself."""
    if step.op not in ("sum", "max") or not step.operands:
        return step.target.shape
    x = step.operands[0]
    assert isinstance(x, View)
    axes = {a - x.batched for a in reduced_axes(step)}
    return tuple([n for a, n in enumerate(x.shape) if a not in axes])


def _shape(view: View) -> str:
    return tuple_text([*(["N"] if view.batched else []), *view.shape])


def _change(w: Writer, view: View, name: str, value: str, defined: bool) -> None:
    """Write the copy of an array in which a part is changed."""
    whole, part = _shape(view.source.whole()), box(view)
    n = ["N"] if view.batched else []
    if part is not None and part.sizes == part.dims:
        w.body.append(f"{name} = {_laid(view, part.order, value)}.reshape({whole})")
        return
    if not defined:
        kind = {"float": "dtype", "bool": "bool", "int": "int"}[view.source.dtype]
        w.body.append(f"{name} = jnp.zeros({whole}, {kind})")
    if part is None:
        at = w.index(view.positions().reshape(-1), f"{name}_at")
        rows, index = ("N, -1", f":, {at}") if n else ("-1", at)
        w.body.append(f"{name} = {name}.reshape({rows}).at[{index}].set({value}.reshape({rows})).reshape({whole})")
        return
    value = _laid(view, part.order, value)
    if part.sizes != view.shape:
        value = f"{value}.reshape({tuple_text([*n, *part.sizes])})"
    array = name if part.dims == view.source.shape else f"{name}.reshape({tuple_text([*n, *part.dims])})"
    changed = f"lax.dynamic_update_slice({array}, {value}, {tuple_text([*([0] if n else []), *part.start])})"
    w.body.append(f"{name} = {changed}" + ("" if array == name else f".reshape({whole})"))


def _laid(view: View, order: tuple[int, ...], value: str) -> str:
    """Return a view's elements with its axes in the order in which they lie in memory."""
    if order == tuple(sorted(order)):
        return value
    n, kept = int(view.batched), sorted(order)
    if len(kept) < len(view.shape):
        value = f"{value}.reshape({tuple_text([*['N'] * n, *[view.shape[a] for a in kept]])})"
    return f"{value}.transpose({tuple_text([*[0] * n, *[kept.index(a) + n for a in order]])})"


# --- operations that are spelled in a way of their own -----------------------------------------------------------


def _write_add(w: Writer, step: Step, now: int) -> None:
    """Write a sum; one into a place adds to what is there, if anything is."""
    values = step.operands[1:] if step.accumulate else step.operands
    texts = [w.text(x) for x in values]
    value = texts[0] if step.accumulate else f"jnp.add({', '.join(texts)})"
    _bind(w, step, now, value, covered=_covers(replace(step, operands=values)))


def _write_where(w: Writer, step: Step, now: int) -> None:
    condition, x, y = step.operands
    test = w.text(condition)
    if not isinstance(condition, View) or condition.source.dtype != "bool":
        test = f"jnp.not_equal({test}, 0.0)"
    value = f"jnp.where({test}, {w.text(x)}, {w.text(y)})"
    if isinstance(x, Literal) and isinstance(y, Literal):
        value += ".astype(dtype)"
    _bind(w, step, now, value, covered=_covers(step))


def _write_erf(w: Writer, step: Step, now: int) -> None:
    _bind(w, step, now, f"lax.erf({w.text(step.operands[0])})", covered=_covers(step))


def _write_copy(w: Writer, step: Step, now: int) -> None:
    x = step.operands[0]
    if isinstance(x, Literal):
        _write_fill(w, step, now)
    else:
        _bind(w, step, now, w.text(x), covered=_covers(step))


def _write_fill(w: Writer, step: Step, now: int) -> None:
    x = step.operands[0]
    assert isinstance(x, Literal)
    if step.target.source.kind == "gradient" and x.value == 0.0:
        return  # what nothing is added to is zero without being said
    _bind(w, step, now, f"jnp.full({_shape(step.target)}, {w.text(x)}, dtype)", covered=True)


def _write_segments(w: Writer, step: Step, now: int) -> None:
    """Write sums over runs as sums over columns: the runs, padded to the length of the longest.

    Columns, since XLA adds rows to rows a vector at a time: 5 microseconds for 240 runs of 16, where 22 were measured.
    """
    assert step.starts is not None
    x, counts = step.operands[0], np.diff(np.append(step.starts, step.total))
    axis = int(x.batched)
    text = w.text(x, whole=True)
    if step.op == "repeat":
        assert isinstance(x, View)
        again = np.repeat(np.arange(len(counts)), counts)
        _bind(w, step, now, _spread(w, text, again, len(counts), x.batched, "runs"), covered=True)
        return
    function, neutral = ("max", "-jnp.inf") if step.op == "segment_max" else ("sum", "0.0")
    longest = int(counts.max())
    if longest * len(counts) > FULLEST * step.total:
        runs = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
        start = f"jnp.full({_shape(step.target)}, {neutral}, dtype)"
        method = "add" if function == "sum" else "max"
        _bind(w, step, now, f"{start}.at[{':, ' if axis else ''}{runs}].{method}({text})", covered=True)
        return
    along = np.arange(longest)[:, None]
    places = w.index(np.where(along < counts, step.starts + along, 0), "runs")
    value = _summed(w, f"{text}.take({places}, {axis}, mode='clip')", counts, longest, axis, function)
    _bind(w, step, now, value, covered=True)


# --- gathers ---------------------------------------------------------------------------------------------------


def _write_gather(w: Writer, step: Step, now: int) -> None:
    gather = step.operands[0]
    assert isinstance(gather, Gather)
    source, base = gathered(w, gather)
    name, n = w.variable(source), "N" if source.batched else ""
    shape = _shape(View(step.target.source, gather.shape, 0, ()))
    if gather.chosen is None:
        value = _taken(w, name, source, base)
    elif (rows := _rows(gather, source, base)) is not None:
        value = f"{_table(name, source, rows)}.take({_chosen_rows(w, gather, base, rows, name)}, 0, mode='clip')"
        axis = rows.axis - len(gather.shape)
        value = value if axis == -1 else f"jnp.moveaxis({value}, -1, {axis})"
    elif (columns := _one_a_row(gather, source, base)) is not None:
        many = gather.index.size
        batch = ["N"] if gather.batched else []
        table = f"{name}.reshape({tuple_text([*batch[: len(n)], many, columns])})"
        if batch and not n:
            table = f"jnp.broadcast_to({table}, {tuple_text([*batch, many, columns])})"
        index = f"{_chosen(w, gather)}.reshape({tuple_text([*batch, many, 1])})"
        value = f"jnp.take_along_axis({table}, {index}, {len(batch) + 1}, mode='clip').reshape({shape})"
    elif n:
        index = f"{_index(w, gather, base, name)}.reshape(N, -1)"
        value = f"jnp.take_along_axis({name}.reshape(N, -1), {index}, 1, mode='clip').reshape({shape})"
    else:
        value = f"{name}.reshape(-1).take({_index(w, gather, base, name)}, mode='clip')"
    _bind(w, step, now, value, covered=True)


def _taken(w: Writer, name: str, source: Source, at: Indices) -> str:
    """Return the elements of an array that a fixed index picks, those of each sample alike."""
    flat = name if len(source.shape) == 1 else f"{name}.reshape({'N, ' if source.batched else ''}-1)"
    return _spread(w, flat, at, source.size, source.batched, f"{name}_at")


def _spread(w: Writer, flat: str, at: Indices, size: int, batched: bool, name: str) -> str:
    """Return elements of a row that a fixed index picks.

    Where some are picked again and again they come out of two copies of the row, of which one is used: XLA then keeps
    what made the row, a sum perhaps, out of the loop over what is picked (3 microseconds in place of 20 were measured
    for the causal attention of 16 tokens).
    """
    axis = int(batched)
    if at.size > size:
        shape = f"(N, 2, {size})" if batched else f"(2, {size})"
        flat = f"jnp.broadcast_to({flat}{'[:, None]' if batched else ''}, {shape}).reshape({'N, ' * axis}-1)"
    return f"{flat}.take({w.index(at, name)}, {axis}, mode='clip')"


def _chosen(w: Writer, gather: Gather) -> str:
    """Return what an integer input chooses, for each element of a gather."""
    assert gather.chosen is not None
    return _in_full(w, gather.chosen, gather)


def _in_full(w: Writer, x: Operand, gather: Gather) -> str:
    """Return an operand with every axis of a gather."""
    text, shape = w.text(x, whole=True), tuple_text([*(["N"] if gather.batched else []), *gather.shape])
    if isinstance(x, Literal):
        return f"jnp.full({shape}, {text}, dtype)"
    return text if x.batched == gather.batched else f"jnp.broadcast_to({text}, {shape})"


def _index(w: Writer, gather: Gather, base: Indices, name: str) -> str:
    """Return the flat index of every element, within a sample where the source is of samples."""
    moved = _chosen(w, gather) if gather.stride == 1 else f"{gather.stride} * {_chosen(w, gather)}"
    return f"({w.index(base, f'{name}_at')} + {moved})" if base.any() else f"({moved})"


@dataclass(frozen=True)
class Rows:
    """Whole rows of a table that a gather takes: how long they are, and along which of its axes they run."""

    length: int
    axis: int


def _rows(gather: Gather, source: Source, base: Indices) -> Rows | None:
    """Return the rows, if a gather takes whole ones of an array that all samples share."""
    if source.batched or gather.chosen is None:
        return None
    for axis, length in enumerate(gather.shape):
        first = np.take(base, 0, axis)
        along = np.arange(length).reshape([-1 if a == axis else 1 for a in range(base.ndim)])
        whole = gather.chosen.strides[axis] == 0 and (base == np.expand_dims(first, axis) + along).all()
        even = not (first % length).any() and gather.stride % length == 0 and source.size % length == 0
        if length > 1 and whole and even:
            return Rows(length, axis)
    return None


def _table(name: str, source: Source, rows: Rows) -> str:
    return name if source.shape[1:] == (rows.length,) else f"{name}.reshape(-1, {rows.length})"


def _chosen_rows(w: Writer, gather: Gather, base: Indices, rows: Rows, name: str) -> str:
    chosen, axis = gather.chosen, rows.axis
    assert chosen is not None
    shape, strides = (v[:axis] + v[axis + 1 :] for v in (chosen.shape, chosen.strides))
    text = w.text(View(chosen.source, shape, chosen.offset, strides), whole=True)
    moved = text if gather.stride == rows.length else f"{gather.stride // rows.length} * {text}"
    first = np.take(base, 0, axis) // rows.length
    return f"{w.index(first, f'{name}_rows')} + {moved}" if first.any() else moved


def _one_a_row(gather: Gather, source: Source, base: Indices) -> int | None:
    """Return the length of the rows, if a gather takes one element of each row."""
    columns, rest = divmod(source.size, gather.index.size)
    apart = base.reshape(-1) == np.arange(gather.index.size) * columns
    return columns if gather.stride == 1 and not rest and bool(apart.all()) else None


def _write_scatter(w: Writer, step: Step, now: int) -> None:
    """Add to the places that a gather read; places that coincide each get their sum."""
    gather, g = step.operands
    assert isinstance(gather, Gather)
    source, base = gathered(w, gather)
    name, defined = _name(w, source, step, now)
    whole = _shape(source.whole())
    if not defined:
        w.body.append(f"{name} = jnp.zeros({whole}, dtype)")
    added = _in_full(w, g, gather)
    if gather.chosen is None and (back := _gathered_back(w, base, source, added, name)) is not None:
        w.body.append(f"{name} = {name} + {back}.reshape({whole})")
        return
    n = "N, " if source.batched else ""
    if gather.chosen is not None and source.batched == gather.batched and (columns := _one_a_row(gather, source, base)):
        rows = f"({n}{gather.index.size}, 1)"
        hot = f"jnp.where({_chosen(w, gather)}.reshape({rows}) == np.arange({columns}), {added}.reshape({rows}), 0.0)"
        w.body.append(f"{name} = {name} + {hot}.reshape({whole})")
        return
    if gather.chosen is not None and (rows_of := _rows(gather, source, base)) is not None:
        index = _chosen_rows(w, gather, base, rows_of, name)
        axis = rows_of.axis - len(gather.shape)
        added = added if axis == -1 else f"jnp.moveaxis({added}, {axis}, -1)"
        changed = f"{_table(name, source, rows_of)}.at[{index}].add({added})"
    elif not source.batched:
        index = _index(w, gather, base, name) if gather.chosen is not None else w.index(base, f"{name}_at")
        changed = f"{name}.reshape(-1).at[{index}].add({added})"
    elif gather.chosen is None or not gather.chosen.batched:
        index = w.index(base, f"{name}_at") if gather.chosen is None else _unbatched_index(w, gather, base, name)
        changed = f"{name}.reshape(N, -1).at[:, {index}].add({added})"
    else:
        index = f"{_index(w, gather, base, name)}.reshape(N, -1)"
        changed = f"jax.vmap(lambda x, i, g: x.at[i].add(g))({name}.reshape(N, -1), {index}, {added}.reshape(N, -1))"
    w.body.append(f"{name} = {changed}" + ("" if changed.startswith(f"{name}.at") else f".reshape({whole})"))


def _gathered_back(w: Writer, base: Indices, source: Source, added: str, name: str) -> str | None:
    """Return what a fixed gather adds to each element of its source, itself gathered: scattering takes longer."""
    flat = base.reshape(-1)
    touched, which, counts = np.unique(flat, return_inverse=True, return_counts=True)
    most = int(counts.max())
    if most * touched.size > FULLEST * flat.size:
        return None
    order = np.argsort(which, kind="stable")
    rank = np.arange(flat.size) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.zeros((most, touched.size), dtype=np.int64)
    table[rank, which[order]] = order
    rows, axis = ("N, -1", 1) if source.batched else ("-1", 0)
    found = f"{added}.reshape({rows})"
    if most > 1:
        found = _summed(w, f"{found}.take({w.index(table, f'{name}_from')}, {axis}, mode='clip')", counts, most, axis)
        table = np.arange(touched.size)[None]
    place = np.zeros(source.size, dtype=np.int64)
    place[touched] = table[0]
    if touched.size == source.size and (place == np.arange(source.size)).all():
        return found
    found = _spread(w, found, place, touched.size, source.batched, f"{name}_from")
    if touched.size < source.size:
        found = f"jnp.where({w.index(np.bincount(touched, minlength=source.size), f'{name}_met')} > 0, {found}, 0.0)"
    return found


def _summed(w: Writer, rows: str, counts: Indices, longest: int, axis: int, function: str = "sum") -> str:
    """Return the sums of columns of unequal height, below which there is padding."""
    neutral = "0.0" if function == "sum" else "-jnp.inf"
    if (counts < longest).any():
        mask = w.hoist(f"np.arange({longest})[:, None] < {w.index(counts, 'lengths')}", "inside")
        rows = f"jnp.where({mask}, {rows}, {neutral})"
    return f"{rows}.{function}({axis})"


def _unbatched_index(w: Writer, gather: Gather, base: Indices, name: str) -> str:
    assert gather.chosen is not None
    moved = w.text(gather.chosen, whole=True)
    return f"{w.index(base, f'{name}_at')} + {gather.stride} * {moved}"


JAX = Backend(
    module="jnp",
    reductions={"sum": "jnp.sum", "max": "jnp.max"},
    look=_look,
    place=_place,
    keep=_keep,
    product=_product,
    writers={
        "add": _write_add,
        "where": _write_where,
        "erf": _write_erf,
        "copy": _write_copy,
        "fill": _write_fill,
        "segment_sum": _write_segments,
        "segment_max": _write_segments,
        "repeat": _write_segments,
        "gather": _write_gather,
        "scatter": _write_scatter,
    },
)
