"""NumPy as people write it: expressions, or bodies of functions, of arrays that may hold Values.

The names are `x`, `y` (vectors of 5), `p` (a vector of 5 above 0), `A`, `B` (matrices 3 x 3), `S` (symmetric, positive
definite), `T` (2 x 3 x 2), `W` (4 x 5), and `s`, `t`, numbers.  A body ends with ``return``.
"""

from __future__ import annotations

import ast
import linecache
import math
import re
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine

ARITHMETIC = r"""
x + y
x - y * 2
2 * x
x * 2.5 - 1
-x
+x
x / y
1 / p
x / 2
x ** 2
x ** 3
p ** 0.5
p ** -1.5
2.0 ** x
p ** y
x * np.float64(2.0)
np.float64(2.0) * x
x * np.arange(5)
np.arange(5) * x
x + np.ones(5)
np.ones(5) - x
s * x
x * s
x + s
s - x
s / p
x // 2
x % 1.5
p % 0.7
divmod(p, 0.7)[1]
abs(x)
(x - y) ** 2
x * x * x
x @ y
np.negative(x)
np.add(x, y)
np.subtract(x, 1)
np.multiply(x, y)
np.divide(x, p)
np.true_divide(x, 3)
np.power(p, 2)
np.power(p, y)
np.float_power(p, 1.5)
np.square(x)
np.reciprocal(p)
np.positive(x)
np.conj(x)
np.remainder(p, 0.7)
np.mod(x, 1.15)
np.fmod(x, 1.15)
np.fmod(1.15, x)
np.floor_divide(x, 0.31) + x
np.sqrt(p)
np.cbrt(p)
np.hypot(x, y)
"""

FUNCTIONS = r"""
np.exp(x)
np.exp2(x)
np.expm1(x)
np.log(p)
np.log2(p)
np.log10(p)
np.log1p(p)
np.logaddexp(x, y)
np.logaddexp2(x, y)
np.sin(x) * np.cos(y)
np.tan(x)
np.arcsin(x / 4)
np.arccos(x / 4)
np.arctan(x)
np.arctan2(y, x)
np.sinh(x)
np.cosh(x)
np.tanh(x)
np.arcsinh(x)
np.arccosh(1 + p)
np.arctanh(x / 4)
np.sinc(x)
np.deg2rad(x)
np.rad2deg(x)
np.degrees(x)
np.radians(x)
np.abs(x)
np.absolute(x)
np.fabs(x)
np.sign(x) * x
np.heaviside(x, 0.5) * x
np.maximum(x, 0)
np.maximum(x, y)
np.minimum(x, y)
np.fmax(x, y)
np.fmin(x, 0)
np.clip(x, -1, 1)
np.clip(x, None, 0.5)
x.clip(-1, 1)
x.clip(min=0)
np.copysign(x, y)
np.floor(x) + x
np.ceil(x) * x
np.round(x) + x
np.rint(x) * y
np.trunc(x) + x
np.fix(x) * x
np.round(x, 1) * x
np.real(x)
np.imag(x) + x
np.nan_to_num(x)
np.i0(x)
1 / (1 + np.exp(-x))
np.exp(x - x.max()) / np.exp(x - x.max()).sum()
np.log(np.sum(np.exp(x)))
np.logaddexp.reduce(x)
x - np.logaddexp.reduce(x)
np.where(x > 0, x, 0.1 * x)
np.maximum(0.1 * x, x)
np.log(1 + np.exp(-np.abs(x))) + np.maximum(x, 0)
0.5 * x * (1 + np.tanh(0.8 * (x + 0.04 * x ** 3)))
x * (x > 0)
(x > 0) * x + (x <= 0) * (np.exp(x) - 1)
"""

REDUCTIONS = r"""
np.sum(x)
x.sum()
sum(x)
sum(x * y)
A.sum(axis=0)
A.sum(axis=-1, keepdims=True) * A
T.sum(axis=(0, 2))
np.sum(A, where=np.eye(3, dtype=bool))
np.sum(x, initial=3.0)
np.prod(x)
A.prod(axis=1)
np.mean(x)
x.mean()
A.mean(axis=0)
A.mean(1, keepdims=True)
np.var(x)
x.var()
x.var(ddof=1)
A.var(axis=0)
np.std(x)
A.std(axis=1, ddof=1)
x.std()
(x - x.mean()) / x.std()
(A - A.mean(axis=0)) / A.std(axis=0)
(A - A.mean(axis=1, keepdims=True)) / np.sqrt(A.var(axis=1, keepdims=True) + 1e-5)
np.max(x)
x.max()
A.max(axis=0)
A.max(axis=1, keepdims=True)
np.min(x)
x.min()
A.min(axis=1)
max(x)
min(x)
np.amax(x)
np.ptp(x)
np.median(x)
np.median(A, axis=0)
np.quantile(x, 0.3)
np.percentile(x, [25, 75])
np.average(x, weights=p)
np.average(A, axis=0)
np.cumsum(x)
x.cumsum()
np.cumsum(A, axis=0)
np.cumprod(x)
np.add.reduce(x)
np.multiply.reduce(x)
np.maximum.reduce(x)
np.add.accumulate(x)
np.maximum.accumulate(x)
np.add.reduceat(x, [0, 2])
np.logaddexp.reduce(A, axis=1)
np.nansum(x)
np.nanmean(x)
np.nanmax(A, axis=0)
np.nanstd(x)
np.nanvar(A, axis=1)
np.nanmedian(x)
np.nancumsum(x)
np.linalg.norm(x)
np.linalg.norm(x, 1)
np.linalg.norm(x, np.inf)
np.linalg.norm(A)
np.linalg.norm(A, axis=1)
np.linalg.norm(x - y)
x / np.linalg.norm(x)
np.sqrt(np.sum((x - y) ** 2))
np.mean((x - y) ** 2)
np.mean(np.abs(x - y))
np.sqrt(np.mean(np.square(x - y)))
np.dot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y))
-np.sum(p * np.log(p))
np.cov(x, y)
np.corrcoef(x, y)[0, 1]
np.cov(A)
np.trapz(x) if hasattr(np, "trapz") else np.trapezoid(x)
np.diff(x)
np.diff(x, n=2)
np.diff(A, axis=0)
np.ediff1d(x)
np.gradient(x)
np.gradient(A, axis=0)
np.gradient(x, 0.5)
np.count_nonzero(x > 0) * x
np.any(x > 0) * x
(x > 0).sum() * x
(x > 0).mean() * x
np.all(x > -9) * x
"""

