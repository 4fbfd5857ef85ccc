"""From scalars to matrices: a graph of scalar operations becomes a NumPy program.

The machine is told nothing of layers; it finds the matrices.  Each stage is a file, and hands the next one
type, which prints itself and can be checked (`LIFTGRAD_CHECK=1` checks after every stage):

    record      Values -> Trace        every scalar operation, operands first
    normalise   Trace -> Normal        chains of additions become sums of products
    group       Normal -> Groups       operations of equal signature are one array operation
    arrange     Groups -> Layout       operands become views; contract finds the matrix products
    christen    Layout                 names: z1, a1
    adjoint     Layout -> steps        the rules, run backwards over the array operations
    lower       steps -> steps         operations that NumPy has no function for become ones it has
    emit        steps -> text          NumPy source with preallocated buffers, which is what runs; or JAX's, for to_jax

>>> import engine, numpy as np
>>> W = [[engine.Value(0.1 * (i + j), f"W[{i}, {j}]") for i in range(3)] for j in range(2)]
>>> def loss(x, t):
...     z = [engine.tanh(engine.dot(w, x)) for w in W]
...     return (z[0] - t[0]) ** 2 + (z[1] - t[1]) ** 2
>>> program = engine.lift(loss, batch=True)
>>> X, T = np.ones((4, 3)), np.zeros((4, 2))
>>> value, gradient = program.value_and_grad(X, T)
>>> round(value, 6), gradient.named()["W"].shape
(0.373285, (3, 2))
>>> [step.op for step in program.steps][:2]
['matmul', 'tanh']
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.arguments import described, listed, one_of, truth
from engine.errors import LiftError
from engine.lift.adjoint import adjoint
from engine.lift.arrange import arrange
from engine.lift.christen import christen
from engine.lift.contract import contract
from engine.lift.formulas import formulas
from engine.lift.group import group
from engine.lift.ir import Groups, Layout, Literal, Source, Step, Trace, View
from engine.lift.jax_module import emit_for_jax
from engine.lift.lower import lower
from engine.lift.module import Emitted, emit
from engine.lift.names import variable
from engine.lift.normalise import normalise
from engine.lift.program import Compiled, Program, Variant
from engine.lift.record import record
from engine.lift.summary import Stats, records, with_names
from engine.value import Value


def lift(
    fn: Callable[..., Any] | Value,
    *,
    batch: bool = False,
    reduction: str = "mean",
    parameters: Iterable[Value] | None = None,
    dtype: Any = np.float64,
) -> Program:
    """Turn a scalar function, or an existing graph, into a NumPy program with gradients.

    Parameters
    ----------
    fn
        A function of numbers, arrays and nested lists that returns one number; it is traced at its first call, and
        again whenever that is needed. Or a Value: its graph is lifted as it is, its leaves are the parameters.
    batch
        Whether `fn` describes one sample; the program then maps it over the leading axis of all its inputs.
    reduction
        Of a batch: "mean", "sum", or "none" for one value a sample (without gradients).
    parameters
        The Values that make up the flat vector, in order; by default those that the function is found to read.
    dtype
        Of the arrays that the program computes with: float64 or float32.

    Returns
    -------
    Program
        Call it like the function; `value_and_grad`, `pull`, `push`, `source`, `formulas`, `stats`.

    Raises
    ------
    LiftError
        If `fn` is neither a function nor a Value.

    Examples
    --------
    >>> program = lift(lambda x: x[0] * x[1])
    >>> program.value_and_grad([2.0, 3.0], wrt="inputs")
    (6.0, Gradient(parameters=None, inputs=([3.0, 2.0],)))
    """
    truth(batch, "lift's batch")
    one_of(reduction, "reduction", ("mean", "sum", "none"))
    parameters = None if parameters is None else _values(parameters)
    dtype = _dtype(dtype)
    if isinstance(fn, Value):
        if batch:
            raise LiftError(
                "A graph is of the samples it was built from; lift the function of one sample for batch=True."
            )
        return _of_graph(fn, parameters, dtype)
    if not callable(fn):
        raise LiftError(f"lift needs a Value or a function of numbers; got {described(fn)}.")
    return Program(
        fn,
        _compile,
        _compile_for_jax,
        name=getattr(fn, "__name__", type(fn).__name__),
        names=_argument_names(fn),
        batch=batch,
        reduction=reduction if batch else "sum",
        parameters=parameters,
        dtype=dtype,
    )


def _values(parameters: Any) -> list[Value]:
    listing = listed(parameters, "lift's parameters", "Values")
    for value in listing:
        if not isinstance(value, Value):
            raise TypeError(f"lift's parameters must be a list of Values; one of them is {described(value)}.")
    return listing


def _dtype(dtype: Any) -> Any:
    try:
        found = "" if dtype is None else np.dtype(dtype).name
    except (TypeError, ValueError):
        found = ""
    if found not in ("float64", "float32"):
        raise ValueError(f"dtype={found or described(dtype)} is not supported; use np.float64 or np.float32.")
    return np.dtype(found)


def _of_graph(root: Value, parameters: Iterable[Value] | None, dtype: Any) -> Program:
    program = Program(
        None, _compile, _compile_for_jax, name=str(root.label) or "the graph", parameters=parameters, dtype=dtype
    )
    start = time.perf_counter()
    trace = record([root], {})
    program.registry.add(trace)
    variant = Variant(trace, (), [], {}, time.perf_counter() - start)
    program.variants[()] = [variant]
    program.latest = variant
    return program


def _argument_names(fn: Callable[..., Any]) -> tuple[str, ...]:
    try:
        found = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple([p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])


def _compile(variant: Variant, program: Program, wrt: str) -> Compiled:
    """Run every stage on a trace; this is the whole of lifting, in order."""
    start = time.perf_counter()
    layout, inputs, outside, theta = _arranged(variant, program)
    backward = _adjoint(layout, inputs, outside, theta, wrt, _seed(layout, program))
    lowered = lower(layout.steps, "s"), lower(backward, "b")
    emitted = emit(
        _title(variant, program, layout), layout, *lowered, program.registry.arrays, outside, _reduction(program)
    )
    seconds = variant.seconds + time.perf_counter() - start
    stats = Stats(
        len(variant.trace.ops),
        len(layout.steps),
        len(backward),
        _bytes(layout),
        seconds,
        tuple(dict.fromkeys(layout.declined)),
    )
    shown, back = [[with_names(s, program.registry.arrays) for s in steps] for steps in (layout.steps, backward)]
    return Compiled(
        emitted,
        stats,
        records(shown, program.registry.arrays),
        formulas(shown, back),
        _order(program, outside, wrt, inputs),
    )


def _compile_for_jax(variant: Variant, program: Program, wrt: str, gradients: str) -> Emitted:
    """Run the same stages, and write their steps for JAX, with our adjoint or for JAX to differentiate."""
    layout, inputs, outside, theta = _arranged(variant, program)
    seed = Source("seed", (), "input", layout.roots[0].batched)
    outside[seed] = variable("seed", {*program.registry.taken, *outside.values()})
    backward, returned = [], []
    if gradients == "lifted":
        backward = _adjoint(layout, inputs, outside, theta, wrt, seed.whole())
        returned += [f"d{p.variable}" for p in program.registry.arrays] if wrt != "inputs" else []
        returned += [f"d{outside[s]}" for s in inputs] if wrt != "parameters" else []
    lowered = lower(layout.steps, "s"), lower(backward, "b")
    title = _title(variant, program, layout)
    return emit_for_jax(title, layout, *lowered, program.registry.arrays, outside, returned)


def _title(variant: Variant, program: Program, layout: Layout) -> str:
    return f"{program.name}: {len(variant.trace.ops):,} scalar nodes as {len(layout.steps)} array operations."


def _arranged(variant: Variant, program: Program) -> tuple[Layout, list[Source], dict[Source, str], Source]:
    """Run the stages up to the array operations: (these, inputs, names of all from outside, the flat vector)."""
    trace = variant.trace
    normal = normalise(trace)
    groups = group(normal)
    inputs, outside, theta = _sources(variant, program)
    layout = arrange(groups, contract, _leaves(groups, trace, inputs, theta), program.registry.places(trace))
    christen(layout)
    if os.environ.get("LIFTGRAD_CHECK"):
        for stage in (trace, normal, groups, layout):
            stage.check()
    return layout, inputs, outside, theta


def _adjoint(
    layout: Layout, inputs: list[Source], outside: dict[Source, str], theta: Source, wrt: str, seed: Literal | View
) -> list[Step]:
    """Return the backward steps, and name the gradients that they leave."""
    wanted = [theta] if wrt != "inputs" else []
    wanted += inputs if wrt != "parameters" else []
    backward, gradients = adjoint(layout, [s for s in wanted if s.kind != "index"], seed)
    outside |= {gradients[s]: name for s, name in [(theta, "gradient")] if s in gradients}
    outside |= {gradients[s]: f"d{outside[s]}" for s in inputs if s in gradients}
    return backward


def _sources(variant: Variant, program: Program) -> tuple[list[Source], dict[Source, str], Source]:
    """Return the input arrays, the names of all that comes from outside, and the flat vector."""
    theta = Source("theta", (program.registry.size,), "parameters")
    outside = {theta: "theta"}
    taken = {"theta", "gradient", *program.registry.taken}
    inputs = []
    specs = [spec for argument in variant.specs for _, spec in argument.arrays("")]
    for name, spec in zip(program.array_names(variant.specs), specs):
        source = Source(variable(name, taken), spec.shape, "index" if spec.integer else "input", program.batch)
        inputs.append(source)
        outside[source] = source.name
    return inputs, outside, theta


def _leaves(groups: Groups, trace: Trace, inputs: list[Source], theta: Source) -> dict[int, Source]:
    """Return the source of each group of leaves."""
    found = {}
    for number, made in enumerate(groups.groups):
        if made.op == "parameter":
            found[number] = theta
        elif made.op == "input":
            found[number] = inputs[trace.leaves[made.members[0]].argument]
    return found


def _seed(layout: Layout, program: Program) -> Literal:
    """Return the cotangent of one sample's value: 1 / N of a mean; of a sum of N equal values, N."""
    power = {("mean", True): -1, ("sum", False): 1}.get((_reduction(program), layout.roots[0].batched), 0)
    return Literal(1.0, power)


def _reduction(program: Program) -> str:
    """Return how the samples of a batch are put together; "" where there is one."""
    return program.reduction if program.batch else ""


def _order(program: Program, outside: dict[Source, str], wrt: str, inputs: list[Source]) -> tuple[str, ...]:
    """Return the names that the functions may take, as `Program` lists them."""
    arrays = [p.variable for p in program.registry.arrays]
    names = ["theta", *arrays, *[outside[s] for s in inputs]]
    if wrt != "inputs":
        names += ["gradient", *[f"d{a}" for a in arrays]]
    if wrt != "parameters":
        names += [f"d{outside[s]}" for s in inputs]
    return tuple(names)


def _bytes(layout: Layout) -> int:
    return 8 * sum(s.size for s in layout.sources.values() if s.kind == "value")
