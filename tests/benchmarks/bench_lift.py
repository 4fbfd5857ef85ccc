"""A lifted step, value and all gradients, beside hand-written NumPy, PyTorch, JAX and micrograd.

    python tests/benchmarks/bench_lift.py                     peers that are installed take part
    python tests/benchmarks/bench_lift.py --peers numpy torch --rounds 15

One thread; the contestants of a case take turns, and medians of the rounds are printed with ratios of ours to theirs.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from markdown import heading, row

import engine
import nn

CASES = [
    (1, [64, 32, 10]),
    (32, [64, 32, 10]),
    (128, [64, 32, 10]),
    (100, [2, 16, 16, 1]),
    (1, [784, 50, 10]),
    (32, [784, 50, 10]),
    (128, [784, 128, 10]),
]
COLUMNS = ("batch, layers", "lifted")
NAMES = {"numpy": "NumPy by hand", "torch": "PyTorch", "jax": "`jax.jit`"}
Run = Callable[[], Any]


def problem(n: int, sizes: list[int]) -> tuple[list[Any], Any, Any]:
    """Weights, samples and targets."""
    rng = np.random.default_rng(0)
    params: list[Any] = []
    for d, c in zip(sizes, sizes[1:]):
        params += [rng.normal(size=(d, c)) * np.sqrt(2 / d), np.zeros(c)]
    T = np.sign(rng.normal(size=n)) if sizes[-1] == 1 else rng.integers(0, sizes[-1], n)
    return params, rng.normal(size=(n, sizes[0])), T


def lifted(n: int, sizes: list[int], out: bool = False) -> Run:
    params, X, T = problem(n, sizes)
    model = nn.MLP(sizes[0], sizes[1:])
    names = list(model.arrays())
    model.load_state_dict(dict(zip(names, params)))
    loss = "hinge" if sizes[-1] == 1 else "cross_entropy"
    program = engine.lift(nn.sample_loss(model, loss), batch=True, parameters=model.parameters())
    theta = program.pull()
    place = np.empty_like(theta) if out else None
    return lambda: program.value_and_grad(X, T, parameters=theta, out=place)


def numpy_by_hand(n: int, sizes: list[int]) -> Run:
    """What a good NumPy programmer writes; nothing preallocated."""
    params, X, T = problem(n, sizes)
    rows = np.arange(n)

    def step() -> Any:
        a, zs, acts = X, [], [X]
        for k in range(0, len(params), 2):
            z = a @ params[k] + params[k + 1]
            a = np.maximum(z, 0.0) if k < len(params) - 2 else z
            zs.append(z)
            acts.append(a)
        if sizes[-1] == 1:
            margin = 1.0 - T * a[:, 0]
            loss = np.maximum(margin, 0.0).mean()
            delta = np.where(margin > 0.0, -T, 0.0)[:, None] / n
        else:
            shifted = a - a.max(axis=1, keepdims=True)
            e = np.exp(shifted)
            total = e.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - shifted[rows, T]).mean()
            delta = e / total
            delta[rows, T] -= 1.0
            delta /= n
        gradients = []
        for k in range(len(params) - 2, -1, -2):
            gradients += [delta.sum(axis=0), acts[k // 2].T @ delta]
            if k:
                delta = (delta @ params[k].T) * (zs[k // 2 - 1] > 0.0)
        return float(loss), gradients

    return step


def torch_eager(n: int, sizes: list[int]) -> Run:
    import torch

    torch.set_num_threads(1)
    params, X, T = problem(n, sizes)
    tensors = [torch.tensor(p, requires_grad=True) for p in params]
    x, t = torch.tensor(X), torch.tensor(T)

    def step() -> Any:
        a = x
        for k in range(0, len(tensors), 2):
            a = a @ tensors[k] + tensors[k + 1]
            if k < len(tensors) - 2:
                a = torch.relu(a)
        if sizes[-1] == 1:
            loss = torch.relu(1.0 - t * a[:, 0]).mean()
        else:
            loss = torch.nn.functional.cross_entropy(a, t)
        return loss.item(), torch.autograd.grad(loss, tensors)

    return step


def jax_by_hand(n: int, sizes: list[int]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Matrix code for JAX to differentiate, and what it is called with."""
    import jax
    import jax.numpy as jnp

    params, X, T = problem(n, sizes)

    def loss(ps: Any, x: Any, t: Any) -> Any:
        a = x
        for k in range(0, len(ps), 2):
            a = a @ ps[k] + ps[k + 1]
            if k < len(ps) - 2:
                a = jax.nn.relu(a)
        if sizes[-1] == 1:
            return jax.nn.relu(1.0 - t * a[:, 0]).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(a), t[:, None], axis=1).mean()

    return jax.value_and_grad(loss), ([jnp.asarray(p) for p in params], jnp.asarray(X), jnp.asarray(T))


