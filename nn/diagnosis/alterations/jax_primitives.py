"""JAX's primitives in NumPy's functions: what each does to recorded arrays, with the parameters of its equation.

>>> PRIMITIVES["reduce_sum"]([np.ones((2, 3))], {"axes": (1,)})
array([3., 3.])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import Any, TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray, applied, plain

Word: TypeAlias = Callable[[Sequence[Any], Any], Any]


def _function(f: Callable[..., Any]) -> Word:
    return lambda xs, _: f(*xs)


def _rule(name: str) -> Word:
    def word(xs: Sequence[Any], _: Any) -> Any:
        return applied(name, *xs) if isinstance(xs[0], RecordedArray) else RULES[name].array(*xs)

    return word


def _constant(f: Callable[..., Any]) -> Word:
    """Return what has no derivative, of the numbers."""
    return lambda xs, _: f(*map(plain, xs))


def _reduced(f: Callable[..., Any]) -> Word:
    return lambda xs, how: f(xs[0], axis=tuple(how["axes"]))


def _spread(xs: Sequence[Any], how: Any) -> Any:
    """Broadcast: axes of the operand are put where they belong, and the others are new."""
    shape, axes = how["shape"], how["broadcast_dimensions"]
    old = dict(zip(axes, np.shape(plain(xs[0]))))
    return np.broadcast_to(np.reshape(xs[0], tuple(old.get(k, 1) for k in range(len(shape)))), shape)


def _product(xs: Sequence[Any], how: Any) -> Any:
    """A general product: as a matrix product where it is one, else by its subscripts."""
    (left, right), (batch, other) = how["dimension_numbers"]
    a, b = xs
    ranks = np.ndim(plain(a)), np.ndim(plain(b))
    if not batch and len(left) == 1 and max(ranks) <= 2 and left[0] == ranks[0] - 1:
        if right[0] == 0:
            return np.matmul(a, b)
        if ranks[1] == 2:
            return np.matmul(a, np.transpose(b))
    first = list(ascii_letters[: ranks[0]])
    second = list(ascii_letters[ranks[0] : sum(ranks)])
    for i, j in (*zip(left, right), *zip(batch, other)):
        second[j] = first[i]
    shared = [first[i] for i in batch]
    kept = [x for k, x in enumerate(first) if k not in (*left, *batch)]
    kept += [x for k, x in enumerate(second) if k not in (*right, *other)]
    return np.einsum(f"{''.join(first)},{''.join(second)}->{''.join(shared + kept)}", a, b)


def _sliced(xs: Sequence[Any], how: Any) -> Any:
    steps = how["strides"] or (1,) * len(how["start_indices"])
    return xs[0][tuple(map(slice, how["start_indices"], how["limit_indices"], steps))]


def _padded(xs: Sequence[Any], how: Any) -> Any:
    if any(low < 0 or high < 0 or inner for low, high, inner in how["padding_config"]):
        raise NotRecordedError("padding within an array, or less than none, is not recorded.")
    widths = [(low, high) for low, high, _ in how["padding_config"]]
    return np.pad(xs[0], widths, constant_values=float(plain(xs[1])))


def _chosen(xs: Sequence[Any], _: Any) -> Any:
    if len(xs) != 3:
        raise NotRecordedError("a choice among more than two is not recorded.")
    return np.where(np.asarray(plain(xs[0]), bool), xs[2], xs[1])


def _converted(xs: Sequence[Any], how: Any) -> Any:
    (x,) = xs
    return x if isinstance(x, RecordedArray) else np.asarray(x).astype(how["new_dtype"])


def _split(xs: Sequence[Any], how: Any) -> Any:
    return tuple(np.split(xs[0], list(map(int, np.cumsum(how["sizes"])[:-1])), axis=how["axis"]))


def _summed_up(xs: Sequence[Any], how: Any) -> Any:
    if how["reverse"]:
        return np.flip(np.cumsum(np.flip(xs[0], how["axis"]), axis=how["axis"]), how["axis"])
    return np.cumsum(xs[0], axis=how["axis"])


def _integers(_: Sequence[Any], how: Any) -> Any:
    shape, axis = how["shape"], how["dimension"]
    along = np.arange(shape[axis], dtype=how["dtype"])
    return np.broadcast_to(along.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)


def _itself(xs: Sequence[Any], _: Any) -> Any:
    return xs[0]


PRIMITIVES: dict[str, Word] = {
    **{name: _function(getattr(np, name)) for name in ("exp", "log", "tanh", "sqrt", "sin", "cos", "tan", "abs")},
    **{name: _function(getattr(np, name)) for name in ("log1p", "expm1", "square", "sinh", "cosh", "exp2", "arctan2")},
    **{name: _rule(name) for name in ("erf", "cbrt")},
    **{name: _constant(getattr(np, name)) for name in ("sign", "floor", "ceil")},
    **{name: _constant(getattr(np, f"logical_{name}")) for name in ("and", "or", "not", "xor")},
    **dict.fromkeys(("copy", "copy_p", "reduce_precision", "optimization_barrier"), _itself),
    **{name: _reduced(getattr(np, of)) for name, of in (("reduce_sum", "sum"), ("reduce_max", "max"))},
    **{name: _reduced(getattr(np, of)) for name, of in (("reduce_min", "min"), ("reduce_prod", "prod"))},
    **{name: _constant(getattr(np, of)) for name, of in (("gt", "greater"), ("lt", "less"), ("eq", "equal"))},
    **{name: _constant(getattr(np, of)) for name, of in (("ge", "greater_equal"), ("le", "less_equal"))},
    "ne": _constant(np.not_equal),
    "is_finite": _constant(np.isfinite),
    "round": _constant(np.rint),
    "stop_gradient": _constant(lambda x: x),
    "logistic": _rule("sigmoid"),
    "erfc": lambda xs, how: 1.0 - PRIMITIVES["erf"](xs, how),
    "neg": _function(np.negative),
    "rsqrt": _function(lambda x: 1.0 / np.sqrt(x)),
    "add": _function(np.add),
    "add_any": _function(np.add),
    "sub": _function(np.subtract),
    "mul": _function(np.multiply),
    "div": _function(np.divide),
    "pow": _function(np.power),
    "max": _function(np.maximum),
    "min": _function(np.minimum),
    "atan2": _function(np.arctan2),
    "clamp": _function(lambda least, x, most: np.minimum(np.maximum(x, least), most)),
    "integer_pow": lambda xs, how: np.power(xs[0], float(how["y"])),
    "select_n": _chosen,
    "convert_element_type": _converted,
    "broadcast_in_dim": _spread,
    "dot_general": _product,
    "reshape": lambda xs, how: np.reshape(xs[0], how["new_sizes"]),
    "squeeze": lambda xs, how: np.squeeze(xs[0], axis=tuple(how["dimensions"])),
    "expand_dims": lambda xs, how: np.expand_dims(xs[0], tuple(how["dimensions"])),
    "transpose": lambda xs, how: np.transpose(xs[0], how["permutation"]),
    "rev": lambda xs, how: np.flip(xs[0], tuple(how["dimensions"])),
    "stack": lambda xs, how: np.stack(xs, axis=how["axis"]),
    "concatenate": lambda xs, how: np.concatenate(xs, axis=how["dimension"]),
    "slice": _sliced,
    "pad": _padded,
    "split": _split,
    "cumsum": _summed_up,
    "iota": _integers,
    "argmax": lambda xs, how: np.argmax(plain(xs[0]), axis=how["axes"][0]),
    "argmin": lambda xs, how: np.argmin(plain(xs[0]), axis=how["axes"][0]),
}
"""Primitives, each a function of the operands and of the parameters of its equation."""
WHOLE_FUNCTIONS: dict[str, Word] = {
    "relu": _rule("relu"),
    "softplus": _rule("softplus"),
    "logaddexp": _function(np.logaddexp),
}
"""Functions of JAX's that are one operation here."""
