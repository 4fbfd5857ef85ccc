"""PyTorch's functions and methods in NumPy's: what each does to recorded arrays, under the arguments that it has there.

>>> WORDS["sum"](np.ones((2, 3)), dim=1, keepdim=True).shape
(2, 1)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray, applied, plain


def words_of_numpy(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return arguments by PyTorch's names, which takes NumPy's too."""
    return {{"axis": "dim", "keepdims": "keepdim"}.get(name, name): x for name, x in kwargs.items()}


class Extremes(NamedTuple):
    """What `max` and `min` along an axis return."""

    values: Any
    indices: Any


def _rule(name: str) -> Callable[[Any], Any]:
    """Return a rule of the engine's as a function of arrays that are recorded, or are not."""
    return lambda x: applied(name, x) if isinstance(x, RecordedArray) else RULES[name].array(x)


def _axes(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, (list, tuple)) else dim


def _several(first: Any, rest: Sequence[Any]) -> Any:
    """Return numbers that are given one by one, or in a sequence."""
    return (first, *rest) if not isinstance(first, (tuple, list)) else tuple(first)


def _reduced(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def reduction(x: Any, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
        return reduce(x, axis=_axes(dim), keepdims=keepdim)

    return reduction


def _spread(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def reduction(
        x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: int | None = None
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        ddof = int(unbiased) if correction is None else correction
        return reduce(x, axis=_axes(dim), ddof=ddof, keepdims=keepdim)

    return reduction


def _extreme(reduce: Callable[..., Any], where: Callable[..., Any], larger: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(x: Any, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
        if dim is None:
            return reduce(x)
        if not isinstance(dim, int):
            return larger(x, dim)
        return Extremes(reduce(x, axis=dim, keepdims=keepdim), where(plain(x), axis=dim, keepdims=keepdim))

    return extreme


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _shifted(x: Any, dim: int) -> tuple[Any, Any]:
    largest = np.max(plain(x), axis=dim, keepdims=True)
    return x - largest, largest


def _softmax(x: Any, dim: int = -1, **_: Any) -> Any:
    e = np.exp(_shifted(x, dim)[0])
    return e / np.sum(e, axis=dim, keepdims=True)


def _logsumexp(x: Any, dim: int = -1, keepdim: bool = False) -> Any:
    shifted, largest = _shifted(x, dim)
    result = np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True)) + largest
    return result if keepdim else np.squeeze(result, axis=dim)


def _norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    if p not in (2, "fro"):
        raise NotRecordedError("norms other than the Euclidean one are not recorded.")
    return np.sqrt(np.sum(x * x, axis=_axes(dim), keepdims=keepdim))


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    z = np.matmul(x, np.transpose(weight))
    return z if bias is None else z + bias


def _layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    axes = tuple(range(-len(_several(normalized_shape, ())), 0))
    centred = x - np.mean(x, axis=axes, keepdims=True)
    xhat = centred / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)
    scaled = xhat if weight is None else xhat * weight
    return scaled if bias is None else scaled + bias


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1.0 + _rule("erf")(x / math.sqrt(2.0)))


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return _rule("softplus")(x) if beta == 1.0 else _rule("softplus")(beta * x) / beta


def _expanded(x: Any, *sizes: Any) -> Any:
    shape = _several(sizes[0], sizes[1:])
    old = (1,) * (len(shape) - len(x.shape)) + tuple(x.shape)
    return np.broadcast_to(x, tuple(a if b == -1 else b for a, b in zip(old, shape)))


def _flattened(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    shape, end = tuple(x.shape), end_dim % len(x.shape)
    return np.reshape(x, (*shape[:start_dim], -1, *shape[end + 1 :]))


def _chunks(x: Any, chunks: int, dim: int = 0) -> Any:
    size = -(-x.shape[dim] // chunks)
    return _parts(x, size, dim)


def _parts(x: Any, size: Any, dim: int = 0) -> Any:
    ends = np.cumsum(size)[:-1] if isinstance(size, (list, tuple)) else range(size, x.shape[dim], size)
    return tuple(np.split(x, list(map(int, ends)), axis=dim))


def _var_mean(x: Any, dim: Any = None, **options: Any) -> Any:
    return REDUCING["var"](x, dim, **options), REDUCING["mean"](x, dim, keepdim=options.get("keepdim", False))


def _itself(x: Any, *_: Any, **__: Any) -> Any:
    return x


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "tanh", "sqrt", "sin", "cos", "tan", "abs", "square")},
    **{name: getattr(np, name) for name in ("log1p", "expm1", "sign", "maximum", "minimum", "sinh", "cosh", "log2")},
    **{name: getattr(np, name) for name in ("reciprocal", "negative", "floor", "ceil", "log10", "where")},
    **{name: _rule(name) for name in ("sigmoid", "erf", "relu")},
    "neg": np.negative,
    "round": np.rint,
    "absolute": np.abs,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "softplus": _softplus,
    "log_sigmoid": lambda x: -_rule("softplus")(-x),
    "silu": lambda x, **_: x * _rule("sigmoid")(x),
    "mish": lambda x, **_: x * np.tanh(_rule("softplus")(x)),
    "gelu": _gelu,
    "relu": lambda x, **_: _rule("relu")(x),
    "relu6": lambda x, **_: _clamp(x, 0.0, 6.0),
    "leaky_relu": lambda x, negative_slope=0.01, **_: np.where(plain(x) > 0, x, negative_slope * x),
    "elu": lambda x, alpha=1.0, **_: np.where(plain(x) > 0, x, alpha * np.expm1(x)),
    "hardtanh": lambda x, min_val=-1.0, max_val=1.0, **_: _clamp(x, min_val, max_val),
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": lambda x, min: _clamp(x, min),
    "masked_fill": lambda x, mask, value: np.where(mask, value, x),
}
ARITHMETIC: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("add", "radd"), np.add),
    **dict.fromkeys(("mul", "multiply", "rmul"), np.multiply),
    **dict.fromkeys(("sub", "subtract"), np.subtract),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv"), np.divide),
    **dict.fromkeys(("matmul", "mm", "bmm", "mv"), np.matmul),
    **{name: getattr(np, of) for name, of in (("gt", "greater"), ("lt", "less"), ("eq", "equal"), ("ne", "not_equal"))},
    **{name: getattr(np, of) for name, of in (("ge", "greater_equal"), ("le", "less_equal"))},
    "rsub": lambda x, y: np.subtract(y, x),
    "rdiv": lambda x, y: np.divide(y, x),
    "rtruediv": lambda x, y: np.divide(y, x),
    "rmatmul": lambda x, y: np.matmul(y, x),
    "rpow": lambda x, y: np.power(y, x),
    "pow": np.power,
    "dot": np.dot,
    "outer": np.outer,
    "addmm": lambda bias, x, y: bias + np.matmul(x, y),
    "einsum": lambda text, *xs: np.einsum(text, *_several(xs[0], xs[1:])),
    "linear": _linear,
}
REDUCING: dict[str, Callable[..., Any]] = {
    **{name: _reduced(getattr(np, of)) for name, of in (("sum", "sum"), ("mean", "mean"))},
    **{name: _reduced(getattr(np, of)) for name, of in (("amax", "max"), ("amin", "min"))},
    "var": _spread(np.var),
    "std": _spread(np.std),
    "var_mean": _var_mean,
    "max": _extreme(np.max, np.argmax, np.maximum),
    "min": _extreme(np.min, np.argmin, np.minimum),
    "softmax": _softmax,
    "log_softmax": lambda x, dim=-1, **_: x - _logsumexp(x, dim, keepdim=True),
    "logsumexp": _logsumexp,
    "norm": _norm,
    "linalg_vector_norm": lambda x, ord=2, dim=None, keepdim=False: _norm(x, ord, dim, keepdim),
    "layer_norm": _layer_norm,
    "cumsum": lambda x, dim: np.cumsum(x, axis=dim),
}
MOVING: dict[str, Callable[..., Any]] = {
    **{name: lambda x, *shape: np.reshape(x, _several(shape[0], shape[1:])) for name in ("view", "reshape")},
    **{name: lambda x, other: np.reshape(x, tuple(other.shape)) for name in ("view_as", "reshape_as")},
    **{name: lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1) for name in ("transpose", "swapaxes")},
    **{name: lambda xs, dim=0: np.concatenate(xs, axis=dim) for name in ("cat", "concat", "concatenate")},
    **dict.fromkeys(("clone", "contiguous", "float", "double", "to", "type_as", "requires_grad_"), _itself),
    "permute": lambda x, *dims: np.transpose(x, _several(dims[0], dims[1:])),
    "t": lambda x: np.transpose(x),
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "squeeze": lambda x, dim=None: np.squeeze(x, axis=dim),
    "flatten": _flattened,
    "expand": _expanded,
    "expand_as": lambda x, other: np.broadcast_to(x, tuple(other.shape)),
    "stack": lambda xs, dim=0: np.stack(xs, axis=dim),
    "chunk": _chunks,
    "split": _parts,
    "flip": lambda x, *dims: np.flip(x, _several(dims[0], dims[1:])),
    "tril": lambda x, diagonal=0: np.tril(x, diagonal),
    "triu": lambda x, diagonal=0: np.triu(x, diagonal),
    "gather": lambda x, dim, index: np.take_along_axis(x, index, axis=dim),
    "zeros_like": lambda x, **_: np.zeros(tuple(x.shape)),
    "ones_like": lambda x, **_: np.ones(tuple(x.shape)),
    "empty_like": lambda x, **_: np.empty(tuple(x.shape)),
}
WORDS = ELEMENTWISE | ARITHMETIC | REDUCING | MOVING
