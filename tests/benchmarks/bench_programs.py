"""What lifting costs a scalar node, and a lifted step beside NumPy by hand, JAX and PyTorch, on programs of many kinds.

    python tests/benchmarks/bench_programs.py                                every program, of four files
    python tests/benchmarks/bench_programs.py rnn bodies --peers jax torch
    python tests/benchmarks/bench_programs.py --growth bodies euler          sizes that double: cost is to grow alike
    python tests/benchmarks/bench_programs.py --lengths                      a GPT at names of eleven lengths, one by one

Every program has a process of its own, one thread; times are of the process, not of the clock, and a step's are medians
of alternating runs. Programs are not verified here, and no formulas are asked for; results are compared. What is by hand
a call of LAPACK is not among the means. `--peers eager` runs the program as it is, one sample after the other.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from fits import FITS
from markdown import heading, row
from models import MODELS
from programs import (
    LETTERS,
    PROGRAMS,
    Program,
    bodies,
    branching,
    gaussian_process,
    hunters,
    kalman,
    recurrent,
    transformer_loss,
    transformer_size,
)
from sequences import SEQUENCES

import engine

ALL = PROGRAMS | MODELS | FITS | SEQUENCES
COLUMNS = ("program", "nodes", "operations", "lifting, us a node", "step, us")
GROWTH_COLUMNS = ("program", "nodes", "lifting, us a node")
PEERS = {"numpy": "by hand", "jax": "`jax.jit`", "torch": "PyTorch", "eager": "the eager engine"}
GROWTH: dict[str, list[Callable[[], Program]]] = {
    "bodies": [lambda n=n: bodies(n) for n in (25, 35, 50, 70)],
    "if": [lambda n=n: branching(n) for n in (750, 1500, 3000, 6000)],
    "rnn": [lambda n=n: recurrent(n) for n in (50, 100, 200, 400)],
    "euler": [lambda n=n: hunters(n, "euler") for n in (250, 500, 1000, 2000)],
    "kalman": [lambda n=n: kalman(n) for n in (25, 50, 100, 200)],
    "gaussian": [lambda n=n: gaussian_process(n) for n in (15, 20, 27, 36)],
}


def lifted(program: Program) -> tuple[Any, float, Callable[[], Any]]:
    """Lift a program: it, the seconds that it took to have it run once, and a step."""
    engine.lift(lambda x: engine.total([v * v for v in x]), verify=False).value_and_grad(np.ones(3))  # imports, once
    engine.erf(np.ones(32))  # and SciPy's, where it is installed
    values = [engine.Value(x) for x in program.theta.tolist()]
    scalar = program.scalar  # and not what others run of the program: the function sees what it captures
    compiled = engine.lift(
        lambda *sample: scalar(values, *sample), batch=bool(program.samples), parameters=values, verify=False
    )
    start = time.process_time()
    compiled.value_and_grad(*program.samples, parameters=program.theta)
    seconds = time.process_time() - start
    return compiled, seconds, lambda: compiled.value_and_grad(*program.samples, parameters=program.theta)


def with_jax(program: Program) -> Callable[[], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    step = jax.jit(jax.value_and_grad(lambda *taken: program.arrays(jax.numpy, *taken)))
    taken = [jax.numpy.asarray(x) for x in (program.theta, *program.samples)]
    return lambda: jax.block_until_ready(step(*taken))


def with_torch(program: Program) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(1)
    theta = torch.tensor(program.theta, requires_grad=True)
    samples = [torch.as_tensor(x) for x in program.samples]

    def step() -> Any:
        value = program.arrays(torch, theta, *samples)
        return value.item(), torch.autograd.grad(value, theta)[0]

    return step


def eager_seconds(program: Program, runs: int = 3) -> float:
    """Return what a step takes that is not lifted: a sample's, as often as there are samples."""
    values, times = [engine.Value(x) for x in program.theta.tolist()], []
    for _ in range(runs):
        start = time.process_time()
        program.scalar(values, *[samples[0] for samples in program.samples]).backward()
        times.append(time.process_time() - start)
    return statistics.median(times) * (len(program.samples[0]) if program.samples else 1)


def steps_of(program: Program, peers: list[str]) -> dict[str, Callable[[], Any]]:
    """Return the step of each peer that a program is written for."""
    steps: dict[str, Callable[[], Any]] = {}
    if "numpy" in peers and program.by_hand is not None:
        by_hand = program.by_hand
        steps["numpy"] = lambda: by_hand(program.theta, *program.samples)
    for peer, build in (("jax", with_jax), ("torch", with_torch)):
        if peer in peers and program.arrays is not None:
            steps[peer] = build(program)
    return steps