PRODUCTS = r"""
np.dot(x, y)
x.dot(y)
A @ B
A @ x[:3]
x[:3] @ A
A.dot(B)
np.dot(A, x[:3])
np.matmul(A, B)
np.inner(x, y)
np.inner(A, B)
np.outer(x, y)
np.vdot(A, B)
np.cross(x[:3], y[:3])
np.kron(x[:2], y[:3])
np.kron(A, np.eye(2))
np.tensordot(A, B)
np.tensordot(A, B, axes=1)
np.tensordot(T, A, axes=([1], [0]))
np.einsum("i,i->", x, y)
np.einsum("ij,jk->ik", A, B)
np.einsum("ij,ij->i", A, B)
np.einsum("ii->i", A)
np.einsum("ii", A)
np.einsum("ij->ji", A)
np.einsum("i,j->ij", x, y)
np.einsum("...ij,...jk->...ik", T, T.swapaxes(1, 2))
np.einsum("ij,j,i->", A, x[:3], y[:3])
np.trace(A)
A.trace()
np.trace(A @ B)
np.linalg.multi_dot([A, B, x[:3]])
np.linalg.matrix_power(A, 3)
x[:3] @ A @ y[:3]
x[:3].T @ S @ x[:3]
W @ x
W @ x + np.ones(4)
np.tanh(W @ x)
np.maximum(W @ x, 0) @ W
T @ A[:2]
T @ A[:2, :2]
np.matmul(T.transpose(0, 2, 1), T)
np.convolve(x, y)
np.convolve(x, [1, 0, -1], mode="same")
np.convolve(x, y[:3], "valid")
np.correlate(x, y[:2])
np.polyval([1.0, 2.0, 3.0], x)
np.polyval(x, 0.5)
np.vander(x, 3)
np.multiply.outer(x, y)
np.add.outer(x, y)
np.subtract.outer(x, y) ** 2
x[:, None] - y[None, :]
((x[:, None] - y) ** 2).sum()
x[:, np.newaxis] * y
"""

LINEAR_ALGEBRA = r"""
np.linalg.solve(S, x[:3])
np.linalg.solve(S, A)
np.linalg.solve(A, B) @ y[:3]
np.linalg.inv(S)
np.linalg.inv(A) @ x[:3]
np.linalg.det(A)
np.linalg.det(S)
np.linalg.slogdet(S)[1]
np.log(np.linalg.det(S))
np.linalg.cholesky(S)
np.linalg.pinv(W)
np.linalg.svd(A, compute_uv=False)
np.linalg.norm(A, "nuc")
np.linalg.norm(A, 2)
np.linalg.cond(S)
np.linalg.norm(A, "fro")
x[:3] @ np.linalg.inv(S) @ x[:3]
-0.5 * (x[:3] @ np.linalg.solve(S, x[:3]) + np.linalg.slogdet(S)[1])
np.linalg.inv(A.T @ A + np.eye(3)) @ A.T @ x[:3]
np.linalg.tensorsolve(S, x[:3])
np.trace(np.linalg.inv(S) @ A)
np.linalg.eigh(S)[0]
np.linalg.eigvalsh(S)
np.linalg.eig(S)[0]
np.linalg.qr(A)[1]
np.linalg.lstsq(W, x[:4], rcond=None)[0]
np.linalg.matrix_rank(A) * x
np.linalg.svd(A)[1]
"""

SHAPES = r"""
x.reshape(5, 1)
x.reshape(-1, 1) * y
np.reshape(A, 9)
A.ravel()
A.flatten()
np.ravel(A)
A.T
A.T @ A
np.transpose(T, (2, 0, 1))
T.transpose(1, 0, 2)
T.swapaxes(0, 1)
np.moveaxis(T, 0, -1)
np.rollaxis(T, 2)
np.expand_dims(x, 0)
np.squeeze(x[None])
x[None].squeeze()
np.concatenate([x, y])
np.concatenate([A, B], axis=1)
np.concatenate((x, [1.0]))
np.stack([x, y])
np.stack([x, y], axis=1)
np.vstack([x, y])
np.hstack([x, y])
np.column_stack([x, y])
np.dstack([x, y])
np.r_[x, y]
np.c_[x, y]
np.r_[1.0, x]
np.append(x, 1.0)
np.append(x, y)
np.insert(x, 1, 2.0)
np.delete(x, 0)
np.pad(x, 1)
np.pad(x, (1, 2), constant_values=3.0)
np.pad(A, 1, mode="edge")
np.pad(x, 2, mode="reflect")
np.tile(x, 2)
np.repeat(x, 2)
x.repeat(2)
np.roll(x, 1)
np.flip(x)
x[::-1]
np.fliplr(A)
np.rot90(A)
np.split(x[:4], 2)[0]
np.array_split(x, 2)[1]
np.hsplit(A, 3)[1]
np.broadcast_to(x, (2, 5))
np.broadcast_arrays(x, A[:, :1])[0]
np.meshgrid(x, y)[0]
np.diag(A)
np.diag(x)
np.diagonal(A)
np.diagflat(x)
np.tril(A)
np.triu(A, 1)
np.block([[A, B], [B, A]])
np.atleast_2d(x)
np.take(x, [0, 2])
x.take([1, 1])
np.take_along_axis(A, np.array([[0], [1], [2]]), axis=1)
np.compress([True, False, True], x[:3])
np.extract(x > 0, x)
np.resize(x, 7)
np.copy(x)
x.copy()
np.zeros_like(x) + x
np.ones_like(A) * A
np.full_like(x, 2.0) * x
np.full(3, s)
np.eye(3) * s
np.linspace(s, t, 5)
np.linspace(0, 1, 5) * x
np.asarray(x) * 2
np.asanyarray(x) * 2
np.array(x) + 1
np.ascontiguousarray(x) * y
np.array([s, t])
np.array([s, t]) @ np.array([1.0, 2.0])
np.array([[s, t], [t, s]]) @ np.array([1.0, 2.0])
np.array([x[0], x[1] * 2])
np.array([x, y])
np.array([np.sin(v) for v in x])
np.array(list(x))
np.asarray([s * v for v in x])
np.atleast_1d(s)
np.stack([s, t])
np.hstack([s, x])
np.apply_along_axis(np.sum, 0, A)
np.apply_along_axis(lambda v: v * v.sum(), 1, A)
np.apply_over_axes(np.sum, T, [0, 2])
np.vectorize(lambda v: v * v)(x)
np.frompyfunc(lambda v: v * v, 1, 1)(x)
np.fromiter((v for v in x), dtype=object)
"""

