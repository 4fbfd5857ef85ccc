"""What a random program should come to: the run of the function on Values, sample after sample, and comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from grammar import Source

import engine
from engine import Value
from engine.lifting.trace.inputs import describe
from engine.rules import RULES

SINGLE, LARGEST = 1e-6, 1e30  # tolerances above are for float32, which ends soon after


@dataclass
class Truth:
    """What the scalar engine says: the value, the gradient of each parameter, and of each input."""

    value: Any
    parameters: dict[Any, float]
    inputs: list[Any]


@dataclass(frozen=True)
class Move:
    """By how much data is perturbed, relatively, and whether whole numbers, which tie exactly, stay as they are."""

    by: float = 0.0
    whole: bool = True

    def __call__(self, number: float, rng: Any) -> float:
        if not self.by or (number == round(number) and not self.whole):
            return number
        return number * (1.0 + self.by * rng.normal())


def load(source: Source) -> dict[str, Any]:
    """Run a program's text."""
    space: dict[str, Any] = {"engine": engine, "Value": Value, "np": np, "__name__": "random_program"}
    exec(compile(source.text, "<random program>", "exec"), space)
    return space


def defined(space: dict[str, Any], kind: type) -> list[Any]:
    """Return what a program's text defines of a kind, in one order for all kinds."""
    values: dict[int, Any] = {}
    stack = [space[k] for k in sorted(space) if k[0] == "p" and isinstance(space[k], (kind, list))]
    while stack:
        x = stack.pop(0)
        if isinstance(x, kind):
            values.setdefault(id(x), x)
        elif isinstance(x, list):
            stack += x
    return list(values.values())


def values_in(space: dict[str, Any]) -> list[Value]:
    """Return the Values that a program's text defines."""
    return defined(space, Value)


def eager(space: dict[str, Any], source: Source, inputs: list[Any], n: int, move: Move = Move()) -> Truth:
    """Run the function on Values, sample after sample, at data that `move` may perturb."""
    captured = values_in(space)
    rng = np.random.default_rng(0)
    data = [v.data for v in captured]
    for v in captured:
        v.grad = 0.0
        v.data = move(v.data, rng)
    rows, gradients = [], []
    try:
        for row in range(n):
            arguments = [as_values(x, source.batch, row, move, rng) for x in inputs]
            root = space["f"](*arguments)
            root = root if isinstance(root, Value) else Value.constant(root)
            root.backward(1.0 / n if source.batch and source.reduction == "mean" else 1.0)
            rows.append(root.data)
            gradients.append([gradient_of(x) for x in arguments])
    finally:
        for v, number in zip(captured, data):
            v.data = number
    return gathered(source, rows, {v: v.grad for v in captured}, gradients)


def gathered(source: Source, rows: list[float], parameters: dict[Any, float], gradients: list[list[Any]]) -> Truth:
    """Return what samples come to together."""
    n = len(rows)
    of_inputs = [_stacked([g[k] for g in gradients]) if source.batch else g for k, g in enumerate(gradients[0])]
    if source.batch and source.reduction == "none":
        return Truth(np.array(rows), {}, [])
    return Truth(sum(rows) / (n if source.batch and source.reduction == "mean" else 1), parameters, of_inputs)


def as_values(x: Any, batch: bool, row: int, move: Move = Move(), rng: Any = None, number: Any = Value) -> Any:
    """Return one sample of an argument with Values in the place of its real numbers."""
    if isinstance(x, dict):
        return {k: as_values(v, batch, row, move, rng, number) for k, v in x.items()}
    array = np.asarray(x)[row] if batch else np.asarray(x)
    if array.dtype.kind in "iu" and not array.ndim:
        return int(array)
    values = np.frompyfunc(lambda v: number(move(float(v), rng)), 1, 1)(array)
    return values.tolist() if array.ndim and isinstance(x, list) else values


def gradient_of(x: Any) -> Any:
    """Return the gradients of an argument in its structure; an integer has none."""
    if isinstance(x, dict):
        return {k: gradient_of(v) for k, v in x.items()}
    return np.asarray(np.frompyfunc(lambda v: getattr(v, "grad", 0.0), 1, 1)(np.asarray(x, dtype=object)), dtype=float)


def _stacked(rows: list[Any]) -> Any:
    if isinstance(rows[0], dict):
        return {k: _stacked([r[k] for r in rows]) for k in rows[0]}
    return np.array(rows, dtype=float)


# --- comparing ---------------------------------------------------------------------------------------------------

