"""From scalars to matrices: a graph of scalar operations becomes a NumPy program.

The machine is told nothing of layers; it finds the matrices.  Each stage is a file, and hands the next one
type, which prints itself and can be checked (`LIFTGRAD_CHECK=1` checks after every stage, and proves every program
whatever its size):

    record      Values -> Trace        every scalar operation, operands first
    unchosen    Trace -> Trace         what a choice left out hands back nothing
    normalise   Trace -> Normal        chains of additions become sums of products
    group       Normal -> Groups       operations of equal signature are one array operation
    arrange     Groups -> Layout       operands become views; contract finds the matrix products
    adjoint     Layout -> steps        the rules, run backwards over the array operations
    christen    Layout, steps          names: z1, a1, dz1
    lower       steps -> steps         operations that NumPy has no function for become ones it has
    emit        steps -> text          NumPy source with preallocated buffers, which is what runs; or JAX's, for to_jax
    verify      text = Trace           both over a finite field, before the first answer

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
from engine.lifting.emit.formulas import formulas
from engine.lifting.emit.jax_source import emit_for_jax
from engine.lifting.emit.source import Emitted, emit
from engine.lifting.external import Outside, outside
from engine.lifting.ir import Groups, Layout, Literal, Source, Step, Trace
from engine.lifting.names import variable
from engine.lifting.passes.arrange import arrange
from engine.lifting.passes.contract import contract
from engine.lifting.passes.differentiate import adjoint
from engine.lifting.passes.group import group
from engine.lifting.passes.lower import lower
from engine.lifting.passes.name_results import christen
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.unchosen import without_unchosen
from engine.lifting.run.program import Compiled, Program, Variant
from engine.lifting.run.report import Stats, records, with_names
from engine.lifting.trace.record import record
from engine.lifting.verify.verify import MODES
from engine.value import Value


def lift(
    fn: Callable[..., Any] | Value,
    *,
    batch: bool = False,
    reduction: str = "mean",
    parameters: Iterable[Value] | None = None,
    dtype: Any = np.float64,
    verify: bool | str = True,
    strict: bool = False,
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
    verify
        Whether what is compiled is compared with its scalars before it answers. True: proven exactly, over a finite
        field at random points, up to 20,000 scalar nodes, and compared in floats above; "exact": proven whatever its
        size; False: not at all. Either way its floats are compared once with those of `fn` itself.
    strict
        Whether a program that is found to be wrong raises; by default the scalar engine answers in its place, with a
        warning.

    Returns
    -------
    Program
        Call it like the function; `value_and_grad`, `pull`, `push`, `source`, `formulas`, `stats`.

    Raises
    ------
    LiftError
        If `fn` is neither a function nor a Value; with ``strict=True``, at a call, if what was compiled is wrong.
    ValueError
        If an option is none of these.

    Examples
    --------
    >>> program = lift(lambda x: x[0] * x[1])
    >>> program.value_and_grad([2.0, 3.0], wrt="inputs")
    (6.0, Gradient(parameters=None, inputs=([3.0, 2.0],)))
    """
    truth(batch, "lift's batch")
    one_of(reduction, "reduction", ("mean", "sum", "none"))
    parameters = None if parameters is None else listed(parameters, "lift's parameters", "Values")
    dtype = _dtype(dtype)
    if verify not in MODES:
        raise ValueError(f"verify={verify!r} is not known; use True, False or 'exact'.")
    truth(strict, "lift's strict")
    if isinstance(fn, Value):
        if batch:
            raise LiftError(
                "A graph is of the samples it was built from; lift the function of one sample for batch=True."
            )
        return _of_graph(fn, parameters, dtype, verify, strict)
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
        verify=verify,
        strict=strict,
    )


def _dtype(dtype: Any) -> Any:
    try:
        found = "" if dtype is None else np.dtype(dtype).name
    except (TypeError, ValueError):
        found = ""
    if found not in ("float64", "float32"):
        raise ValueError(f"dtype={found or described(dtype)} is not supported; use np.float64 or np.float32.")
    return np.dtype(found)