INDEXING = r"""
x[0]
x[-1] * x[0]
x[1:3]
x[::2]
x[[0, 2, 2]]
x[np.array([1, 3])]
A[0]
A[0, 1]
A[:, 1]
A[..., 0]
A[1:, :2]
A[[0, 1], [1, 2]]
A[np.arange(3), [0, 2, 1]]
A[np.ix_([0, 2], [1, 2])]
A[np.triu_indices(3)]
A[np.diag_indices(3)]
x[np.array([True, False, True, False, True])]
x[x > 0]
x[(x > -1) & (x < 1)]
A[A > 0].sum()
x[np.argsort(x)]
x[np.argmax(x)]
x[x.argmin()]
np.sort(x)
np.sort(A, axis=0)
np.sort(x)[::-1]
np.partition(x, 2)[:2]
np.argsort(x) * x
sorted(x)[0]
x[np.where(x > 0)]
x[np.nonzero(x > 0)[0]]
np.flatnonzero(x > 0).size * x
np.searchsorted([-1.0, 0.0, 1.0], x) * x
np.digitize(x, [-1.0, 0.0, 1.0]) * x
np.unique(x)
np.bincount([0, 1, 1, 0, 2], weights=x)
np.histogram(x)[0]
len(x) * x
x.shape[0] * x
x.size * x
x.ndim * x
[v for v in x][1]
[a * b for a, b in zip(x, y)]
{"a": x[0]}["a"] * x
a, b, *c = x\nreturn a * b + sum(c)
for v in A:\n    pass\nreturn v
return [i * v for i, v in enumerate(x)]
x.tolist()[0]
x.item(2)
x.flat[1]
list(x.flat)[2]
[A[i, j] for i, j in np.ndindex(3, 3)][4]
[v for _, v in np.ndenumerate(A)][4]
"""

CHOICES = r"""
np.where(x > y, x, y)
np.where(x > 0, np.sqrt(np.abs(x)), 0.0)
np.where(x > 0, 1.0, -1.0) * x
np.where([True, False, True, False, True], x, y)
np.where(x > 0, x, np.zeros(5))
np.where(A > A.T, A, B)
np.select([x < -1, x > 1], [x, x ** 2], default=0.0)
np.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v ** 2])
np.choose([0, 1, 0, 1, 0], [x, y])
np.interp(x, [-2.0, 0.0, 2.0], [1.0, 3.0, 2.0])
np.interp(0.5, [0.0, 1.0], x[:2])
np.isnan(x) * y + x
np.isfinite(x) * x
np.isinf(x) + x
np.isclose(x, y) * x
np.allclose(x, x) * x
np.array_equal(x, x) * x
np.logical_and(x > 0, y > 0) * x
np.logical_not(x > 0) * x
np.logical_or(x > 0, y > 0) + x
((x > 0) & (y > 0)) * x
((x > 0) | (y > 0)) * x
(~(x > 0)) * x
((x > 0) ^ (y > 0)) * x
np.greater(x, 0) * x
np.less_equal(x, y) * x
(x == y) * x + x
(x != y) * x
x if s > 0 else y
x if x[0] > 0 else y
x if x.sum() > 0 else -x
x if np.all(x > 0) else -x
x if (x > 0).any() else -x
np.signbit(x) * x
(x > 0).astype(float) * x
np.nan_to_num(x / p)
np.ma.masked_where(x > 0, x).sum()
"""

STORES = r"""
z = np.zeros_like(x)\nz[:] = x\nreturn z * 2
z = np.zeros(5, dtype=object)\nz[1] = x[0]\nreturn z * 2.0
z = x.copy()\nz[0] = 3.0\nreturn z * x
z = x.copy()\nz[1:3] = y[1:3]\nreturn z * z
z = x.copy()\nz[z < 0] = 0.0\nreturn z
z = x * 1.0\nz += y\nreturn z * z
z = x.copy()\nz *= 2\nreturn z
z = x.copy()\nz /= p\nreturn z
z = x.copy()\nz -= y\nz **= 2\nreturn z
z = x.copy()\nz[[0, 1]] += y[:2]\nreturn z
z = x.copy()\nnp.add.at(z, [0, 0, 1], y[:3])\nreturn z
z = A.copy()\nz[np.diag_indices(3)] = x[:3]\nreturn z @ z
z = A.copy()\nnp.fill_diagonal(z, 0.0)\nreturn z * z
z = np.empty((2, 5), dtype=object)\nz[0] = x\nz[1] = y\nreturn z
z = np.empty_like(x)\nfor i in range(5):\n    z[i] = x[i] * i\nreturn z
z = [0.0] * 5\nfor i in range(5):\n    z[i] = x[i] * y[i]\nreturn np.array(z)
z = 0.0\nfor v in x:\n    z = z + v * v\nreturn z
z = 0\nfor a, b in zip(x, y):\n    z += a * b\nreturn z
z = np.copy(A)\nz[0, :] = x[:3]\nreturn z.sum(axis=1)
z = x.copy()\nnp.put(z, [0, 1], y[:2])\nreturn z
z = x.copy()\nnp.copyto(z, y, where=np.array([True, False, True, False, True]))\nreturn z
z = x.copy()\nz.sort()\nreturn z
z = x.copy()\nz.fill(s)\nreturn z
z = np.full_like(x, s)\nreturn z * x
z = np.multiply(x, y, out=np.empty(5, dtype=object))\nreturn z
z = A.copy()\nz[A < 0] *= 0.5\nreturn z
z = A.copy()\nz[:, 0], z[:, 1] = A[:, 1], A[:, 0]\nreturn z @ x[:3]
z = A.copy()\nz[[0, 1]] = z[[1, 0]]\nreturn z @ x[:3]
z = x\nfor _ in range(3):\n    z = np.tanh(z * y + 0.1)\nreturn z
z = np.zeros(5)\nz[:] = x\nreturn z
z = np.zeros(5)\nz[0] = x[0]\nreturn z
z = np.zeros(5)\nz += x\nreturn z
z = np.empty(5)\nnp.multiply(x, y, out=z)\nreturn z
z = np.zeros((3, 3))\nz[:2, :2] = A[:2, :2]\nreturn z
z = np.array(x, dtype=float)\nreturn z * 2
z = np.asarray(x, dtype=np.float64)\nreturn z * 2
z = np.array([float(v) for v in x])\nreturn z * 2
import math\nreturn math.sqrt(p[0])
import copy\nreturn copy.deepcopy(x) * x
import copy\nreturn copy.copy(x) * x
import functools, operator\nreturn functools.reduce(operator.mul, x)
import itertools\nreturn sum(a * b for a, b in itertools.combinations(x, 2))
"""

