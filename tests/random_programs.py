"""Random programs by the scalar engine, by NumPy and by JAX; `tests/benchmarks/run_random.py` runs any number of them.

Each is called three times: with other data, in other forms and batches, after its surroundings have changed. What
counts is the function's own run on Values: a result is right, wrong, refused by an error of the project's, or a crash.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from grammar import Argument, Source, generate

import engine
from engine import GuardError, LiftError, NotScalarError, ShapeError, TraceError, Value
from engine.graph import order
from engine.rules import RULES

REFUSALS = (GuardError, LiftError, NotScalarError, ShapeError, TraceError)
CALLS = 3
SINGLE, LARGEST = 1e-6, 1e30  # tolerances above are for float32, which ends soon after
PERTURBATION = 1e-10  # relative, of data: what a result changes by is not to be asked of rounding


@dataclass
class Truth:
    """What the scalar engine says: the value, the gradient of each parameter, and of each input."""

    value: Any
    parameters: dict[Value, float]
    inputs: list[Any]


@dataclass
class Tally:
    """How many calls went how, and what was found."""

    counts: Counter[str] = field(default_factory=Counter)
    found: list[tuple[int, str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        calls = sum(self.counts[k] for k in ("right", "wrong", "crash", "refused"))
        rest = {k: n for k, n in sorted(self.counts.items()) if k not in ("right", "wrong", "crash", "refused")}
        return (
            f"{calls} calls: {self.counts['right']} right, {self.counts['wrong']} wrong, "
            f"{self.counts['crash']} crashes, {self.counts['refused']} refused "
            f"({100 * self.counts['refused'] / max(1, calls):.2f}%)" + "".join(f", {n} {k}" for k, n in rest.items())
        )


# --- data --------------------------------------------------------------------------------------------------------


def inputs_for(draw: random.Random, source: Source, call: int) -> tuple[list[Any], int]:
    """Return arguments in one of the forms that callers use, and the number of samples."""
    rng = np.random.default_rng(draw.randrange(2**32))
    n = draw.choice([1, 2, 3, 5, 8]) if source.batch else 1
    if source.batch and draw.random() < 0.03:
        n = 0
    longer = int(call == CALLS - 1 and draw.random() < 0.15)
    return [_argument(draw, rng, a, source, n, longer) for a in source.arguments], n


def _argument(draw: random.Random, rng: Any, a: Argument, source: Source, n: int, longer: int) -> Any:
    lead = (n,) if source.batch else ()
    if a.kind in ("index", "count"):
        chosen = rng.integers(0, source.table, lead)
        return chosen if source.batch else draw.choice([int, np.int64])(chosen)
    if a.kind == "dict":
        return {"v": _numbers(draw, rng, (*lead, *a.shape)), "k": _numbers(draw, rng, lead)}
    if a.kind == "number":
        made = _numbers(draw, rng, lead)
        return made if source.batch else draw.choice([float, np.float64])(made)
    shape = (
        (*lead, a.shape[0], *a.shape[1:-1], a.shape[-1] + longer)
        if a.kind == "matrix"
        else (*lead, a.shape[0] + longer)
    )
    made = _numbers(draw, rng, shape)
    return made.tolist() if a.kind == "nested" or (made.size and draw.random() < 0.1) else made


def _numbers(draw: random.Random, rng: Any, shape: tuple[int, ...]) -> Any:
    """Return an array: of random or small whole numbers, as it comes, of another type, with gaps, or read-only."""
    a = np.asarray(rng.uniform(-1.5, 1.5, shape) if draw.random() < 0.8 else rng.integers(-1, 2, shape), dtype=float)
    form = draw.random()
    if form < 0.15:
        return a.astype(np.float32)
    if form < 0.25:
        return np.round(a).astype(np.int64)
    if form < 0.35 and a.ndim:
        return np.repeat(a, 2, axis=-1)[..., ::2]
    if form < 0.45 and a.ndim > 1:
        return np.asfortranarray(a)
    if form < 0.55:
        a.flags.writeable = False
    return a


# --- the scalar engine -----------------------------------------------------------------------------------------------


def load(source: Source) -> dict[str, Any]:
    """Run a program's text."""
    space: dict[str, Any] = {"engine": engine, "Value": Value, "np": np, "__name__": "random_program"}
    exec(compile(source.text, "<random program>", "exec"), space)
    return space


