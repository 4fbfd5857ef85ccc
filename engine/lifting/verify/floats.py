"""What only floats have, NaN, overflow and cancellation: a program's text beside the function's own eager run.

The text runs on at most three samples that differ, twice on one instance whose memory is NaN at first; the function
runs on Values. Where the proof holds and these differ, the difference is of one of three kinds, and this says of which.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.graph import order
from engine.lifting.emit.conditions import by_guard
from engine.lifting.external import taker
from engine.lifting.trace.inputs import Array
from engine.lifting.verify.field_numpy import NOWHERE
from engine.lifting.verify.reference import Outcome, outcome
from engine.lifting.verify.walk import Plan
from engine.tracing import Onlooker, watched
from engine.tree import flatten
from engine.value import Value

if TYPE_CHECKING:
    from engine.lifting.run.executable import Compiled, Specialisation
    from engine.lifting.run.program import Program

SAMPLES = 3
EAGER = 60_000  # scalar nodes that the eager run makes at most, or one sample's
SPREAD = 0.1  # how far a random point is from the traced one, in the scale of its numbers


class Garbage(types.ModuleType):
    """NumPy whose fresh memory holds no number."""

    def __init__(self) -> None:
        super().__init__("numpy")

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def empty(shape: Any, dtype: Any = float) -> Any:
        """Return memory that shows where it is read before it is written."""
        kind = np.dtype(dtype).kind
        return np.full(shape, np.nan if kind == "f" else NOWHERE if kind == "i" else True, dtype)


class Typed(types.ModuleType):
    """NumPy whose numbers are of a type of float."""

    def __init__(self, dtype: Any) -> None:
        super().__init__("numpy")
        self.dtype = dtype

    def zeros(self, shape: Any) -> Any:
        """Return zeros of that type."""
        return np.zeros(shape, self.dtype)


class Eager(Onlooker):
    """Who looks on while a function runs on Values: what it copies are its variables still, as in a trace."""

    def depends(self, value: Value) -> bool:
        """Let a copy be the Value itself."""
        return True


# --- three ways to run ---------------------------------------------------------------------------------------------


def run_text(
    program: Program,
    specialisation: Specialisation,
    compiled: Compiled,
    wrt: str,
    theta: Any,
    inputs: Sequence[Any],
    n: int,
) -> Iterator[Outcome]:
    """Yield the outcome of the text, twice; what is not asked for is None."""
    namespace = compiled.emitted.load({"numpy": Garbage()})
    forward, backward = namespace["build"](n, program.dtype.type, compiled.emitted.constants)
    take_forward, take_backward = taker(compiled.emitted.forward), taker(compiled.emitted.backward)
    parts = [named.part for named in compiled.external.arrays]
    theta = theta.astype(program.dtype)
    parameters = [theta, *[p.of(theta) for p in parts]]
    numbers = [x.astype(program.dtype) for x in inputs]
    inputs = [x if x.dtype.kind == "i" else x.astype(program.dtype) for x in inputs]
    for _ in range(2):
        value = forward(*take_forward(parameters, inputs, numbers))
        value, conditions = value if specialisation.guards else (value, [])
        flat, *slots = [np.full(x.shape, np.nan, program.dtype) for x in (theta, *inputs)]
        if wrt and not (program.batch and program.reduction == "none"):
            gradient = [flat, *[p.of(flat) for p in parts]]
            backward(*take_backward(parameters, inputs, numbers, gradient, slots))
        for part in parts:
            part.of(flat)[...] = 0.0 if part.read else part.of(flat)
        went = by_guard(conditions, len(specialisation.guards), compiled.emitted.branches)
        yield Outcome(value, [np.array(c) for c in went], flat, slots)


def run_trace(
    program: Program,
    specialisation: Specialisation,
    plan: Plan,
    theta: Any,
    inputs: Sequence[Any],
    n: int,
    dtype: Any = float,
) -> Outcome:
    """Return the outcome of the scalar trace, computed in a type of float."""
    return outcome(
        program, specialisation.trace, plan, Typed(dtype), theta, inputs, n, parameters=specialisation.parameters
    )


def run_function(program: Program, specialisation: Specialisation, inputs: Sequence[Array], n: int) -> Outcome | None:
    """Return the outcome of the function itself, called with Values, sample after sample; no Value's `grad` changes.

    None if it raises: not every function that can be lifted can be called with Values.
    """
    assert program.fn is not None
    places = specialisation.parameters.position
    flat, values = np.zeros(specialisation.parameters.flat.cells), []
    slots = [np.zeros(x.shape) for x in inputs]
    weight = 1.0 / n if program.batch and program.reduction == "mean" else 1.0
    for row in range(n):
        samples = [x[row] if program.batch else x for x in inputs]
        leaves = [_leaves(x) for x in samples]
        supply = iter(leaves)
        arguments = [spec.build(supply) for spec in specialisation.specs]
        try:
            with watched(Eager()):
                returned = flatten(program.fn(*arguments))[0]
        except Exception:
            return None
        roots = [x if isinstance(x, Value) else Value.constant(x) for x in returned]
        values.append(roots[0]._data if len(roots) == 1 else [root._data for root in roots])
        gradients = cotangents(roots[0], weight) if len(roots) == 1 else {}
        for leaf, g in gradients.items():
            if leaf in places:
                flat[places[leaf]] += g
        for slot, leaf_values in zip(slots, leaves):
            slot.reshape(n, -1)[row] = [gradients.get(v, 0.0) if isinstance(v, Value) else 0.0 for v in leaf_values]
    if program.batch and program.reduction == "none":
        return Outcome(np.array(values), [], flat, slots)
    return Outcome(np.add.reduce(values) * weight, [], flat, slots)


def _leaves(sample: Array) -> list[Any]:
    """Return one sample's numbers: Values, and integers as they are."""
    numbers = sample.reshape(-1).tolist()
    return numbers if sample.dtype.kind == "i" else [Value(x) for x in numbers]


