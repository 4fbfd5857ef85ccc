"""Arrays that record what NumPy does with them, as steps; a function is run as it is.

>>> root, (x,) = record(lambda x: (np.exp(x) * x).mean(), [("x", np.array([0.0, 1.0]))])
>>> root.op, float(root.value).__round__(3), x.name
('divide', 1.359, 'x')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from engine.arrays.axes import axes_of
from engine.arrays.loops import BY_ARRAY_FORM
from engine.rules import RULES
from nn.diagnosis.alterations import matrices, primitives
from nn.diagnosis.alterations.authors import as_text, signed
from nn.diagnosis.alterations.captured import attempted_with
from nn.diagnosis.alterations.composed import COMPOSED
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.buffers import buffers
from nn.samples import Array


class NotRecordedError(TypeError):
    """A function does something with its arrays that is not recorded."""


class RecordedArray(NDArrayOperatorsMixin):
    """An array that stands for a step, and records what is done with it."""

    def __init__(self, step: ArrayStep) -> None:
        self.step = step

    value = property(lambda self: self.step.value)
    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    T = property(lambda self: _move("transpose", np.transpose, self))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __iter__(self) -> Any:
        return iter([self[k] for k in range(len(self))])

    def __getitem__(self, index: Any) -> Any:
        index = plain(index)
        taken = _move("[]", lambda x: x[index], self)
        taken.step.note, taken.step.index = as_text(index), index
        return taken

    def __setitem__(self, index: Any, x: Any) -> None:
        index = plain(index)

        def assigned(old: Array, new: Array) -> Array:
            result: Array = old.copy()
            result[index] = new
            return result

        self.step = _move("[]=", assigned, self, x).step

    def assigned(self, new: RecordedArray) -> RecordedArray:
        """Return what an operation in place has made of this array; of one number, which it leaves alone, another."""
        if self.ndim:
            self.step = new.step
        return self if self.ndim else new

    def astype(self, dtype: Any, **options: Any) -> Any:
        """Return itself, in double precision; as whole numbers a constant, which is flat wherever it has a slope."""
        return self if np.dtype(dtype).kind == "f" else self.value.astype(dtype, **options)

    def fill(self, number: Any) -> None:
        """Write a number into every place."""
        self[...] = number

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotRecordedError("a recorded array was turned into numbers.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "reduce" and ufunc in REDUCTIONS:
            return REDUCTIONS[ufunc](*inputs, **{"axis": 0, **options})
        if method == "at" and ufunc is np.add and isinstance(inputs[0], RecordedArray):
            return _add_at(*inputs)
        if method == "outer" and not options:
            return ufunc(np.reshape(inputs[0], (*np.shape(inputs[0]), *[1] * np.ndim(inputs[1]))), inputs[1])
        if method == "__call__" and isinstance(options.get("out", (None,))[0], RecordedArray):
            (old,) = options.pop("out")
            return old.assigned(self.__array_ufunc__(ufunc, method, *inputs, **options))
        if method != "__call__" or options:
            raise NotRecordedError(f"np.{ufunc.__name__}.{method} with {', '.join(options)} is not recorded.")
        if ufunc is np.matmul:
            return _step(primitives.product, inputs)
        if ufunc in DECIDING:
            return ufunc(*map(plain, inputs))
        if ufunc is np.logaddexp:
            return inputs[1] + applied("softplus", inputs[0] - inputs[1])
        rule = ufunc.__name__ if ufunc.__name__ in RULES else BY_ARRAY_FORM.get(ufunc.__name__, "")
        if rule not in RULES:
            raise NotRecordedError(f"np.{ufunc.__name__} is not recorded.")
        return applied(rule, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        known = FUNCTIONS.get(function)
        recorded = NotImplemented if known is None else known(*args, **kwargs)
        if recorded is NotImplemented:
            raise NotRecordedError(f"np.{function.__name__} is not recorded, or not with these arguments.")
        return recorded

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, "ravel" if name == "flatten" else name, None)
        if name.startswith("_") or function not in FUNCTIONS or function is None:
            raise AttributeError(name)
        if name in ("reshape", "transpose"):
            return lambda *given, **kw: getattr(np, name)(self, given[0] if len(given) == 1 else given or None, **kw)
        return lambda *args, **kwargs: function(self, *args, **kwargs)


def plain(x: Any) -> Any:
    """Return the numbers of recorded arrays, in tuples and lists too."""
    if isinstance(x, RecordedArray):
        return x.value
    return type(x)([plain(item) for item in x]) if type(x) in (list, tuple) else x


def _add_at(old: RecordedArray, index: Any, x: Any) -> None:
    index = plain(index)
    wide = np.broadcast_to(x, old.value[index].shape)
    places = np.zeros((old.size, wide.size))
    places[np.arange(old.size).reshape(old.shape)[index].ravel(), np.arange(wide.size)] = 1.0
    old.step = (old + np.reshape(places @ np.ravel(wide), old.shape)).step


def _step(do: Callable[..., ArrayStep], operands: Sequence[Any]) -> RecordedArray:
    """Record a step: what it does, who asked for it, and under which names its operands stand there."""
    known = tuple(x.step if isinstance(x, RecordedArray) and x.step.depends else np.asarray(plain(x)) for x in operands)
    for x in known:
        if isinstance(x, np.ndarray) and x.dtype.kind not in "fiub":
            raise NotRecordedError("an operand is no array of numbers.")
    step = do(*known)
    signed(step, operands, record.__code__)
    return RecordedArray(step)


def applied(rule: str, *operands: Any) -> RecordedArray:
    """Record an elementwise rule of the engine's; 1 / (1 + exp(-z)) is one, however it is written."""
    z = primitives.of_sigmoid(*[getattr(x, "step", x) for x in operands]) if rule == "divide" else None
    if z is not None:
        return applied("sigmoid", RecordedArray(z))
    return _step(lambda *xs: primitives.elementwise(rule, *xs), operands)