def values_in(space: dict[str, Any]) -> list[Value]:
    """Return the Values that a program's text defines."""
    found: dict[Value, None] = {}
    stack = [space[k] for k in sorted(space) if k[0] == "p" and isinstance(space[k], (Value, list))]
    while stack:
        x = stack.pop(0)
        if isinstance(x, Value):
            found[x] = None
        elif isinstance(x, list):
            stack += x
    return list(found)


def eager(space: dict[str, Any], source: Source, inputs: list[Any], n: int, moved: float = 0.0) -> Truth:
    """Run the function on Values, sample after sample; `moved` perturbs every number, relatively."""
    captured = values_in(space)
    rng = np.random.default_rng(0)
    kept = [(v, v.data) for v in captured]
    for v in captured:
        v.grad = 0.0
        v.data = v.data * (1.0 + moved * rng.normal())
    rows, gradients = [], []
    try:
        for row in range(n):
            arguments = [_values(x, source.batch, row, moved, rng) for x in inputs]
            root = space["f"](*arguments)
            root = root if isinstance(root, Value) else Value.constant(root)
            root.backward(1.0 / n if source.batch and source.reduction == "mean" else 1.0)
            rows.append(root.data)
            gradients.append([_gradient(x) for x in arguments])
    finally:
        for v, data in kept:
            v.data = data
    of_inputs = [_stacked([g[k] for g in gradients]) if source.batch else gradients[0][k] for k in range(len(inputs))]
    if source.batch and source.reduction == "none":
        return Truth(np.array(rows), {}, [])
    value = sum(rows) / (n if source.batch and source.reduction == "mean" else 1)
    return Truth(value, {v: v.grad for v in captured}, of_inputs)


def _values(x: Any, batch: bool, row: int, moved: float, rng: Any) -> Any:
    if isinstance(x, dict):
        return {k: _values(v, batch, row, moved, rng) for k, v in x.items()}
    array = np.asarray(x)[row] if batch else np.asarray(x)
    if array.dtype.kind in "iu" and not array.ndim:
        return int(array)
    made = np.frompyfunc(lambda v: Value(float(v) * (1.0 + (moved and moved * rng.normal()))), 1, 1)(array)
    return made.tolist() if array.ndim and isinstance(x, list) else made


def _gradient(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _gradient(v) for k, v in x.items()}
    return np.asarray(np.frompyfunc(lambda v: getattr(v, "grad", 0.0), 1, 1)(np.asarray(x, dtype=object)), dtype=float)


def _stacked(rows: list[Any]) -> Any:
    if isinstance(rows[0], dict):
        return {k: _stacked([r[k] for r in rows]) for k in rows[0]}
    return np.array(rows, dtype=float)


# --- comparing ---------------------------------------------------------------------------------------------------


def pairs(got: Any, want: Truth, program: Any, wrt: str, inputs: list[Any]) -> list[tuple[str, Any, Any]]:
    """Return (what, the program's, the scalar engine's)."""
    value, gradient = got
    found = [("the value", np.asarray(value, float), np.asarray(want.value, float))]
    if gradient is None:
        return found
    if wrt != "inputs":
        wanted = [want.parameters.get(v, 0.0) for v in program.registry.values]
        found.append(("the gradient of the parameters", gradient.parameters, np.array(wanted)))
    if wrt != "parameters":
        for k, (a, b, x) in enumerate(zip(gradient.inputs, want.inputs, inputs)):
            found += _leaves(f"the gradient of input {k}", a, b, x)
    return found


