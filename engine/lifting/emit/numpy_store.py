"""Where NumPy's results are: arrays that are allocated once, views of them that are taken once."""

from __future__ import annotations

from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer
from engine.lifting.ops import Step
from engine.lifting.views import Source, View

KINDS = {"float": "dtype", "bool": "bool", "int": "np.int64"}


def target(w: Writer, step: Step) -> str:
    """Return where a step writes."""
    make_room(w, step.target.source)
    return w.text(step.target, whole=True)


def make_room(w: Writer, source: Source) -> None:
    """Allocate the array of a result, at the first write to it."""
    array = w.arrays.get(source, source)
    if array.kind == "value" and array not in w.variables:
        w.variables[array] = w.fresh(array.name)
        w.build.append(f"{w.variables[array]} = {w.call('empty', w.shape(array), KINDS[array.dtype])}")


def hold(w: Writer, expression: str, source: Source, name: str) -> str:
    """Take a view of a buffer once, and of what the caller passes once a call."""
    return w.hoist(expression, name) if source.kind in ("value", "constant") else w.localise(expression, name)


def elements(w: Writer, view: View, name: str) -> str:
    """Take a view by its strides."""
    strides = tuple_text([*([view.source.size] if view.batched else []), *view.strides])
    expression = f"{w.use('strided')}({name}, {view.offset}, {w.shape(view)}, {strides})"
    return hold(w, expression, view.source, name)


def store(w: Writer, step: Step, function: str, *arguments: str) -> None:
    """Call a function that takes `out=`; where its result is added, it is added."""
    place = target(w, step)
    if not step.accumulate:
        w.body.append(w.call(function, *arguments, f"out={place}"))
    elif place.isidentifier() and step.target.source.kind != "value":  # a buffer of `build` is no local to assign to
        w.body.append(f"{place} += {w.call(function, *arguments)}")
    else:
        w.body.append(w.call("add", place, w.call(function, *arguments), f"out={place}"))
