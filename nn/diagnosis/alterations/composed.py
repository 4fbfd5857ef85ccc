"""NumPy's functions as others of NumPy's: whatever records these records them.

>>> float(COMPOSED[np.trace](np.eye(3)))
3.0
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np


def _clip(x: Any, least: Any = None, most: Any = None, **options: Any) -> Any:
    least, most = options.get("a_min", options.get("min", least)), options.get("a_max", options.get("max", most))
    x = x if least is None else np.maximum(x, least)
    return x if most is None else np.minimum(x, most)


def _mean(x: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = True) -> Any:
    sums = np.sum(x, axis, keepdims=keepdims, where=where)
    if where is not True:
        return sums / np.sum(np.broadcast_to(where, np.shape(x)), axis, keepdims=keepdims)
    return sums / float(np.size(x) / max(1, np.size(sums)))


def _var(x: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, mean: Any = None) -> Any:
    middle = np.mean(x, axis, keepdims=True) if mean is None else mean
    squares = np.sum((x - middle) ** 2, axis, keepdims=keepdims)
    return squares / float(np.size(x) / max(1, np.size(squares)) - ddof)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord == 1 and (axis is not None or x.ndim == 1):
        return np.sum(abs(x), axis=axis, keepdims=keepdims)
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and x.ndim != 1):
        return NotImplemented
    return np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims))


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) > 2 or np.ndim(b) > 2:
        return NotImplemented
    return np.multiply(a, b) if not (np.ndim(a) and np.ndim(b)) else np.matmul(a, b)


def _average(x: Any, axis: Any = None, weights: Any = None, keepdims: Any = False) -> Any:
    if weights is None:
        return np.mean(x, axis=axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(x):
        weights = np.reshape(weights, [n if k == axis else 1 for k, n in enumerate(np.shape(x))])
    return np.sum(x * weights, axis=axis, keepdims=keepdims) / np.sum(weights, axis=axis, keepdims=keepdims)


def _cumsum(x: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.tril(np.ones((x.size, x.size))) @ np.ravel(x)
    before = np.tril(np.ones((x.shape[axis],) * 2))
    return np.moveaxis(np.moveaxis(x, axis, -1) @ before.T, -1, axis)


def _prod(x: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = True) -> Any:
    x = x if where is True else np.where(where, x, 1.0)
    rows = np.moveaxis(np.ravel(x) if axis is None else x, axis or 0, 0)
    product = functools.reduce(lambda a, b: a * b, rows)
    return np.expand_dims(product, axis or 0) if keepdims is True else product


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = (range(a.ndim - axes, a.ndim), range(axes)) if isinstance(axes, int) else axes
    pairs = list(zip(np.atleast_1d(left) % a.ndim, np.atleast_1d(right) % b.ndim))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    one = [next(letters) for _ in range(a.ndim)]
    two = [next((one[i] for i, j in pairs if j == k), "") or next(letters) for k in range(b.ndim)]
    kept = [c for c in one if c not in two] + [c for c in two if c not in one]
    return np.einsum(f"{''.join(one)},{''.join(two)}->{''.join(kept)}", a, b)


def _diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    rows = np.moveaxis(x, axis, 0)
    return x if n == 0 else _diff(np.moveaxis(rows[1:] - rows[:-1], 0, axis), n - 1, axis)


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    n = len(v)
    beside = {"valid": (0, 0), "same": (n // 2, (n - 1) // 2), "full": (n - 1, n - 1)}[mode]
    return np.lib.stride_tricks.sliding_window_view(np.pad(a, beside), n) @ v if len(a) >= n else NotImplemented


def _append(x: Any, y: Any, axis: Any = None) -> Any:
    return np.concatenate([np.ravel(x), np.ravel(y)] if axis is None else [x, y], axis or 0)


def _matrix_power(x: Any, n: int) -> Any:
    base = np.linalg.inv(x) if n < 0 else x
    return functools.reduce(np.matmul, [base] * abs(n)) if n else NotImplemented


def _pinv(x: Any) -> Any:
    turned = np.swapaxes(x, -1, -2)
    is_tall = x.shape[-2] >= x.shape[-1]
    return np.linalg.inv(turned @ x) @ turned if is_tall else turned @ np.linalg.inv(x @ turned)


def _cross(a: Any, b: Any) -> Any:
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        return NotImplemented
    return a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]


def _median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    rows = np.moveaxis(np.sort(np.ravel(x) if axis is None else x, axis=axis or 0), axis or 0, 0)
    n = len(rows)
    middle = (rows[(n - 1) // 2] + rows[n // 2]) / 2
    return np.expand_dims(middle, tuple(range(x.ndim)) if axis is None else axis) if keepdims else middle


def _cumprod(x: Any, axis: Any = None) -> Any:
    rows = np.moveaxis(np.ravel(x) if axis is None else x, axis or 0, 0)
    return np.moveaxis(np.stack(list(itertools.accumulate(rows, lambda a, b: a * b))), 0, axis or 0)


def _along_axis(function: Callable[..., Any], axis: int, x: Any, *args: Any, **kwargs: Any) -> Any:
    rows = np.moveaxis(x, axis, -1)
    shape = rows.shape[:-1]
    several = [np.asanyarray(function(rows[place], *args, **kwargs)) for place in np.ndindex(*shape)]
    result = np.reshape(np.stack(several), (*shape, *np.shape(several[0])))
    return np.moveaxis(result, -1, axis) if result.ndim == x.ndim else result


def _assign(into: Any, x: Any, where: Any = True) -> None:
    into[...] = x if where is True else np.where(where, x, into)


def _assign_along(into: Any, indices: Any, x: Any, axis: Any) -> None:
    places = np.indices(np.shape(indices))
    into[tuple(indices if k == axis % into.ndim else place for k, place in enumerate(places))] = x


def _assign_diagonal(into: Any, x: Any, wrap: bool = False) -> None:
    into[tuple([np.arange(min(into.shape))] * into.ndim)] = x


def _counted(x: Any, weights: Any, minlength: int = 0) -> Any:
    sums = 0.0 * np.resize(weights, max(minlength, int(np.max(x)) + 1))
    np.add.at(sums, x, weights)
    return sums


def _gradient(x: Any, spacing: Any = 1.0, axis: Any = None) -> Any:
    if axis is None and x.ndim > 1:
        return [_gradient(x, spacing, k) for k in range(x.ndim)]
    rows = np.moveaxis(x, axis or 0, 0)
    inner = (rows[2:] - rows[:-2]) / (2.0 * spacing)
    ends = (rows[1:2] - rows[:1]) / spacing, (rows[-1:] - rows[-2:-1]) / spacing
    return np.moveaxis(np.concatenate([ends[0], inner, ends[1]]), 0, axis or 0)


def _number(x: Any, copy: bool = True, nan: float = 0.0) -> Any:
    return np.where(np.isnan(x), nan, x)


def _log_of_sum(x: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    most = np.max(x, axis=axis, keepdims=True)
    logs = np.log(np.sum(np.exp(x - most), axis=axis, keepdims=True)) + most
    return logs if keepdims else np.squeeze(logs, axis)


COMPOSED: dict[Any, Callable[..., Any]] = {
    np.append: _append,
    np.average: _average,
    np.clip: _clip,
    np.bincount: _counted,
    np.copyto: _assign,
    np.convolve: lambda a, v, mode="full": np.correlate(a, v[::-1], mode),
    np.correlate: _correlate,
    np.cumsum: _cumsum,
    np.diff: _diff,
    np.fill_diagonal: _assign_diagonal,
    np.gradient: _gradient,
    np.mean: _mean,
    np.nan_to_num: _number,
    np.nanmean: lambda x, axis=None, keepdims=False: np.mean(x, axis, keepdims=keepdims, where=~np.isnan(x)),
    np.nansum: lambda x, axis=None, keepdims=False: np.sum(_number(x), axis, keepdims=keepdims),
    np.put_along_axis: _assign_along,
    np.real: lambda x: x,
    np.var: _var,
    np.dot: _dot,
    np.inner: lambda a, b: np.dot(a, b.T if b.ndim > 1 else b),
    np.apply_along_axis: _along_axis,
    np.cross: _cross,
    np.cumprod: _cumprod,
    np.linalg.det: lambda x: np.linalg.slogdet(x)[0] * np.exp(np.linalg.slogdet(x)[1]),
    np.linalg.solve: lambda a, b: np.linalg.inv(a) @ b,
    np.linalg.matrix_power: _matrix_power,
    np.linalg.norm: _norm,
    np.linalg.pinv: _pinv,
    np.median: _median,
    np.outer: lambda a, b: np.ravel(a)[:, None] * np.ravel(b)[None, :],
    np.prod: _prod,
    np.ptp: lambda x, axis=None: np.max(x, axis=axis) - np.min(x, axis=axis),
    np.sort: lambda x, axis=-1: np.take_along_axis(x, np.argsort(x, axis=axis), axis),
    np.std: lambda *args, **kwargs: np.sqrt(np.var(*args, **kwargs)),
    np.tensordot: _tensordot,
    np.trace: lambda x: np.sum(np.diagonal(x)),
    np.vdot: lambda a, b: np.dot(np.ravel(a), np.ravel(b)),
}
"""NumPy's functions, and each in terms of others."""

OF_UFUNCS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.logaddexp, "reduce"): _log_of_sum,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
    (np.positive, "__call__"): lambda x: x * 1.0,
    (np.conjugate, "__call__"): lambda x: x,
    (np.fabs, "__call__"): np.abs,
    (np.fmax, "__call__"): np.maximum,
    (np.fmin, "__call__"): np.minimum,
    (np.deg2rad, "__call__"): lambda x: x * (np.pi / 180.0),
    (np.radians, "__call__"): lambda x: x * (np.pi / 180.0),
    (np.rad2deg, "__call__"): lambda x: x * (180.0 / np.pi),
    (np.degrees, "__call__"): lambda x: x * (180.0 / np.pi),
    (np.copysign, "__call__"): lambda x, y: np.abs(x) * np.where(np.signbit(y), -1.0, 1.0),
}
"""Methods of NumPy's ufuncs, and each in terms of others."""