def jax_jit(n: int, sizes: list[int]) -> Run:
    import jax

    jax.config.update("jax_enable_x64", True)
    function, arguments = jax_by_hand(n, sizes)
    compiled = jax.jit(function)

    def step() -> Any:
        value, gradients = compiled(*arguments)
        jax.block_until_ready(gradients)
        return float(value), gradients

    return step


PEERS: dict[str, Callable[[int, list[int]], Run]] = {"numpy": numpy_by_hand, "torch": torch_eager, "jax": jax_jit}


def measure(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Medians of alternating rounds, seconds a step."""
    loops = {}
    for name, run in runs.items():
        for _ in range(5):
            run()
        began = time.perf_counter()
        run()
        loops[name] = max(1, min(2000, int(0.02 / max(time.perf_counter() - began, 1e-7))))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            for _ in range(loops[name]):
                run()
            times[name].append((time.perf_counter() - began) / loops[name])
    return {name: statistics.median(t) for name, t in times.items()}


def steps(peers: list[str], rounds: int, out: bool) -> None:
    """Print a table of steps; with `out`, of steps whose gradient goes into an array of the caller's."""
    ratios: dict[str, list[float]] = {p: [] for p in peers}
    heading([*COLUMNS, *[NAMES[p] for p in peers]])
    for n, sizes in CASES:
        runs: dict[str, Run] = {"lifted": lifted(n, sizes, out)} | {p: PEERS[p](n, sizes) for p in peers}
        wanted = runs["numpy"]()[0] if "numpy" in runs else runs["lifted"]()[0]
        assert all(abs(run()[0] - wanted) < 1e-9 for run in runs.values()), "contestants disagree"
        medians = measure(runs, rounds)
        for p in peers:
            ratios[p].append(medians["lifted"] / medians[p])
        row([f"({n}, {'-'.join(map(str, sizes))})", *[f"{t * 1e6:.1f} us" for t in medians.values()]])
    for p in peers:
        mean, largest = statistics.geometric_mean(ratios[p]), max(ratios[p])
        print(f"Geometric mean: {mean:.2f} of the time of {NAMES[p]} (largest {largest:.2f})")


def micrograd() -> None:
    """micrograd's own demo step: 100 moons, 2-16-16-1, hinge and L2."""
    try:
        from micrograd.nn import MLP
    except ImportError:
        print("micrograd is not installed")
        return
    params, X, T = problem(100, [2, 16, 16, 1])
    theirs = MLP(2, [16, 16, 1])
    inputs = [[float(v) for v in row] for row in X]

    def step() -> float:
        losses = [(1 + -float(t) * theirs(x)).relu() for t, x in zip(T, inputs)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in theirs.parameters())
        theirs.zero_grad()
        loss.backward()
        return float(loss.data)

    model = nn.MLP(2, [16, 16, 1])
    program = engine.lift(nn.sample_loss(model, "hinge", 2e-4), batch=True, parameters=model.parameters())
    theta = program.pull() if program.traces.parameters.values else None
    medians = measure({"lifted": lambda: program.value_and_grad(X, T, parameters=theta)}, 9)
    began = time.perf_counter()
    step()
    step()
    took = (time.perf_counter() - began) / 2
    print(
        f"micrograd's demo step: {took:.2f} s; lifted {medians['lifted'] * 1e6:.0f} us: {took / medians['lifted']:,.0f} times faster"
    )


def eager() -> None:
    """The same model, eager and lifted: 64-32-10 on 32 samples."""
    model = nn.MLP(64, [32, 10])
    _, X, T = problem(32, [64, 32, 10])

    def step() -> None:
        model.zero_grad()
        nn.mean_loss(model, X, T).backward()

    program = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters())
    theta = program.pull()
    medians = measure({"eager": step, "lifted": lambda: program.value_and_grad(X, T, parameters=theta)}, 5)
    ratio = medians["eager"] / medians["lifted"]
    print(
        f"32 samples, 64-32-10: eager {medians['eager'] * 1e3:.1f} ms, lifted {medians['lifted'] * 1e6:.0f} us: {ratio:,.0f} times"
    )


