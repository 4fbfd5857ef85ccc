"""NumPy's spelling of steps: buffers allocated once, views of them taken once, every result written with ``out=``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lifting.emit.views import lead, tuple_text
from engine.lifting.emit.writer import (
    Backend,
    Writer,
    full,
    gathered,
    lies_turned,
    reduced_axes,
    turned,
    without,
    write_batch_matmul,
    write_sum,
)
from engine.lifting.exact import negated
from engine.lifting.ir import Gather, Literal, Operand, Source, Step, View

STRIDED = '''

def strided(x, offset, shape, strides):
    """Element (i, j, ...) is x.flat[offset + i * strides[0] + j * strides[1] + ...]."""
    x = x.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(x, shape, [s * x.itemsize for s in strides])
'''


IN_PLACE = {
    "add", "subtract", "multiply", "divide", "negative", "exp", "log", "sqrt", "square", "reciprocal", "tanh",
    "where", "maximum", "minimum", "abs", "sin", "cos", "expm1", "log1p", "power",
}  # fmt: skip


def _target(w: Writer, step: Step, now: int) -> str:
    """Return where a step writes, allocating a buffer at the first write."""
    source = step.target.source
    if source.kind == "value" and source not in w.variables:
        reused = _reusable(w, step, now)
        w.variables[source] = reused or _allocate(w, source)
    return w.text(step.target, whole=True)


def _reusable(w: Writer, step: Step, now: int) -> str | None:
    """Return an operand's buffer that nobody reads again, if the result can take its place."""
    source = step.target.source
    if step.op not in IN_PLACE or not step.target.is_whole():
        return None
    for x in step.operands[1:] if step.op == "where" else step.operands:  # a condition is read last
        if (
            isinstance(x, View)
            and x.source.kind == "value"
            and x.is_whole()
            and (x.source.shape, x.source.batched, x.source.dtype) == (source.shape, source.batched, source.dtype)
            and w.readers[x.source] == now
            and _final_name(source) is None
        ):
            return w.variables[x.source]
    return None


def _final_name(source: Source) -> str | None:
    """Return the name of a source that must keep its own buffer: an activation, for instance."""
    return source.name if source.role == "a" else None


def _allocate(w: Writer, source: Source) -> str:
    """Write the allocation of a buffer into `build`."""
    name = w.fresh(source.name)
    kind = {"float": "dtype", "bool": "bool", "int": "np.int64"}[source.dtype]
    shape = tuple_text([*(["N"] if source.batched else []), *source.shape])
    w.build.append(f"{name} = np.empty({shape}, {kind})")
    return name


def _write_where(w: Writer, step: Step, now: int) -> None:
    condition, x, y = step.operands
    texts = [w.text(v) for v in (condition, x, y)]
    target = _target(w, step, now)
    if isinstance(x, View) and w.variables.get(x.source) == target and texts[1] == target:
        if texts[2] != target:
            w.body.append(f"np.copyto({target}, {texts[2]}, where=np.logical_not({texts[0]}))")
        return
    if texts[2] != target:
        w.body.append(f"np.copyto({target}, {texts[2]})")
    if isinstance(x, Literal) and _is_full(condition, step):  # a mask is faster, where it has every axis
        w.body.append(f"{target}[{_as_bool(condition, texts[0])}] = {texts[1]}")
    else:
        w.body.append(f"np.copyto({target}, {texts[1]}, where={_as_bool(condition, texts[0])})")


def _is_full(condition: Operand, step: Step) -> bool:
    """Whether a condition has an entry for each element of the result."""
    if not isinstance(condition, View) or condition.batched != step.batched:
        return False
    return all(n == 1 or s for n, s in zip(condition.shape, condition.strides)) and 1 not in condition.shape


def _as_bool(condition: Operand, text: str) -> str:
    return text if isinstance(condition, View) and condition.source.dtype == "bool" else f"np.not_equal({text}, 0.0)"


def _write_copy(w: Writer, step: Step, now: int) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"np.copyto({_target(w, step, now)}, {x})")


def _write_fill(w: Writer, step: Step, now: int) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"{_target(w, step, now)}.fill({x})")


def _look(w: Writer, view: View, expression: str, name: str) -> str:
    """Take a view of a buffer once, and of what the caller passes once a call."""
    return w.hoist(expression, name) if view.source.kind in ("value", "constant") else w.localise(expression, name)


