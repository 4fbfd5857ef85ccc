"""How many wrong programs the proof finds: the compiler is made wrong in the ways listed here, one at a time.

    python tests/benchmarks/bench_mutations.py
    python tests/benchmarks/bench_mutations.py --programs 60 --only 3 7

Each mutation is an edit of one line of a copy of the package. Programs are lifted by it twice: unproven, and compared
with the scalar engine at random points, in batches of several sizes, twice on the same memory; and proven. Counted are
the programs that are wrong, how many of these the proof refuses, and what it refuses that was not seen to be wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

MUTATIONS = [
    ("a shared value's cotangent is not summed over samples", "passes/differentiate.py", "        over_batch = batched and not x.batched\n", "        over_batch = False\n"),
    ("a repeated value's constant cotangent counts once", "passes/differentiate.py", 'fold("multiply", g.value, float(count))', 'fold("multiply", g.value, 1.0)'),
    ("a constant cotangent of a shared value lacks N", "passes/differentiate.py", "Literal(product, g.batch_power + over_batch)", "Literal(product, g.batch_power)"),
    ("a cotangent that no sample changes lacks N", "passes/differentiate.py", "g, Literal(1.0, 1))", "g, Literal(1.0, 0))"),
    ("a constant's sign is lost", "passes/differentiate.py", "Literal(negated(values[0].value), powers[0])", "Literal(values[0].value, powers[0])"),
    ("a later cotangent overwrites an earlier one", "passes/tidy.py", 'if step.op == "copy" and not covered[source][at].any() and', 'if step.op == "copy" and'),
    ("a buffer that is added to does not start from zero", "passes/tidy.py", "if elements.size and elements.all()} - zeros", "if elements.size}"),
    ("windows that overlap are added as if they did not", "passes/tidy.py", "or not target.overlaps():\n        yield step", "or True:\n        yield step"),
    ("only the first of several repeated axes is summed", "views.py", "enumerate(axes) if stride == 0])", "enumerate(axes) if stride == 0][:1])"),
    ("a product's left gradient for the right one", "passes/differentiate.py", "factors = ((dz, b.T), (dz.T, a.T))", "factors = ((dz, b.T), (a.T, dz.T))"),
    ("a condition's sides are exchanged in what is handed back", "emit/numpy_text.py", "where=np.logical_not({texts[0]}))", "where={texts[0]})"),
    ("an array that is read again takes the place of its copy", "passes/tidy.py", "last[x.source] == k and _alike", "_alike"),
    ("what two read is computed where one has copied it", "passes/tidy.py", " and readers[before.target.source] == 1:", ":"),
    ("a buffer is used again while it is still read", "passes/allocate.py", "free = [x for x in _replaceable(step) if last[x] == now]", "free = _replaceable(step)"),
    ("places that coincide get one of their sums", "emit/numpy_gather.py", "    if shared or not gather.distinct:", "    if False:"),
    ("a gather reads the first sample's row for all", "emit/numpy_gather.py", "* {gather.source.size}", "* 0 * {gather.source.size}"),
    ("what is added is assigned", "emit/numpy_store.py", 'w.call("add", place, w.call(function, *arguments), f"out={place}")', 'w.call(function, *arguments, f"out={place}")'),
    ("the mean is a sum", "emit/source.py", 'value = f"float(np.add.reduce({text})) / N"', 'value = f"float(np.add.reduce({text}))"'),
    ("a sum of equal values counts one", "emit/source.py", '{"sum": f"{one} * N"', '{"sum": f"{one}"'),
    ("what is written in parts is taken for unread", "passes/allocate.py", "        if not step.target.is_whole():\n            last[", "        if False:\n            last["),
    ("a factor of a factor is dropped", "expr.py", 'Expr.call("multiply", Expr(product), x.args[1])', 'Expr.call("multiply", args[1], x.args[1])'),
    ("a factor of -1 is dropped", "expr.py", '        if numbers[0] == -1.0:\n            return Expr.call("negative", y)', "        if numbers[0] == -1.0:\n            return y"),
    ("a cube is a square", "expr.py", '    3.0: lambda x: x * Expr.call("square", x),', '    3.0: lambda x: Expr.call("square", x),'),
    ("greater is less", "expr.py", 'def __gt__(self, other: Any) -> Expr:\n        return Expr.call("less", other, self)', 'def __gt__(self, other: Any) -> Expr:\n        return Expr.call("less", self, other)'),
    ("at least is more than", "expr.py", 'def __le__(self, other: Any) -> Expr:\n        return Expr.call("less_equal", self, other)', 'def __le__(self, other: Any) -> Expr:\n        return Expr.call("less", self, other)'),
    ("exponents are not told apart", "passes/group.py", "key = (trace.ops[i], told_apart(trace.fixed.get(i, ())), *[of[j] for j in item])", "key = (trace.ops[i], (), *[of[j] for j in item])"),
    ("blocks of a product lie upon each other", "passes/contract.py", "place = block * n * m + _rank", "place = _rank"),
    ("any index is taken for a stride", "views.py", "if np.array_equal(expected, index) else None", "if True else None"),
    ("a part of the flat vector is read at its place in the whole", "passes/split_parameters.py", "offset=x.offset - start", "offset=x.offset"),
    ("a gather of a part is made of the whole", "passes/split_parameters.py", "index=x.index - start", "index=x.index"),
    ("1 / N is N", "emit/writer.py", "'/' if x.batch_power < 0 else '*'", "'/' if x.batch_power > 0 else '*'"),
    ("arguments are bound in another order", "external.py", "return cast(\"Callable[[Views], tuple[Any, ...]]\", itemgetter(*places))", "return cast(\"Callable[[Views], tuple[Any, ...]]\", itemgetter(*places[::-1]))"),
    ("tables of any spacing are read at the first one", "passes/choose.py", "    if (np.diff(at, axis=1) == stride).all() and all(", "    if all("),
    ("equal numbers are taken for different ones", "expr.py", 'return Expr.call("equal", self, other)', 'return Expr.call("less", self, self)'),
]  # fmt: skip


# --- programs ------------------------------------------------------------------------------------------------------


def programs(count: int) -> list[Any]:
    """Return what is lifted: (name, text, arguments, batch, reduction), written by hand and at random."""
    from grammar import Argument, Source, generate

    v2, v3, m = Argument("x", "vector", (2,)), Argument("x", "vector", (3,)), Argument("x", "matrix", (3, 2))
    t = Argument("t", "index")
    head = "pW = [[Value(0.3 * i - 0.2 * j + 0.1, f'W[{i}, {j}]') for j in range(2)] for i in range(3)]\n"
    head += "pu = [Value(0.5 - 0.3 * k, f'u[{k}]') for k in range(3)]\np0, p1 = Value(0.7, 's'), Value(-0.4, 'r')\n\n"
    bodies = [
        ("x", [v2], "a = [engine.tanh(engine.dot(r, list(x)) + b) for r, b in zip(pW, pu)]; return engine.dot(pu, a)"),
        ("x, t", [v2, t], "z = [engine.dot(r, list(x), b) for r, b in zip(pW, pu)]; return engine.logsumexp(z) - engine.select(z, t)"),
        ("x", [v2], "return engine.total([engine.relu(engine.dot(r, list(x))) * p0 for r in pW])"),
        ("x", [v3], "return engine.total([engine.dot(pu[:2], list(x[k:k + 2])) ** 2 for k in range(2)])"),
        ("x", [v3], "return engine.total([engine.softmax(list(x))[k] * pu[k] for k in range(3)])"),
        ("x", [m], "q = [[engine.dot(list(a), list(b)) for b in x] for a in x]; return engine.total([engine.dot(engine.softmax(r), pu) for r in q])"),
        ("x, t", [v3, t], "return engine.select([p0, p1, x[0]], t) * engine.select(list(x), t) + engine.select(pu, t) ** 3"),
        ("x", [v3], "return engine.where(x[0] > p0, x[1] * p1, x[2] * p0) + engine.maximum(x[0], x[1]) * engine.minimum(x[1], p1)"),
        ("x", [v3], "return sum((p - q) ** 2 for p, q in zip(pu, x)) + 0.5 * sum(p * p for p in pu)"),
        ("x", [v3], "s, out = 0.0, []\n    for q in x:\n        s = s + q * p0\n        out.append(engine.tanh(s))\n    return engine.dot(out, pu)"),
        ("x", [v3], "return (x[0] + p0) * p0 + engine.where(p0 > 0, p1, x[1]) + 2.0 * p0 + p1 ** 3"),
        ("x", [v2], "h = [0.1, 0.2]\n    for _ in range(3):\n        h = [engine.tanh(engine.dot(pW[k], h) + x[k]) for k in range(2)]\n    return engine.total(h)"),
        ("x", [v3], "return engine.clip(x[0] * p0, -0.5, 0.5) + abs(x[1]) + engine.leaky_relu(x[2], 0.1) * p1 ** 2"),
        ("x", [v3], "return engine.total([pu[0] * x[2], pu[2] * x[0], pu[1] * x[1]]) * engine.exp(-(x[0] ** 2))"),
        ("x", [m], "return engine.total([engine.sigmoid(engine.total([a * b for a, b in zip(r, w)])) for r, w in zip(x, pW)])"),
    ]  # fmt: skip
    found = []
    for k, (names, arguments, body) in enumerate(bodies):
        text = f"{head}\ndef f({names}):\n    {body}\n"
        for batch, reduction in ((True, "mean"), (True, "sum"), (False, "mean")):
            found.append((f"program {k}", Source(text, arguments, batch, reduction, 3)))
    seeds = (s for s in range(10**6) if " if K[0]" not in (made := generate(s)).text and made.reduction != "none")
    return found + [(f"seed {s}", generate(s)) for s, _ in zip(seeds, range(count))]


# --- one mutation, in a process of its own -------------------------------------------------------------------------


def work(count: int) -> None:
    """Lift every program with the package that this process imports, and print what became of each."""
    import engine  # the copy, before anything can bring the original

    assert Path(engine.__file__).is_relative_to(Path.cwd()), engine.__file__
    sys.path[:0] = [str(ROOT / "tests")]
    for name, source in programs(count):
        print(json.dumps([name, *_judged(source)]), flush=True)


def _judged(source: Any) -> tuple[str, str]:
    """Return ("right", "wrong" or "uncompiled"; "accepted" or "refused")."""
    import random_programs as runs

    import engine

    space = runs.load(source)
    options = {"batch": source.batch, "reduction": source.reduction}
    draw = random.Random(5)
    inputs, n = runs.inputs_for(draw, source, 0)
    while not n:
        inputs, n = runs.inputs_for(draw, source, 0)
    wrong = "right"
    unproven = engine.lift(space["f"], verify=False, **options)
    for call in range(6):
        try:
            want = runs.eager(space, source, inputs, n)
        except Exception:
            return "uncompiled", "accepted"
        try:
            got = unproven.value_and_grad(*inputs, wrt="all")
        except runs.REFUSALS:
            got = None
        except Exception:
            if not unproven.variants or not any(v.compiled for found in unproven.variants.values() for v in found):
                return "uncompiled", "accepted"
            wrong = "wrong"
            break
        if got is not None and runs.differs(runs.pairs(got, want, unproven, "all", inputs), 1e-7):
            wrong = "wrong"
            break
        inputs, n = runs.inputs_for(draw, source, 1) if call % 2 else (inputs, n)
        if not n:
            inputs, n = runs.inputs_for(random.Random(call), source, 0)
            if not n:
                break
        for v in runs.values_in(space):
            v.data = v.data + draw.choice([0.0, 0.4, -0.7]) if call % 2 else v.data
    return wrong, _proven(engine, source, runs.load(source), options, runs)


def _proven(engine: Any, source: Any, space: dict[str, Any], options: dict[str, Any], runs: Any) -> str:
    program = engine.lift(space["f"], strict=True, **options)
    draw = random.Random(5)
    inputs, n = runs.inputs_for(draw, source, 0)
    while not n:
        inputs, n = runs.inputs_for(draw, source, 0)
    try:
        program.value_and_grad(*inputs, wrt="all")
    except engine.LiftError as error:
        return "refused" if "differs from its scalar operations" in str(error) else "accepted"
    except Exception:
        return "accepted"
    return "accepted"


def mutated(mutation: tuple[str, str, str, str], folder: Path, count: int) -> list[list[str]]:
    """Return what became of every program, lifted by a copy of the package with one edit."""
    _, file, old, new = mutation
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "engine" / "lifting" / file
    text = path.read_text()
    if old not in text:
        raise SystemExit(f"{file} has no line {old!r} any more; bring the list of mutations up to date.")
    path.write_text(text.replace(old, new, 1))
    environment = {**os.environ, "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("LIFTGRAD_CHECK", None)
    command = [sys.executable, "-W", "ignore", __file__, "--work", str(count)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def main() -> None:
    parser = argparse.ArgumentParser(description="What the proof finds of a compiler that was made wrong.")
    parser.add_argument("--programs", type=int, default=30, help="random ones, beside those written by hand")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of mutations")
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work is not None:
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            work(arguments.work)
        return
    total = caught = unseen = 0
    begun = time.perf_counter()
    for k, mutation in enumerate(MUTATIONS):
        if arguments.only and k not in arguments.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = mutated(mutation, Path(folder), arguments.programs)
        wrong = [f for f in found if f[1] == "wrong"]
        refused = [f for f in wrong if f[2] == "refused"]
        more = [f for f in found if f[1] == "right" and f[2] == "refused"]
        total, caught, unseen = total + len(wrong), caught + len(refused), unseen + len(more)
        missed = ", ".join(sorted({f[0] for f in wrong} - {f[0] for f in refused}))
        print(
            f"{k:2d} {mutation[0]:62s} {len(wrong):3d} of {len(found)} wrong, {len(refused):3d} refused"
            + (f", {len(more)} more refused" if more else "") + (f"; MISSED {missed}" if missed else ""),
            flush=True,
        )  # fmt: skip
    share = 100 * caught / max(1, total)
    print(
        f"{total} wrong programs, {caught} refused ({share:.1f}%); {unseen} more refused; {time.perf_counter() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
