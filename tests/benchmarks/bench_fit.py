"""Training beside what people would write instead: same sizes, batches, optimiser (Adam) and an accuracy per epoch.

    python tests/benchmarks/bench_fit.py                     NumPy by hand, scikit-learn
    python tests/benchmarks/bench_fit.py --jax               JAX by hand (Optax, scan), on whatever device JAX has
    python tests/benchmarks/bench_fit.py --gpt names.txt     a GPT of nn/gpt.py, lifting included
    ... --gpt names.txt --against ../before                  beside a checkout of an earlier commit

Peers take turns, and medians over rounds are printed: seconds of the process on a CPU, of the clock on another device.
What comes before the first epoch (and after the last, which is little) is apart: one epoch more is run, and not counted.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.environ.get("LIFTGRAD_TREE", ROOT))

import numpy as np
from markdown import heading, row

import nn

ROWS = (
    ([64, 32, 10], 1437, 32, 20),
    ([2, 16, 16, 2], 200, 50, 100),
    ([30, 16, 2], 455, 32, 50),
    ([784, 128, 10], 4096, 128, 3),
    ([784, 256, 10], 8192, 512, 2),
)
RATE = 1e-2
HOST_COLUMNS = (
    "network",
    "samples",
    "batch",
    "epochs",
    "fit",
    "by hand",
    "fit / hand",
    "fit, no metrics",
    "scikit-learn",
    "ratio",
    "fit, before the first epoch",
)
DEVICE_COLUMNS = (
    "network",
    "samples",
    "batch",
    "epochs",
    "fit, a step",
    "JAX by hand, a step",
    "ratio",
    "fit, to compile",
    "by hand",
    "loss beside NumPy's",
)
GPT_COLUMNS = ("1,000 steps of the GPT, lifting included", "seconds")


def data(sizes, n):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, sizes[0])), rng.integers(0, sizes[-1], n)


# --- who trains: each returns when it began, and the times at the ends of its epochs and at its own ---------------------------------


def by_fit(sizes, X, T, epochs, batch, clock, **how):
    """nn.fit; the clock is looked at where an epoch's record is complete."""
    from nn.training import epochs as module

    run, ends = module.Epochs.run, []

    def timed(self, epoch):
        record = run(self, epoch)
        ends.append(clock())
        return record

    model, begin = nn.MLP(sizes[0], sizes[1:]), clock()
    module.Epochs.run = timed
    try:
        nn.fit(
            model, X, T, epochs=epochs, batch_size=batch, optimizer=nn.Adam(RATE), progress=False, verify=False, **how
        )
    finally:
        module.Epochs.run = run
    return begin, [*ends, clock()]


def drawn(sizes):
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(a, b)) * (2 / a) ** 0.5 for a, b in zip(sizes, sizes[1:])]
    return weights + [np.zeros(b) for b in sizes[1:]]


def by_hand(sizes, X, T, epochs, batch, clock):
    rng, L, begin, ends = np.random.default_rng(0), len(sizes) - 1, clock(), []
    P = drawn(sizes)
    M, V, steps = [np.zeros_like(p) for p in P], [np.zeros_like(p) for p in P], 0

    def forward(X):
        A = [X]
        for k in range(L):
            z = A[-1] @ P[k] + P[L + k]
            A.append(np.maximum(z, 0) if k < L - 1 else z)
        return A

    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for b in range(0, len(X), batch):
            i = order[b : b + batch]
            x, t = X[i], T[i]
            A = forward(x)
            z = A[-1] - A[-1].max(1, keepdims=True)
            ez = np.exp(z)
            s = ez.sum(1, keepdims=True)
            total += (np.log(s[:, 0]) - z[np.arange(len(i)), t]).sum()
            d, G = ez / s, [None] * (2 * L)
            d[np.arange(len(i)), t] -= 1
            d /= len(i)
            for k in reversed(range(L)):
                G[k], G[L + k] = A[k].T @ d, d.sum(0)
                if k:
                    d = (d @ P[k].T) * (A[k] > 0)
            steps += 1
            for p, g, m, v in zip(P, G, M, V):
                m *= 0.9
                m += 0.1 * g
                v *= 0.999
                v += 0.001 * g * g
                p -= RATE * (m / (1 - 0.9**steps)) / (np.sqrt(v / (1 - 0.999**steps)) + 1e-8)
        (forward(X)[-1].argmax(1) == T).mean()
        ends.append(clock())
    return begin, [*ends, clock()]


