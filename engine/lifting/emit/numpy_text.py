"""NumPy's spelling of steps: buffers allocated once, views of them taken once, every result written with ``out=``."""

from __future__ import annotations

import numpy as np

from engine.lifting.emit.numpy_gather import write_gather, write_scatter
from engine.lifting.emit.numpy_store import elements, hold, make_room, store, target
from engine.lifting.emit.writer import Library, Writer, reduced, reduced_axes, rows_of_all
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Operand, View

STRIDED = '''

def strided(x, offset, shape, strides):
    """Element (i, j, ...) is x.flat[offset + i * strides[0] + j * strides[1] + ...]."""
    x = x.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(x, shape, [s * x.itemsize for s in strides])
'''

RAGGED = '''

def ragged_product(a, b, terms, out):
    """a @ b, where a is 0 and no factor outside of `terms`: 0 * inf is NaN, and then each row is of its own alone."""
    np.matmul(a, b, out=out)
    if np.isfinite(out).all():
        return
    for place in np.ndindex(terms.shape[:-1]):
        (*block, row), inner = place, np.flatnonzero(terms[place])
        own = a[(..., *block, [row], inner)][..., None, :]
        out[(..., *block, slice(row, row + 1), slice(None))] = own @ b[(..., *block, inner, slice(None))]
'''
OWN_FUNCTIONS = {"strided": STRIDED, "ragged_product": RAGGED}


# --- element by element --------------------------------------------------------------------------------------------


def _write_where(w: Writer, step: Step) -> None:
    condition, x, y = step.operands
    texts = [w.text(v) for v in (condition, x, y)]
    place = target(w, step)
    if isinstance(x, View) and texts[1] == place:
        if texts[2] != place:
            w.body.append(f"np.copyto({place}, {texts[2]}, where=np.logical_not({texts[0]}))")
        return
    if texts[2] != place:
        w.body.append(f"np.copyto({place}, {texts[2]})")
    if isinstance(x, Literal) and _is_full(condition, step):  # a mask is faster, where it has every axis
        w.body.append(f"{place}[{_as_bool(condition, texts[0])}] = {texts[1]}")
    else:
        w.body.append(f"np.copyto({place}, {texts[1]}, where={_as_bool(condition, texts[0])})")


def _is_full(condition: Operand, step: Step) -> bool:
    """Whether a condition has an entry for each element of the result."""
    if not isinstance(condition, View) or condition.batched != step.batched:
        return False
    return all(n == 1 or s for n, s in zip(condition.shape, condition.strides)) and 1 not in condition.shape


def _as_bool(condition: Operand, text: str) -> str:
    return text if isinstance(condition, View) and condition.source.dtype == "bool" else f"np.not_equal({text}, 0.0)"


def _write_copy(w: Writer, step: Step) -> None:
    if step.accumulate:
        place = target(w, step)
        w.body.append(f"np.add({place}, {w.text(step.operands[0])}, out={place})")
        return
    x = w.text(step.operands[0])
    w.body.append(f"np.copyto({target(w, step)}, {x})")


def _write_fill(w: Writer, step: Step) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"{target(w, step)}.fill({x})")


def _write_erf(w: Writer, step: Step) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"{w.use('erf')}({x}, {target(w, step)})")


def _write_negative(w: Writer, step: Step) -> None:
    """Write a negation, from one strided view into another as a product: NumPy's own is wrong there.

    `np.negative` reads the wrong elements where operand and result are strided and the operand's step is eight numbers
    (NumPy 2.2 to 2.4, with AVX-512).
    """
    x = step.operands[0]
    if isinstance(x, View) and not x.is_whole() and not step.target.is_whole():
        store(w, step, "multiply", w.text(x), "-1.0")
    else:
        store(w, step, "negative", w.text(x))


# --- products and sums ---------------------------------------------------------------------------------------------


def _write_outer(w: Writer, step: Step) -> None:
    make_room(w, step.target.source)
    store(w, step, "multiply", *[w.text(x, whole=True) for x in step.operands])


