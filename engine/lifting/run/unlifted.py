"""A call that goes a way for which nothing is compiled: the scalar engine answers, node by node.

That is so where a function has taken as many ways through its branches as are compiled, or where a comparison is so
near its edge that the compiled text and the function's own numbers go different ways.

>>> import engine, warnings
>>> def steps(x):
...     count = 0
...     while count < x:
...         count += 1
...     return x * count
>>> program = engine.lift(steps, verify=False)
>>> with warnings.catch_warnings(record=True) as caught:
...     warnings.simplefilter("always")
...     answers = [program(k + 0.5) for k in range(70)]
>>> answers[69] == 69.5 * 70, len(caught)
(True, 1)
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.collector import collector_paused
from engine.lifting.external import Views
from engine.lifting.ir import Leaf
from engine.lifting.run.executable import Buffers, Functions, Specialisation, node_by_node
from engine.lifting.run.parameters import Parameters
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.record import record
from engine.lifting.trace.run import run_on_values
from engine.lifting.trace.watch import Recording
from engine.lifting.verify.floats import cotangents
from engine.lifting.verify.scalars import scalar_functions
from engine.lifting.verify.walk import plan
from engine.lines import outside_engine
from engine.value import Value

if TYPE_CHECKING:
    from engine.lifting.run.program import Program
    from engine.lifting.run.traces import Traces


def unlifted(
    traces: Traces, specs: tuple[Spec, ...], arrays: list[Array], names: Sequence[str], theta: Any
) -> Specialisation:
    """Return the trace of one call alone, with what the scalar engine answers; the first of a function says why.

    Parameters
    ----------
    traces
        The function's.
    specs, arrays, names
        Of the inputs: their structure, their numbers, and what each array is called.
    theta
        The parameters; None for the numbers that the Values hold.
    """
    assert traces.fn is not None
    watch = partial(Recording, gradients=traces.captured.gradients if traces.captured else frozenset())
    with traces.lock, collector_paused():
        traces.unlifted_calls += 1
        if traces.unlifted_calls == 1:
            warnings.warn(why(traces, specs), RuntimeWarning, stacklevel=outside_engine())
        with traces.parameters.at(theta):
            run = run_on_values(traces.fn, traces.name, names, specs, arrays, watch)
        trace = record(run.roots, run.inputs, run.graph, run.structure.size)
        traces.parameters.add(trace, fn=traces.fn)
    answers = partial(_functions, run.roots[: run.structure.size], run.inputs, traces.parameters)
    return Specialisation(
        trace, specs, [], run.watch.limits, 0.0, traces.parameters, samples=arrays, returns=run.structure,
        lone=True, answers=answers,
    )  # fmt: skip


def why(traces: Traces, specs: tuple[Spec, ...]) -> str:
    """Say why the scalar engine answers: what was exceeded, at which line, and what to do."""
    known = traces.specialisations.get(specs, [])
    went = Counter([(guard.line, guard.outcome) for trace in known for guard in trace.guards])
    both = Counter({line: min(count, went[line, not outcome]) for (line, outcome), count in went.items()})
    reason = (
        f"took {len(known)} different ways through its branches, which is as many as are compiled"
        if len(known) >= traces.most
        else "has a branch that is so near its edge that it goes one way as compiled and the other in Python"
    )
    return (
        f"{traces.name} {reason}: any other is answered by the scalar engine, right and slowly. "
        f"Write {both.most_common(1)[0][0]} with engine.where(condition, a, b)."
    )


def _functions(results: Sequence[Value], inputs: Mapping[Value, Leaf], parameters: Parameters, _: int) -> Functions:
    """Return what gives the results of a run, and the gradient of the only one."""

    def forward(*_: Views) -> Any:
        return results[0]._data if len(results) == 1 else np.array([result._data for result in results])

    def backward(_: Views, __: Views, ___: Views, gradient: Views, slots: Views) -> None:
        for place in (*gradient[:1], *slots):
            place[...] = 0.0
        for value, cotangent in cotangents(results[0], 1.0).items():
            leaf = inputs.get(value)
            if leaf is None and gradient and value in parameters.position:
                gradient[0][parameters.position[value]] = cotangent
            elif leaf is not None and slots:
                slots[leaf.argument].reshape(-1)[leaf.position] = cotangent

    return forward, backward


def buffers_of(program: Program, specialisation: Specialisation, n: int) -> Buffers:
    """Return the functions that answer for a trace of one call, held: of its run, or of a derivative of its walk."""
    walked = specialisation.answers or scalar_functions(program, specialisation, plan(specialisation.trace))
    buffers = node_by_node(walked, n, specialisation.parameters.flat.cells)
    buffers.take()
    return buffers
