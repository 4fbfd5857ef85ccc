"""How many wrong programs the proof finds: the compiler is made wrong in the ways listed here, one at a time.

    python tests/benchmarks/bench_mutations.py
    python tests/benchmarks/bench_mutations.py --programs 60 --only 3 7

Each mutation is an edit of one place in a copy of the package; one whose place is gone is named, and fails the run. Programs are lifted by it twice: unproven, and compared
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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

MUTATIONS = [
    ("a shared value's cotangent is not summed over samples", '        over_batch = batched and not x.batched\n', '        over_batch = False\n'),
    ("a repeated value's constant cotangent counts once", 'fold("multiply", g.value, float(count))', 'fold("multiply", g.value, 1.0)'),
    ('a constant cotangent of a shared value lacks N', 'Literal(product, g.batch_power + over_batch)', 'Literal(product, g.batch_power)'),
    ('a cotangent that no sample changes lacks N', 'g, Literal(1.0, 1))', 'g, Literal(1.0, 0))'),
    ("a constant's sign is lost", 'Literal(negated(values[0].value), powers[0])', 'Literal(values[0].value, powers[0])'),
    ('a later cotangent overwrites an earlier one', 'if step.op == "copy" and not covered[source][at].any() and', 'if step.op == "copy" and'),
    ('a buffer that is added to does not start from zero', 'if elements.size and elements.all()} - zeros', 'if elements.size}'),
    ('windows that overlap are added as if they did not', 'if not target.overlaps():\n        yield step', 'if True:\n        yield step'),
    ('what a sum hands back goes along another axis', 'g.reshape((*g.shape, *[1] * (len(x.shape) - len(g.shape))))', 'g.reshape((*[1] * (len(x.shape) - len(g.shape)), *g.shape))'),
    ("a product's left gradient for the right one", 'factors = ((dz, b.T), (dz.T, a.T))', 'factors = ((dz, b.T), (a.T, dz.T))'),
    ("a condition's sides are exchanged in what is handed back", 'where=np.logical_not({texts[0]}))', 'where={texts[0]})'),
    ('an array that is read again takes the place of its copy', 'last[x.source] == k and _alike', '_alike'),
    ('a sum that is added to windows is computed there, though they overlap', 'before.op == "sum" and not step.target.overlaps() if', 'before.op == "sum" if'),
    ('a buffer is used again while it is still read', 'isinstance(x, View) and last[x.source] == now and', 'isinstance(x, View) and'),
    ('places that coincide get one of their sums', '    if shared or not gather.distinct:', '    if False:'),
    ('what is added where there are numbers is put', 'if fill is None or not (_puts(step)', 'if fill is not None and not (_puts(step)'),
    ('a place that is met twice counts once', 'np.bincount(gather.index.reshape(-1)', 'np.bincount(np.unique(gather.index)'),
    ('two signs of a sum are one', 'if negative == (True, False):', 'if negative[0]:'),
    ('a square has the slope of one factor', '"multiply", g.shape, g.batched, Literal(2.0), g)', '"multiply", g.shape, g.batched, Literal(1.0), g)'),
    ("a gather reads the first sample's row for all", '* {gather.source.size}', '* 0 * {gather.source.size}'),
    ('what is added is assigned', 'w.call("add", place, w.call(function, *arguments), f"out={place}")', 'w.call(function, *arguments, f"out={place}")'),
    ('the mean is a sum', 'return added if reduction == "sum" else f"{added} / N"', 'return added'),
    ('a sum of equal values counts one', '{"sum": f"{one} * N"', '{"sum": f"{one}"'),
    ('a cotangent is read before all has been scattered to it', 'for x in step.operands[1:] if scatters else step.operands:', 'for x in step.operands[1:]:'),
    ('a number that is multiplied is no longer divided by N', 'Literal(number, sum(powers) if op == "multiply" else powers[0] - powers[1])', 'Literal(number, 0)'),
    ('a factor of -1 is dropped', '        if numbers[0] == -1.0:\n            return Expr.call("negative", y)', '        if numbers[0] == -1.0:\n            return y'),
    ('a cube is a square', '    3.0: lambda x: x * Expr.call("square", x),', '    3.0: lambda x: Expr.call("square", x),'),
    ('greater is less', 'def __gt__(self, other: Any) -> Expr:\n        return Expr.call("less", other, self)', 'def __gt__(self, other: Any) -> Expr:\n        return Expr.call("less", self, other)'),
    ('at least is more than', 'def __le__(self, other: Any) -> Expr:\n        return Expr.call("less_equal", self, other)', 'def __le__(self, other: Any) -> Expr:\n        return Expr.call("less", self, other)'),
    ('exponents are not told apart', 'key = (ops[i], fixed[i], *map(group_of, item))', 'key = (ops[i], *map(group_of, item))'),
    ('blocks of a product lie upon each other', 'place = block * n * m + rank', 'place = rank'),
    ('any index is taken for a stride', 'if np.array_equal(expected, index) else None', 'if True else None'),
    ('a part of the flat vector is read at its place in the whole', 'View(source, x.shape, x.offset - start, x.strides)', 'View(source, x.shape, x.offset, x.strides)'),
    ('a number that is taken off in a chain is added', 'leaf._replace(value=negated(leaf.value))', 'leaf'),
    ('what is taken off in a chain is added', 'is_taken ^ (op == "subtract" and k == 1)', 'is_taken'),
    ('a gather of a part is made of the whole', 'index=x.index - start', 'index=x.index'),
    ('1 / N is N', "'/' if x.batch_power < 0 else '*'", "'/' if x.batch_power > 0 else '*'"),
    ('arguments are bound in another order', 'return cast("Callable[[Views], tuple[Any, ...]]", itemgetter(*places))', 'return cast("Callable[[Views], tuple[Any, ...]]", itemgetter(*places[::-1]))'),
    ('tables of any spacing are read at the first one', '    if (np.diff(at, axis=1) == stride).all() and all(', '    if all('),
    ('equal numbers are taken for different ones', 'return Expr.call("equal", self, other)', 'return Expr.call("less", self, self)'),
    ("a choice's sides are exchanged where operands are held", 'self._append("where", (self._condition(mask), number, self._constant(ZERO)))', 'self._append("where", (self._condition(mask), self._constant(ZERO), number))'),
    ('a bias is multiplied by the first weight', '*[ADDED] * (len(xs) % 2)', '*[xs[0]] * (len(xs) % 2)'),
    ('what is joined is read from its first part', '            moved[members] = where + size', '            moved[members] = where'),
    ('constants of which some are equal are taken for one', '            values = first if _alike(values, first).all() else values', '            values = first if _alike(values, first).any() else values'),
    ('factors that are constants are added', '"multiply": mul, "divide"', '"multiply": add, "divide"'),
    ('a buffer of another shape is used again', '    return x.kind == "value" and _kind(x) == _kind(y)', '    return x.kind == "value" and x.dtype == y.dtype'),
    ('the sum of a run is its largest', 'function = "np.maximum" if step.op == "segment_max" else "np.add"', 'function = "np.maximum"'),
    ('samples are summed in place of the next axis', 'axes = [a % len(x.shape) + x.batched for a in step.axes]\n    return [0', 'axes = [a % len(x.shape) for a in step.axes]\n    return [0'),
    ('comparisons stay booleans where they are numbers', '        if (step.op in COMPARISONS or of_booleans) and target not in numbers:', '        if step.op in COMPARISONS or of_booleans:'),
    ('a chosen row is read at a chosen number', '    moved = chosen if gather.stride == 1 else f"{gather.stride} * {chosen}"', '    moved = chosen'),
    ('what a run hands back goes to another one', 'index = w.index(np.repeat(np.arange(len(counts)), counts), "runs")', 'index = w.index(np.repeat(np.arange(len(counts))[::-1], counts), "runs")'),
    ('a choice writes over its condition', '    operands = step.operands[1:] if step.op == "where" else step.operands  # a condition', '    operands = step.operands  # a condition'),
    ('a parameter lies where another one does', '        return np.array([self.position[v] for v in trace.parameters], dtype=np.int64)', '        return np.array([self.position[v] for v in trace.parameters[::-1]], dtype=np.int64)'),
    ('what is added to a single number takes its place', '            before = self.element(source, k)\n            number = number if _is_zero(before) else', '            before = self.element(source, k)\n            number = number if True else'),
    ('one single number is not put into the array that is read', '        for k in sorted(places):\n', '        for k in sorted(places)[1:]:\n'),
    ('a single number stays when an array step has written another', '        for state in (self.known, self.newer, self.filled, self.unwritten):', '        for state in (self.newer, self.filled, self.unwritten):'),
    ('a factor of single numbers loses its brackets', 'f"{_bracketed(left, precedence + chained)} {symbol}', 'f"{left.text} {symbol}'),
    ('a sum of few numbers lacks its last', 'for k in flat[first : first + length]]', 'for k in flat[first : first + max(1, length - 1)]]'),
]  # fmt: skip
"""What is made wrong, the text that is replaced, which occurs once in the package, and by what."""

FOR_JAX = [
    ('padding of a run counts in its sum', '    if (counts < longest).any():\n        mask', '    if False:\n        mask'),
    ('padding of a run counts among its largest', '        rows = w.call("where", mask, rows, "-jnp.inf" if largest else "0.0")', '        rows = w.call("where", mask, rows, "jnp.inf" if largest else "0.0")'),
    ('what is added is assigned', 'value = f"({view_text(name, view, True, w.use) or elements(w, view, name)} + {value})"', 'value = f"({value})"'),
    ('weights of samples are left out of the value', 'return writer.call("sum", weighted) if root.batched else weighted', 'return writer.call("sum", writer.text(root)) if root.batched else weighted'),
    ('a value that no sample changes counts once for each', 'writer.body.append(f"{seed.name} = {writer.call(\'sum\', seed.name)}")', 'writer.body.append(f"{seed.name} = {writer.call(\'max\', seed.name)}")'),
    ("a block's gradients are those of its first array", '        start = (p.offset - block.whole.part.offset) // width', '        start = 0'),
    ('a choice hands its cotangent to all that it did not choose', '.reshape({rows}) == {w.use(\'np\')}.arange({self.columns})"', '.reshape({rows}) != {w.use(\'np\')}.arange({self.columns})"'),
    ('what was gathered back comes from another place', '    table[rank, which.reshape(-1)[order]] = order\n', '    table[rank, which.reshape(-1)[order]] = which.reshape(-1)[order]\n'),
    ('what was gathered back, each once, comes from another place', '        first = order\n', '        first = np.arange(order.size)\n'),
    ("a comparison's sides are exchanged in what is chosen", '    value = w.call("where", test, w.text(x), w.text(y))', '    value = w.call("where", test, w.text(y), w.text(x))'),
    ('a chosen row is the one after it', '.take({self._index(w, name)}, 0', '.take({self._index(w, name)} + 1, 0'),
]  # fmt: skip
"""Likewise, of what writes programs for JAX."""


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
        ("x", [v3], "return engine.logsumexp(list(x)) * p0 + engine.logsumexp(list(x)[:2]) * p0 + engine.logsumexp([x[1]]) * p1"),
        ("x", [v3], "return engine.stop_gradient(x[0] * p0) * x[1] + engine.stop_gradient(p1 * x[2]) * p0 - x[0]"),
        ("x", [v3], "return sum(((q > p0) * p1 - (q < p1)) * q for q in x) - (x[0] == x[1]) * p0"),
        ("x, t", [v2, t], "return engine.dot(engine.select(pW, t), list(x)) * p0 - engine.select(pu, t) * engine.select(pW, t)[1]"),
        ("x", [v3], "total = p0\n    for q in x:\n        total = total - q * p1\n    return total * engine.tanh(total)"),
        ("x", [v3], "return engine.where(x[0] > 0, engine.log(x[0]) * p0, x[1] * p1) + engine.where(x[1] > 0, engine.sqrt(x[1] * x[2] ** 2), p0 * x[2])"),
        ("x", [v3], "return engine.total([c * q for c, q in zip([0.5, 0.5, 2.0], x)]) * p0 + engine.tanh(engine.total([x[0], p0, x[1], p1, 0.25]))"),
        ("x", [v3], "return engine.total([engine.exp(-engine.tanh(q - 0.3 - 0.1 * 3.0 / 7.0)) for q in [x[0], p0, x[1], p1, x[2]]])"),
        ("x", [v3], "return engine.tanh(p0 * p1) + p0 ** 2"),
        ("x", [v3], "s = p0\n    for q in pu:\n        s = engine.sin(s * q) + (s + q) * p1\n    return engine.total([engine.tanh(s * u * q) for u in pu for q in x])"),
        ("x", [v3], "return engine.tanh(p0) - x[0] * (x[1] > p0) - x[1] * (0.5 < p1) - x[2]"),
        ("x", [v3], "return engine.total([engine.tanh(c * q) for c, q in zip([0.5, 0.5, 2.0], x)]) * p0 * 0.3 * 0.7"),
        ("x, t", [v2, t], "return engine.dot(engine.select(pW, t), list(x)) * p0"),
        ("x", [v3], "return engine.total([engine.logsumexp([u * q for u in pu[:k + 1]]) for k, q in enumerate(x)])"),
        ("x", [v3], "return engine.total([engine.where(q * p0 - p1, 1.5, 0.0) * engine.tanh(q) for q in x])"),
        ("x", [v3], "return engine.total([engine.maximum(q, p1) - p0 for q in x])"),
        ("x", [v3], "b = [engine.sinh(q * p0) for q in x]; return engine.total([1.0 / (engine.tanh(q * p1) + engine.sin(v) + v) for q, v in zip(x, b)])"),
        ("x", [v3], "h = [engine.tanh(q * p0) for q in x]; return engine.total([engine.dot([engine.exp(u * h[k + j]) for u in pu], pu) for k in range(2) for j in range(2)])"),
        ("x", [v3], "q = [[engine.tanh(a * b) for b in pu] for a in pu]; return engine.total([engine.sin(engine.total(r)) for r in q]) + engine.total([engine.cos(engine.total(list(c))) * p0 for c in zip(*q)])"),
    ]  # fmt: skip
    found = []
    for k, (names, arguments, body) in enumerate(bodies):
        text = f"{head}\ndef f({names}):\n    {body}\n"
        for batch, reduction in ((True, "mean"), (True, "sum"), (False, "mean")):
            found.append(
                (f"program {k} ({reduction if batch else 'one'})", Source(text, arguments, batch, reduction, 3))
            )
    seeds = (s for s in range(10**6) if " if K[0]" not in (made := generate(s)).text and made.reduction != "none")
    return found + [(f"seed {s}", generate(s)) for s, _ in zip(seeds, range(count))]


# --- one mutation, in a process of its own -------------------------------------------------------------------------


def work(count: int, for_jax: bool) -> None:
    """Lift every program with the package that this process imports, and print what became of each."""
    import engine  # the copy, before anything can bring the original

    assert Path(engine.__file__).is_relative_to(Path.cwd()), engine.__file__
    sys.path[:0] = [str(ROOT / "tests")]
    for name, source in programs(count):
        print(json.dumps([name, *(_judged_for_jax if for_jax else _judged)(source)]), flush=True)


def _judged(source: Any) -> tuple[str, str]:
    """Return ("right", "wrong" or "uncompiled"; "accepted" or "refused")."""
    import random_programs as runs

    import engine

    space = runs.load(source)
    options = {"batch": source.batch, "reduction": source.reduction}
    draw = random.Random(5)
    inputs, n = _inputs(runs, draw, source)
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
            if not unproven.specialisations or not any(
                v.compiled for known in unproven.specialisations.values() for v in known
            ):
                return "uncompiled", "accepted"
            wrong = "wrong"
            break
        if got is not None and runs.differs(runs.pairs(got, want, unproven, "all", inputs), 1e-7):
            wrong = "wrong"
            break
        if call % 2:
            inputs, n = _inputs(runs, draw, source, 1)
        for v in runs.values_in(space):
            v.data = v.data + draw.choice([0.0, 0.4, -0.7]) if call % 2 else v.data
    return wrong, _proven(engine, source, runs)


def _inputs(runs: Any, draw: random.Random, source: Any, call: int = 0) -> tuple[Any, int]:
    """Return arguments of some samples; few of them, where the scalar engine runs each."""
    inputs, n = runs.inputs_for(draw, source, call)
    while not 0 < n < 20:
        inputs, n = runs.inputs_for(draw, source, call)
    return inputs, n


def _proven(engine: Any, source: Any, runs: Any, for_jax: bool = False) -> str:
    """Return whether the proof refuses a program: "refused" or "accepted"."""
    program = engine.lift(runs.load(source)["f"], strict=True, batch=source.batch, reduction=source.reduction)
    inputs, _ = _inputs(runs, random.Random(5), source)
    try:
        program.value_and_grad(*inputs, wrt="all")
        if for_jax:
            program.to_jax(wrt="all")
    except engine.LiftError as error:
        return "refused" if "differs from its scalar operations" in str(error) else "accepted"
    except Exception:
        return "accepted"
    return "accepted"


def _judged_for_jax(source: Any) -> tuple[str, str]:
    """Return the same of the text for JAX, under weights of the samples that differ."""
    import jax
    import random_programs as runs

    import engine

    space = runs.load(source)
    inputs, n = _inputs(runs, random.Random(5), source)
    unproven = engine.lift(space["f"], verify=False, batch=source.batch, reduction=source.reduction)
    try:
        unproven(*inputs)
        want = _weighted(runs, space, source, inputs, n)
        with jax.enable_x64(True):
            function = jax.jit(unproven.to_jax(wrt="all"))
    except Exception:  # a branch, say, that JAX is not given
        return "uncompiled", "accepted"
    try:
        with jax.enable_x64(True):
            weights = {"weights": np.arange(1.0, n + 1)} if source.batch else {}
            value, parts = jax.tree.map(np.asarray, function(unproven.pull(), *inputs, **weights))
        pairs = runs.pairs((value, runs.Gradient(*parts)), want, unproven, "all", inputs)
        wrong = "wrong" if runs.differs(pairs, 1e-7 if value.dtype == np.float64 else 1e-3) else "right"
    except Exception:
        wrong = "wrong"
    return wrong, _proven(engine, source, runs, for_jax=True)


def _weighted(runs: Any, space: dict[str, Any], source: Any, inputs: list[Any], n: int) -> Any:
    """Return what the scalar engine comes to, sample k of a batch under a weight of k + 1."""
    import random_truth as truth

    if not source.batch:
        return runs.eager(space, source, inputs, n)
    weights = np.arange(1.0, n + 1) / (n * (n + 1) / 2 if source.reduction == "mean" else 1)
    samples = [[runs.sample(x, row) for x in inputs] for row in range(n)]
    truths = [runs.eager(space, replace(source, batch=False), sample, 1) for sample in samples]
    parameters = {v: sum(w * t.parameters[v] for w, t in zip(weights, truths)) for v in truths[0].parameters}
    rows = [[_times(w, g) for g in t.inputs] for w, t in zip(weights, truths)]
    of_inputs = truth.gathered(replace(source, reduction="sum"), [0.0] * n, {}, rows).inputs
    return runs.Truth(sum(w * t.value for w, t in zip(weights, truths)), parameters, of_inputs)


def _times(w: float, g: Any) -> Any:
    return {k: _times(w, v) for k, v in g.items()} if isinstance(g, dict) else w * g


def place(old: str) -> Path | None:
    """Return the file of the package in which a text occurs, once; None if there is no such file."""
    files = {path: path.read_text().count(old) for path in (ROOT / "engine").rglob("*.py")}
    files = {path: count for path, count in files.items() if count}
    return next(iter(files)) if list(files.values()) == [1] else None


def mutated(mutation: tuple[str, str, str], folder: Path, count: int, for_jax: bool) -> list[list[str]]:
    """Return what became of every program, lifted by a copy of the package with one edit."""
    _, old, new = mutation
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    file = place(old)
    assert file is not None
    path = folder / file.relative_to(ROOT)
    path.write_text(path.read_text().replace(old, new))
    environment = {**os.environ, "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("LIFTGRAD_CHECK", None)
    command = [sys.executable, "-W", "ignore", __file__, "--work", str(count), *(["--jax"] if for_jax else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def report(number: int, name: str, judged: list[list[str]]) -> tuple[int, int, int]:
    """Print what became of a mutation, and return how many programs were wrong, were refused, were refused though right."""
    wrong = [j for j in judged if j[1] == "wrong"]
    refused = [j for j in wrong if j[2] == "refused"]
    more = [j for j in judged if j[1] == "right" and j[2] == "refused"]
    missed = ", ".join(sorted({j[0] for j in wrong} - {j[0] for j in refused}))
    print(
        f"{number:2d} {name:62s} {len(wrong):3d} of {len(judged)} wrong, {len(refused):3d} refused"
        + (f", {len(more)} more refused" if more else "") + (f"; MISSED {missed}" if missed else ""),
        flush=True,
    )  # fmt: skip
    return len(wrong), len(refused), len(more)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the proof finds of a compiler that was made wrong.")
    parser.add_argument("--programs", type=int, default=30, help="random ones, beside those written by hand")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of mutations; those for JAX come last")
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--jax", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work is not None:
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            work(arguments.work, arguments.jax)
        return
    begun, sums, gone = time.perf_counter(), np.zeros(3, int), []
    for k, mutation in enumerate([*MUTATIONS, *FOR_JAX]):
        if arguments.only and k not in arguments.only:
            continue
        if place(mutation[1]) is None:
            gone.append(f"{k:2d} {mutation[0]}: the package does not have {mutation[1]!r} once")
            continue
        with tempfile.TemporaryDirectory() as folder:
            judged = mutated(mutation, Path(folder), arguments.programs, k >= len(MUTATIONS))
        sums += report(k, mutation[0], judged)
    wrong, caught, more = sums.tolist()
    share = 100 * caught / max(1, wrong)
    print(
        f"{wrong} wrong programs, {caught} refused ({share:.1f}%); {more} more refused; {time.perf_counter() - begun:.0f} s"
    )
    for line in gone:
        print(f"NO LONGER APPLIES: {line}. Bring the list up to date.")
    sys.exit(bool(gone) or share < 99.0)


if __name__ == "__main__":
    main()
