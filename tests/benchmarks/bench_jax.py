"""The emitted JAX program under `jit` beside a JAX program written by hand: seconds a step, and seconds to compile.

    python tests/benchmarks/bench_jax.py                      the cases of bench_lift, and the GPT of nn/gpt.py
    python tests/benchmarks/bench_jax.py --crossover          where JAX overtakes NumPy, in parameters times batch
    python tests/benchmarks/bench_jax.py --model              a step on 10, 100 and 1,000 devices, by a model
    python tests/benchmarks/bench_jax.py --limits             what lifting costs as networks grow

In float64, on whatever device JAX finds; on a CPU with one thread, unless --threads says otherwise.  The contestants
of a case take turns, and medians are printed with ratios of ours to theirs.  To compile is to trace, lower and compile,
with JAX's caches cleared.
"""

from __future__ import annotations

import os
import sys

if "--threads" not in sys.argv:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from bench_lift import CASES, jax_by_hand, measure, problem
from markdown import heading, row

import engine
import nn
from nn.gpt import GPT

COLUMNS = ("case", "emitted", "by hand", "ratio", "to compile, emitted", "by hand", "ratio")
CROSSOVER_COLUMNS = ("network", "batch", "parameters times batch", "NumPy", "JAX", "NumPy / JAX")
MODEL_COLUMNS = ("devices", "512 samples each", "of it computing", "51,200 samples in all", "of it computing")
Pair = tuple[Callable[..., Any], tuple[Any, ...]]  # a function, and what it is called with


def network(sizes: list[int], params: list[Any]) -> tuple[nn.MLP, str]:
    model = nn.MLP(sizes[0], sizes[1:])
    model.load_state_dict(dict(zip(list(model.arrays()), params)))
    return model, "hinge" if sizes[-1] == 1 else "cross_entropy"


def emitted(n: int, sizes: list[int]) -> Pair:
    params, X, T = problem(n, sizes)
    model, loss = network(sizes, params)
    program = engine.lift(nn.sample_loss(model, loss), batch=True, parameters=model.parameters())
    program(X, T)
    given = {name: jnp.asarray(array) for name, array in model.arrays().items()}
    return program.to_jax(), (given, jnp.asarray(X), jnp.asarray(T))


def gpt_emitted(length: int) -> Pair:
    model, tokens = GPT(27), gpt_tokens(length)
    program = engine.lift(model.loss, parameters=model.parameters())
    program(tokens)
    given = {name: jnp.asarray(array) for name, array in model.arrays().items()}
    return program.to_jax(), (given, jnp.asarray(tokens))


