"""What it costs to be asked where nodes come from: a watched run and its names, a node; and lifting, which does not pay.

python tests/benchmarks/bench_watching.py
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from markdown import heading, row
from scalar_gpt import loss_of, tokens

import engine
from engine.graph import count
from engine.watching import run_watched

COLUMNS = ("microseconds a node", "plain run", "watched run", "with names", "lifting", "first asked for formulas")


def least(run: Callable[[], Any], rounds: int = 5) -> float:
    """Return the least process time of some rounds, the collector off."""
    best = float("inf")
    gc.disable()
    for _ in range(rounds):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    gc.enable()
    return best


def measure(what: str, f: Callable[[], Any]) -> None:
    """Print what one function costs, a node."""
    nodes = count(f())

    def named() -> None:
        result, words = run_watched(f)
        words.origins(result)

    def lifted() -> Any:
        program = engine.lift(f, verify=False)
        program.value_and_grad()
        return program

    seconds = [least(f), least(lambda: run_watched(f)), least(named), least(lifted, 3)]
    program = lifted()
    seconds.append(least(program.formulas, 1))
    row([what, *[f"{s / nodes * 1e6:.2f}" for s in seconds]])


def main() -> None:
    """Print the table."""
    print(f"CPython {sys.version.split()[0]}, NumPy {np.__version__}\n")
    heading(COLUMNS)
    measure("scalar GPT", lambda: loss_of(tokens))


if __name__ == "__main__":
    main()