def _elements(w: Writer, view: View, name: str) -> str:
    """Take a view by its strides."""
    w.strided = True
    shape = tuple_text([*lead(view), *view.shape])
    strides = tuple_text([*([view.source.size] if view.batched else []), *view.strides])
    return _look(w, view, f"strided({name}, {view.offset}, {shape}, {strides})", name)


def _place(w: Writer, step: Step, now: int) -> None:
    _target(w, step, now)


def _write_erf(w: Writer, step: Step, now: int) -> None:
    x = w.text(step.operands[0])
    w.erf = True
    w.body.append(f"np.copyto({_target(w, step, now)}, erf({x}))")


def _write_negative(w: Writer, step: Step, now: int) -> None:
    """Write a negation, from one strided view into another as a product: NumPy's own is wrong there.

    `np.negative` reads the wrong elements where operand and result are strided and the operand's step is eight numbers
    (NumPy 2.2 to 2.4, with AVX-512).
    """
    x, target = step.operands[0], w.named(step.target)
    if isinstance(x, View) and not x.is_whole() and not target.is_whole():
        _accumulated(w, replace(step, accumulate=False), now, f"np.multiply({w.text(x)}, -1.0")
    else:
        _accumulated(w, replace(step, accumulate=False), now, f"np.negative({w.text(x)}")


def _product(w: Writer, step: Step, now: int, left: str, right: str, plain: bool) -> None:
    """Write a product by `ndarray.dot` where that can be, which takes half of `np.matmul`'s overhead."""
    place = w.text(step.target)
    if plain and not step.accumulate and w.named(step.target).is_whole() and place.isidentifier():
        w.body.append(f"{left}.dot({right}, {place})")
    else:
        _accumulated(w, step, now, f"np.matmul({left}, {right}")


def _write_batch_matmul(w: Writer, step: Step, now: int) -> None:
    """A vector times a matrix, where the product is of one number a sample with one row a sample."""
    p, q = step.operands
    assert isinstance(p, View) and isinstance(q, View)
    target = full(step.target, (p.shape[-1], q.shape[-1]))
    if lies_turned(target):
        p, q, target = q, p, turned(target)
    if p.shape == (1, 1) and p.batched and q.batched and target.strides[-1] == 1 and not step.accumulate:
        _place(w, step, now)
        left, right = w.text(without(without(p, 0), 0), whole=True), w.text(without(q, 0), whole=True)
        w.body.append(f"{right}.T.dot({left}, {w.text(without(target, 0))})")
    else:
        write_batch_matmul(w, step, now)


def _write_sum(w: Writer, step: Step, now: int) -> None:
    axes = reduced_axes(step)
    if len(axes) > 1 or step.accumulate or not _summed_by_ones(w, step, axes[0], now):
        write_sum(w, step, now)


def _summed_by_ones(w: Writer, step: Step, axis: int, now: int) -> bool:
    """Write the sum over the first or last axis of a matrix as its product with ones, which BLAS does much faster."""
    x = step.operands[0]
    assert isinstance(x, View)
    shape = [*(["N"] if x.batched else []), *x.shape]
    if len(shape) != 2 or not w.named(step.target).is_whole():
        return False
    text, target = w.text(x, whole=True), _target(w, step, now)
    length = shape[axis]
    ones = w.hoist(f"np.ones({length}, dtype)", f"ones_{length}", f"ones_{length}")
    if axis == 0:
        w.body.append(f"{ones}.dot({text}, {target})  # the sum over {'samples' if x.batched else 'rows'}")
    else:
        w.body.append(f"{text}.dot({ones}, {target})  # the sum of each row")
    return True


def _accumulated(w: Writer, step: Step, now: int, call: str) -> None:
    """Finish a call that takes `out=`; where its result is added, it is added."""
    target = _target(w, step, now)
    if step.accumulate:
        own = (
            target.isidentifier() and step.target.source.kind != "value"
        )  # a buffer of `build` is no local to assign to
        w.body.append(f"{target} += {call})" if own else f"np.add({target}, {call}), out={target})")
    else:
        w.body.append(f"{call}, out={target})")