def _leaves(what: str, a: Any, b: Any, x: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(b, dict):
        return [found for k in b for found in _leaves(f"{what}[{k!r}]", a[k], b[k], x[k])]
    if np.asarray(x).dtype.kind in "iu":
        return []
    return [(what, np.asarray(a, float), np.asarray(b, float))]


def differs(found: list[tuple[str, Any, Any]], tolerance: float, slack: list[Any] | None = None) -> str:
    """Return in what a result differs from the truth by more than rounding."""
    for k, (what, a, b) in enumerate(found):
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


def once(
    space: dict[str, Any], source: Source, program: Any, draw: random.Random, call: int, jax: bool
) -> tuple[str, str]:
    """Make one call, and return how it went, and in what way if not well."""
    inputs, n = inputs_for(draw, source, call)
    wrt = draw.choice(["all", "all", "parameters", "inputs"])
    with_vector = draw.random() < 0.25 and call == 1
    if not n:
        try:
            program(*inputs)
        except ShapeError:
            return "right", ""
        return "wrong", "a batch of no samples is not refused"
    try:
        want = eager(space, source, inputs, n)
    except Exception:  # a program that the grammar should not have made
        return "skipped", ""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            got = _called(program, source, inputs, wrt, with_vector)
            if jax and call == 0:
                got = _on_jax(program, source, inputs, wrt, got)
        except REFUSALS as error:
            return "refused", f"{type(error).__name__}: {error}"
        except Exception as error:
            return "crash", f"{type(error).__name__}: {error}"
    tolerance = 1e-9 if program.dtype == np.float64 and not jax else 1e-9 if jax else 2e-3
    found = pairs(got, want, program, wrt, inputs)
    wrong = differs(found, tolerance)
    if wrong or said:
        moved = eager(space, source, inputs, n, PERTURBATION if tolerance < 1e-6 else 1e-6)
        slack = pairs(got, moved, program, wrt, inputs)
        loose = differs(found, tolerance, slack)
        if program.dtype == np.float32 and _decided_by_precision(space, source, inputs, n):
            return "ill-conditioned", ""
        alarms = [str(w.message) for w in said if "differs from its scalar operations" in str(w.message)]
        if loose or alarms:
            return "wrong", loose or alarms[0]
        return "ill-conditioned", ""
    return "right", ""


def _decided_by_precision(space: dict[str, Any], source: Source, inputs: list[Any], n: int) -> bool:
    """Whether the scalar graph itself, node by node in single precision, comes to another value than in double."""
    for row in range(n):
        root = space["f"](*[_values(x, source.batch, row, 0.0, None) for x in inputs])
        known: dict[Value, Any] = {}
        for node in order(root) if isinstance(root, Value) else []:
            if not node.parents:
                known[node] = np.float32(node.data)
                continue
            rule, xs = RULES[node.op], [float(known[p]) for p in node.parents]
            fixed = rule.fixed_of(node.pullback)
            with np.errstate(all="ignore"):
                known[node] = np.float32(rule.scalar(xs) if rule.variadic else rule.scalar(*xs, *fixed))
        if known and not abs(float(known[root]) - root.data) <= 2e-3 * max(1.0, abs(root.data)):
            return True
    return False


def _called(program: Any, source: Source, inputs: list[Any], wrt: str, with_vector: bool) -> Any:
    if source.batch and source.reduction == "none":
        return program(*inputs), None
    if with_vector:
        program(*inputs)
    given = {"parameters": program.pull()} if with_vector else {}
    return program.value_and_grad(*inputs, wrt=wrt, **given)


def _on_jax(program: Any, source: Source, inputs: list[Any], wrt: str, got: Any) -> Any:
    """Return what the program is on JAX, in double precision; what JAX cannot be given stays NumPy's."""
    import jax

    if program.latest.guards or (source.batch and source.reduction == "none"):
        return got
    with jax.enable_x64(True):
        value, gradients = jax.tree.map(np.asarray, program.to_jax(wrt=wrt)(program.pull(), *inputs))
    parts = {"all": lambda g: g, "inputs": lambda g: (None, g), "parameters": lambda g: (g, None)}[wrt](gradients)
    return value, _Gradient(*parts)


@dataclass
class _Gradient:
    parameters: Any
    inputs: Any


def run(seed: int, tally: Tally, jax: bool = False, source: Source | None = None) -> None:
    """Make, lift and call the program of a seed (or another one, as that would be)."""
    source = source or generate(seed)
    draw = random.Random(seed + 1)
    space = load(source)
    options: dict[str, Any] = {"batch": source.batch, "reduction": source.reduction}
    if draw.random() < 0.08 and not jax:
        options["dtype"] = np.float32
    if draw.random() < 0.3:
        options["parameters"] = draw.sample(values_in(space), len(values_in(space)))
    program = engine.lift(space["f"], **options)
    for call in range(CALLS):
        if call == 1:
            space["change"]()
        how, what = once(space, source, program, draw, call, jax)
        tally.counts[how] += 1
        if how in ("wrong", "crash", "refused"):
            tally.found.append((seed, how, what))
            if how != "refused":
                return
