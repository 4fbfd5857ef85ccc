"""An array that stands for a step, and records what is done with it; what shows its memory sees what is written there.

>>> x = RecordedArray(ArrayStep([1.0, 2.0], name="x"))
>>> y = x * 3.0
>>> last = y[1:]
>>> y[1] = 5.0
>>> last, y.step.op
(array([5.]), '[]=')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from engine.arrays.loops import BY_ARRAY_FORM
from engine.rules import RULES
from nn.diagnosis.alterations import primitives
from nn.diagnosis.alterations.author_run import note_read, run_author
from nn.diagnosis.alterations.authors import as_text, signed
from nn.diagnosis.alterations.composed import OF_UFUNCS
from nn.diagnosis.alterations.step import ArrayStep
from nn.samples import Array

OF_MEMORY = ("strides", "itemsize", "nbytes", "flags")
DECIDING = {
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.sign, np.isfinite, np.isnan,
    np.isinf, np.signbit, np.heaviside, np.floor, np.ceil, np.rint, np.trunc, np.floor_divide, np.logical_and,
    np.logical_or, np.logical_not, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert,
}  # fmt: skip
NUMPYS: dict[Any, Callable[..., Any]] = {}
"""NumPy's functions, and what records each: they enter where they are defined."""
IGNORED = {"casting", "dtype", "order", "subok", "signature"}  # options of ufuncs that change no number


class NotRecordedError(TypeError):
    """A function does something with its arrays that is not recorded."""


class Window(NamedTuple):
    """What shows numbers of another array: of which, taken how, and from which step of it."""

    of: RecordedArray
    take: Callable[..., Any]
    seen: ArrayStep


