"""How a result gets its name on JAX: whole, or as a copy of an array in which a part is changed."""

from __future__ import annotations

from engine.lifting.emit.views import part_of, tuple_text, view_text
from engine.lifting.emit.writer import Writer, reduced_axes
from engine.lifting.ops import Step
from engine.lifting.views import Source, View

ZEROS = {"float": "dtype", "bool": "bool", "int": "int"}


def hold(w: Writer, expression: str, source: Source, name: str) -> str:
    """Return the expression itself: a view costs nothing."""
    return expression


def elements(w: Writer, view: View, name: str) -> str:
    """Look a view's elements up by their places."""
    at = w.index(view.positions(), f"{name}_at")
    if view.batched:
        return f"{name}.reshape({w.use('N')}, -1).take({at}, 1, mode='clip')"
    return f"{name}.reshape(-1).take({at}, mode='clip')"


def covers(step: Step) -> bool:
    """Whether the operands have every axis of the result, so that none is left to broadcasting."""
    views = [x for x in step.operands if isinstance(x, View)]
    axes = [n == 1 or any(x.strides[a] for x in views) for a, n in enumerate(step.target.shape)]
    return all(axes) and (not step.batched or any(x.batched for x in views))


def bind(w: Writer, step: Step, value: str, *, covered: bool = True) -> None:
    """Give a result its name; where it is a part of an array, the name is given to a copy with that part changed.

    `covered` says that the value has every axis of the result, though perhaps in another shape.
    """
    view = step.target
    name, defined = name_of(w, view.source)
    if step.accumulate and defined:
        value = f"({view_text(name, view, True, w.use) or elements(w, view, name)} + {value})"
    elif not covered:
        value = w.call("broadcast_to", value, w.shape(view))
    elif view.shape[:1] == (1,) or _natural(step) != view.shape:
        value = f"{value}.reshape({w.shape(view)})"
    if step.constant:
        value = f"{w.use('lax')}.stop_gradient({value})"
    if view.is_whole():
        w.body.append(f"{name} = {value}")
    else:
        _change(w, view, name, value, defined)


def name_of(w: Writer, source: Source) -> tuple[str, bool]:
    """Return the variable of a result, and whether it has been given a value."""
    variable = w.arrays.get(source, source)
    if source.kind == "value" and variable not in w.variables:
        w.variables[variable] = w.fresh(variable.name)
    defined = source in w.defined
    w.defined.add(source)
    return w.variable(source), defined


def _natural(step: Step) -> tuple[int, ...]:
    """Return the shape that a call's result has of itself."""
    if step.op not in ("sum", "max"):
        return step.target.shape
    x = step.view()
    axes = {a - x.batched for a in reduced_axes(step)}
    return tuple([n for a, n in enumerate(x.shape) if a not in axes])


def _change(w: Writer, view: View, name: str, value: str, defined: bool) -> None:
    """Write the copy of an array in which a part is changed."""
    part, n = part_of(view), int(view.batched)
    if part is not None and part.sizes == part.dims:
        w.body.append(f"{name} = {_laid(w, view, part.order, value)}.reshape({w.shape(view.source)})")
        return
    if not defined:
        w.body.append(f"{name} = {w.call('zeros', w.shape(view.source), ZEROS[view.source.dtype])}")
    if part is None:
        at = w.index(view.positions().reshape(-1), f"{name}_at")
        rows, places = ", ".join([*w.lead(view), "-1"]), f"{':, ' * n}{at}"
        changed = f"{name}.reshape({rows}).at[{places}].set({value}.reshape({rows}))"
        w.body.append(f"{name} = {changed}.reshape({w.shape(view.source)})")
        return
    value = _laid(w, view, part.order, value)
    if part.sizes != view.shape:
        value = f"{value}.reshape({tuple_text([*w.lead(view), *part.sizes])})"
    same = part.dims == view.source.shape
    array = name if same else f"{name}.reshape({tuple_text([*w.lead(view), *part.dims])})"
    start = tuple_text([*[0] * n, *part.start])
    changed = f"{w.use('lax')}.dynamic_update_slice({array}, {value}, {start})"
    w.body.append(f"{name} = {changed}" + ("" if same else f".reshape({w.shape(view.source)})"))


def _laid(w: Writer, view: View, order: tuple[int, ...], value: str) -> str:
    """Return a view's elements with its axes in the order in which they lie in memory."""
    if order == tuple(sorted(order)):
        return value
    n, present = int(view.batched), sorted(order)
    if len(present) < len(view.shape):
        value = f"{value}.reshape({tuple_text([*w.lead(view), *[view.shape[a] for a in present]])})"
    return f"{value}.transpose({tuple_text([*[0] * n, *[present.index(a) + n for a in order]])})"
