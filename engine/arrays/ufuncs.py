"""What NumPy's ufuncs do with arrays of Values: a call, and the methods reduce, accumulate, reduceat, outer and at.

>>> on_ufunc(np.tanh, "__call__", [objects([0.0])])
array([0.0], dtype=object)
>>> on_ufunc(np.add, "reduce", [objects([[1.0, 2.0], [3.0, 4.0]])], axis=None).item()
10.0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays import products
from engine.arrays.along import along, reduction
from engine.arrays.elements import ANSWERS_TRUTH
from engine.arrays.loops import StandIn, loop, quietly, stand_in, stand_in_of
from engine.arrays.plain import decided, into, objects, settled, writable
from engine.arrays.table import REFUSED, refuse_function

NO_RULE = "has no derivative rule. Rules are in engine/rules.py; add one with @rule."
REDUCE_ARGUMENTS = ("axis", "dtype", "out", "keepdims", "initial", "where")


def on_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], **options: Any) -> Any:
    """Do what a ufunc's method does, through the rules.

    Returns
    -------
    object
        Plain arrays of objects; of comparisons bools, or `Undecided`.

    Raises
    ------
    TypeError
        If there is no rule for it, or Values would be written into an array of another type.
    """
    if method == "__call__" and not options:
        return call(ufunc, inputs)
    name = ufunc.__name__
    _check_dtype(name, options.pop("dtype", None))
    if method == "__call__" and name in SEVERAL_AXES and options.keys() <= {"out", "axis", "axes"}:
        return into(options.get("out"), SEVERAL_AXES[name](*_with_last_axes(name, inputs, **options)), name)
    return quietly(METHODS[method])(_known(ufunc).loop, name, inputs, options)


def _finished(out: Any, result: Any, name: str, title: str = "") -> Any:
    """Return a result, comparisons as bools or undecided, in the array that it is written into, where there is one."""
    return into(out, settled(result) if name in ANSWERS_TRUTH else result, title or name)


def _with_last_axes(name: str, inputs: Sequence[Any], axis: int = -1, axes: Any = (), out: Any = None) -> list[Any]:
    """Return the operands of a product with the axes that it is over last; ``a @= b`` names the last two."""
    if any(pair not in ((-2, -1), [-2, -1]) for pair in axes):
        refuse_function(f"{name}(axes=)", "Move the axes with np.moveaxis, and leave axes out.")
    return [np.moveaxis(objects(x), axis, -1) for x in inputs] if axis != -1 else list(inputs)


def call(ufunc: np.ufunc, inputs: Sequence[Any]) -> Any:
    """Do what a call of a ufunc does that has no options."""
    name = ufunc.__name__
    if name in SPECIAL:
        return SPECIAL[name](*inputs)
    known, plain = stand_in(name) or _known(ufunc), [objects(x) for x in inputs]
    if known.of_values is not None:
        try:
            return known.of_values(*plain)
        except AttributeError:  # there are floats among them
            pass
    result = quietly(known.loop)(*plain)
    return settled(result) if name in ANSWERS_TRUTH else result


def _known(ufunc: np.ufunc) -> StandIn:
    name, known = ufunc.__name__, stand_in_of(ufunc)
    if known is None:
        if name in REFUSED:
            refuse_function(name, REFUSED[name])
        raise TypeError(f"np.{name} {NO_RULE}")
    return known


def _check_dtype(name: str, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype) not in (np.dtype(object), np.dtype(float), np.dtype(bool)):
        refuse_function(f"{name}(dtype={np.dtype(dtype)})", "Values are float64; leave dtype out.")


def _call(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    plain = [objects(x) for x in inputs]
    if options.get("where", True) is True:
        return _finished(options.get("out"), loop(*plain), name)
    out = options.get("out")
    if name in ANSWERS_TRUTH and out is not None:
        return _where(out, decided(loop(*plain)), decided(options["where"]))
    out = writable(out[0] if isinstance(out, tuple) else out, name) if out is not None else None
    return loop(*plain, where=decided(options["where"]), **({} if out is None else {"out": out}))


def _where(out: Any, bools: Any, mask: Any) -> Any:
    out = out[0] if isinstance(out, tuple) else out
    np.copyto(out, bools, where=mask)
    return out


def _outer(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    a, b = map(objects, inputs)
    return _finished(options.get("out"), loop.outer(a, b), name)


def _at(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> None:
    a, index, *others = inputs
    loop.at(writable(a, f"{name}.at"), index, *map(objects, others))


def _reduce(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    a, *positional = inputs
    arguments = {**dict(zip(REDUCE_ARGUMENTS, positional)), **options}
    _check_dtype(name, arguments.get("dtype"))
    how = {key: arguments[key] for key in ("keepdims", "initial", "where") if key in arguments}
    reduced = along(reduction(name), a, arguments.get("axis", 0), **how)
    return _finished(arguments.get("out"), reduced, name, f"{name}.reduce")


def _accumulate(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    a, *positional = inputs
    axis = options.get("axis", positional[0] if positional else 0)
    return _finished(options.get("out"), loop.accumulate(objects(a), axis=axis), name, f"{name}.accumulate")


def _reduceat(loop: np.ufunc, name: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    a, indices, *positional = inputs
    axis = options.get("axis", positional[0] if positional else 0)
    return _finished(options.get("out"), loop.reduceat(objects(a), indices, axis=axis), name, f"{name}.reduceat")


METHODS: dict[str, Callable[..., Any]] = {
    "__call__": _call,
    "outer": _outer,
    "at": _at,
    "reduce": _reduce,
    "accumulate": _accumulate,
    "reduceat": _reduceat,
}


def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = objects(x), objects(y)
    return on_ufunc(np.floor_divide, "__call__", [x, y]), on_ufunc(np.remainder, "__call__", [x, y])


def _modf(x: Any) -> tuple[Any, Any]:
    x = objects(x)
    whole = on_ufunc(np.trunc, "__call__", [x])
    return on_ufunc(np.subtract, "__call__", [x, whole]), whole


@quietly
def _divide(x: Any, y: Any) -> Any:
    x, y = objects(x), objects(y)
    try:
        return np.divide(x, y)
    except ZeroDivisionError:  # of two floats; Values follow IEEE 754, and so does the rule
        return loop("divide")(x, y)


SEVERAL_AXES: dict[str, Callable[..., Any]] = {
    "matmul": products.matmul,
    "vecdot": products.vecdot,
    "matvec": lambda a, x: products.matmul(a, objects(x)[..., None])[..., 0],
    "vecmat": lambda x, a: products.matmul(objects(x)[..., None, :], a)[..., 0, :],
}
"""The ufuncs of vectors and matrices."""

SPECIAL: dict[str, Callable[..., Any]] = {**SEVERAL_AXES, "divide": _divide, "divmod": _divmod, "modf": _modf}
"""The ufuncs that are no loop over numbers of one result, or a faster one in most cases."""