class RecordedArray(NDArrayOperatorsMixin):
    """An array that stands for a step, and records what is done with it.

    Attributes
    ----------
    latest
        The step that it stood for when it was last asked: what a view shows may have been written to since.
    window
        What it shows, if its memory is another's.
    of_type
        The type of its numbers; a step's are floats.
    """

    def __init__(self, step: ArrayStep, dtype: Any = float) -> None:
        self.latest, self.of_type = step, np.dtype(dtype)
        self.window: Window | None = None

    @property
    def step(self) -> ArrayStep:
        """What it stands for; a view of what was written to is taken anew."""
        window = self.window
        if window is not None and window.of.step is not window.seen:
            old, self.window = self.latest, window._replace(seen=window.of.step)
            self.latest = recorded_step(lambda x: primitives.moved(old.op, window.take, (x,)), [window.of]).latest
            self.latest.note, self.latest.index = old.note, old.index
        return self.latest

    @step.setter
    def step(self, new: ArrayStep) -> None:
        self.latest, self.window = new, None

    @property
    def value(self) -> Array:
        """Its numbers."""
        numbers = self.step.value
        return numbers if self.of_type == numbers.dtype else numbers.astype(self.of_type)

    dtype = property(lambda self: self.of_type)
    shape = property(lambda self: self.latest.value.shape)
    ndim = property(lambda self: self.latest.value.ndim)
    size = property(lambda self: self.latest.value.size)
    T = property(lambda self: moved_array("transpose", np.transpose, self))
    flat = property(lambda self: moved_array("ravel", np.ravel, self, is_view=True), lambda self, x: self.flat.fill(x))
    __class__ = property(lambda self: np.ndarray if self.ndim else RecordedArray)  # as `isinstance` is answered

    @staticmethod
    def call(rule: str, *operands: Any) -> RecordedArray:
        """Record a rule of the engine's that no ufunc of NumPy's stands for."""
        return applied(rule, *operands)

    def __len__(self) -> int:
        return len(self.latest.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    __trunc__ = __index__ = __int__

    def __float__(self) -> float:
        note_read(self.step)
        return float(self.value)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.value.item(), digits)

    def __floor__(self) -> int:
        return math.floor(self.value)

    def __ceil__(self) -> int:
        return math.ceil(self.value)

    def __repr__(self) -> str:
        return repr(self.value)

    def __format__(self, how: str) -> str:
        return format(self.value[()], how)

    def __copy__(self) -> Any:
        return np.copy(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return np.copy(self)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        index = plain(index)
        taken = moved_array("[]", lambda x: x[index], self)
        taken.step.note, taken.step.index = as_text(index), index
        return taken

    def __setitem__(self, index: Any, x: Any) -> None:
        if isinstance(index, RecordedArray) and index.shape == self.shape and not np.ndim(x):
            self.assigned(np.where(index, x, self))  # a mask that is a step stays one
            return
        index, root = plain(index), self
        if self.window is not None or getattr(x, "window", None) is not None:
            root, places = self.places
            if isinstance(x, RecordedArray) and x.window and x.places[0] is root:
                if np.array_equal(x.places[1], places[index]):
                    return  # x[k] += 1 has written where it stands
            index = np.unravel_index(places[index], root.shape) if self.window is not None else index

        def assigned(old: Array, new: Array) -> Array:
            result: Array = old.copy(order="K")
            result[index] = new
            return result

        root.latest = moved_array("[]=", assigned, root, x).latest

    @property
    def places(self) -> tuple[RecordedArray, Array]:
        """The array whose memory this shows, and at which places of that in order."""
        if self.window is None:
            return self, primitives.numbered(self.latest.value)
        root, places = self.window.of.places
        return root, self.window.take(places)

    def assigned(self, new: Any) -> RecordedArray:
        """Return what an operation in place has made of this array; of one number, which it leaves alone, another."""
        if not self.ndim:
            return RecordedArray(new.step)
        new = new if new.shape == self.shape else np.broadcast_to(new, self.shape)
        if self.window is None:
            self.latest = new.step
        else:
            self[...] = new
        return self

    def astype(self, dtype: Any, copy: bool = True, **options: Any) -> Any:
        """Return another array of the same, in double precision; as whole numbers a constant, but of truths."""
        kind = np.dtype(dtype).kind
        if kind == "f" or (self.of_type.kind == "b" and kind in "iub"):
            return RecordedArray(self.step, float if kind == "f" else dtype) if copy else self
        return self.value.astype(dtype, **options)

    def fill(self, number: Any) -> None:
        """Write a number into every place."""
        self[...] = number

    def item(self, *index: Any) -> Any:
        """Return one number."""
        return self.flat[index[0]] if len(index) == 1 and self.ndim > 1 else self[index] if index else self.reshape(())

    def tolist(self) -> Any:
        """Return lists of numbers that are recorded."""
        return [row.tolist() for row in self] if self.ndim else self

    def sort(self, axis: int = -1) -> None:
        """Sort in place."""
        self.assigned(np.sort(self, axis=axis))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        if self.step.depends:
            raise NotRecordedError("a recorded array was turned into numbers.")
        return np.array(self.value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        (out,), where = options.pop("out", (None,)), options.pop("where", True)
        options = {name: x for name, x in options.items() if name not in IGNORED}
        if method == "at":
            return _at(ufunc, *inputs)
        if method == "__call__" and not options:
            result = _of_ufunc(ufunc, inputs) if where is True else _of_some(ufunc, inputs, where, out)
        elif method == "outer" and not options:
            result = ufunc(np.reshape(inputs[0], (*np.shape(inputs[0]), *[1] * np.ndim(inputs[1]))), inputs[1])
        elif (ufunc, method) in OF_UFUNCS:
            options |= {} if where is True else {"where": where}
            result = OF_UFUNCS[ufunc, method](*inputs, **{"axis": 0, **options})
        else:
            raise NotRecordedError(f"np.{ufunc.__name__}.{method} with {', '.join(options)} is not recorded.")
        return _into(out, result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        known, out = NUMPYS.get(function), kwargs.pop("out", None)
        recorded = NotImplemented if known is None else known(*args, **kwargs)
        if recorded is NotImplemented:
            raise NotRecordedError(f"np.{function.__name__} is not recorded, or not with these arguments.")
        return _into(out, recorded)

    def __getattr__(self, name: str) -> Any:
        if name in OF_MEMORY:
            return getattr(self.latest.value, name)
        function = getattr(np, name, None)
        if name == "flatten":
            return lambda order="C": np.copy(np.ravel(self, order))
        if name.startswith("_") or function is None or function not in NUMPYS:
            raise AttributeError(name)
        if name in ("reshape", "transpose"):
            return lambda *given, **kw: getattr(np, name)(self, given[0] if len(given) == 1 else given or None, **kw)
        return lambda *args, **kwargs: function(self, *args, **kwargs)


def plain(x: Any) -> Any:
    """Return the numbers of recorded arrays, in tuples and lists too."""
    if isinstance(x, RecordedArray):
        return x.value
    return type(x)([plain(item) for item in x]) if type(x) in (list, tuple) else x


def _into(out: Any, result: Any) -> Any:
    """Return what an operation made, or the array that it was to be written into."""
    if out is None:
        return result
    if isinstance(out, RecordedArray):
        return out.assigned(result)
    raise NotRecordedError("out= is an array of numbers, and not recorded.")


def _of_ufunc(ufunc: np.ufunc, inputs: Sequence[Any]) -> Any:
    if ufunc is np.matmul:
        return recorded_step(primitives.product, inputs)
    if ufunc in DECIDING:
        return ufunc(*map(plain, inputs))
    if (ufunc, "__call__") in OF_UFUNCS:
        return OF_UFUNCS[ufunc, "__call__"](*inputs)
    rule = ufunc.__name__ if ufunc.__name__ in RULES else BY_ARRAY_FORM.get(ufunc.__name__, "")
    if rule not in RULES:
        raise NotRecordedError(f"np.{ufunc.__name__} is not recorded.")
    return applied(rule, *inputs)


def _of_some(ufunc: np.ufunc, inputs: Sequence[Any], where: Any, out: Any) -> Any:
    """Record what is computed in some places alone; elsewhere are the numbers of `out`."""
    if out is None:
        raise NotRecordedError("where= without out= leaves numbers undefined.")
    inputs = inputs if np.all(plain(where)) else [np.where(where, x, 1.0) for x in inputs]  # defined everywhere
    return np.where(where, ufunc(*inputs), out)


def _at(ufunc: np.ufunc, old: RecordedArray, index: Any, *operands: Any) -> None:
    """Record an operation at indices, as often as they come."""
    if not isinstance(old, RecordedArray):
        raise NotRecordedError(f"np.{ufunc.__name__}.at writes into an array of numbers.")
    index = plain(index)
    places = np.arange(old.size).reshape(old.shape)[index]
    wide = [np.broadcast_to(x, places.shape) for x in operands]
    if ufunc in (np.add, np.subtract):
        old.assigned(ufunc(old, recorded_step(partial(primitives.scattered, places, old.shape), wide)))
        return
    flat = old.flat
    for k, place in enumerate(places.ravel()):
        flat[place] = ufunc(flat[place], *[np.ravel(x)[k] for x in wide])


def recorded_step(do: Callable[..., ArrayStep], operands: Sequence[Any], dtype: Any = float) -> RecordedArray:
    """Record a step: what it does, who asked for it, and under which names its operands stand there."""
    known = tuple(map(_operand, operands))
    for x in known:
        if isinstance(x, np.ndarray) and x.dtype.kind not in "fiub":
            raise NotRecordedError("an operand is no array of numbers.")
    if any(isinstance(x, ArrayStep) for x in known):
        step = do(*known)
    else:  # of constants alone it is one
        made = do(*map(ArrayStep, known))
        step = ArrayStep(made.value, made.op)
    signed(step, operands, run_author.__code__)
    return RecordedArray(step, dtype)


def _operand(x: Any) -> Any:
    if not isinstance(x, RecordedArray):
        return np.asarray(plain(x))
    return x.step if x.step.depends else x.step.value


def applied(rule: str, *operands: Any) -> RecordedArray:
    """Record an elementwise rule of the engine's; 1 / (1 + exp(-z)) is one, however it is written."""
    z = primitives.of_sigmoid(*[getattr(x, "step", x) for x in operands]) if rule == "divide" else None
    if z is not None:
        return applied("sigmoid", RecordedArray(z))
    return recorded_step(lambda *xs: primitives.elementwise(rule, *xs), operands)


def moved_array(name: str, move: Callable[..., Any], *operands: Any, is_view: bool = False) -> RecordedArray:
    """Record a move of elements; of one array it may be a view, which has the memory of that."""
    first = operands[0]
    kinds = {np.result_type(getattr(x, "of_type", float)).kind for x in operands}
    dtype = first.of_type if kinds <= set("biu") else float
    moved = recorded_step(lambda *xs: primitives.moved(name, move, xs), operands, dtype)
    if len(operands) == 1 and isinstance(first, RecordedArray):
        if is_view or np.may_share_memory(moved.latest.value, first.latest.value):
            moved.window = Window(first, move, first.latest)
    return moved