def gpt(names: str) -> None:
    """The GPT of 4,192 scalars: a step eager and lifted, and 1,000 steps with lifting included."""
    from nn.data import names as read
    from nn.gpt import GPT, train

    documents, letters = read(names)
    began = time.perf_counter()
    train(GPT(len(letters) + 1), documents, 1000)
    whole = time.perf_counter() - began
    began = time.perf_counter()
    train(GPT(len(letters) + 1), documents, 20, lifted=False)
    slow = (time.perf_counter() - began) / 20
    model = GPT(len(letters) + 1)
    program = engine.lift(model.loss, parameters=model.parameters())
    theta = program.pull()
    for tokens in documents[:1000]:
        program.value_and_grad(tokens[:17], parameters=theta)
    began = time.perf_counter()
    for tokens in documents[:1000]:
        program.value_and_grad(tokens[:17], parameters=theta)
    step = (time.perf_counter() - began) / 1000
    print(f"GPT: eager {slow * 1e3:.1f} ms a step, lifted {step * 1e6:.0f} us; 1,000 steps with lifting {whole:.2f} s")
    print(
        f"  against 251 ms of pure-Python scalars: {0.251 / step:,.0f} times a step, {251 / whole:,.0f} times with lifting"
    )


def lifting() -> None:
    """What lifting costs: microseconds and bytes a scalar node, on graphs of multiplications and additions."""
    for sizes, n in (([64, 32, 10], 8), ([64, 32, 10], 32)):
        model = nn.MLP(sizes[0], sizes[1:])
        _, X, T = problem(n, sizes)
        rows = [[engine.Value.constant(v) for v in x] for x in X.tolist()]
        losses = []
        for x, t in zip(rows, T.tolist()):
            a: list[Any] = x
            for layer in model.layers:
                z = [sum((w * v for w, v in zip(u.w, a)), u.b) for u in layer.neurons]
                a = [engine.relu(v) for v in z] if layer is not model.layers[-1] else z
            losses.append(nn.cross_entropy(a, t))
        root = engine.total(losses) / n
        nodes = engine.graph.count(root)
        engine.lift(root, verify=False).value_and_grad()
        began = time.perf_counter()
        program = engine.lift(root, verify=False)
        program.value_and_grad()
        took = time.perf_counter() - began
        tracemalloc.start()
        program = engine.lift(root, verify=False)
        program.value_and_grad()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(
            f"{nodes:,} scalar nodes: {took / nodes * 1e6:.2f} us a node to lift, {peak / nodes:.0f} bytes a node at the peak"
        )
    model = nn.MLP(784, [128, 10])
    _, X, T = problem(1, [784, 128, 10])
    program = engine.lift(
        nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters(), verify=False
    )
    began = time.perf_counter()
    program.value_and_grad(X, T)
    print(f"784-128-10, one sample: {time.perf_counter() - began:.3f} s to lift and run")


def verifying() -> None:
    """What the proof of a program costs beside lifting it: the first one of a process, and later ones."""
    for n, sizes in [*CASES, (32, [64, 32, 10])]:
        for verify in (True, "exact"):
            ratios = []
            for _ in range(3):
                model = nn.MLP(sizes[0], sizes[1:])
                _, X, T = problem(n, sizes)
                loss = nn.sample_loss(model, "hinge" if sizes[-1] == 1 else "cross_entropy")
                program = engine.lift(loss, batch=True, parameters=model.parameters(), verify=verify)
                program.value_and_grad(X, T)
                stats = program.stats
                ratios.append(stats.proof.seconds / stats.seconds)
            print(
                f"verify={verify!r:8} ({n}, {'-'.join(map(str, sizes))}), {stats.scalar_nodes:,} nodes: lifted in "
                f"{1e3 * stats.seconds:.1f} ms, {stats.proof.kind} {1e3 * stats.proof.seconds:.1f} ms, "
                f"{ratios[0]:.2f} of lifting at first, {statistics.median(ratios):.2f} then; "
                f"the eager run of {stats.proof.samples} samples {1e3 * stats.proof.eager_seconds:.1f} ms"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="A lifted step beside its peers.")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--out", action="store_true", help="write gradients into an array of the caller's")
    parser.add_argument("--names", help="a file of names, one a line, to time the GPT on")
    arguments = parser.parse_args()
    peers = []
    for p in arguments.peers:
        try:
            __import__(p)
            peers.append(p)
        except ImportError:
            print(f"{p} is not installed")
    steps(peers, arguments.rounds, arguments.out)
    micrograd()
    eager()
    if arguments.names:
        gpt(arguments.names)
    lifting()
    verifying()


if __name__ == "__main__":
    main()
