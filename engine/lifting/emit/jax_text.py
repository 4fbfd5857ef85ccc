"""JAX's spelling of steps: every result is a new array, and a part is changed by making a changed copy.

Nothing here needs JAX: this is text.  What a sample chooses is looked up along its own axis, so that a batch that is
spread over devices stays where it is.
"""

from __future__ import annotations

import numpy as np

from engine.lifting.emit.jax_bind import bind, covers, elements, hold
from engine.lifting.emit.jax_gather import write_gather, write_scatter
from engine.lifting.emit.jax_tuning import column_sums, pays, picked
from engine.lifting.emit.writer import Library, Writer, reduced, rows_of_all
from engine.lifting.ops import COMPARISONS, Step
from engine.lifting.views import Literal, Operand, View

# --- element by element --------------------------------------------------------------------------------------------


def store(w: Writer, step: Step, function: str, *arguments: str) -> None:
    """Call a function, whose arguments may leave axes to broadcasting; a comparison may be wanted as numbers."""
    number = ".astype(dtype)" if step.op in COMPARISONS and step.target.source.dtype == "float" else ""
    bind(w, step, w.call(function, *arguments) + number, covered=covers(step))


def _write_where(w: Writer, step: Step) -> None:
    condition, x, y = step.operands
    test = w.text(condition)
    if not isinstance(condition, View) or condition.source.dtype != "bool":
        test = w.call("not_equal", test, 0.0)
    value = w.call("where", test, w.text(x), w.text(y))
    if isinstance(x, Literal) and isinstance(y, Literal):
        value += ".astype(dtype)"
    bind(w, step, value, covered=covers(step))


def _write_erf(w: Writer, step: Step) -> None:
    bind(w, step, f"{w.use('lax')}.erf({w.text(step.operands[0])})", covered=covers(step))


def _write_copy(w: Writer, step: Step) -> None:
    x = step.operands[0]
    if isinstance(x, Literal) and not step.accumulate:
        _write_fill(w, step)
    else:
        bind(w, step, w.text(x), covered=covers(step))


def _write_fill(w: Writer, step: Step) -> None:
    x = step.operands[0]
    assert isinstance(x, Literal)
    if step.target.source.kind != "value" and x.value == 0.0:
        return  # a gradient: what nothing is added to is zero without being said
    bind(w, step, w.call("full", w.shape(step.target), w.text(x), "dtype"))


# --- products and sums ---------------------------------------------------------------------------------------------


def _write_outer(w: Writer, step: Step) -> None:
    bind(w, step, w.call("multiply", *[w.text(x, whole=True) for x in step.operands]))


def _write_batched_product(w: Writer, step: Step) -> None:
    bind(w, step, w.call("matmul", *[w.text(x, whole=True) for x in step.operands]))


def _write_product(w: Writer, step: Step) -> None:
    (left, along), (right, beside) = _factor(w, step.operands[0], -1), _factor(w, step.operands[1], 0)
    if (along, beside) == (-1, 0):
        bind(w, step, w.call("matmul", left, right))
    else:
        bind(w, step, w.call("tensordot", left, right, f"({along}, {beside})"))


def _factor(w: Writer, x: Operand, axis: int) -> tuple[str, int]:
    """Return a factor as it lies, and its axis that is summed: XLA makes a copy of a matrix that is transposed."""
    assert isinstance(x, View)
    if len(x.shape) == 2 and x.is_transposed() and 0 not in x.strides and not x.batched:
        return w.text(x.T, whole=True), {-1: 0, 0: 1}[axis]
    return w.text(x, whole=True), axis


def _write_summed_product(w: Writer, step: Step) -> None:
    p, q = step.view(0), step.view(1)
    bind(w, step, w.call("tensordot", rows_of_all(w, p), rows_of_all(w, q), "(0, 0)"))


def _write_reduction(w: Writer, step: Step) -> None:
    bind(w, step, w.call(step.op, reduced(w, step)))


def _write_repeat(w: Writer, step: Step) -> None:
    x, counts = step.view(), step.counts
    again = np.repeat(np.arange(len(counts)), counts)
    bind(w, step, picked(w, w.text(x, whole=True), again, len(counts), x.batched, "runs"))


def _write_segments(w: Writer, step: Step) -> None:
    """Write sums over runs: as sums over columns, the runs padded, or where that is too much as scattered sums."""
    x, counts = step.view(), step.counts
    text, largest = w.text(x, whole=True), step.op == "segment_max"
    longest = int(counts.max())
    if not pays(longest * len(counts), step.total):
        runs = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
        start = w.call("full", w.shape(step.target), "-jnp.inf" if largest else "0.0", "dtype")
        method = "max" if largest else "add"
        bind(w, step, f"{start}.at[{':, ' if x.batched else ''}{runs}].{method}({text})")
        return
    assert step.starts is not None
    along = np.arange(longest)[:, None]
    places = w.index(np.where(along < counts, step.starts + along, 0), "runs")
    rows = f"{text}.take({places}, {int(x.batched)}, mode='clip')"
    bind(w, step, column_sums(w, rows, counts, int(x.batched), largest=largest))


JAX = Library(
    module="jnp",
    hold=hold,
    elements=elements,
    store=store,
    operations={
        "where": _write_where,
        "erf": _write_erf,
        "copy": _write_copy,
        "fill": _write_fill,
        "outer": _write_outer,
        "product": _write_product,
        "batched_product": _write_batched_product,
        "summed_product": _write_summed_product,
        "sum": _write_reduction,
        "max": _write_reduction,
        "segment_sum": _write_segments,
        "segment_max": _write_segments,
        "repeat": _write_repeat,
        "gather": write_gather,
        "scatter": write_scatter,
    },
)