def _move(name: str, move: Callable[..., Any], *operands: Any) -> RecordedArray:
    return _step(lambda *xs: primitives.moved(name, move, xs), operands)


def _moving(function: Any) -> Callable[..., Any]:
    """Record a function that moves the elements of its first argument."""
    return lambda x, *args, **kwargs: _move(function.__name__, lambda v: function(v, *args, **kwargs), x)


def _joining(function: Any) -> Callable[..., Any]:
    """Record a function that joins a sequence of arrays."""
    return lambda xs, *args, **kwargs: _move(function.__name__, lambda *vs: function(vs, *args, **kwargs), *xs)


def _splitting(function: Any) -> Callable[..., Any]:
    def split(x: Any, *args: Any, **kwargs: Any) -> list[Any]:
        count = len(function(x.value, *args, **kwargs))
        return [_move(function.__name__, lambda v, k=k: function(v, *args, **kwargs)[k], x) for k in range(count)]

    return split


def total(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """Record a sum."""
    _no_options(dtype, out, options)
    return _step(lambda x: primitives.summed(x, tuple(axes_of(axis, x.value.ndim)), keepdims is True), [x])


def mean(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """Record a mean, as a sum and a division."""
    sums = total(x, axis, dtype, out, keepdims, **options)
    return sums / float(x.size / max(1, sums.size))


def var(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, **options: Any
) -> Any:
    """Record a variance, as its definition."""
    squares = total((x - mean(x, axis, keepdims=True)) ** 2, axis, dtype, out, keepdims, **options)
    return squares / float(x.size / max(1, squares.size) - ddof)


def _extreme(function: Any) -> Callable[..., Any]:
    def recorded(x: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
        _no_options(None, out, options)
        return _step(
            lambda x: primitives.extreme(function, x, tuple(axes_of(axis, x.value.ndim)), keepdims is True), [x]
        )

    return recorded


def _no_options(dtype: Any, out: Any, options: Any) -> None:
    if out is not None or any(x is not np._NoValue for x in options.values()):
        raise NotRecordedError("out=, where= and initial= are not recorded.")


def _where(condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        raise NotRecordedError("np.where of a condition alone is not recorded.")
    return _step(primitives.chosen, (np.asarray(plain(condition), bool), *choices))


def _einsum(subscripts: Any, *operands: Any, **options: Any) -> Any:
    inputs = str(subscripts).replace(" ", "").split("->")
    if len(inputs) == 1:
        inputs.append("".join(sorted(c for c in set(inputs[0]) - {","} if inputs[0].count(c) == 1)))
    letters = inputs[0].split(",")
    if options.keys() - {"optimize"} or "." in inputs[0] or any(len(set(t)) < len(t) for t in letters):
        return NotImplemented
    return _step(lambda *xs: primitives.contracted("->".join(inputs), *xs), operands)


def _slogdet(x: Any) -> tuple[Any, Any]:
    return np.linalg.slogdet(x.value)[0], _step(matrices.logarithm_of_determinant, [x])


def _plainly(function: Any) -> Callable[..., Any]:
    """Compute what has no derivative from the numbers."""
    return lambda *args, **kwargs: function(*map(plain, args), **kwargs)


def _filled(function: Any) -> Callable[..., Any]:
    """Make a constant into which may be written."""
    return lambda *args, **kwargs: constant(function(*map(plain, args), **kwargs))


def constant(x: Array, name: str = "") -> RecordedArray:
    """Return an array of numbers that nothing is differentiated by, and that is recorded once it is filled."""
    return RecordedArray(ArrayStep(x, "constant", name=name))


def joined(x: Any) -> Any:
    """Return lists of recorded arrays, and of lists of some, as one; None of what has none in it."""
    if isinstance(x, RecordedArray):
        return np.copy(x)
    several = [joined(item) for item in x] if isinstance(x, (list, tuple)) else []
    if all(item is None for item in several):
        return None
    return np.stack([constant(np.asarray(item, float)) if y is None else y for item, y in zip(x, several)])


DECIDING = {
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.sign, np.isfinite, np.isnan,
    np.heaviside, np.floor, np.ceil, np.rint,
}  # fmt: skip
MOVES = (
    np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.ravel, np.squeeze, np.expand_dims, np.repeat, np.tile,
    np.roll, np.flip, np.broadcast_to, np.take, np.pad, np.diag, np.diagonal, np.rollaxis, np.copy, np.take_along_axis,
    np.lib.stride_tricks.sliding_window_view, np.atleast_1d, np.atleast_2d, np.tril, np.triu, np.rot90, np.delete,
    np.fliplr, np.flipud, np.insert,
)  # fmt: skip
JOINS = (np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack, np.dstack)
SPLITS = (np.split, np.array_split, np.hsplit, np.vsplit)
WITHOUT_DERIVATIVE = (
    np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size, np.any, np.all, np.nonzero, np.round, np.around,
    np.isclose, np.allclose, np.array_equal, np.count_nonzero, np.flatnonzero, np.argwhere, np.searchsorted,
    np.digitize,
)  # fmt: skip
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **COMPOSED,
    **{f: _moving(f) for f in MOVES},
    **{f: _joining(f) for f in JOINS},
    **{f: _splitting(f) for f in SPLITS},
    **{f: _plainly(f) for f in WITHOUT_DERIVATIVE},
    **{f: _filled(f) for f in (np.zeros_like, np.ones_like, np.empty_like, np.full_like)},
    np.sum: total,
    np.mean: mean,
    np.var: var,
    **{f: _extreme(f) for f in (np.max, np.amax, np.min, np.amin)},
    np.where: _where,
    np.einsum: _einsum,
    np.linalg.inv: lambda x: _step(matrices.inverse, [x]),
    np.linalg.det: lambda x: _step(matrices.determinant, [x]),
    np.linalg.slogdet: _slogdet,
    np.linalg.solve: lambda a, b: _step(matrices.solution, [a, b]),
    np.linalg.cholesky: lambda x: _step(matrices.triangle, [x]) if x.ndim == 2 else NotImplemented,
}
"""NumPy's functions, and what records each."""
REDUCTIONS = {np.add: total, np.maximum: _extreme(np.max), np.minimum: _extreme(np.min)}


def record(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]) -> tuple[ArrayStep, list[ArrayStep]]:
    """Run a function of arrays on recorded ones.

    Returns
    -------
    tuple
        The step of what it returns, and the leaves.

    Raises
    ------
    NotRecordedError
        If it does not return a recorded array.
    """
    with np.errstate(all="ignore"):
        try:
            result, leaves = _run(arguments, f)
        except (NotRecordedError, ValueError):  # it may fill an array of floats
            with buffers(constant, joined):
                result, leaves = attempted_with(partial(_run, arguments), f, constant, (NotRecordedError, ValueError))
    if not isinstance(result, RecordedArray):
        raise NotRecordedError("the function returns something else than what was recorded.")
    return result.step, [leaf.step for leaf in leaves]


def _run(arguments: Sequence[tuple[str, Any]], f: Callable[..., Any]) -> tuple[Any, list[RecordedArray]]:
    leaves = [RecordedArray(ArrayStep(x, name=name)) for name, x in arguments]
    return f(*leaves), leaves


def recorded_or_none(
    f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]
) -> tuple[ArrayStep, list[ArrayStep]] | None:
    """Return what `record` does, or None where the function cannot be recorded."""
    try:
        return record(f, arguments)
    except (NotRecordedError, TypeError, ValueError, IndexError, AttributeError):
        return None