SCALARS = r"""
s * t
s ** 2
s ** t
np.sin(s)
np.exp(s) + np.log(t)
np.maximum(s, t)
max(s, t)
abs(s - t)
s.sum() if hasattr(s, "sum") else s
np.float64(3.0) * s
s * np.ones(3)
np.ones(3) * s
s + np.arange(3)
np.dot(s, t)
np.sum([s, t])
np.mean([s, t])
np.max([s, t])
np.prod([s, t, s])
np.linalg.norm([s, t])
np.sqrt(s ** 2 + t ** 2)
np.array([s, t]).sum()
np.array([s, t]).mean() * 2
np.array([[s, t], [t, s]]).T
np.reshape(s, (1, 1))
np.where(s > t, s, t)
np.clip(s, 0, 1)
round(s) * s
s % 1
s // 1 + s
divmod(s, 0.35)[1]
-s
1 / s
np.abs(-s)
np.squeeze(np.array([s]))
np.stack([s, t, s])
np.diag([s, t])
np.isnan(s) + t
np.tanh([s, t])
sum([s, t]) / 2
np.interp(s, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0])
np.polyval([s, t, 1.0], 2.0)
np.outer([s, t], [t, s])
np.cross([s, t, 1.0], [1.0, s, t])
"""

VARIETIES = r"""
np.sum(A, axis=(0, 1), keepdims=True)
np.sum([x, y], axis=0)
np.sum((x, y))
np.sum(x, dtype=np.float64)
np.mean([x, y], axis=0)
np.max([x[0], x[1], 0.5])
np.min((s, t))
np.argmax([s, t]) * s
np.max(A, axis=(0, 1))
np.max(x, initial=9.0)
np.max(x, where=x > 0, initial=-1.0)
np.min(A, axis=0, keepdims=True, initial=0.2)
x.max(initial=3.0)
np.amin(A, 1)
np.prod(A, axis=0, where=A > 0)
np.any(A > 0, axis=0) * x[:3]
np.all(A > -1, axis=1, keepdims=True) * A
np.mean(A, where=A > 0)
np.std(A, axis=0, keepdims=True, ddof=1)
np.var(x, mean=np.mean(x, keepdims=True))
np.average([s, t], weights=[1, 2])
np.average(x, weights=[1, 2, 3, 4, 5])
np.average(A, axis=1, weights=p[:3])
np.cumsum(A)
np.cumsum(A, axis=1)[:, -1]
A.cumprod(axis=0)
np.cumsum([s, t, s])
np.diff(x, prepend=0.0)
np.diff(x, append=[1.0])
np.diff(A)
np.gradient(A)[1]
np.gradient(x, np.array([0.0, 1.0, 3.0, 4.0, 6.0]))
np.gradient(x, edge_order=2)
np.gradient(A, 0.5, 2.0)[0]
np.trapezoid(x, dx=0.1)
np.trapezoid(y, x)
np.trapezoid(A, axis=0)
np.convolve(x, np.array([0.25, 0.5, 0.25]), mode="valid")
np.correlate(x, y, "full")
np.interp(x, [-3, 0, 3], [0, 1, 4])
np.interp(x, np.linspace(-3, 3, 7), np.arange(7.0))
np.interp(s, x[[1, 0]], y[:2])
np.interp(x, [-1.0, 0.0, 1.0], [1.0, 3.0, 2.0], left=0.0, right=9.0)
np.clip(x, -p, p)
np.clip(x, s - 1, s)
np.clip(A, 0, None)
np.clip(x, a_min=-1, a_max=1)
np.clip([s, t], 0.9, 1.5)
np.where(A > 0, A, 0).sum(axis=0)
np.where(x > 0, x, np.where(x > -1, 2 * x, 3 * x))
np.where(np.isnan(x), 0, x)
np.where(x > 0, s, t)
np.where([True, False], s, t)
np.where(s > 1, x, y)
np.select([x > 1, x > 0], [x * 2, x * 3], 7.0)
np.select([s > 1, s > 0], [t, s])
np.piecewise(x, [x > 0], [lambda v: v ** 2, lambda v: -v])
np.piecewise(x, [x < -1, x > 1], [-1, 1, lambda v: v])
np.heaviside(x, 0) * x
np.sign(x) * np.abs(x) ** 1.5
np.maximum.outer(x, y)
np.minimum.reduce(A, axis=1)
np.maximum.reduce([x, y, np.zeros(5)])
np.logical_and.reduce(A > -9) * x[:3]
np.logaddexp(x, 0)
np.hypot(s, t)
np.hypot(*x[:2])
np.arctan2(*x[:2])
np.power(2, x)
np.power(x, 2)
np.power(x, [1, 2, 3, 2, 1])
np.power(x, 3.0)
np.exp(x) ** s
x ** np.array([1, 2, 3, 1, 2])
(-x) ** 2
x ** -2
p ** -0.5
s ** x
2 ** s
np.sqrt(x ** 2 + y ** 2)
np.sqrt(np.maximum(x, 1e-8))
np.log(np.clip(p, 1e-7, 1 - 1e-7))
np.log(p / p.sum())
np.exp(-0.5 * ((x - s) / t) ** 2) / np.sqrt(2 * np.pi * t ** 2)
-np.mean(np.log(np.exp(x) / np.exp(x).sum()))
np.tanh(W @ x + W[:, 0]) @ W @ y
np.maximum(0, A @ x[:3] + y[:3]).sum()
np.linalg.norm(A - B, "fro") ** 2
np.linalg.norm(x[:, None] - y[None, :], axis=1)
np.linalg.norm(A, axis=(0, 1))
np.linalg.norm(A, ord=1, axis=0, keepdims=True)
np.linalg.norm(x, ord=3)
np.linalg.norm(x, ord=-np.inf)
np.linalg.solve(np.eye(3) + A @ A.T, x[:3])
np.linalg.matrix_power(A, -1)
np.linalg.slogdet(A)
np.linalg.cholesky(S).sum()
np.linalg.pinv(A)
np.linalg.pinv(W) @ x[:4]
np.trace(A, offset=1)
np.einsum("ij,j", A, x[:3])
np.einsum("ij,kj->ik", A, B)
np.einsum("i,i,i->i", x, y, p)
np.einsum("ijk->k", T)
np.einsum("ijk,jl->ikl", T, A)
np.einsum(A, [0, 1], B, [1, 2], [0, 2])
np.einsum("bij,bij->b", T, T, optimize=True)
np.tensordot(x, y, 0)
np.tensordot(A, B, ([0, 1], [1, 0]))
np.dot(2.0, x)
np.dot(x, 2.0)
np.dot(T, A[:2, :2])
np.inner(2.0, x)
np.outer(A, x[:2])
np.outer(s, x)
np.vdot(x, y)
np.cross(A, B)
np.kron(x[:2], A)
A @ B @ x[:3]
(A @ x[:3]) @ (B @ y[:3])
A @ np.eye(3)
np.eye(3) @ A
np.ones((2, 3)) @ A
np.arange(9.0).reshape(3, 3) @ A
[1.0, 2.0, 3.0] @ A
A @ [1.0, 2.0, 3.0]
x @ W.T
np.linalg.multi_dot([W, W.T, x[:4]])
np.matmul(A[None], T)
T.sum(axis=-1).T
T.mean(axis=(1, 2))
T.max(axis=2)
T.reshape(2, -1)
T.reshape((3, 4), order="F")
T.flatten()
T.ravel(order="F")
T[..., 0]
T[:, 1]
T[0, :, 1]
T[None, ..., None]
T[[0, 1], :, [1, 0]]
T[:, [0, 2]]
T[..., ::-1]
x[-2:]
x[:-1] - x[1:]
x[1:] * x[:-1]
x[np.newaxis, :]
x[..., None]
x[(x > 0).nonzero()]
x[np.argsort(-x)]
x[[True, False, True, False, True]]
x[np.abs(x) < 1.5].sum()
A[A > A.mean()]
A[x[:3] > 0]
A[:, y[:3] > 0]
A[np.tril_indices(3, -1)]
A[~np.eye(3, dtype=bool)]
A.take([0, 4, 8])
A.diagonal(1)
A.repeat(2, axis=0)
A.squeeze()
A.swapaxes(0, 1) @ A
A.tolist()[1][2]
A.item(4)
A.item(1, 2)
np.rot90(A, 2)
np.roll(A, 1, axis=1)
np.roll(A, (1, 2), axis=(0, 1))
np.flip(A, 1)
np.flipud(A)
np.tile(x[:2], (2, 3))
np.pad(x, 2, mode="wrap")
np.pad(x, (0, 3), mode="constant")
np.pad(A, ((1, 0), (0, 2)))
np.pad(x, 1, mode="linear_ramp")
np.pad(x, 1, mode="mean")
np.pad(x, 1, mode="symmetric")
np.stack((A, B), axis=-1)
np.stack([s * x, t * y])
np.vstack((A, x[:3]))
np.hstack((A, B))
np.concatenate([A.ravel(), x])
np.concatenate([np.zeros(2), x, [s]])
np.concatenate((A, B), axis=None)
np.append(A, B, axis=0)
np.insert(x, [0, 2], [s, t])
np.delete(A, 1, axis=0)
np.block([x[:2], 1.0])
np.array([A[0], B[1]])
np.array([[s * t, s], [t, 1.0]])
np.array([s, 2.0, t]) ** 2
np.array([v ** 2 for v in x if v > 0])
np.array([x.sum(), y.sum()])
np.array([A @ x[:3], B @ x[:3]])
np.array([row.sum() for row in A])
np.array([[a * b for b in y] for a in x])
np.array(x.tolist()) * 2
np.asarray([x, y]) * 2
np.stack([row / row.sum() for row in A + 3])
np.sum([a * b for a, b in zip(x, y)])
np.prod([v for v in x])
np.exp([s, t]).sum()
np.sqrt([p[0], p[1]])
np.tanh(np.array([s, t]))
np.sin(list(x))
np.add.reduce([s, t, 1.0])
np.linspace(0, s, 3)
np.linspace(x[:2], y[:2], 4)
np.linspace(s, t, 4, retstep=True)[1]
np.logspace(s, t, 3)
np.geomspace(p[0], p[1], 3)
np.arange(3) * s
np.full((2, 2), s) @ np.ones(2)
np.full_like(A, s)
np.zeros((2, 3)) + x[:3]
np.ones_like(x) * s
np.eye(2) * s + np.diag([t, s])
np.diag(x[:3]) @ A
np.diag(np.diag(A))
np.diag(A, k=1)
np.identity(3) * x[:3]
np.tri(3) * A
np.vander(x[:3], increasing=True)
np.polyval(x[:3], y)
np.polyder(x)
np.polyint(x[:3])
np.polyadd(x, y[:3])
np.polymul(x[:3], y[:2])
np.poly1d([1.0, 2.0])(x)
np.sort(A)
np.sort(A, axis=None)
np.sort(-x)
np.sort(x)[2]
np.sort(x)[-2:].sum()
x[np.argpartition(x, 2)[:2]].sum()
np.median(A, axis=1)
np.median([s, t, 1.0])
np.percentile(x, 50)
np.quantile(x, [0.0, 0.5, 1.0])
np.quantile(A, 0.3, axis=0, method="hazen")
np.nanpercentile(x, 40)
np.nanmin(x)
np.nanprod(A, axis=1)
np.nanargmax(x) * x
np.histogram(np.zeros(3))[0].sum() * x
np.ptp(A, axis=0)
np.unwrap(x)
np.angle(x) + x
np.real_if_close(x)
np.iscomplex(x) * x
np.isreal(x) * x
np.nan_to_num(x, nan=1.0)
np.around(x, 2) + x
x.round(1) + x
np.modf(x)[0]
np.divmod(x, 0.85)[1]
np.frexp(p)[0]
np.signbit(x) + x
np.copysign(p, x)
np.spacing(x)
np.cumulative_sum(x)
np.linalg.vecdot(x, y)
np.vecdot(A, B)
np.matrix_transpose(A)
np.linalg.matrix_norm(A)
np.linalg.vector_norm(x, ord=1)
np.linalg.svdvals(A)
np.unstack(A)[1]
np.concat([x, y])
np.permute_dims(T, (1, 0, 2))
np.pow(p, 2)
np.acos(x / 4)
np.atan2(x, y)
np.take(A, [0, 2], axis=1)
np.choose(np.array([0, 1, 0]), [x[:3], y[:3]])
np.put_along_axis(A.copy(), np.array([[0], [1], [2]]), 9.0, axis=1) or A
np.fromfunction(lambda i, j: i * s + j * t, (2, 2))
np.apply_along_axis(np.linalg.norm, 1, A)
np.apply_along_axis(np.sort, 0, A)
np.vectorize(lambda a, b: a * b if a > 0 else b)(x, y)
np.ndindex(2, 2) and x
np.fft.fft(x).real
np.testing.assert_allclose(x, x) or x
np.broadcast_to(s, (2, 2)) * 2
np.squeeze(A[:1])
np.ravel([x, y])
np.reshape(x[:4], (2, 2), order="F")
np.ascontiguousarray(A.T)
np.asfortranarray(A)
np.require(x)
np.shape(x)[0] * x
np.size(A) * s
np.ndim(A) * s
np.nonzero(x)[0].size * x
np.indices((5,))[0] * x
np.meshgrid(x, y, indexing="ij")[1]
np.atleast_3d(x)
np.split(x, [2, 3])[0]
np.vsplit(A, 3)[0]
np.rollaxis(A, 1)
np.array_equal(x, y) + x
np.array_equiv(x, x) * x
np.isclose(s, s) * s
np.may_share_memory(x, y) + x
np.result_type(x) and x
np.asarray(x).dtype and x
x.astype(float)
x.astype(np.float64) * 2
x.astype(object) * 2
x.astype(int)
x.astype(np.float32)
x.view()
x.real + x.imag
x.conj()
x.nonzero()[0].size * x
x.compress([1, 0, 1, 0, 1])
hash(s) * 0.0 + s
float(s)
int(s) * s
bool(s > 0) * s
"%.3f" % 1.0 and s
f"{s}" and s
repr(x) and x
str(x) and x
isinstance(x, np.ndarray) and x
callable(x) or x
x is not None and x
len(A) * A
list(A)[0]
tuple(x)[1]
[*x][2]
dict(enumerate(x))[3]
max(x, key=lambda v: -v)
max(x, y, key=lambda v: v.sum())
min(x.min(), y.min())
sorted(x, reverse=True)[0]
sorted(x, key=abs)[0]
any(v > 2 for v in x) * x
all(x > -9) * x
sum(x > 0) * x
sum(v for v in x if v > 0)
sum(x[i] * y[i] for i in range(len(x)))
zip(x, y) and x
reversed(x) and x
list(reversed(x))[0]
list(map(lambda v: v * v, x))
list(filter(lambda v: v > 0, x))
import statistics\nreturn statistics.mean(x)
import math\nreturn math.floor(s) + s
import math\nreturn math.fsum(x)
import math\nreturn math.prod(x)
import math\nreturn math.hypot(s, t)
import math\nreturn math.isclose(s, t) + s
import math\nreturn math.pow(s, 2)
import operator\nreturn operator.mul(x, y)
import random\nreturn random.Random(0).random() * x
z = 0 * x\nfor i, v in enumerate(x):\n    z[i] = v ** 2\nreturn z
z = np.ones(5) * x\nz[2:] = 0\nreturn z
z = x + 0\nz[::2] = y[::2]\nreturn z
z = x.copy()\nz[x > 0] = y[x > 0]\nreturn z
z = x.copy()\nz[x > 0] *= 2\nreturn z
z = x.copy()\nz[-1] += z[0]\nreturn z
z = x.copy()\nz[:] = 0\nreturn z + x
z = A.copy()\nz[1] += x[:3]\nreturn z
z = A.copy()\nz[:, 0] = 1\nreturn z
z = A.copy()\nz.T[0] = x[:3]\nreturn z
z = A.copy()\nz.flat[0] = s\nreturn z
z = A.copy().ravel()\nz[4] = s\nreturn z
z = x.copy()\nz.resize(5)\nreturn z
z = x.copy()\nz, w = z[:2], z[2:]\nreturn z.sum() * w
z = np.zeros(5, dtype=x.dtype)\nz[1:] = x[1:]\nreturn z * 2
z = np.zeros_like(A)\nnp.fill_diagonal(z, x[:3])\nreturn z @ A
z = np.zeros((3, 3), dtype=object)\nz[np.arange(3), np.arange(3)] = x[:3]\nreturn z @ A
z = x.copy()\nnp.subtract.at(z, [0, 1], 1.0)\nreturn z
z = x.copy()\nnp.maximum(z, 0, out=z)\nreturn z
z = x.copy()\nnp.exp(z, out=z)\nreturn z
z = x.copy()\nz //= 0.31\nreturn z + x
z = x.copy()\nz %= 0.83\nreturn z
z = A.copy()\nz @= B\nreturn z
z = x.copy()\ndel z\nreturn x
z = {"w": x, "b": s}\nreturn z["w"] * z["b"]
z = [x, y]\nreturn np.sum([v.sum() for v in z])
z = []\nfor v in x:\n    z.append(v * 2)\nreturn np.stack(z)
z = []\nfor row in A:\n    z.append(np.exp(row) / np.exp(row).sum())\nreturn np.array(z)
z = x\nwhile np.abs(z).max() > 1:\n    z = z / 2\nreturn z
z = s\nfor _ in range(5):\n    z = z - (z ** 2 - 2) / (2 * z)\nreturn z
if (x > 0).sum() > 2:\n    return x\nreturn -x
if x.mean() > 0 and s > 0:\n    return x\nreturn -x
if x[0] in (0.0, 1.0):\n    return x\nreturn -x
if not x.any():\n    return x\nreturn -x
assert x.shape == (5,)\nreturn x
try:\n    return x[7]\nexcept IndexError:\n    return x
def g(v):\n    return v * v\nreturn g(x) + g(s)
g = lambda v: v @ v\nreturn g(x)
with np.errstate(all="ignore"):\n    return np.log(p)
rng = np.random.default_rng(0)\nreturn x * rng.normal(size=5)
mask = np.array([1, 0, 1, 0, 1])\nreturn x * mask
mask = (y > 0).astype(float)\nreturn x * mask
idx = np.argsort(y)\nreturn x[idx] * np.arange(5)
n, = x.shape\nreturn x / n
n, m = W.shape\nreturn W.sum() / (n * m)
h = np.tanh(W @ x)\nz = h @ W\np = np.exp(z - z.max())\np = p / p.sum()\nreturn -np.log(p[2])
m = A.mean(axis=0)\nc = (A - m).T @ (A - m) / (len(A) - 1)\nreturn c
d = x[:, None] - x[None, :]\nreturn np.exp(-d ** 2 / (2 * s ** 2))
K = np.exp(-(x[:, None] - x) ** 2) + 0.1 * np.eye(5)\nreturn y @ np.linalg.solve(K, y) + np.linalg.slogdet(K)[1]
q = A / np.linalg.norm(A, axis=1, keepdims=True)\nreturn q @ q.T
u = (A - A.mean(0)) / (A.std(0) + 1e-8)\nreturn (u ** 3).mean(0)
e = np.exp(A - A.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=1, keepdims=True)
"""

