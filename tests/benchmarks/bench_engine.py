"""What a node costs: time and memory of building a graph, differentiating it and dropping it.

    python tests/benchmarks/bench_engine.py            needs the extra: pip install -e '.[bench]'

The network has 8 layers of 50 neurons over 100 inputs: 45,000 multiplications, additions and tanh.  Each engine
has processes of its own, in turn, with the collector on; medians are printed, and ratios to ours.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from markdown import heading, row

import engine

LAYERS, WIDTH, INPUTS = 8, 50, 100
WEIGHTS = INPUTS * WIDTH + (LAYERS - 1) * WIDTH * WIDTH
NODES = 2 * WEIGHTS
DOT = "liftgrad with `dot`"
COLUMNS = ("engine", "microseconds per node", "microseconds per weight", "bytes per node", "of our time")


def weights(make: Callable[[float], Any]) -> tuple[list[list[list[Any]]], list[Any]]:
    """The same random network for every engine."""
    rng = random.Random(0)
    sizes = [INPUTS] + [WIDTH] * LAYERS
    layers = [[[make(rng.uniform(-0.1, 0.1)) for _ in range(n)] for _ in range(m)] for n, m in zip(sizes, sizes[1:])]
    return layers, [make(rng.random()) for _ in range(INPUTS)]


def step(make: Callable[[float], Any], neuron: Callable[[list[Any], list[Any]], Any]) -> Callable[[], Any]:
    """One build and backward."""
    layers, x = weights(make)

    def run() -> Any:
        a = x
        for layer in layers:
            a = [neuron(ws, a) for ws in layer]
        loss = a[0]
        for v in a[1:]:
            loss = loss + v
        loss.backward()
        return loss

    return run


def chain(ws: list[Any], xs: list[Any]) -> Any:
    acc = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:]):
        acc = acc + w * x
    return acc.tanh()


def one_dot(ws: list[Any], xs: list[Any]) -> Any:
    return engine.dot(ws, xs).tanh()


def contestants() -> dict[str, Callable[[], Callable[[], Any]]]:
    """What makes each engine's run; importing an engine is part of making it."""
    return {
        "liftgrad": lambda: step(engine.Value, chain),
        DOT: lambda: step(engine.Value, one_dot),
        "micrograd": _micrograd,
        "xad": _xad,
    }


def _micrograd() -> Callable[[], Any]:
    from micrograd.engine import Value

    return step(Value, _micro)


def _micro(ws: list[Any], xs: list[Any]) -> Any:
    """micrograd has no tanh; with its relu the graph has the same shape."""
    acc = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:]):
        acc = acc + w * x
    return acc.relu()


def _xad() -> Callable[[], Any]:
    import xad.adj_1st as xad
    from xad import math as xad_math

    layers, x = weights(float)

    def run() -> Any:
        with xad.Tape() as tape:
            ws = [[[xad.Real(w) for w in neuron] for neuron in layer] for layer in layers]
            for layer in ws:
                for neuron in layer:
                    for w in neuron:
                        tape.registerInput(w)
            a: list[Any] = list(x)
            tape.newRecording()
            for layer in ws:
                b = []
                for neuron in layer:
                    acc = neuron[0] * a[0]
                    for w, v in zip(neuron[1:], a[1:]):
                        acc = acc + w * v
                    b.append(xad_math.tanh(acc))
                a = b
            loss = a[0]
            for v in a[1:]:
                loss = loss + v
            tape.registerOutput(loss)
            loss.setDerivative(1.0)
            tape.computeAdjoints()
            return loss.getValue()

    return run


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    result = run()
    del result
    return time.perf_counter() - start


def bytes_a_node(run: Callable[[], Any]) -> float:
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = run()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del result
    return (after - before) / NODES


def alone(name: str) -> None:
    """Time one engine in a process of its own: another's garbage would be collected on its time."""
    run = contestants()[name]()
    run()
    print(statistics.median(seconds(run) for _ in range(5)), 0.0 if name == "xad" else bytes_a_node(run))


def _short(x: float) -> str:
    return f"{x:.2g}" if x < 99 else f"{x:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a node costs, beside micrograd and xad.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        alone(arguments.alone)
        return
    times: dict[str, list[float]] = {}
    memories: dict[str, float] = {}
    for _ in range(arguments.rounds):
        for name in contestants():
            command = [sys.executable, __file__, "--alone", name]
            out = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
            if not out:
                print(f"{name} is not installed: pip install -e '.[bench]'")
                continue
            times.setdefault(name, []).append(float(out[0]))
            memories[name] = float(out[1])
    ours = statistics.median(times["liftgrad"])
    heading(COLUMNS)
    for name, measured in times.items():
        t, one_by_one = statistics.median(measured), name != DOT
        per_node = _short(t / NODES * 1e6) if one_by_one else ""  # a neuron is two nodes, not two per weight
        memory = f"{memories[name]:.0f}" if memories[name] and one_by_one else ""
        row([name, per_node, _short(t / WEIGHTS * 1e6), memory, f"{t / ours:.2f}"])


if __name__ == "__main__":
    main()
