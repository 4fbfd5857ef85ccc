"""Running a function on Values to see its graph: twice, since only what is the same twice can be lifted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arguments import described, result
from engine.errors import LiftError, NotScalarError
from engine.lifting.ir import Leaf, Trace
from engine.lifting.trace.closure import Surroundings, randomness
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.record import record
from engine.lifting.trace.replay import same_graph
from engine.lifting.trace.sealed import sealed
from engine.lifting.trace.watch import Index, Recording
from engine.tracing import recording
from engine.value import Value


def traced(
    fn: Callable[..., Any],
    name: str,
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    around: Surroundings,
) -> tuple[Trace, Recording]:
    """Return a function's trace, and what was noted of its branches and indices.

    Parameters
    ----------
    fn, name, around
        The function, what to call it in messages, and its surroundings as they are.
    names, specs, samples
        Of the input arrays: what to call them, how arguments are built of them, and one sample's numbers.

    Raises
    ------
    LiftError
        If the function did not compute the same twice.
    NotScalarError
        If it does not return one number.
    """
    before = randomness()
    gradients = around.gradients
    roots, inputs, watch = _run(fn, name, names, specs, samples, gradients)
    drew = randomness() != before or around.changed()
    again, others, _ = _run(fn, name, names, specs, samples, gradients)
    if drew or not same_graph(roots, again, inputs, others):
        raise LiftError(
            f"{name} did not compute the same twice for the same inputs: it draws random numbers, counts, "
            "reads a clock, or uses up an iterator. Compute such numbers outside and pass them as inputs."
        )
    return record(roots, inputs), watch


def _run(
    fn: Callable[..., Any],
    name: str,
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    gradients: frozenset[Value],
) -> tuple[list[Value], dict[Value, Leaf], Recording]:
    """Run the function on Values: (its result and its guards' conditions, what the inputs are, what was noted)."""
    watch = Recording(gradients=gradients)
    leaves: list[list[Value]] = []
    inputs: dict[Value, Leaf] = {}
    for argument, (called, sample) in enumerate(zip(names, samples)):
        made = [_leaf(watch, argument, x, sample.dtype.kind == "i") for x in sample.reshape(-1).tolist()]
        for position, leaf in enumerate(made):
            inputs[leaf] = Leaf("input", position, argument)
            index = ", ".join(map(str, np.unravel_index(position, sample.shape)))
            watch.names[leaf] = f"{called}[{index}]" if index else called
        leaves.append(made)
    supply = iter(leaves)
    arguments = [spec.build(supply) for spec in specs]
    with sealed(), recording(watch):
        found = result(fn, arguments, {}, "lift")
    if watch.outside is not None:  # and the function went on, which another index may not have it do
        raise watch.outside
    root = _scalar(found, name)
    return [root, *[g.condition for g in watch.guards]], inputs, watch


def _leaf(watch: Recording, argument: int, x: float, integer: bool) -> Value:
    if not integer:
        return Value(x)
    leaf = Index(x)
    leaf.argument, leaf.recording = argument, watch
    return leaf


def _scalar(found: Any, name: str) -> Value:
    """Return a function's result as one Value."""
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found.item()
    if isinstance(found, Value):
        return found
    if isinstance(found, (int, float, np.number)) and not isinstance(found, bool):
        return Value.constant(found)
    raise NotScalarError(f"lift needs a function that returns one number; {name} returned {described(found)}.")