def _write_segments(w: Writer, step: Step, now: int) -> None:
    assert step.starts is not None
    x = step.operands[0]
    axis = 1 if x.batched else 0
    if step.op == "repeat":
        counts = np.diff(np.append(step.starts, step.total))
        index = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
        w.body.append(f"{w.text(x)}.take({index}, {axis}, {_target(w, step, now)}, 'clip')")
        return
    starts = w.index(step.starts, "starts")
    function = "np.maximum" if step.op == "segment_max" else "np.add"
    w.body.append(f"{function}.reduceat({w.text(x, whole=True)}, {starts}, {axis}, out={_target(w, step, now)})")


# --- gathers ---------------------------------------------------------------------------------------------------


def _write_gather(w: Writer, step: Step, now: int) -> None:
    gather = step.operands[0]
    assert isinstance(gather, Gather)
    source, index = _places(w, gather)
    w.body.append(f"{source}.take({index}, None, {_target(w, step, now)}, 'clip')")


def _places(w: Writer, gather: Gather) -> tuple[str, str]:
    """Return the flat array that is gathered from, and the index into it."""
    source, base = gathered(w, gather)
    name = w.variable(source)
    rows = ""
    if gather.source.batched:
        axes = ", ".join([":"] + ["None"] * len(gather.shape))
        rows = f"np.arange(N) * {source.size}"
        rows = w.hoist(f"({rows})[{axes}]" if gather.shape else rows, f"{name}_row")
    if gather.chosen is None:
        index = w.index(base, f"{name}_at")
        flat = w.hoist(f"{rows} + {index}", f"{name}_places") if rows else index
        return _flat(w, source, name), flat
    chosen = w.text(gather.chosen, whole=not base.any())  # where no fixed index has every axis, this must
    moved = chosen if gather.stride == 1 else f"{gather.stride} * {chosen}"
    if base.any():
        fixed = w.index(base, f"{name}_at") if base.size > 1 else str(int(base.flat[0]))
        fixed = w.hoist(f"{rows} + {fixed}", f"{name}_first") if rows else fixed
    else:
        fixed = rows
    if not fixed or not gather.chosen.is_whole():
        return _flat(w, source, name), w.localise(f"{fixed} + {moved}" if fixed else moved, f"{name}_i")
    return _flat(w, source, name), _kept(w, fixed, moved, gather, f"{name}_i")


def _flat(w: Writer, source: Source, name: str) -> str:
    if len(source.shape) + source.batched == 1:
        return name
    if source.kind in ("value", "constant"):
        return w.hoist(f"{name}.reshape(-1)", f"{name}_flat")
    return w.localise(f"{name}.reshape(-1)", f"{name}_flat")


def _write_scatter(w: Writer, step: Step, now: int) -> None:
    """Add to the places that a gather read; where places can coincide, each gets its sum."""
    gather, g = step.operands
    assert isinstance(gather, Gather)
    source, index = _places(w, gather)
    shared = ((gather.chosen is not None and gather.chosen.batched) or g.batched) and not gather.source.batched
    if gather.distinct and not shared:
        if isinstance(g, Literal) and g.value < 0:
            w.body.append(f"{source}[{index}] -= {w.text(Literal(negated(g.value), g.batch_power))}")
        else:
            w.body.append(f"{source}[{index}] += {w.text(g)}")
    else:
        w.body.append(f"np.add.at({source}, {index}, {w.text(g)})")


def _kept(w: Writer, fixed: str, moved: str, gather: Gather, name: str) -> str:
    """Compute the index of a gather in the forward pass, and keep it for the backward pass."""
    key = f"{fixed} + {moved}"
    if key not in w.kept:
        shape = tuple_text([*(["N"] if gather.batched else []), *gather.shape])
        w.kept[key] = w.fresh(name)
        w.build.append(f"{w.kept[key]} = np.empty({shape}, np.int64)")  # one each: the backward pass reads them all
        w.body.append(f"np.add({fixed}, {moved}, out={w.kept[key]})")
    return w.kept[key]


NUMPY = Backend(
    module="np",
    reductions={"sum": "np.add.reduce", "max": "np.maximum.reduce"},
    look=_look,
    elements=_elements,
    place=_place,
    keep=_accumulated,
    product=_product,
    writers={
        "where": _write_where,
        "erf": _write_erf,
        "copy": _write_copy,
        "fill": _write_fill,
        "negative": _write_negative,
        "sum": _write_sum,
        "segment_sum": _write_segments,
        "segment_max": _write_segments,
        "repeat": _write_segments,
        "batch_matmul": _write_batch_matmul,
        "gather": _write_gather,
        "scatter": _write_scatter,
    },
)
