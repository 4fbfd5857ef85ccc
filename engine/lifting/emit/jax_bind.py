"""How a result gets its name on JAX: whole, or as a copy of an array in which a part is changed."""

from __future__ import annotations

from engine.lifting.emit.views import part_of, tuple_text, view_text
from engine.lifting.emit.writer import Writer, reduced_axes
from engine.lifting.ir import Source, Step, View


def look(w: Writer, view: View, expression: str, name: str) -> str:
    """Return the expression itself: a view costs nothing."""
    return expression


def elements(w: Writer, view: View, name: str) -> str:
    """Look a view's elements up by their places."""
    at = w.index(view.positions(), f"{name}_at")
    if view.batched:
        return f"{name}.reshape(N, -1).take({at}, 1, mode='clip')"
    return f"{name}.reshape(-1).take({at}, mode='clip')"


def covers(step: Step) -> bool:
    """Whether the operands have every axis of the result, so that none is left to broadcasting."""
    if step.op in ("sum", "max", "matmul", "batch_matmul"):
        return True
    views = [x for x in step.operands if isinstance(x, View)]
    axes = [n == 1 or any(x.strides[a] for x in views) for a, n in enumerate(step.target.shape)]
    return all(axes) and (not step.batched or any(x.batched for x in views))


def bind(w: Writer, step: Step, now: int, value: str, covered: bool) -> None:
    """Give a result its name; where it is a part of an array, the name is given to a copy with that part changed."""
    view = w.named(step.target)
    name, defined = name_of(w, view.source, step, now)
    if step.accumulate and defined:
        value = f"({view_text(name, view, exact=True) or elements(w, view, name)} + {value})"
    elif not covered:
        value = f"jnp.broadcast_to({value}, {shape_of(view)})"
    elif view.shape[:1] == (1,) or _natural(step) != view.shape:
        value = f"{value}.reshape({shape_of(view)})"
    if step.constant:
        value = f"lax.stop_gradient({value})"
    if view.is_whole():
        w.body.append(f"{name} = {value}")
    else:
        _change(w, view, name, value, defined)


def name_of(w: Writer, source: Source, step: Step, now: int) -> tuple[str, bool]:
    """Return the variable of a result, and whether it has been given a value.

    A result may take over the name of an operand that is read here for the last time: ``z1 = jnp.add(z1, b1)``.
    """
    if source.kind != "value":
        name = source.name
    elif source in w.variables:
        name = w.variables[source]
    else:
        first = source.follows
        continues = first is not None and w.readers.get(first) == now and first in w.variables
        name = w.variables[source] = w.variables[first] if first is not None and continues else w.fresh(source.name)
        w.defined.discard(name)
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


def shape_of(view: View) -> str:
    """Return a view's shape as text, with the batch's axis."""
    return tuple_text([*(["N"] if view.batched else []), *view.shape])


def _change(w: Writer, view: View, name: str, value: str, defined: bool) -> None:
    """Write the copy of an array in which a part is changed."""
    whole, part = shape_of(view.source.whole()), part_of(view)
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
