"""Spellings of one computation, side by side: what BLAS or XLA does faster, and by how much.

    python tests/benchmarks/bench_spellings.py                JAX's where it is installed

The choices are made in engine/lifting/passes/products.py and engine/lifting/emit/jax_tuning.py.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from markdown import heading, row

COLUMNS = ("computation", "plain", "chosen", "microseconds, plain", "chosen")


def compare(what: str, spellings: tuple[str, str], plain: Callable[[], Any], chosen: Callable[[], Any]) -> None:
    """Print the median of alternating rounds for two spellings."""
    times: dict[Callable[[], Any], list[float]] = {plain: [], chosen: []}
    for _ in range(31):
        for run, taken in times.items():
            began = time.perf_counter()
            for _ in range(200):
                run()
            taken.append((time.perf_counter() - began) / 200 * 1e6)
    slow, fast = (statistics.median(taken) for taken in times.values())
    row([what, *spellings, f"{slow:.2f}", f"{fast:.2f}"])


def numpy_sums() -> None:
    """Sums by `np.add.reduce`, and as products with ones; products by `np.matmul`, and by `ndarray.dot`."""
    for shape in ((32, 64), (128, 128), (100, 16)):
        x = np.random.default_rng(0).normal(size=shape)
        for axis in (0, 1):
            ones, out = np.ones(shape[axis]), np.empty(shape[1 - axis])
            left, right = (ones, x) if axis == 0 else (x, ones)
            compare(
                f"sum of {shape} over axis {axis}",
                ("`np.add.reduce`", "product with ones"),
                lambda x=x, axis=axis, out=out: np.add.reduce(x, axis, out=out),
                lambda left=left, right=right, out=out: left.dot(right, out),
            )
    a, b, out = np.ones((1, 64)), np.ones((64, 32)), np.empty((1, 32))
    compare(
        "product of (1, 64) and (64, 32)",
        ("`np.matmul`", "`ndarray.dot`"),
        lambda: np.matmul(a, b, out=out),
        lambda: a.dot(b, out),
    )
    n, rows, out = np.ones(100), np.ones((100, 16)), np.empty(16)
    one = n[:, None]
    compare(
        "100 numbers times (100, 16)",
        ("`np.matmul`", "`ndarray.dot`"),
        lambda: np.matmul(one.T, rows, out=out[None]),
        lambda: rows.T.dot(n, out),
    )


def jax_forms() -> None:
    """Elements picked again and again from a row and from one of two copies; runs as columns, and scattered."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def pair(
        what: str, spellings: tuple[str, str], plain: Callable[..., Any], chosen: Callable[..., Any], x: Any
    ) -> None:
        slow, fast = jax.jit(plain), jax.jit(chosen)
        np.testing.assert_allclose(slow(x), fast(x))
        compare(what, spellings, lambda: slow(x).block_until_ready(), lambda: fast(x).block_until_ready())

    rng = np.random.default_rng(0)
    runs, length = 240, 16
    values, of = jnp.asarray(rng.normal(size=runs * length)), np.repeat(np.arange(runs), length)
    places = np.arange(runs * length).reshape(runs, length).T.copy()
    pair(
        "240 sums of 16, JAX",
        ("added to their places", "sums of columns"),
        lambda x: jnp.zeros(runs).at[of].add(x),
        lambda x: x.take(places, 0, mode="clip").sum(0),
        values,
    )

    tokens = 16
    e = jnp.asarray(rng.uniform(1.0, 2.0, size=(4, tokens, tokens)))
    at = np.repeat(np.arange(4 * tokens), tokens)

    def attention(copies: bool) -> Callable[[Any], Any]:
        def run(e: Any) -> Any:
            total = jnp.sum(jnp.exp(e), 2).reshape(-1)
            if copies:
                total = jnp.broadcast_to(total, (2, 4 * tokens)).reshape(-1)
            return e.reshape(-1) / total.take(at, 0, mode="clip")

        return run

    spellings = "of one row", "of two copies"
    pair("64 sums, gathered 16 times each, JAX", spellings, attention(False), attention(True), e)


if __name__ == "__main__":
    heading(COLUMNS)
    numpy_sums()
    try:
        jax_forms()
    except ImportError:
        print("JAX is not installed")