def gpt_by_hand(length: int) -> Pair:
    model, tokens = GPT(27), gpt_tokens(length)

    def rmsnorm(x: Any) -> Any:
        return x * (jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5

    def loss(p: Any, tokens: Any) -> Any:
        n, heads = len(tokens) - 1, model.heads
        x = p["wte"][tokens[:-1]] + p["wpe"][:n]
        h = rmsnorm(x)
        q, k, v = (jnp.reshape(h @ p[w].T, (n, heads, -1)) for w in ("wq", "wk", "wv"))
        scores = jnp.einsum("ihd,jhd->hij", q, k) * q.shape[-1] ** -0.5
        scores = jnp.where(np.tril(np.ones((n, n), bool)), scores, -jnp.inf)
        attended = jnp.einsum("hij,jhd->ihd", jax.nn.softmax(scores), v).reshape(n, -1)
        x = x + attended @ p["wo"].T
        x = x + jax.nn.relu(rmsnorm(x) @ p["fc1"].T) @ p["fc2"].T
        z = jax.nn.log_softmax(rmsnorm(x) @ p["lm_head"].T)
        return -jnp.take_along_axis(z, tokens[1:, None], axis=1).mean()

    given = {name: jnp.asarray(array) for name, array in model.arrays().items()}
    return jax.value_and_grad(loss), (given, jnp.asarray(tokens))


def gpt_tokens(length: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 27, length + 1)


def compiling(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """Seconds from a Python function to a program that runs, with nothing remembered."""
    jax.clear_caches()
    began = time.perf_counter()
    jax.jit(lambda *xs: function(*xs)).lower(*arguments).compile()
    return time.perf_counter() - began


def compare(title: str, ours: Pair, theirs: Pair, rounds: int, compiles: int) -> tuple[float, float]:
    """Print and return the ratios of step times and of compile times."""
    pairs = {"ours": ours, "theirs": theirs}
    seconds: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(compiles):
        for name, (function, arguments) in pairs.items():
            seconds[name].append(compiling(function, arguments))
    compiled = {name: jax.jit(function) for name, (function, _) in pairs.items()}
    runs = {
        name: (lambda f=compiled[name], xs=arguments: jax.block_until_ready(f(*xs)))
        for name, (_, arguments) in pairs.items()
    }
    values = [float(run()[0]) for run in runs.values()]
    assert abs(values[0] - values[1]) < 1e-9 * max(1.0, abs(values[1])), f"{title}: the two disagree: {values}"
    step = measure(runs, rounds)
    made = {name: statistics.median(s) for name, s in seconds.items()}
    ratios = step["ours"] / step["theirs"], made["ours"] / made["theirs"]
    steps = [f"{step[name] * 1e6:.1f} us" for name in pairs]
    row([title, *steps, f"{ratios[0]:.2f}", *[f"{made[name] * 1e3:.0f} ms" for name in pairs], f"{ratios[1]:.2f}"])
    return ratios


def beside_jax(rounds: int, compiles: int) -> None:
    heading(COLUMNS)
    found = []
    for n, sizes in CASES:
        title = f"({n}, {'-'.join(map(str, sizes))})"
        found.append(compare(title, emitted(n, sizes), jax_by_hand(n, sizes), rounds, compiles))
    for length in (8, 16):
        title = f"GPT of `nn/gpt.py`, {length} tokens"
        found.append(compare(title, gpt_emitted(length), gpt_by_hand(length), rounds, compiles))
    for what, ratios in zip(("of the step's time", "of the time to compile"), zip(*found)):
        print(f"Geometric mean: {statistics.geometric_mean(ratios):.2f} {what} (largest {max(ratios):.2f})")


def crossover(rounds: int) -> None:
    """A step of NumPy's program and of JAX's, value and gradient, for networks and batches of growing size."""
    heading(CROSSOVER_COLUMNS)
    for sizes in ([16, 16, 4], [64, 32, 10], [256, 128, 10], [784, 256, 10]):
        for n in (1, 8, 64, 512):
            params, X, T = problem(n, sizes)
            model, loss = network(sizes, params)
            program = engine.lift(nn.sample_loss(model, loss), batch=True, parameters=model.parameters())
            theta = np.concatenate([p.reshape(-1) for p in params])
            function, arguments = emitted(n, sizes)
            run = jax.jit(function)
            runs = {
                "numpy": lambda p=program, X=X, T=T, theta=theta: p.value_and_grad(X, T, parameters=theta),
                "jax": lambda run=run, xs=arguments: jax.block_until_ready(run(*xs)),
            }
            step = measure(runs, rounds)
            cells = ["-".join(map(str, sizes)), str(n), f"{len(theta) * n:,}"]
            row([*cells, *[f"{t * 1e6:.1f} us" for t in step.values()], f"{step['numpy'] / step['jax']:.2f}"])


def communication(parameters: int, seconds: float, bandwidth: float, latency: float) -> None:
    """A step on many devices, by a model: computing divides, gradients are added up by halving and doubling.

    step(D) = seconds * parameters * samples / D  +  2 * (D - 1) / D * 8 * parameters / bandwidth  +  2 * log2(D) * latency
    """
    heading(MODEL_COLUMNS)
    for devices in (1, 10, 100, 1000):
        cells = [f"{devices:,}"]
        for samples in (512, 51200 / devices):
            computing = seconds * parameters * samples
            adding = 2 * (devices - 1) / devices * 8 * parameters / bandwidth + 2 * np.log2(devices) * latency
            step = computing + adding
            cells += [
                f"{step * 1e3:.1f} ms" if step < 0.1 else f"{step * 1e3:.0f} ms",
                f"{100 * computing / step:.0f}%",
            ]
        row(cells)


def limits() -> None:
    """Seconds and bytes to trace one sample and make its JAX program, as networks grow."""
    for sizes in ([64, 64, 10], [256, 256, 10], [784, 512, 10], [1024, 1024, 10]):
        model = nn.MLP(sizes[0], sizes[1:])
        _, X, T = problem(1, sizes)
        program = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters())
        began = time.perf_counter()
        program(X, T)
        traced = time.perf_counter() - began
        began = time.perf_counter()
        program.to_jax()
        written = time.perf_counter() - began
        tracemalloc.start()
        again = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters())
        again(X, T)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        count = len(model.parameters())
        print(
            f"{'-'.join(map(str, sizes)):14} {count:9,} parameters: lifted in {traced:6.2f} s, to_jax() {written:6.2f} s, "
            f"{peak / count:5.0f} bytes a parameter at the peak",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Emitted JAX programs beside those written by hand.")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--compiles", type=int, default=5)
    parser.add_argument("--crossover", action="store_true", help="NumPy beside JAX instead")
    parser.add_argument("--limits", action="store_true", help="what lifting costs instead")
    parser.add_argument("--model", action="store_true", help="a step on many devices, by a model of communication")
    parser.add_argument("--parameters", type=int, default=203_530, help="of the model; default 784-256-10")
    parser.add_argument("--seconds", type=float, default=50e-12, help="a parameter and sample, measured by --crossover")
    parser.add_argument("--bandwidth", type=float, default=1.25e9, help="bytes a second, each way; default 10 Gbit/s")
    parser.add_argument("--latency", type=float, default=50e-6, help="seconds a message")
    parser.add_argument("--threads", action="store_true", help="as many threads as the libraries like")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    print(f"jax {jax.__version__} on {jax.devices()[0].device_kind}")
    if arguments.crossover:
        crossover(arguments.rounds)
    elif arguments.model:
        communication(arguments.parameters, arguments.seconds, arguments.bandwidth, arguments.latency)
    elif arguments.limits:
        limits()
    else:
        beside_jax(arguments.rounds, arguments.compiles)


if __name__ == "__main__":
    main()