def by_sklearn(sizes, X, T, epochs, batch, clock):
    """MLPClassifier, which measures nothing; its loss is looked at once an epoch."""
    from sklearn.neural_network import MLPClassifier

    begin, ends = clock(), []

    class Timed(MLPClassifier):
        def _update_no_improvement_count(self, *given):
            super()._update_no_improvement_count(*given)
            ends.append(clock())

    how = {"alpha": 0, "learning_rate_init": RATE, "n_iter_no_change": 10**6, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        Timed(sizes[1:-1], batch_size=batch, max_iter=epochs, **how).fit(X, T)
    return begin, [*ends, clock()]


def by_jax(sizes, X, T, epochs, batch, clock, dtype=np.float64):
    """A loop that stays on the device: an epoch is a scan, the optimiser Optax's; whole batches and one that is not."""
    import jax
    import jax.numpy as jnp
    import optax

    begin, ends, L = clock(), [], len(sizes) - 1
    P, X, T = jax.device_put(([p.astype(dtype) for p in drawn(sizes)], X.astype(dtype), T))
    optimizer = optax.adam(RATE)
    state = optimizer.init(P)

    def forward(P, X):
        for k in range(L):
            X = X @ P[k] + P[L + k]
            X = jnp.maximum(X, 0) if k < L - 1 else X
        return X

    def loss(P, x, t):
        return optax.softmax_cross_entropy_with_integer_labels(forward(P, x), t).mean()

    def step(at, rows, X, T):
        P, state = at
        value, G = jax.value_and_grad(loss)(P, X[rows], T[rows])
        updates, state = optimizer.update(G, state, P)
        return (optax.apply_updates(P, updates), state), value

    @jax.jit
    def epoch(P, state, X, T, order):
        whole = len(X) // batch * batch
        at, values = jax.lax.scan(lambda at, rows: step(at, rows, X, T), (P, state), order[:whole].reshape(-1, batch))
        total = values.sum() * batch
        if whole < len(X):
            at, value = step(at, order[whole:], X, T)
            total += value * (len(X) - whole)
        return *at, total / len(X), (forward(at[0], X).argmax(1) == T).mean()

    rng = np.random.default_rng(0)
    for _ in range(epochs):
        P, state, mean, accuracy = epoch(P, state, X, T, rng.permutation(len(X)))
        float(mean), float(accuracy)
        ends.append(clock())
    return begin, [*ends, clock()]


# --- what is measured ------------------------------------------------------------------------------------------------


def taken(times):
    """Return seconds for all epochs but the first, and what is no epoch's: all before the first, and after the last."""
    begin, (first, *others, last, end) = times
    seconds = last - first
    return seconds, end - begin - seconds * (len(others) + 2) / (len(others) + 1)


def medians(peers, case, rounds, clock):
    """Return the median seconds of each peer, in turns, after one round that does not count."""
    sizes, n, batch, epochs = case
    X, T = data(sizes, n)
    found = {name: [] for name in peers}
    for k in range(rounds + 1):
        for name, peer in peers.items():
            times = taken(peer(sizes, X, T, epochs + 1, batch, clock))
            if k:
                found[name].append(times)
    return {name: [statistics.median(column) for column in zip(*times)] for name, times in found.items()}


def mean(ratios):
    return float(np.exp(np.log(ratios).mean()))


def called(case):
    sizes, n, batch, epochs = case
    return [f"{'-'.join(map(str, sizes))}", f"{n:,}", str(batch), str(epochs)]


def on_host(rounds):
    peers = {
        "fit": by_fit,
        "hand": by_hand,
        "bare": lambda *given: by_fit(*given, metrics=()),
        "sklearn": by_sklearn,
    }
    heading(HOST_COLUMNS)
    ratios = {"hand": [], "sklearn": []}
    for case in ROWS:
        s = medians(peers, case, rounds, time.process_time)
        ratios["hand"].append(s["fit"][0] / s["hand"][0])
        ratios["sklearn"].append(s["bare"][0] / s["sklearn"][0])
        first = [f"{s[name][0]:.3f} s" for name in ("fit", "hand")] + [f"{ratios['hand'][-1]:.2f}"]
        second = [f"{s[name][0]:.3f} s" for name in ("bare", "sklearn")] + [f"{ratios['sklearn'][-1]:.2f}"]
        row([*called(case), *first, *second, f"{s['fit'][1]:.2f} s"])
    for name, bars in (("hand", (0.8, 1.1)), ("sklearn", (0.7, 1.2))):
        of = ratios[name]
        print(
            f"\nover {name}: geometric mean {mean(of):.2f} (at most {bars[0]}), largest {max(of):.2f} (at most {bars[1]})"
        )
    print(f"\nan epoch of 203,530 parameters outside steps and metrics: {outside(rounds) * 1e3:.2f} ms (at most 1)")


def outside(rounds, epochs=50):
    """Return seconds of an epoch of 203,530 parameters whose step takes no time, and which measures nothing."""
    from nn.training import fit as module

    X, T = data([784, 256, 10], 512)
    lifted, update = module.lifted_step, nn.Adam.update
    module.lifted_step = lambda *_: lambda theta, X, T: (1.0, theta)
    nn.Adam.update = lambda *_: None
    try:
        times = [by_fit([784, 256, 10], X, T, epochs, 512, time.process_time, metrics=()) for _ in range(rounds)]
    finally:
        module.lifted_step, nn.Adam.update = lifted, update
    return statistics.median([taken(of_fit)[0] for of_fit in times]) / (epochs - 1)


def on_device(rounds, dtype):
    import jax

    device = jax.devices()[0]
    clock = time.process_time if device.platform == "cpu" else time.perf_counter
    jax.config.update("jax_enable_x64", True)
    print(f"jax {jax.__version__} on {device.device_kind}, {dtype}\n")
    peers = {
        "fit": lambda *given: by_fit(*given, backend="jax", devices=1, dtype=dtype),
        "hand": lambda *given: by_jax(*given, dtype=np.dtype(dtype)),
    }
    heading(DEVICE_COLUMNS)
    ratios = []
    for case in ROWS:
        sizes, n, batch, epochs = case
        s = medians(peers, case, rounds, clock)
        steps = epochs * -(-n // batch)
        ratios.append(s["fit"][0] / s["hand"][0])
        each = [f"{s[name][0] / steps * 1e6:.1f} us" for name in ("fit", "hand")]
        before = [f"{s[name][1]:.2f} s" for name in ("fit", "hand")]
        row([*called(case), *each, f"{ratios[-1]:.2f}", *before, f"{apart(case, dtype):.0e}"])
    bar = 1.2 if device.platform == "cpu" else 1.5
    print(f"\ngeometric mean {mean(ratios):.2f}, largest {max(ratios):.2f} (at most {bar})")


def apart(case, dtype):
    """Return the largest difference of an epoch's loss from NumPy's, as a part of it."""
    sizes, n, batch, epochs = case
    how = {"epochs": epochs, "batch_size": batch, "progress": False, "verify": False}
    X, T = data(sizes, n)
    losses = [
        [record["loss"] for record in nn.fit(nn.MLP(sizes[0], sizes[1:]), X, T, optimizer=nn.Adam(RATE), **how, **more)]
        for more in ({}, {"backend": "jax", "devices": 1, "dtype": dtype})
    ]
    return max(abs(a - b) / b for a, b in zip(*losses))


# --- a GPT, in a process of its own --------------------------------------------------------------------------------------


def gpt_alone(names):
    """Return seconds of a thousand steps, lifting included: with programs proven, and not, where that can be said."""
    import inspect

    from nn.data import names as read
    from nn.gpt import GPT, train

    documents, letters = read(names)
    seconds = {}
    for verify in (True, False) if "verify" in inspect.signature(train).parameters else (True,):
        model, begin = GPT(len(letters) + 1), time.process_time()
        train(model, documents, 1000, **({} if verify else {"verify": False}))
        seconds["proven" if verify else "not proven"] = time.process_time() - begin
    return seconds


def gpt(names, against, rounds):
    trees = [os.path.abspath(against), ROOT] if against else [ROOT]
    found = {}
    for _ in range(rounds):
        for tree in trees:
            command = [sys.executable, os.path.abspath(__file__), "--gpt", os.path.abspath(names), "--alone"]
            text = subprocess.run(
                command, env=os.environ | {"LIFTGRAD_TREE": tree}, capture_output=True, check=True
            ).stdout
            for kind, seconds in json.loads(text).items():
                found.setdefault((tree, kind), []).append(seconds)
    heading(GPT_COLUMNS)
    for (tree, kind), seconds in found.items():
        row([f"{'now' if tree == ROOT else 'before'}, {kind}", f"{statistics.median(seconds):.2f}"])


def main():
    parser = argparse.ArgumentParser(description="What training costs beside its steps, and beside other trainings.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jax", action="store_true", help="on JAX's device, beside JAX by hand")
    parser.add_argument("--dtype", default="float64", help="of the numbers on the device")
    parser.add_argument("--gpt", metavar="FILE", help="names, one per line: a GPT's thousand steps")
    parser.add_argument("--against", metavar="DIR", help="a checkout of the commit to compare the GPT with")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(gpt_alone(arguments.gpt)))
    elif arguments.gpt:
        gpt(arguments.gpt, arguments.against, arguments.rounds)
    elif arguments.jax:
        on_device(arguments.rounds, arguments.dtype)
    else:
        on_host(arguments.rounds)


if __name__ == "__main__":
    main()
