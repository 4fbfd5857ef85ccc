"""Gathers by NumPy, and what is added to the places that they read: one index array into the flat source.

    flat index = sample * size + index + stride * chosen

What is the same at every call is computed in `build`; what an integer input chooses is added in the call.
"""

from __future__ import annotations

from engine.lifting.emit.numpy_store import hold, target
from engine.lifting.emit.writer import Writer
from engine.lifting.exact import negated
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Source


def write_gather(w: Writer, step: Step) -> None:
    """Read: ``z2_flat.take(index, None, picked1, 'clip')``."""
    gather = step.gather()
    source, index = _address(w, gather)
    w.body.append(f"{source}.take({index}, None, {target(w, step)}, 'clip')")


def write_scatter(w: Writer, step: Step) -> None:
    """Add: ``dz2_flat[index] += g``, or put; where places can coincide, each gets its sum."""
    gather, g = step.gather(), step.operands[1]
    source, index = _address(w, gather)
    shared = ((gather.chosen is not None and gather.chosen.batched) or g.batched) and not gather.source.batched
    if shared or not gather.distinct:
        w.body.append(f"np.add.at({source}, {index}, {w.text(g)})")
    elif not step.accumulate:
        w.body.append(f"{source}[{index}] = {w.text(g)}")
    elif isinstance(g, Literal) and g.value < 0:
        w.body.append(f"{source}[{index}] -= {w.text(Literal(negated(g.value), g.batch_power))}")
    else:
        w.body.append(f"{source}[{index}] += {w.text(g)}")


def _address(w: Writer, gather: Gather) -> tuple[str, str]:
    """Return the flat source of a gather, and the index into it."""
    name = w.variable(gather.source)
    rows = _rows(w, gather, name)
    if gather.chosen is None:
        index = w.index(gather.index, f"{name}_at")
        index = w.hoist(f"{rows} + {index}", f"{name}_places") if rows else index
        return _flat(w, gather.source, name), index
    some = bool(gather.index.any())
    chosen = w.text(gather.chosen, whole=not some)  # where no fixed index has every axis, this must
    moved = chosen if gather.stride == 1 else f"{gather.stride} * {chosen}"
    fixed = _fixed(w, gather, rows, name) if some else rows
    flat = _flat(w, gather.source, name)
    if fixed and gather.chosen.is_whole():
        return flat, _ready(w, gather, fixed, moved, f"{name}_i")
    return flat, w.localise(f"{fixed} + {moved}" if fixed else moved, f"{name}_i")


def _rows(w: Writer, gather: Gather, name: str) -> str:
    """Return where each sample of the source begins; nothing where all samples share it."""
    if not gather.source.batched:
        return ""
    axes = ", ".join([":"] + ["None"] * len(gather.shape))
    rows = f"np.arange({w.use('N')}) * {gather.source.size}"
    return w.hoist(f"({rows})[{axes}]" if gather.shape else rows, f"{name}_row")


def _fixed(w: Writer, gather: Gather, rows: str, name: str) -> str:
    """Return what is the same at every call of an index that is moved."""
    index = gather.index
    first = w.index(index, f"{name}_at") if index.size > 1 else str(int(index.flat[0]))
    return w.hoist(f"{rows} + {first}", f"{name}_first") if rows else first


def _ready(w: Writer, gather: Gather, fixed: str, moved: str, name: str) -> str:
    """Compute an index in the forward pass, where the backward pass finds it ready."""
    key = f"{fixed} + {moved}"
    if key not in w.ready:
        w.ready[key] = w.fresh(name)
        w.build.append(f"{w.ready[key]} = np.empty({w.shape(gather)}, np.int64)")  # one each: backward reads them all
        w.body.append(f"np.add({fixed}, {moved}, out={w.ready[key]})")
    return w.ready[key]


def _flat(w: Writer, source: Source, name: str) -> str:
    return name if len(source.shape) + source.batched == 1 else hold(w, f"{name}.reshape(-1)", source, f"{name}_flat")
