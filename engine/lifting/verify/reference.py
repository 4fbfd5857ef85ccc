"""What a program must give: the outcome of its scalar trace, walked over floats or over a field.

>>> import numpy as np
>>> import engine
>>> program = engine.lift(lambda x: x[0] * x[1])
>>> program([2.0, 3.0])
6.0
>>> trace = program.latest.trace
>>> wanted = outcome(program, trace, plan(trace), np, np.zeros(0), [np.array([2.0, 3.0])], 1)
>>> float(wanted.value), wanted.inputs
(6.0, [array([3., 2.])])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lifting.ir import Trace
from engine.lifting.verify.walk import Plan, backward, forward
from engine.lifting.verify.walk import plan as plan
from engine.lifting.views import Indices

if TYPE_CHECKING:
    from engine.lifting.run.parameters import Parameters
    from engine.lifting.run.program import Program


@dataclass(frozen=True)
class Outcome:
    """The value (or one for each sample), the conditions of guards for each sample, and all gradients of one value."""

    value: Any
    conditions: list[Any]
    parameters: Any
    inputs: list[Any]


def outcome(
    program: Program,
    trace: Trace,
    plan: Plan,
    numpy: Any,
    theta: Any,
    inputs: Sequence[Any],
    n: Any,
    seeds: Any = None,
    parameters: Parameters | None = None,
) -> Outcome:
    """Walk a trace forward and backward, every sample with inputs of its own.

    Parameters
    ----------
    program, trace, plan
        Whose meaning it is; how samples are put together is the program's.
    numpy
        Where arrays come from: NumPy, or NumPy over a field.
    theta, inputs
        Numbers of that kind, parameters cell by cell; inputs of a batch have a leading axis.
    n
        The number of samples.
    seeds
        The cotangent of each sample's value; by default 1 / n of a mean, else 1.
    parameters
        Of the parameters; by default the program's, which may be another by now.
    """
    samples = int(n)
    parameters = parameters or program.traces.parameters
    batched = program.batched(len(inputs))
    V = values_of(parameters, trace, plan, numpy, theta, inputs, samples, batched)
    roots = plan.number[trace.roots]
    conditions = [V[int(r)] for r in roots[trace.results :]]
    seed = (1.0 / n if program.batch and program.reduction == "mean" else 1.0) if seeds is None else seeds
    values = V[int(roots[0])] if trace.results == 1 else V[roots[: trace.results]].T
    value = values if program.batch and program.reduction == "none" else np.add.reduce(values * seed, 0)
    if trace.results > 1:
        return Outcome(value, conditions, None, [])
    C = numpy.zeros((int(plan.readings[-1]), samples))
    G = backward(plan, V, getattr(C, "shallow", C), seed)
    gradient = numpy.zeros(tuple(theta.shape))
    nodes, positions = plan.parameters
    if len(nodes):
        gradient[_cells(parameters, trace)[positions]] = np.add.reduce(G[nodes], 1)
    of_inputs = [_gradient_of_input(batched[k], plan, numpy, G, k, x, samples) for k, x in enumerate(inputs)]
    return Outcome(value, conditions, gradient, of_inputs)


def _gradient_of_input(batch: bool, plan: Plan, numpy: Any, G: Any, k: int, x: Any, samples: int) -> Any:
    """Return the gradient of input `k`, given those of all nodes (nodes, samples)."""
    size = int(np.prod(x.shape[1:] if batch else x.shape, dtype=np.int64))
    d = numpy.zeros((size, samples))
    if k in plan.inputs:
        nodes, positions = plan.inputs[k]
        d[positions] = G[nodes]
    return d.T.reshape(x.shape) if batch or samples == 1 else np.add.reduce(d, 1).reshape(x.shape)


def values_of(
    parameters: Parameters, trace: Trace, plan: Plan, numpy: Any, theta: Any, inputs: Sequence[Any], samples: int,
    batched: Sequence[bool],
) -> Any:  # fmt: skip
    """Return the value of every node for every sample, (nodes, samples), nodes as a plan numbers them."""
    V = numpy.zeros((len(trace.ops), samples))
    places = _cells(parameters, trace)
    rows = [x.reshape(samples if b else 1, -1) for x, b in zip(inputs, batched)]
    _fill(V, plan, theta[places] if len(places) else None, rows)
    forward(plan, V)
    return V


def _cells(parameters: Parameters, trace: Trace) -> Indices:
    """Return the cell of each parameter, by which Value it is: what the compiler was told of that is proven too."""
    return np.array([parameters.position[value] for value in trace.parameters], dtype=np.int64)


def _fill(V: Any, plan: Plan, parameters: Any, inputs: Sequence[Any]) -> None:
    """Put constants, parameters and inputs, these with a row for each sample, into the values of the leaves."""
    nodes, constants = plan.constants
    if len(nodes):
        V[nodes] = constants[:, None]
    nodes, positions = plan.parameters
    if len(nodes):
        V[nodes] = parameters[positions][:, None]
    for k, (nodes, positions) in plan.inputs.items():
        V[nodes] = inputs[k].T[positions]
