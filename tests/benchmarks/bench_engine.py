"""What the scalar engine costs, beside another checkout of it, and beside other engines.

    python tests/benchmarks/bench_engine.py                          this tree
    python tests/benchmarks/bench_engine.py --against ../before      beside a checkout of an earlier commit
    python tests/benchmarks/bench_engine.py --peers                  beside micrograd and xad: pip install -e '.[bench]'

Every measurement has a process of its own, in which the cyclic collector is on; trees take turns, and the medians over
rounds are printed.  Times are of the process, not of the clock.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc

import graphs

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


# --- what a process of its own measures ------------------------------------------------------------------------


def seconds(run, times):
    """The median of a few runs, the first of which is not counted."""
    run()
    found = []
    for _ in range(times):
        start = time.process_time()
        result = run()
        del result
        found.append(time.process_time() - start)
    return statistics.median(found)


def swept(build):
    def run():
        z = build()
        z.backward()
        return z

    return run


def operations(z):
    import engine

    return sum(1 for node in engine.graph.walk(z) if node.parents)


def graph(name):
    """Nanoseconds an operation: build, sweep, drop."""
    from engine import Value

    build = graphs.GRAPHS[name](Value)
    return {"ns an operation": seconds(swept(build), 7) / operations(build()) * 1e9}


FORWARD = ["x * y", "-x", "x / y", "x**2", "x * 2.0", "1.0 - x", "x - y", "x + y", "x + 1", "x.tanh()", "x.relu()"]


def forward():
    """Nanoseconds of one operation alone, its result dropped with a thousand others."""
    from engine import Value

    names = {"x": Value(1.5), "y": Value(0.7), "many": range(1000)}
    runs = {text: eval(f"lambda: [{text} for _ in many]", names) for text in FORWARD}
    found = {text: [] for text in FORWARD}
    for _ in range(40):
        for text, run in runs.items():
            start = time.process_time()
            run()
            found[text].append((time.process_time() - start) * 1e6)
    return {text: statistics.median(values) for text, values in found.items()}


def chain(n):
    """A recurrence of n operations on two states and four numbers."""

    def f(p):
        a, b, c, d = p
        s, t = a, b
        for _ in range(n // 6):
            s, t = s * a + t * b, s * c + t * d
        return s + t

    return f


POINT = [0.9, 0.05, 0.08, 0.91]


def transform(n):
    """Nanoseconds a node through `engine.value_and_grad`."""
    import engine

    both = engine.value_and_grad(chain(n))
    return {"ns a node": seconds(lambda: both(POINT), 1 if n > 100_000 else 5) / n * 1e9}


def plain(n):
    """Nanoseconds a node of a graph that is built by plain code."""
    from engine import Value

    f = chain(n)
    return {"ns a node": seconds(swept(lambda: f([Value(x) for x in POINT])), 1) / n * 1e9}


def nested(n):
    """Seconds of a gradient through n gradients."""
    import engine

    inner = engine.grad(lambda x: (x * x + 1.0).sqrt())

    def f(x):
        for _ in range(n):
            x = x - 0.01 * inner(x)
        return x

    return {"s": seconds(lambda: engine.grad(f)(1.0), 3)}


def gpt_step(which):
    """Milliseconds of a training step of the scalar GPT."""
    from bare import Bare

    from engine import Value

    step = graphs.gpt_step(Value if which == "ours" else Bare)
    return {"ms": seconds(step, 9) * 1e3}


def dots():
    """Microseconds a weight of the network whose neurons are `dot` nodes."""
    import engine

    build = graphs.mlp(engine.Value, neuron=lambda ws, xs: engine.dot(ws, xs).tanh())
    return {"us a weight": seconds(swept(build), 7) / WEIGHTS * 1e6}


WEIGHTS = 100 * 50 + 7 * 50 * 50


def memory():
    """Bytes a node of the network of chains, after a sweep."""
    from engine import Value

    build = graphs.mlp(Value)
    run, n = swept(build), operations(build())
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    z = run()
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del z
    return {"bytes a node": size / n}


def micrograd():
    from micrograd.engine import Value

    def neuron(ws, xs):  # it has no tanh; with its relu the graph has the same shape
        acc = ws[0] * xs[0]
        for w, x in zip(ws[1:], xs[1:]):
            acc = acc + w * x
        return acc.relu()

    return {"ns an operation": seconds(swept(graphs.mlp(Value, neuron=neuron)), 3) / (2 * WEIGHTS) * 1e9}


def xad():
    import xad.adj_1st as xad
    from xad import math as xad_math

    build = graphs.mlp(float)  # for its numbers
    layers, inputs = [cell.cell_contents for cell in build.__closure__ if isinstance(cell.cell_contents, list)]
    layers, inputs = (layers, inputs) if isinstance(layers[0], list) else (inputs, layers)

    def run():
        with xad.Tape() as tape:
            ws = [[[xad.Real(w) for w in neuron] for neuron in layer] for layer in layers]
            for layer in ws:
                for neuron in layer:
                    for w in neuron:
                        tape.registerInput(w)
            a = list(inputs)
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

    return {"ns an operation": seconds(run, 5) / (2 * WEIGHTS) * 1e9}


CASES = {
    **{name: (graph, name) for name in graphs.GRAPHS},
    "forward": (forward,),
    "50,000 nodes, transform": (transform, 50_000),
    "1,000,000 nodes, transform": (transform, 1_000_000),
    "1,000,000 nodes, plain": (plain, 1_000_000),
    "50 nested": (nested, 50),
    "800 nested": (nested, 800),
    "GPT step": (gpt_step, "ours"),
    "GPT step, bare": (gpt_step, "bare"),
    "network of dots": (dots,),
    "memory": (memory,),
    "micrograd": (micrograd,),
    "xad": (xad,),
}
PEERS = ("micrograd", "xad")
ONCE = ("1,000,000 nodes, transform", "1,000,000 nodes, plain", "memory")  # a round or two will do


# --- what the parent compares ------------------------------------------------------------------------------------


COLUMNS = ("measured", "before", "now", "now / before")
ALONE_COLUMNS = ("in this tree", "ratio")


def measured(case, tree):
    environment = {**os.environ, "PYTHONPATH": tree}
    command = [sys.executable, os.path.abspath(__file__), "--alone", case]
    out = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if out.returncode:
        print(f"{case} in {tree}: {out.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    return json.loads(out.stdout)


def medians(cases, trees, rounds):
    """Return (case, tree) -> medians; in every round the trees take turns, case by case."""
    found = {}
    for k in range(rounds):
        for case in cases:
            if case in ONCE and k >= 3:
                continue
            for tree in trees:
                for what, value in measured(case, tree).items():
                    found.setdefault((case, what), {}).setdefault(tree, []).append(value)
    return {key: {tree: statistics.median(xs) for tree, xs in trees.items()} for key, trees in found.items()}


def table(found, trees):
    before = len(trees) > 1
    columns = COLUMNS if before else ("measured", "now")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for (case, what), by_tree in found.items():
        values = [by_tree.get(tree) for tree in trees]
        shown = [f"{v:,.3g}" if v is not None and v < 10 else f"{v:,.0f}" if v is not None else "" for v in values]
        ratio = f" {values[-1] / values[0]:.2f} |" if before and None not in values else " |" * before
        print(f"| {case}, {what} | " + " | ".join(shown) + " |" + ratio)


def ratios(found, tree):
    """Print what is compared inside one tree."""

    def of(case, what):
        return found.get((case, what), {}).get(tree)

    pairs = [(f"{text} over x * y", of("forward", text), of("forward", "x * y")) for text in FORWARD[1:]]
    pairs += [
        ("GPT step, ours over bare", of("GPT step", "ms"), of("GPT step, bare", "ms")),
        ("a node of a million over one of 50,000, transform", of("1,000,000 nodes, transform", "ns a node"),
         of("50,000 nodes, transform", "ns a node")),
        ("800 nested over 50", of("800 nested", "s"), of("50 nested", "s")),
    ]  # fmt: skip
    for what, a, b in pairs:
        if a and b:
            print(f"| {what} | {a / b:.2f} |")


def main():
    parser = argparse.ArgumentParser(description="What the scalar engine costs.")
    parser.add_argument("--against", metavar="DIR", help="a checkout of the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="*", help=f"some of: {', '.join(CASES)}")
    parser.add_argument("--peers", action="store_true", help="micrograd and xad as well")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        run, *given = CASES[arguments.alone]
        print(json.dumps(run(*given)))
        return
    trees = [os.path.abspath(arguments.against), ROOT] if arguments.against else [ROOT]
    cases = arguments.cases or [case for case in CASES if arguments.peers or case not in PEERS]
    found = medians(cases, trees, arguments.rounds)
    table(found, trees)
    print(f"\n| {' | '.join(ALONE_COLUMNS)} |\n|---|---|")
    ratios(found, ROOT)


if __name__ == "__main__":
    main()
