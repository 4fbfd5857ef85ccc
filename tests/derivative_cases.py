"""Functions of one array and of captured weights: what derivatives are tested on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine
from engine import Value

W = np.random.default_rng(3).normal(size=(6, 3))
V = np.random.default_rng(4).normal(size=(4, 6))


def rosenbrock(x: Any) -> Any:
    s: Any = 0.0
    for i in range(len(x) - 1):
        s = s + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def transcendental(x: Any) -> Any:
    first = engine.erf(x[0]) * engine.arctan2(x[1], x[2]) + engine.hypot(x[0], x[1]) + engine.logaddexp(x[0], x[1])
    return first + engine.cbrt(x[2]) + engine.sigmoid(x[0]) * engine.softplus(x[1]) + x[1] ** x[2] / engine.tan(x[0])


def sums(x: Any) -> Any:
    return engine.dot(list(x), list(x)[::-1]) * engine.total([x[0], x[1], x[0] * x[2]]) - engine.logsumexp(list(x))


def branching(x: Any) -> Any:
    return x[0] * x[1] ** 3 if x[0] > 0 else x[2] ** 2 * x[1]


def several(x: Any) -> Any:
    return [x[0] * x[1], [engine.tanh(x[2]), 3.0], {"a": engine.logsumexp(list(x)), "b": x[0]}]


def an_array(x: Any) -> Any:
    return np.array([engine.sin(x[0] * x[1]), x[2] / x[1], engine.exp(x[0]) + 2.0, x[1] ** 2.5, 1.0])


def choosing(x: Any) -> Any:
    held = engine.where(x[0] > 0, engine.sqrt(abs(x[0])), 0.0)
    more = [engine.relu(x[1]), engine.clip(x[2], -1.0, 1.0), engine.largest(list(x)), engine.remainder(x[1], 1.3)]
    return [abs(x[0] - x[1]), engine.maximum(x[0], x[2]), held, *more]


def network(x: Any) -> Any:
    return V @ np.tanh(W @ x)


NUMBERS: list[Callable[[Any], Any]] = [rosenbrock, transcendental, sums, branching]
SEVERAL: list[Callable[[Any], Any]] = [several, an_array, choosing, network]
POINT = np.array([1.3, 0.7, 2.1])


def leaves(tree: Any) -> list[float]:
    """All numbers of nested lists, tuples, dicts and arrays, SciPy's sparse ones too."""
    if hasattr(tree, "toarray"):
        tree = tree.toarray()
    if isinstance(tree, dict):
        return [x for part in tree.values() for x in leaves(part)]
    if isinstance(tree, (list, tuple)) or (isinstance(tree, np.ndarray) and tree.dtype == object):
        return [x for part in tree for x in leaves(part)]
    if getattr(tree, "ndim", 0):
        return np.asarray(tree).reshape(-1).tolist()
    return [float(tree)]


def alike(got: Any, wanted: Any, rtol: float = 1e-10) -> None:
    """Compare all numbers of two structures."""
    np.testing.assert_allclose(leaves(got), leaves(wanted), rtol=rtol, atol=1e-12)


class Layers:
    """A network of captured weights, one sample a call, and the same by JAX of a flat vector in that order."""

    def __init__(self, seed: int = 1) -> None:
        draws = np.random.default_rng(seed)
        self.W = [[Value(draws.normal(), f"W[{i}, {j}]") for j in range(3)] for i in range(4)]
        self.V = [[Value(draws.normal(), f"V[{i}, {j}]") for j in range(4)] for i in range(2)]
        self.b = [Value(draws.normal(), f"b[{i}]") for i in range(4)]
        self.X, self.T = draws.normal(size=(5, 3)), draws.normal(size=(5, 2))

    def outputs(self, x: Any) -> Any:
        h = [engine.tanh(engine.dot(w, list(x), b)) for w, b in zip(self.W, self.b)]
        return [engine.dot(v, h) for v in self.V]

    def loss(self, x: Any, t: Any) -> Any:
        z = self.outputs(x)
        return (z[0] - t[0]) ** 2 + (z[1] - t[1]) ** 2

    @staticmethod
    def outputs_by(jnp: Any, theta: Any, x: Any) -> Any:
        """The outputs, of NumPy or JAX."""
        return theta[12:20].reshape(2, 4) @ jnp.tanh(theta[:12].reshape(4, 3) @ x + theta[20:])

    @classmethod
    def loss_by(cls, jnp: Any, theta: Any, x: Any, t: Any) -> Any:
        """The loss, of NumPy or JAX."""
        return jnp.sum((cls.outputs_by(jnp, theta, x) - t) ** 2)
