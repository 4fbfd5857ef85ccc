"""Arrays of Values beside plain object arrays of the same Values, whose ufuncs are NumPy's own object loops.

python tests/benchmarks/bench_arrays.py               one table; --sizes 4 32 1000, --rounds 15
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import time
from collections.abc import Callable
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from markdown import heading, row

import engine

COLUMNS = ("operation", "n", "object loop, ns an element", "ours", "ratio")
_UFUNCS = """
    add subtract multiply divide power negative absolute square reciprocal sqrt exp expm1 log log1p sin cos tan arcsin
    arccos arctan sinh cosh tanh arcsinh arctanh hypot arctan2 maximum minimum less less_equal greater greater_equal
    equal not_equal
"""
UFUNCS = _UFUNCS.split()  # that both have
OTHERS: dict[str, Callable[[Any, Any], Any]] = {
    "x + 1.0": lambda x, y: x + 1.0,
    "2.0 * x": lambda x, y: 2.0 * x,
    "x ** 2": lambda x, y: x**2,
    "np.maximum(x, 0.0)": lambda x, y: np.maximum(x, 0.0),
    "x.sum()": lambda x, y: x.sum(),
    "x.max()": lambda x, y: x.max(),
    "x @ y": lambda x, y: x @ y,
    "x[1:]": lambda x, y: x[1:],
}


def arrays(n: int) -> tuple[Any, Any]:
    """Two plain object arrays of Values, where every ufunc is defined."""
    numbers = np.random.default_rng(n).uniform(0.5, 0.95, size=(2, n)).tolist()
    x, y = [np.array([engine.Value(v) for v in each] + [None], dtype=object)[:-1] for each in numbers]
    return x, y


def nanoseconds(runs: list[Callable[[], Any]], n: int, rounds: int) -> list[float]:
    """The least of alternating rounds of each, an element."""
    least = [math.inf] * len(runs)
    repeats = max(1, 4000 // n)
    for _ in range(rounds):
        for i, run in enumerate(runs):
            gc.collect()
            gc.disable()
            began = time.process_time()
            for _ in range(repeats):
                run()
            least[i] = min(least[i], (time.process_time() - began) / repeats / n * 1e9)
            gc.enable()
    return least


def compare(what: str, f: Callable[[Any, Any], Any], n: int, rounds: int) -> float:
    """Print a row, and return the ratio."""
    x, y = arrays(n)
    ours_x, ours_y = engine.array(x), engine.array(y)
    plain, ours = nanoseconds([lambda: f(x, y), lambda: f(ours_x, ours_y)], n, rounds)
    row([what, str(n), f"{plain:.0f}", f"{ours:.0f}", f"{ours / plain:.2f}"])
    return ours / plain


def of_ufunc(name: str) -> Callable[[Any, Any], Any]:
    ufunc = getattr(np, name)
    return (lambda x, y: ufunc(x)) if ufunc.nin == 1 else (lambda x, y: ufunc(x, y))


def products(rounds: int) -> None:
    """A matrix times a vector, an element of the matrix."""
    A, x = arrays(64 * 64)[0].reshape(64, 64), arrays(64)[0]
    ours_A, ours_x = engine.array(A), engine.array(x)
    plain, ours = nanoseconds([lambda: A @ x, lambda: ours_A @ ours_x], 64 * 64, rounds)
    row(["A @ x, 64 x 64", "4096", f"{plain:.0f}", f"{ours:.0f}", f"{ours / plain:.2f}"])


def main() -> None:
    """Print the table, and for each size the geometric mean over the ufuncs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 32, 1000])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    heading(COLUMNS)
    for n in options.sizes:
        ratios = [compare(f"np.{name}", of_ufunc(name), n, options.rounds) for name in UFUNCS]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        row([f"geometric mean of {len(ratios)} ufuncs", str(n), "", "", f"{mean:.2f}"])
        for what, f in OTHERS.items():
            compare(what, f, n, options.rounds)
    products(options.rounds)


if __name__ == "__main__":
    main()