def _write_batched_product(w: Writer, step: Step) -> None:
    make_room(w, step.target.source)
    left, right = [w.text(x, whole=True) for x in step.operands]
    if all(len(x.shape) + x.batched <= 2 for x in step.operands):
        _write_dot(w, step, left, right)
    else:
        store(w, step, "matmul", left, right)


def _write_product(w: Writer, step: Step) -> None:
    make_room(w, step.target.source)
    left, right = [w.text(x, whole=True) for x in step.operands]
    _write_dot(w, step, left, right)


def _write_ragged_product(w: Writer, step: Step) -> None:
    assert step.terms is not None and not step.accumulate
    make_room(w, step.target.source)
    left, right = [w.text(x, whole=True) for x in step.operands]
    terms = w.index(step.terms.astype(np.int64), "terms")
    w.body.append(f"{w.use('ragged_product')}({left}, {right}, {terms}, {target(w, step)})")
    w.use("np")


def _write_summed_product(w: Writer, step: Step) -> None:
    p, q = step.view(0), step.view(1)
    make_room(w, step.target.source)
    _write_dot(w, step, f"{rows_of_all(w, p)}.T", rows_of_all(w, q))


def _write_dot(w: Writer, step: Step, left: str, right: str) -> None:
    """Write a product by `ndarray.dot` where that can be, which takes half of `np.matmul`'s overhead."""
    if step.packed and not step.accumulate:
        w.body.append(f"{left}.dot({right}, {target(w, step)})")
    else:
        store(w, step, "matmul", left, right)


def _write_weighted_sum(w: Writer, step: Step) -> None:
    place = target(w, step)
    numbers, rows = [w.text(x, whole=True) for x in step.operands]
    w.body.append(f"{rows}.T.dot({numbers}, {place})")


def _write_sum(w: Writer, step: Step) -> None:
    store(w, step, "add.reduce" if step.op == "sum" else "maximum.reduce", reduced(w, step))


def _write_ones_product(w: Writer, step: Step) -> None:
    x = step.view()
    axis = reduced_axes(step)[0]
    text, place = w.text(x, whole=True), target(w, step)
    length = [*w.lead(x), *x.shape][axis]
    ones = w.hoist(f"np.ones({length}, dtype)", f"ones_{length}", f"ones_{length}")
    factors = (text, ones) if axis else (ones, text)
    over = "" if len(x.shape) + x.batched == 1 else " over samples" if axis == 0 and x.batched else " over rows"
    comment = "the sum of each row" if axis else f"the sum{over}"
    if step.accumulate:
        w.body.append(f"np.add({place}, {factors[0]}.dot({factors[1]}), out={place})  # {comment}")
    else:
        w.body.append(f"{factors[0]}.dot({factors[1]}, {place})  # {comment}")


def _write_repeat(w: Writer, step: Step) -> None:
    x, counts = step.view(), step.counts
    index = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
    w.body.append(f"{w.text(x)}.take({index}, {int(x.batched)}, {target(w, step)}, 'clip')")


def _write_segments(w: Writer, step: Step) -> None:
    x = step.view()
    assert step.starts is not None
    starts = w.index(step.starts, "starts")
    function = "np.maximum" if step.op == "segment_max" else "np.add"
    text = w.text(x, whole=True)
    w.body.append(f"{function}.reduceat({text}, {starts}, {int(x.batched)}, out={target(w, step)})")


NUMPY = Library(
    module="np",
    hold=hold,
    elements=elements,
    store=store,
    operations={
        "where": _write_where,
        "erf": _write_erf,
        "copy": _write_copy,
        "fill": _write_fill,
        "negative": _write_negative,
        "outer": _write_outer,
        "product": _write_product,
        "batched_product": _write_batched_product,
        "ragged_product": _write_ragged_product,
        "summed_product": _write_summed_product,
        "weighted_sum": _write_weighted_sum,
        "ones_product": _write_ones_product,
        "sum": _write_sum,
        "max": _write_sum,
        "segment_sum": _write_segments,
        "segment_max": _write_segments,
        "repeat": _write_repeat,
        "gather": write_gather,
        "scatter": write_scatter,
    },
)