SECTIONS = {
    "arithmetic": ARITHMETIC, "functions": FUNCTIONS, "reductions": REDUCTIONS, "products": PRODUCTS,
    "linear algebra": LINEAR_ALGEBRA, "shapes": SHAPES, "indexing": INDEXING, "choices": CHOICES, "stores": STORES,
    "scalars": SCALARS, "varieties": VARIETIES,
}  # fmt: skip
IDIOMS = {name: [line.replace("\\n", "\n") for line in text.strip().split("\n")] for name, text in SECTIONS.items()}

VECTORS, FLOATS, ROOM = (
    "signs (of singular vectors )?are arbitrary",
    "was turned into a float",
    "writes into an array of float64",
)
REFUSALS = {
    "np.i0(x)": "np.i0 is not defined",
    "np.unique(x)": "np.unique is not defined",
    "np.histogram(x)[0]": "np.histogram is not defined",
    "np.linalg.eigh(S)[0]": VECTORS,
    "np.linalg.eigvalsh(S)": VECTORS,
    "np.linalg.eig(S)[0]": VECTORS,
    "np.linalg.qr(A)[1]": VECTORS,
    "np.linalg.svd(A)[1]": "compute_uv=False",
    "np.linalg.lstsq(W, x[:4], rcond=None)[0]": "pinv",
    "np.linalg.matrix_rank(A) * x": "no derivative",
    "z = np.zeros(5)\nz[:] = x\nreturn z": FLOATS,
    "z = np.zeros(5)\nz[0] = x[0]\nreturn z": FLOATS,
    "z = np.zeros((3, 3))\nz[:2, :2] = A[:2, :2]\nreturn z": FLOATS,
    "z = np.array(x, dtype=float)\nreturn z * 2": FLOATS,
    "z = np.asarray(x, dtype=np.float64)\nreturn z * 2": FLOATS,
    "z = np.array([float(v) for v in x])\nreturn z * 2": FLOATS,
    "import math\nreturn math.sqrt(p[0])": FLOATS,
    "z = np.zeros(5)\nz += x\nreturn z": ROOM,
    "z = np.empty(5)\nnp.multiply(x, y, out=z)\nreturn z": ROOM,
    "float(s)": FLOATS,
    "int(s) * s": "was turned into an int",
    "import statistics\nreturn statistics.mean(x)": FLOATS,
    "import math\nreturn math.fsum(x)": FLOATS,
    "import math\nreturn math.hypot(s, t)": FLOATS,
    "import math\nreturn math.isclose(s, t) + s": FLOATS,
    "import math\nreturn math.pow(s, 2)": FLOATS,
    "x.astype(int)": "Values are float64",
    "x.astype(np.float32)": "Values are float64",
    "np.frexp(p)[0]": "np.frexp is not defined",
    "np.spacing(x)": "np.spacing is not defined",
    "np.fft.fft(x).real": "np.fft.fft is not defined",
    "np.interp(s, x[[1, 0]], y[:2])": "knots xp must be plain numbers",
}
"""What is refused, and a pattern of what is said of it: all else is right."""

