"""JAX's spelling of steps: every result is a new array, and a part is changed by making a changed copy.

Nothing here needs JAX: this is text.  What a sample chooses is looked up along its own axis, so that a batch that is
spread over devices stays where it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lifting.emit.jax_bind import bind, covers, elements, look, shape_of
from engine.lifting.emit.jax_gather import FULLEST, spread, summed, write_gather, write_scatter
from engine.lifting.emit.writer import Backend, Writer
from engine.lifting.ir import COMPARISONS, Literal, Step, View


def _place(w: Writer, step: Step, now: int) -> None:
    """Make no room: results are new arrays."""


def _keep(w: Writer, step: Step, now: int, call: str) -> None:
    number = step.op in COMPARISONS and step.target.source.dtype == "float"
    bind(w, step, now, f"{call}).astype(dtype)" if number else f"{call})", covered=covers(step))


def _product(w: Writer, step: Step, now: int, left: str, right: str, plain: bool) -> None:
    """Write a matrix product; a transposed matrix as the axis that is summed, or XLA makes a copy of it."""
    first, second = (x.removesuffix(".T") if plain else x for x in (left, right))
    if (first, second) == (left, right):
        value = f"jnp.matmul({left}, {right})"
    else:
        value = f"jnp.tensordot({first}, {second}, ({0 if first != left else -1}, {1 if second != right else 0}))"
    bind(w, step, now, value, covered=True)


def _write_add(w: Writer, step: Step, now: int) -> None:
    """Write a sum; one into a place adds to what is there, if anything is."""
    values = step.operands[1:] if step.accumulate else step.operands
    texts = [w.text(x) for x in values]
    value = texts[0] if step.accumulate else f"jnp.add({', '.join(texts)})"
    bind(w, step, now, value, covered=covers(replace(step, operands=values)))


def _write_where(w: Writer, step: Step, now: int) -> None:
    condition, x, y = step.operands
    test = w.text(condition)
    if not isinstance(condition, View) or condition.source.dtype != "bool":
        test = f"jnp.not_equal({test}, 0.0)"
    value = f"jnp.where({test}, {w.text(x)}, {w.text(y)})"
    if isinstance(x, Literal) and isinstance(y, Literal):
        value += ".astype(dtype)"
    bind(w, step, now, value, covered=covers(step))


def _write_erf(w: Writer, step: Step, now: int) -> None:
    bind(w, step, now, f"lax.erf({w.text(step.operands[0])})", covered=covers(step))


def _write_copy(w: Writer, step: Step, now: int) -> None:
    x = step.operands[0]
    if isinstance(x, Literal):
        _write_fill(w, step, now)
    else:
        bind(w, step, now, w.text(x), covered=covers(step))


def _write_fill(w: Writer, step: Step, now: int) -> None:
    x = step.operands[0]
    assert isinstance(x, Literal)
    if step.target.source.kind in ("gradient", "slot") and x.value == 0.0:
        return  # what nothing is added to is zero without being said
    bind(w, step, now, f"jnp.full({shape_of(step.target)}, {w.text(x)}, dtype)", covered=True)


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
        bind(w, step, now, spread(w, text, again, len(counts), x.batched, "runs"), covered=True)
        return
    function, neutral = ("max", "-jnp.inf") if step.op == "segment_max" else ("sum", "0.0")
    longest = int(counts.max())
    if longest * len(counts) > FULLEST * step.total:
        runs = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
        start = f"jnp.full({shape_of(step.target)}, {neutral}, dtype)"
        method = "add" if function == "sum" else "max"
        bind(w, step, now, f"{start}.at[{':, ' if axis else ''}{runs}].{method}({text})", covered=True)
        return
    along = np.arange(longest)[:, None]
    places = w.index(np.where(along < counts, step.starts + along, 0), "runs")
    value = summed(w, f"{text}.take({places}, {axis}, mode='clip')", counts, longest, axis, function)
    bind(w, step, now, value, covered=True)


JAX = Backend(
    module="jnp",
    reductions={"sum": "jnp.sum", "max": "jnp.max"},
    look=look,
    elements=elements,
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
        "gather": write_gather,
        "scatter": write_scatter,
    },
)