def _of_graph(root: Value, parameters: Iterable[Value] | None, dtype: Any, verify: bool | str, strict: bool) -> Program:
    name = str(root.label) or "the graph"
    program = Program(
        None,
        _compile,
        _compile_for_jax,
        name=name,
        parameters=parameters,
        dtype=dtype,
        verify=verify,
        strict=strict,
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
    layout, caller = _arranged(variant, program)
    backward = adjoint(layout, _wanted(caller, wrt), _seed(layout, program))
    christen(layout, backward, caller.taken)
    lowered = lower(layout.steps, "s"), lower(backward, "b")
    emitted = emit(_title(variant, program, layout), layout, *lowered, caller, _reduction(program))
    seconds = variant.seconds + time.perf_counter() - start
    stats = Stats(
        len(variant.trace.ops),
        len(layout.steps),
        len(backward),
        _bytes(layout),
        seconds,
        tuple(dict.fromkeys(layout.declined)),
    )
    shown, back = [[with_names(s, caller.arrays) for s in steps] for steps in (layout.steps, backward)]
    return Compiled(emitted, stats, records(shown, caller.arrays), formulas(shown, back), caller)


def _compile_for_jax(variant: Variant, program: Program, wrt: str, gradients: str) -> Emitted:
    """Run the same stages, and write their steps for JAX, with our adjoint or for JAX to differentiate."""
    layout, caller = _arranged(variant, program)
    seed = Source(variable("seed", caller.taken), (), "input", layout.roots[0].batched)
    backward: list[Step] = []
    returned: list[Source] | None = None
    if gradients == "lifted":
        backward = adjoint(layout, _wanted(caller, wrt), seed.view)
        returned = [named.gradient for named in caller.arrays] if wrt != "inputs" else []
        returned += caller.slots if wrt != "parameters" else []
    christen(layout, backward, caller.taken)
    lowered = lower(layout.steps, "s"), lower(backward, "b")
    return emit_for_jax(_title(variant, program, layout), layout, *lowered, caller, seed, returned)


def _title(variant: Variant, program: Program, layout: Layout) -> str:
    return f"{program.name}: {len(variant.trace.ops):,} scalar nodes as {len(layout.steps)} array operations."


def _arranged(variant: Variant, program: Program) -> tuple[Layout, Outside]:
    """Run the stages up to the array operations: these, and what the caller passes."""
    trace = without_unchosen(variant.trace)
    normal = normalise(trace)
    groups = group(normal)
    caller = _outside(variant, program)
    choosing = dict(zip(caller.numbers, caller.inputs))
    layout = arrange(groups, contract, _leaves(groups, trace, caller), choosing, program.registry.places(trace))
    if os.environ.get("LIFTGRAD_CHECK"):
        for stage in (trace, normal, groups, layout):
            stage.check()
    return layout, caller


def _outside(variant: Variant, program: Program) -> Outside:
    """Return the flat vector, its arrays and the inputs, all that comes from the caller, under names of their own."""
    registry = program.registry
    taken = registry.taken | {p.name for p in registry.arrays}
    specs = [spec for argument in variant.specs for _, spec in argument.arrays("")]
    inputs = [
        Source(variable(name, taken), spec.shape, "index" if spec.integer else "input", program.batch)
        for name, spec in zip(program.array_names(variant.specs), specs)
    ]
    return outside(registry.arrays, registry.flat.cells, inputs, taken)


def _leaves(groups: Groups, trace: Trace, caller: Outside) -> dict[int, Source]:
    """Return the source of each group of leaves."""
    found = {}
    for number, made in enumerate(groups.groups):
        if made.op == "parameter":
            found[number] = caller.theta
        elif made.op == "input":
            found[number] = caller.numbers[trace.leaves[made.members[0]].argument]
    return found


def _wanted(caller: Outside, wrt: str) -> dict[Source, Source]:
    """Return what is differentiated for, and where each gradient goes."""
    wanted = {caller.theta: caller.gradient} if wrt != "inputs" else {}
    if wrt != "parameters":
        wanted |= dict(zip(caller.numbers, caller.slots))
    return wanted


def _seed(layout: Layout, program: Program) -> Literal:
    """Return the cotangent of one sample's value: 1 / N of a mean; of a sum of N equal values, N."""
    power = {("mean", True): -1, ("sum", False): 1}.get((_reduction(program), layout.roots[0].batched), 0)
    return Literal(1.0, power)


def _reduction(program: Program) -> str:
    """Return how the samples of a batch are put together; "" where there is one."""
    return program.reduction if program.batch else ""


def _bytes(layout: Layout) -> int:
    return 8 * sum(s.size for s in layout.sources if s.kind == "value")