UNREACHED = """
np.interp(0.3, [0, 1], [s, t])
np.logaddexp.reduce([s, t])
np.linalg.det([[s, t], [1.0, s]])
np.linalg.inv([[s, 1.0], [t, 3.0]])
np.linalg.solve([[2.0, 0.0], [0.0, s]], [t, 1.0])
""".strip().split("\n")
"""Lists of Values, of which NumPy makes plain arrays without asking: it says itself that it needs floats."""

RNG = np.random.default_rng(7)
_factor = RNG.normal(size=(3, 3))
INPUTS = {
    "x": np.array([0.7, -1.3, 2.1, -0.4, 1.6]), "y": np.array([-0.9, 0.8, 1.7, -2.2, 0.3]),
    "p": np.array([0.6, 1.9, 0.45, 2.3, 1.1]), "A": RNG.normal(size=(3, 3)), "B": RNG.normal(size=(3, 3)),
    "S": _factor @ _factor.T + np.eye(3), "T": RNG.normal(size=(2, 3, 2)), "W": RNG.normal(size=(4, 5)),
    "s": 0.8, "t": 1.7,
}  # fmt: skip
"""What the names stand for: numbers that are tied to no other, and on no kink."""


def names_of(text: str) -> list[str]:
    """The inputs that an idiom reads."""
    used = {node.id for node in ast.walk(ast.parse(_source(text, []))) if isinstance(node, ast.Name)}
    return [name for name in INPUTS if name in used]


