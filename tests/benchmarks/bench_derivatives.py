"""Jacobians and Hessians as programs, over NumPy by hand and `jax.jit`: CPU time a call, and the time to lift.

    python tests/benchmarks/bench_derivatives.py              JAX's where it is installed

Every matrix is compared with the one by hand to 1e-10 before it is timed. Medians of alternating rounds, one thread,
in process time.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from markdown import heading, row

import engine

try:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
except ImportError:
    jax = None

COLUMNS = ("derivative", "operations", "lifting, ms", "a call, us", "by hand, us", "over by hand", "over `jax.jit`")
N = 200  # variables of the chain
SPRINGS = 8  # points along each side of the mesh


@dataclass(frozen=True)
class Case:
    """A program's derivative, the same by hand, and what JAX is to differentiate."""

    name: str
    lifted: Callable[[], Any]  # the matrix, having been lifted
    lift: Callable[[], Any]
    by_hand: Callable[[], Any]
    by_jax: Callable[[], Any] | None
    operations: Callable[[], int]


def dense(matrix: Any) -> Any:
    """The matrix as NumPy's."""
    return matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)


# --- a chain: Rosenbrock's Hessian, tridiagonal ------------------------------------------------------------------


def rosenbrock(x: Any) -> Any:
    s: Any = 0.0
    for i in range(len(x) - 1):
        s = s + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def rosenbrock_by_hand(x: Any) -> Any:
    """As SciPy's `rosen_hess`: a dense matrix of three diagonals."""
    H = np.diag(-400.0 * x[:-1], 1) - np.diag(400.0 * x[:-1], -1)
    diagonal = np.zeros_like(x)
    diagonal[0] = 1200.0 * x[0] ** 2 - 400.0 * x[1] + 2.0
    diagonal[-1] = 200.0
    diagonal[1:-1] = 202.0 + 1200.0 * x[1:-1] ** 2 - 400.0 * x[2:]
    return H + np.diag(diagonal)


def chain() -> Case:
    """The Hessian of a chain."""
    x = np.linspace(-1.2, 1.4, N)
    program = engine.lift(rosenbrock, verify=False)

    def f(x):
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return _case(
        f"Hessian of a chain, n = {N}", program, "hessian", rosenbrock, x, lambda: rosenbrock_by_hand(x),
        lambda: jax.hessian(f),
    )  # fmt: skip


# --- a mesh: residuals of springs --------------------------------------------------------------------------------


def edges() -> Any:
    """The pairs of points that a spring joins."""
    at = np.arange(SPRINGS * SPRINGS).reshape(SPRINGS, SPRINGS)
    return np.concatenate([
        np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], 1), np.stack([at[:-1].ravel(), at[1:].ravel()], 1)
    ])  # fmt: skip


PAIRS = edges()


def springs(x: Any) -> Any:
    lengths = []
    for i, j in PAIRS.tolist():
        dx, dy = x[2 * i] - x[2 * j], x[2 * i + 1] - x[2 * j + 1]
        lengths.append(engine.sqrt(dx * dx + dy * dy) - 1.0)
    return np.array(lengths)


def springs_by_hand(x: Any) -> Any:
    """The Jacobian, four entries a row."""
    p = x.reshape(-1, 2)
    d = p[PAIRS[:, 0]] - p[PAIRS[:, 1]]
    u = d / np.sqrt((d * d).sum(1))[:, None]
    J = np.zeros((len(PAIRS), x.size))
    rows = np.arange(len(PAIRS))[:, None]
    J[rows, 2 * PAIRS[:, :1] + [0, 1]] = u
    J[rows, 2 * PAIRS[:, 1:] + [0, 1]] = -u
    return J


def mesh() -> Case:
    """The Jacobian of the residuals of springs."""
    x = np.random.default_rng(0).normal(size=2 * SPRINGS * SPRINGS)
    program = engine.lift(springs, verify=False)

    def f(x: Any) -> Any:
        p = x.reshape(-1, 2)
        d = p[PAIRS[:, 0]] - p[PAIRS[:, 1]]
        return jnp.sqrt((d * d).sum(1)) - 1.0

    return _case(
        f"Jacobian of {len(PAIRS)} springs", program, "jacobian", springs, x, lambda: springs_by_hand(x),
        lambda: jax.jacobian(f),
    )  # fmt: skip


# --- a table: logistic regression's Hessian, full ----------------------------------------------------------------

A = np.random.default_rng(1).normal(size=(569, 30))


def logistic(w: Any) -> Any:
    return engine.total([engine.softplus(z) for z in A @ w])


def table() -> Case:
    """The Hessian of a logistic regression."""
    w = np.linspace(-0.3, 0.3, 30)
    program = engine.lift(logistic, verify=False)

    def by_hand() -> Any:
        s = 1.0 / (1.0 + np.exp(-(A @ w)))
        return A.T @ ((s * (1.0 - s))[:, None] * A)

    def f(w):
        return jnp.sum(jnp.logaddexp(A @ w, 0.0))

    return _case(
        "Hessian of a logistic loss, 569 x 30", program, "hessian", logistic, w, by_hand, lambda: jax.hessian(f)
    )


# --- measuring -----------------------------------------------------------------------------------------------------


def _case(
    name: str, program: Any, kind: str, function: Any, x: Any, by_hand: Callable[[], Any], of_jax: Callable[[], Any]
) -> Case:
    derivative, by_jax = getattr(program, kind), None
    derivative(x)
    if jax is not None:
        compiled, at = jax.jit(of_jax()), jnp.asarray(x)
        compiled(at).block_until_ready()

        def by_jax():
            return compiled(at).block_until_ready()

    def again():
        return getattr(engine.lift(function, verify=False), kind)(x)

    return Case(name, lambda: derivative(x), again, by_hand, by_jax, lambda: derivative.stats.array_operations)


def microseconds(runs: dict[str, Callable[[], Any]], rounds: int = 15, calls: int = 40) -> dict[str, float]:
    """The median CPU time of a call of each, in alternating rounds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.process_time()
            for _ in range(calls):
                run()
            times[name].append((time.process_time() - began) / calls * 1e6)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    """Print a row for each case."""
    heading(COLUMNS)
    for case in (chain(), mesh(), table()):
        np.testing.assert_allclose(dense(case.lifted()), case.by_hand(), rtol=1e-10, atol=1e-10)
        runs = {"lifted": case.lifted, "by hand": case.by_hand} | ({"jax": case.by_jax} if case.by_jax else {})
        taken = microseconds(runs)
        lifting = microseconds({"lift": case.lift}, rounds=3, calls=1)["lift"] / 1e3
        over = f"{taken['lifted'] / taken['jax']:.2f}" if "jax" in taken else "not installed"
        numbers = [f"{lifting:.0f}", f"{taken['lifted']:.0f}", f"{taken['by hand']:.0f}"]
        row([case.name, str(case.operations()), *numbers, f"{taken['lifted'] / taken['by hand']:.2f}", over])


if __name__ == "__main__":
    main()