def measured(program: Program, peers: list[str], budget: float) -> dict[str, Any]:
    """Lift a program and time its steps, each peer's in turn."""
    compiled, seconds, step = lifted(program)
    stats = compiled.stats
    steps = {"lifted": step, **steps_of(program, peers)}
    value, gradient = step()
    for peer, other in steps.items():
        if peer != "lifted":
            theirs, slope = other()
            assert abs(float(theirs) - value) < 1e-9 * max(1.0, abs(value)), f"{program.name}: {peer} disagrees"
            assert np.allclose(np.asarray(slope), gradient.parameters, rtol=1e-8, atol=1e-9), f"{program.name}: {peer}"
    times: dict[str, list[float]] = {peer: [] for peer in steps}
    end = time.process_time() + budget
    while time.process_time() < end or len(times["lifted"]) < 3:
        for peer, run in steps.items():
            start, count = time.process_time(), 0
            while time.process_time() - start < 2e-3:
                run()
                count += 1
            times[peer].append((time.process_time() - start) / count)
    medians = {peer: statistics.median(t) for peer, t in times.items()}
    if "eager" in peers:
        medians["eager"] = eager_seconds(program)
    return {
        "name": program.name,
        "lapack": program.lapack,
        "nodes": stats.scalar_nodes,
        "operations": [stats.array_operations, stats.backward_operations],
        "lifting": seconds / stats.scalar_nodes,
        "steps": medians,
    }


def in_a_process(which: str, peers: list[str], budget: float) -> dict[str, Any]:
    """Measure a program in a process of its own; `which` is a name, or a name and a number among its sizes."""
    command = [sys.executable, __file__, "--one", which, "--budget", str(budget), "--peers", *peers]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{which}: {done.stderr.strip().splitlines()[-1]}")
    measurement: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measurement


def table(which: list[str], peers: list[str], budget: float) -> None:
    """Print a line for each program, and the means over all."""
    heading([*COLUMNS, *[f"of {PEERS[p]}" for p in peers]])
    ratios: dict[str, list[float]] = {p: [] for p in peers}
    for name in which:
        m = in_a_process(name, peers, budget)
        cells = []
        for p in peers:
            ratio = m["steps"]["lifted"] / m["steps"][p] if p in m["steps"] else None
            ratios[p] += [] if ratio is None or (p == "numpy" and m["lapack"]) else [ratio]
            cells.append("" if ratio is None else f"{ratio:.2f}")
        forward, backward = m["operations"]
        lifting, step = f"{m['lifting'] * 1e6:.1f}", f"{m['steps']['lifted'] * 1e6:,.0f}"
        row([m["name"], f"{m['nodes']:,}", f"{forward:,} + {backward:,}", lifting, step, *cells])
    for p in peers:
        if ratios[p]:
            print(f"Geometric mean: {statistics.geometric_mean(ratios[p]):.2f} of the time {PEERS[p]}")


def growth(which: list[str]) -> None:
    """Print what lifting costs a node at sizes that double."""
    heading(GROWTH_COLUMNS)
    for name in which:
        for k in range(len(GROWTH[name])):
            m = in_a_process(f"{name}:{k}", [], 0.0)
            row([m["name"], f"{m['nodes']:,}", f"{m['lifting'] * 1e6:.1f}"])


def lengths(places: int = 13) -> None:
    """Print what it takes to lift a GPT of lists for names of eleven lengths, each when it is first called with one."""
    rng = np.random.default_rng(5)
    values = [engine.Value(x) for x in (0.1 * rng.normal(size=transformer_size(places))).tolist()]
    engine.lift(lambda x: engine.total([v * v for v in x]), verify=False).value_and_grad(np.ones(3))  # imports, once
    program = engine.lift(lambda word: transformer_loss(values, word, places), verify=False, parameters=values)
    words = [rng.integers(0, LETTERS, count + 1).tolist() for count in range(3, places + 1)]
    began = time.process_time()
    for word in words:
        program.value_and_grad(word)
    print(f"{len(words)} lengths, one by one: {time.process_time() - began:.2f} s")


def installed(peers: list[str]) -> list[str]:
    """Return the peers that can be imported; say which cannot."""
    found = []
    for p in peers:
        try:
            __import__("engine" if p == "eager" else p)
            found.append(p)
        except ImportError:
            print(f"{p} is not installed")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Lifting, and lifted steps, on programs of many kinds.")
    parser.add_argument("programs", nargs="*", help=", ".join(ALL))
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=["numpy"])
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for the steps of a program")
    parser.add_argument("--growth", action="store_true", help="sizes that double")
    parser.add_argument("--lengths", action="store_true", help="a GPT at names of eleven lengths")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, _, k = arguments.one.partition(":")
        build = GROWTH[name][int(k)] if k else ALL[name]
        print(json.dumps(measured(build(), arguments.peers, arguments.budget)))
    elif arguments.lengths:
        lengths()
    elif arguments.growth:
        growth(arguments.programs or list(GROWTH))
    else:
        table(arguments.programs or list(ALL), installed(arguments.peers), arguments.budget)


if __name__ == "__main__":
    main()