def _source(text: str, names: list[str]) -> str:
    body = text if "return" in text else f"return {text}"
    return f"def f({', '.join(names)}):\n" + textwrap.indent(body, "    ")


def function_of(text: str) -> Callable[..., Any]:
    """An idiom as a function of the inputs that it reads, which returns one number: its results, weighted."""
    names = names_of(text)
    lines = _source(text, names)
    file = f"<idiom {text!r}>"
    linecache.cache[file] = (len(lines), None, lines.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"np": np}
    exec(compile(lines, file, "exec"), scope)
    return scope["f"]


def weighted(result: Any) -> Any:
    """One number of whatever an idiom returns: each of its numbers counts differently, those that are integers too."""
    items = _leaves(result)
    return sum([math.cos(1.0 + i) * x for i, x in enumerate(items)], 0.0 * (items[0] if items else 0.0))


def _leaves(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in _leaves(part)]
    if hasattr(result, "ndim") and result.ndim:
        return [x for part in result for x in _leaves(part)]
    return [result[()] if isinstance(result, np.ndarray) else result]


def truth(text: str) -> tuple[float, dict[str, Any]]:
    """NumPy's own value of an idiom, and central differences of it."""
    names, f = names_of(text), function_of(text)
    args = {name: np.array(INPUTS[name], dtype=float) for name in names}

    def value(**changed: Any) -> float:
        number = weighted(f(**{k: x if x.ndim else float(x) for k, x in {**args, **changed}.items()}))
        return float(
            number.real if number.imag == 0.0 else number
        )  # NumPy 2.5's real eigenvalues are of a complex type

    slopes = {name: np.zeros(args[name].shape) for name in names}
    for name in names:
        for i in np.ndindex(args[name].shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = args[name].copy()
                moved[i] += h
                ends.append(value(**{name: moved}))
            slopes[name][i] = (ends[0] - ends[1]) / 2e-6
    return value(), slopes


RIGHT, REFUSED, WRONG, DIED = "right", "refused", "wrong", "died"


@dataclass
class Outcome:
    """How an idiom went: right, refused in the engine's words, wrong, or dead in the insides of something else."""

    kind: str
    detail: str = ""


def judged(run: Callable[[], tuple[Any, dict[str, Any]]], want: tuple[float, dict[str, Any]]) -> Outcome:
    """Compare what `run` returns, a value and gradients, with the truth."""
    try:
        value, slopes = run()
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = "/engine/" in last.filename.replace("\\", "/")
        return Outcome(REFUSED if ours else DIED, f"{type(error).__name__}: {error}")
    size = max([abs(want[0]), 1.0, *[np.abs(x).max() for x in want[1].values()]])
    if not np.isclose(value, want[0], rtol=1e-9, atol=1e-9 * size):
        return Outcome(WRONG, f"value {value}, NumPy {want[0]}")
    for name, slope in want[1].items():
        if not np.allclose(slopes[name], slope, rtol=1e-5, atol=1e-7 * size):
            return Outcome(WRONG, f"d/d{name} {np.asarray(slopes[name]).tolist()}, differences {slope.tolist()}")
    return Outcome(RIGHT)


def eager(text: str) -> Outcome:
    """How an idiom goes where its function is differentiated."""
    names, f = names_of(text), function_of(text)
    g = engine.value_and_grad(lambda *args: weighted(f(*args)), tuple(range(len(names))))

    def run() -> tuple[Any, dict[str, Any]]:
        value, slopes = g(*[INPUTS[name] for name in names])
        return value, dict(zip(names, slopes))

    return judged(run, truth(text))


def lifted(text: str) -> Outcome:
    """How it goes where its function is lifted."""
    names, f = names_of(text), function_of(text)

    def run() -> tuple[Any, dict[str, Any]]:
        program = engine.lift(lambda *args: weighted(f(*args)), strict=True)
        value, gradient = program.value_and_grad(*[INPUTS[name] for name in names], wrt="inputs")
        return value, dict(zip(names, gradient.inputs))

    return judged(run, truth(text))


def batched(text: str) -> Outcome:
    """How it goes where it is lifted for a batch: of the sample, and of one beside it that lies on the same sides."""
    names, f = names_of(text), function_of(text)

    def run() -> tuple[Any, dict[str, Any]]:
        program = engine.lift(lambda *args: weighted(f(*args)), batch=True, strict=True)
        args = [np.stack([INPUTS[name], np.multiply(INPUTS[name], 1.001)]) for name in names]
        total, gradient = program.value_and_grad(*args, wrt="inputs")
        other = float(weighted(f(*[x[1] if x.ndim > 1 else float(x[1]) for x in args])))
        return 2.0 * total - other, {name: 2.0 * g[0] for name, g in zip(names, gradient.inputs)}

    return judged(run, truth(text))


WAYS = {"eager": eager, "lifted": lifted, "batched": batched}


def amiss(section: str, way: str) -> dict[str, Outcome]:
    """The idioms of a section that are neither right nor refused as they are to be."""
    outcomes = {text: WAYS[way](text) for text in IDIOMS[section] if NUMPY_2 or _is_of_this_numpy(text)}
    return {text: o for text, o in outcomes.items() if o.kind != RIGHT and not as_expected(text, o)}


NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"  # whose names and arguments the idioms have


def _is_of_this_numpy(text: str) -> bool:
    try:
        truth(text)
    except (AttributeError, TypeError):
        return False
    return True


def as_expected(text: str, outcome: Outcome) -> bool:
    """Whether an idiom is refused that is to be, with what is to be said."""
    return outcome.kind == REFUSED and text in REFUSALS and bool(re.search(REFUSALS[text], outcome.detail))