Pairs = list[tuple[str, Any, Any]]  # what, the program's, the truth


def pairs(got: Any, want: Truth, program: Any, wrt: str, inputs: list[Any]) -> Pairs:
    """Return what a program returned beside what is true."""
    value, gradient = got
    compared = [("the value", np.asarray(value, float), np.asarray(want.value, float))]
    if gradient is None:
        return compared
    if wrt != "inputs":
        wanted = [want.parameters.get(v, 0.0) for v in program.traces.parameters.values]
        compared.append(("the gradient of the parameters", gradient.parameters, np.array(wanted)))
    if wrt != "parameters":
        for k, (a, b, x) in enumerate(zip(gradient.inputs, want.inputs, inputs)):
            compared += leaves(f"the gradient of input {k}", a, b, x)
    return compared


def beside(a: Truth, b: Truth, inputs: list[Any]) -> Pairs:
    """Return two truths beside each other, whose parameters come in one order."""
    compared = [("the value", np.asarray(a.value, float), np.asarray(b.value, float))]
    if b.inputs:
        of_parameters = np.array([*a.parameters.values()]), np.array([*b.parameters.values()])
        compared.append(("the gradient of the parameters", *of_parameters))
        for k, (ours, theirs, x) in enumerate(zip(a.inputs, b.inputs, inputs)):
            compared += leaves(f"the gradient of input {k}", ours, theirs, x)
    return compared


def leaves(what: str, a: Any, b: Any, x: Any) -> Pairs:
    """Return the arrays of two gradients of an argument; of integers there is none."""
    if isinstance(b, dict):
        return [pair for k in b for pair in leaves(f"{what}[{k!r}]", a[k], b[k], x[k])]
    if np.asarray(x).dtype.kind in "iu":
        return []
    return [(what, np.asarray(a, float), np.asarray(b, float))]


def differs(compared: Pairs, tolerance: float, slack: Pairs | None = None) -> str:
    """Return in what a result differs from the truth by more than rounding."""
    for k, (what, a, b) in enumerate(compared):
        if a.shape != b.shape:
            return f"{what} has shape {a.shape}, not {b.shape}"
        if not np.isfinite(b).all() or (tolerance > SINGLE and np.abs(b).max(initial=0.0) > LARGEST):
            continue
        allowed = tolerance * max(1.0, float(np.abs(b).max(initial=0.0)))
        if slack is not None:
            allowed = allowed + 1e3 * np.abs(slack[k][2] - b)
        if not (np.abs(a - b) <= allowed).all():
            return f"{what}: {a.tolist()} is not {b.tolist()}"
    return ""


def decided_by_rounding(program: Any, inputs: list[Any], n: int, double: bool) -> bool:
    """Whether the scalar trace itself comes to another value where every result is rounded otherwise.

    In double precision each is moved by a unit in its last place, or not, at random; whole numbers stay as they are, so
    that exact ties remain. In single precision each is rounded to that.
    """
    arrays: list[Any] = []
    for x in inputs:
        describe(x, program.batch, "x", arrays)
    rng = np.random.default_rng(0)
    for row in range(n):
        sample = [(a[row] if program.batch else a).reshape(-1).tolist() for a in arrays]
        exact = _evaluated(program.latest.trace, sample, float)
        for _ in range(16 if double else 1):
            value = _evaluated(program.latest.trace, sample, (lambda x: _nudged(x, rng)) if double else np.float32)
            if not abs(value - exact) <= (1e-9 if double else 2e-3) * max(1.0, abs(exact)):
                return True
    return False


def _nudged(x: float, rng: Any) -> float:
    return x if x == np.round(x) else float(x * (1.0 + rng.integers(-1, 2) * 2.0**-52))


def _evaluated(trace: Any, sample: list[list[float]], rounded: Any) -> float:
    """Return a trace's value, node after node, each result rounded."""
    known: list[Any] = []
    for i, op in enumerate(trace.ops):
        leaf = trace.leaves.get(i)
        if leaf is not None:
            places = {"input": sample[leaf.argument] if sample else [], "parameter": trace.parameters}
            number = leaf.value if leaf.role == "constant" else places[leaf.role][leaf.position]
            known.append(float(number))
            continue
        rule, xs = RULES[op], [float(known[j]) for j in trace.operands[i]]
        with np.errstate(all="ignore"):
            known.append(rounded(rule.scalar(xs) if rule.variadic else rule.scalar(*xs, *trace.fixed.get(i, ()))))
    return float(known[trace.roots[0]])
