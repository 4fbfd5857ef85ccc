"""Random programs by the scalar engine, by NumPy, JAX and PyTorch; `tests/benchmarks/run_random.py` runs any number.

Each is called three times: with other data, in other forms and batches, after its surroundings have changed. What
counts is the function's own run on Values: a result is right, wrong, refused by an error of the project's, or a crash.
"""

from __future__ import annotations

import math
import random
import warnings
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
from grammar import Source, generate
from random_inputs import CALLS, inputs_for
from random_truth import Move, Truth, beside, decided_by_rounding, differs, eager, load, pairs, values_in

import engine
from engine import GuardError, LiftError, NotScalarError, ShapeError, TraceError, Value
from engine.lifting.straight import straighten

REFUSALS = (GuardError, LiftError, NotScalarError, ShapeError, TraceError)
PERTURBATION = 1e-10  # relative, of data: what a result changes by is not to be asked of rounding
EDGES = {"absolute", "relu", "leaky_relu", "maximum", "minimum", "clip", "power", "where", "hypot", "sqrt", "arctan2"}
"""Operations that JAX, where it differentiates by itself, has another derivative of, or none, at an edge or a tie."""


@dataclass
class Tally:
    """How many calls went how, and what was seen."""

    counts: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[int, str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        calls = sum(self.counts[k] for k in ("right", "wrong", "crash", "refused"))
        rest = {k: n for k, n in sorted(self.counts.items()) if k not in ("right", "wrong", "crash", "refused")}
        return (
            f"{calls} calls: {self.counts['right']} right, {self.counts['wrong']} wrong, "
            f"{self.counts['crash']} crashes, {self.counts['refused']} refused "
            f"({100 * self.counts['refused'] / max(1, calls):.2f}%)" + "".join(f", {n} {k}" for k, n in rest.items())
        )


@dataclass
class Gradient:
    """A gradient that another library found, as a program's is."""

    parameters: Any
    inputs: Any


@dataclass
class Run:
    """A program that is being called, and what it is compared with."""

    source: Source
    space: dict[str, Any]
    program: Any
    draw: random.Random
    backend: str
    tally: Tally

    def once(self, call: int) -> tuple[str, str]:
        """Make one call, and return how it went, and in what way if not well."""
        inputs, n = inputs_for(self.draw, self.source, call)
        wrt = self.draw.choice(["all", "all", "parameters", "inputs"])
        vector, on_values = self.draw.random() < 0.25 and call == 1, self.draw.random() < 0.12
        if not n:
            return self._without_samples(inputs)
        try:
            want = eager(self.space, self.source, inputs, n)
        except Exception:  # a program that the grammar should not have made
            return "skipped", ""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                got, double = self._called(inputs, wrt, vector, call)
                wrong = self._on_values(inputs, n) if on_values else ""
            except REFUSALS as error:
                return "refused", f"{type(error).__name__}: {error}"
            except Exception as error:
                return "crash", f"{type(error).__name__}: {error}"
        alarms = [str(w.message) for w in caught if "differs from its scalar operations" in str(w.message)]
        if alarms:
            self.tally.counts["alarms of the proof"] += 1
        if wrong or alarms:
            return "wrong", wrong or alarms[0]
        how, what = self._judged(got, want, inputs, n, wrt, double, bool(caught))
        if self.backend == "torch" and how == "right" and (wrong := self._in_torch(want, inputs, n, call > 0)):
            return "wrong", f"PyTorch: {wrong}"
        return how, what

    def _without_samples(self, inputs: list[Any]) -> tuple[str, str]:
        try:
            self.program(*inputs)
        except ShapeError:
            return "right", ""
        return "wrong", "a batch of no samples is not refused"

    # --- calling -------------------------------------------------------------------------------------------------

    def _called(self, inputs: list[Any], wrt: str, vector: bool, call: int) -> tuple[Any, bool]:
        """Return the value and the gradients, and whether they are of double precision."""
        program, source = self.program, self.source
        if source.batch and source.reduction == "none":
            got: Any = program(*inputs), None
        else:
            if vector:
                program(*inputs)
            got = program.value_and_grad(*inputs, wrt=wrt, **({"parameters": program.pull()} if vector else {}))
        if self.backend == "jax" and call == 0:
            return self._on_jax(inputs, wrt, got)
        return got, program.dtype == np.float64

    def _on_jax(self, inputs: list[Any], wrt: str, got: Any) -> tuple[Any, bool]:
        """Return what the program is on JAX, compiled for most; what JAX cannot be given stays NumPy's."""
        import jax

        program, source = self.program, self.source
        if program.latest.guards or (source.batch and source.reduction == "none"):
            self.tally.counts["programs not for JAX"] += 1
            return got, program.dtype == np.float64
        smooth = not EDGES.intersection(program.latest.trace.ops)
        gradients = "jax" if smooth and self.draw.random() < 0.5 else "lifted"
        with jax.enable_x64(True):
            function = program.to_jax(wrt=wrt, gradients=gradients)
            if self.draw.random() < 0.95:  # one by one, operations take five times as long to compile
                function = jax.jit(function)
            value, parts = jax.tree.map(np.asarray, function(program.pull(), *inputs))
        self.tally.counts["programs on JAX"] += 1
        both = {"all": lambda g: g, "inputs": lambda g: (None, g), "parameters": lambda g: (g, None)}[wrt](parts)
        return (value, Gradient(*both)), value.dtype == np.float64

    def _on_values(self, inputs: list[Any], n: int) -> str:
        """Return what is wrong when the program is called with Values, one of which may be a parameter of its own."""
        source, captured = self.source, values_in(self.space)
        if source.batch and source.reduction == "none":
            return ""
        arguments = [_values(x, source.batch, self.draw, captured) for x in inputs]
        if not _leaves(arguments):
            return ""  # integers alone: the program itself runs
        leaves = [*captured, *_leaves(arguments)]
        results = []
        for run_function in (self.program, self._sample_by_sample(n)):
            for v in leaves:
                v.grad = 0.0
            root = run_function(*arguments)
            root = root if isinstance(root, Value) else Value.constant(root)
            root.backward()
            results.append(np.array([root.data, *[v.grad for v in leaves]]))
        return differs([("the value and gradients of Values", *results)], 1e-9)

    def _sample_by_sample(self, n: int) -> Any:
        """Return the function of all samples, written out."""
        source, f = self.source, self.space["f"]
        if not source.batch:
            return lambda *xs: f(*[int(x) if isinstance(x, np.integer) else x for x in xs])
        scale = 1.0 / n if source.reduction == "mean" else 1.0
        return lambda *xs: sum(f(*[sample(x, row) for x in xs]) * scale for row in range(n))

    def _in_torch(self, want: Truth, inputs: list[Any], n: int, changed: bool) -> str:
        """Return in what PyTorch's gradients of the same text differ from the scalar engine's."""
        from random_torch import Unsupported, in_torch

        try:
            truth = in_torch(self.source, inputs, n, changed)
        except Unsupported:
            self.tally.counts["calls not for PyTorch"] += 1
            return ""
        self.tally.counts["calls in PyTorch"] += 1
        wrong = differs(beside(want, truth, inputs), 1e-9)
        if wrong:
            moved = eager(self.space, self.source, inputs, n, Move(PERTURBATION))
            wrong = differs(beside(want, truth, inputs), 1e-9, beside(truth, moved, inputs))
        return wrong

    # --- judging -------------------------------------------------------------------------------------------------

    def _judged(
        self, got: Any, want: Truth, inputs: list[Any], n: int, wrt: str, double: bool, warned: bool
    ) -> tuple[str, str]:
        """Tell what is wrong from what rounding decides, which perturbed data show."""
        tolerance = 1e-9 if double else 2e-3
        compared = pairs(got, want, self.program, wrt, inputs)
        if not differs(compared, tolerance):
            return ("ill-conditioned" if warned else "right"), ""
        by = PERTURBATION if double else 1e-6
        wrong = ""
        for whole in (False, True):
            moved = eager(self.space, self.source, inputs, n, Move(by, whole))
            wrong = differs(compared, tolerance, pairs(got, moved, self.program, wrt, inputs))
            if not wrong:
                return ("tied and ill-conditioned" if whole else "ill-conditioned"), ""
        if decided_by_rounding(self.program, inputs, n, double):
            return "ill-conditioned", ""
        return "wrong", wrong


def _values(x: Any, batch: bool, draw: random.Random, captured: list[Value]) -> Any:
    """Return an argument with Values for its real numbers, some of them captured; integers that choose stay."""
    if isinstance(x, dict):
        return {k: _values(v, batch, draw, captured) for k, v in x.items()}
    array = np.asarray(x)
    if array.dtype.kind in "iu" and array.ndim == int(batch):
        return x
    shared = captured if draw.random() < 0.5 else []
    values = np.frompyfunc(
        lambda number: draw.choice(shared) if shared and draw.random() < 0.2 else Value(float(number)), 1, 1
    )(array)
    return values.tolist() if array.ndim and isinstance(x, list) else values


def _leaves(x: Any) -> list[Value]:
    """Return the Values in an argument."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, np.ndarray):
        x = x.ravel().tolist()
    return (
        [leaf for item in x for leaf in _leaves(item)] if isinstance(x, list) else [x] if isinstance(x, Value) else []
    )


def sample(x: Any, row: int) -> Any:
    if isinstance(x, dict):
        return {k: sample(v, row) for k, v in x.items()}
    return int(x[row]) if isinstance(x[row], np.integer) else x[row]


def run(seed: int, tally: Tally, backend: str = "numpy", source: Source | None = None) -> None:
    """Make, lift and call the program of a seed (or another one, as that would be)."""
    source = source or generate(seed)
    draw = random.Random(seed + 1)
    space = load(source)
    options: dict[str, Any] = {"batch": source.batch, "reduction": source.reduction}
    if draw.random() < 0.08 and backend == "numpy":
        options["dtype"] = np.float32
    if draw.random() < 0.3:
        options["parameters"] = declared(draw, values_in(space))
    program = engine.lift(space["f"], **options)
    state = Run(source, space, program, draw, backend, tally)
    for call in range(CALLS):
        if call == 1:
            space["change"]()
        how, what = state.once(call)
        tally.counts[how] += 1
        if how in ("wrong", "crash", "refused", "tied and ill-conditioned"):
            tally.seen.append((seed, how, what))
            if how in ("wrong", "crash"):
                return


def as_loops() -> AbstractContextManager[Any]:
    """Return a context in which whatever can be written as loops over floats is, however short."""
    return mock.patch.multiple(straighten, FEWEST=1, VERY_FEW=1, WRITTEN=math.inf, PER_STEP=math.inf)


def as_phrases() -> AbstractContextManager[Any]:
    """Return a context in which whatever can be written as phrases over floats is, however short."""
    limits = dict.fromkeys(("PER_STEP", "PER_KIND", "PER_ARRAY"), math.inf)
    return mock.patch.multiple(straighten, FEWEST=6, VERY_FEW=6, WRITTEN=-1, FEW=-1, **limits)


def declared(draw: random.Random, values: list[Value]) -> list[Value]:
    """Return parameters as callers list them: in any order, some of them, and now and then one of them twice."""
    chosen = draw.sample(values, len(values) if draw.random() < 0.7 else draw.randint(1, len(values)))
    if draw.random() < 0.3:
        chosen.insert(draw.randrange(len(chosen) + 1), draw.choice(chosen))
    return chosen