def cotangents(root: Value, seed: float) -> dict[Value, float]:
    """Return the gradient of every leaf."""
    gradients: dict[Value, float] = {root: seed}
    for node in reversed(order(root)):
        if node._x is not None and node in gradients:
            for parent, c in zip(node.parents, node.rule.pull(node, gradients.pop(node))):
                gradients[parent] = gradients.get(parent, 0.0) + c
    return gradients


# --- comparing ---------------------------------------------------------------------------------------------------


def differing_rows(inputs: Sequence[Array], most: int) -> list[int]:
    """Return which samples to take: the first, and others that differ from those taken.

    >>> differing_rows([np.array([1.0, 1.0, 2.0, 1.0, 3.0])], 3)
    [0, 2, 4]
    """
    taken = [0]
    for row in range(1, len(inputs[0]) if inputs else 0):
        if len(taken) == most:
            break
        if all(any(not np.array_equal(x[row], x[other]) for x in inputs) for other in taken):
            taken.append(row)
    return taken


def apart(
    got: Outcome, want: Outcome, wrt: str, gradients: bool, integers: Sequence[bool]
) -> list[tuple[str, Any, Any]]:
    """Return (what, got, wanted) for everything that both outcomes have."""
    pairs = [("the value", np.asarray(got.value, float), np.asarray(want.value, float))]
    if gradients and wrt != "inputs":
        pairs.append(("the gradient of the parameters", got.parameters, want.parameters))
    if gradients and wrt != "parameters":
        for k, integer in enumerate(integers):
            if not integer:
                pairs.append((f"the gradient of input {k}", got.inputs[k], want.inputs[k]))
    return pairs


def near(theta: Any, inputs: Sequence[Any], seed: int) -> tuple[Any, list[Any]]:
    """Return a random point near another one; nothing there is zero or equal that was so by chance."""
    draws = np.random.default_rng([seed, 5])

    def moved(x: Any) -> Any:
        if x.dtype.kind == "i" or not x.size:
            return x
        scale = SPREAD * (1.0 + np.sqrt(np.mean(np.square(x))))
        return x + scale * draws.normal(size=x.shape)

    return moved(theta), [moved(x) for x in inputs]
