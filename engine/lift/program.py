"""Program: a lifted function or graph that is called like the function, and gives gradients.

The function is traced at the first call, and again for inputs of another structure, where a branch goes another way, or
when a number that it captures has changed.  Each trace is compiled once; buffers are allocated once a batch size.
"""

from __future__ import annotations

import contextvars
import gc
import linecache
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from engine.errors import GuardError, LiftError, NotScalarError, ShapeError
from engine.lift.captured import randomness, snapshot
from engine.lift.guards import Guard, Index, Recording
from engine.lift.inputs import Array, Spec, batch_size, describe
from engine.lift.ir import Leaf, Trace
from engine.lift.module import Emitted
from engine.lift.names import Parameter
from engine.lift.on_jax import JaxFunction, on_jax
from engine.lift.record import record
from engine.lift.registry import Registry
from engine.lift.sameness import same_graph
from engine.lift.summary import Stats, StepRecord
from engine.tracing import LOCAL, recording
from engine.value import Value

Vector = npt.NDArray[np.float64]
Views = list[Any]
MOST_VARIANTS = 64  # branch patterns of one structure, before it is said that `where` would serve better
_numbers = count(1)


@dataclass
class Gradient:
    """What `value_and_grad` returns beside the value.

    Attributes
    ----------
    parameters
        Flat float64 vector, in the order of `Program.pull`; None if not asked for.
    inputs
        A tuple in the inputs' structure; None if not asked for.
    """

    parameters: Vector | None
    inputs: tuple[Any, ...] | None
    arrays: Sequence[Parameter] = field(repr=False, default=())

    def named(self) -> dict[str, Array]:
        """Return the parameters' gradient as named arrays, views of the flat vector."""
        if self.parameters is None:
            return {}
        flat = self.parameters
        return {p.name: p.of(flat) for p in self.arrays}


@dataclass
class Instance:
    """The functions of an emitted module, with buffers for one batch size."""

    forward: Callable[..., Any]
    backward: Callable[..., None]
    take_forward: Callable[[Views], Any]
    take_backward: Callable[[Views], Any]
    lock: threading.Lock = field(default_factory=threading.Lock)
    context: contextvars.Context = field(default_factory=lambda: _silent())


def _silent() -> contextvars.Context:
    """Return a context in which NumPy warns of nothing: cheaper to enter than `np.errstate` is to make."""
    context = contextvars.copy_context()
    if int(np.__version__.split(".")[0]) >= 2:
        context.run(np.seterr, all="ignore")
        return context
    return cast(contextvars.Context, _Errstate())  # before NumPy 2, error states belong to threads


class _Errstate:
    """A context's `run`, by `np.errstate`."""

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)


@dataclass
class Plan:
    """Everything that a repeated call needs, decided: same kinds of arrays, parameters given."""

    variant: Variant
    instance: Instance
    n: int
    limits: tuple[tuple[int, int], ...]


@dataclass
class Compiled:
    """One trace, compiled for the derivatives asked of it."""

    emitted: Emitted
    stats: Stats
    steps: tuple[StepRecord, ...]
    formulas: str
    outside: tuple[str, ...]  # names that the functions may take, in the order in which the caller lists them
    instances: dict[tuple[int, str], Instance] = field(default_factory=dict)
    namespace: dict[str, Any] = field(default_factory=dict)

    def instance(self, n: int, dtype: Any) -> Instance:
        """Return functions with buffers for `n` samples; the text is compiled once."""
        key = (n, np.dtype(dtype).str)
        found = self.instances.get(key)
        if found is not None and found.lock.acquire(blocking=False):
            return found
        if not self.namespace:
            name = f"<lifted {next(_numbers)}>"
            text = self.emitted.text
            linecache.cache[name] = (len(text), None, text.splitlines(True), name)
            exec(compile(text, name, "exec"), self.namespace)
        forward, backward = self.namespace["build"](n, np.dtype(dtype).type, self.emitted.constants)
        made = Instance(forward, backward, self.taker(self.emitted.forward), self.taker(self.emitted.backward))
        if found is None:  # another thread may hold the known one; this one is then used once
            if len(self.instances) >= 8:
                self.instances.pop(next(iter(self.instances)))
            self.instances[key] = made
        made.lock.acquire()
        return made

    def taker(self, names: Sequence[str]) -> Callable[[Views], Any]:
        """Return what picks a function's arguments from all that there is."""
        places = [self.outside.index(name) for name in names]
        if not places:
            return lambda _: ()
        if len(places) == 1:
            return lambda views: (views[places[0]],)
        return itemgetter(*places)


@dataclass
class Variant:
    """One trace of the function: for inputs of one structure, while its branches go as they went."""

    trace: Trace
    specs: tuple[Spec, ...]
    guards: list[Guard]
    limits: dict[int, int]
    seconds: float
    compiled: dict[str, Compiled] = field(default_factory=dict)


class Compile(Protocol):
    """The driver, as a program calls it."""

    def __call__(self, variant: Variant, program: Program, wrt: str) -> Compiled:
        """Run every stage on a trace."""


class CompileForJax(Protocol):
    """The driver, where the program's steps are to be written for JAX."""

    def __call__(self, variant: Variant, program: Program, wrt: str, gradients: str) -> Emitted:
        """Run every stage on a trace."""


class Program:
    """A lifted function or graph; made by `engine.lift`."""

    def __init__(
        self,
        fn: Callable[..., Any] | None,
        compile: Compile,
        compile_for_jax: CompileForJax,
        *,
        name: str,
        names: tuple[str, ...] = (),
        batch: bool = False,
        reduction: str = "mean",
        parameters: Iterable[Value] | None = None,
        dtype: Any = np.float64,
    ) -> None:
        self.fn, self.compile, self.name, self.names = fn, compile, name, names
        self.compile_for_jax = compile_for_jax
        self.batch, self.reduction, self.dtype = batch, reduction, np.dtype(dtype)
        self.registry = Registry(parameters)
        self.variants: dict[tuple[Spec, ...], list[Variant]] = {}
        self.latest: Variant | None = None
        self.latest_wrt = "parameters"
        self.captured: list[Any] | None = None
        self._theta: tuple[Any, Views] = (None, [])
        self._plans: dict[Any, Plan] = {}

    # --- calling ---------------------------------------------------------------------------------------------

    def __call__(self, *inputs: Any, parameters: Vector | None = None) -> Any:
        """Return the value: a float, or with ``reduction="none"`` an array of one number a sample."""
        if self._inside(inputs):
            assert self.fn is not None
            return self.fn(*inputs)
        value, _ = self._run(inputs, parameters, None, None)
        return value

    def value_and_grad(
        self, *inputs: Any, parameters: Vector | None = None, wrt: str = "parameters", out: Vector | None = None
    ) -> tuple[float, Gradient]:
        """Return the value and its gradient.

        Parameters
        ----------
        inputs
            As the function takes them; with ``batch=True`` each with a leading batch axis.
        parameters
            Flat vector in the order of `pull`; without it the captured Values are read afresh.
        wrt
            "parameters", "inputs" or "all".
        out
            Where to put the parameters' gradient; without it every call returns memory of its own.

        Raises
        ------
        GuardError
            If a branch would go the other way for a row of a batch.
        TraceError
            If the function turns a traced Value into a plain number.
        ShapeError
            If inputs or parameters do not fit.
        """
        if wrt not in ("parameters", "inputs", "all"):
            raise ValueError(f"wrt={wrt!r} is not known; use 'parameters', 'inputs' or 'all'.")
        if self.batch and self.reduction == "none":
            raise NotScalarError("value_and_grad needs one number; lift with reduction='mean' or 'sum'.")
        key = None
        if parameters is not None and wrt == "parameters" and LOCAL.active is None:
            key = tuple(
                [(x.shape, x.dtype.char, x.flags.c_contiguous) if x.__class__ is np.ndarray else None for x in inputs]
            )
            plan = self._plans.get(key)
            if plan is not None and plan.instance.lock.acquire(blocking=False):
                try:
                    return self._planned(plan, inputs, parameters, out)
                finally:
                    plan.instance.lock.release()
        value, gradient = self._run(inputs, parameters, wrt, out)
        assert gradient is not None
        if key is not None and None not in key:
            self._plan(key, inputs)
        return value, gradient

    def _plan(self, key: Any, inputs: Sequence[Any]) -> None:
        """Remember how a call went, if the next one of its kind can go without asking."""
        variant = self.latest
        plain = all(contiguous and char in "dl" for _, char, contiguous in key)
        if (
            variant is None
            or variant.guards
            or not plain
            or self.dtype != np.float64
            or len(variant.specs) != len(inputs)
        ):
            return
        n = len(inputs[0]) if self.batch and inputs else 1
        instance = variant.compiled["parameters"].instances[(n, self.dtype.str)]
        self._plans[key] = Plan(variant, instance, n, tuple(variant.limits.items()))

    def _planned(self, plan: Plan, inputs: Sequence[Any], theta: Vector, out: Vector | None) -> tuple[float, Gradient]:
        for argument, limit in plan.limits:
            if np.maximum.reduce(inputs[argument].view(np.uint64), axis=None) >= limit:
                self._check_limits(plan.variant, list(inputs), plan.variant.specs)
        done = self._call(
            plan.instance, plan.variant, [*self._parameter_views(theta), *inputs], plan.n, "parameters", out
        )
        assert done is not None and done[1] is not None
        return done[0], done[1]

    def _inside(self, inputs: Sequence[Any]) -> bool:
        """Whether this is a call within another trace, which then simply goes through the function."""
        if LOCAL.active is None:
            return False
        if self.fn is None or self.batch:
            raise LiftError(f"{self.name} is already lifted; call the function itself inside another lift.")
        return True

    def _run(self, inputs: Sequence[Any], theta: Any, wrt: str | None, out: Any) -> tuple[Any, Gradient | None]:
        arrays: list[Array] = []
        specs = self._specs(inputs, arrays)
        n = batch_size(arrays, self.array_names(specs)) if self.batch else 1
        if theta is None:
            self._check_captured()
        for variant in self._candidates(specs, arrays):
            self._check_limits(variant, arrays, specs)
            done = self._execute(variant, arrays, n, theta, wrt, out)
            if done is not None:
                self.latest, self.latest_wrt = variant, wrt or self.latest_wrt
                return done
        raise GuardError(
            f"{self.name} took {MOST_VARIANTS} different ways through its branches; write them with engine.where(...)."
        )

    def _specs(self, inputs: Sequence[Any], arrays: list[Array]) -> tuple[Spec, ...]:
        if self.fn is None and inputs:
            raise TypeError(f"{self.name} is a lifted graph and takes no inputs; got {len(inputs)}.")
        names = [*self.names, *[f"input{i}" for i in range(len(self.names), len(inputs))]]
        return tuple([describe(x, self.batch, name, arrays) for x, name in zip(inputs, names)])

    def array_names(self, specs: Sequence[Spec]) -> list[str]:
        """Return the name of every input array."""
        names = [*self.names, *[f"input{i}" for i in range(len(self.names), len(specs))]]
        return [name for spec, argument in zip(specs, names) for name, _ in spec.arrays(argument)]

    def _candidates(self, specs: tuple[Spec, ...], arrays: list[Array]) -> Iterable[Variant]:
        """Yield the traces known for this structure, and then a new one."""
        known = self.variants.setdefault(specs, [])
        yield from list(known)
        if self.batch and known:
            return
        if len(known) < MOST_VARIANTS and self.fn is not None:
            with _collector_paused():
                known.insert(0, self._trace(specs, arrays))
            yield known[0]

    def _check_captured(self) -> None:
        """Forget every trace if a number that the function captures has changed."""
        if self.fn is None:
            return
        now = snapshot(self.fn)
        if self.captured is not None and now != self.captured:
            self.variants.clear()
            self._plans.clear()
        self.captured = now

    def _check_limits(self, variant: Variant, arrays: list[Array], specs: tuple[Spec, ...]) -> None:
        for argument, limit in variant.limits.items():
            array = arrays[argument]
            if array.size and int(np.maximum.reduce(array.view(np.uint64), axis=None)) >= limit:
                bad = array[(array < 0) | (array >= limit)].flat[0]
                name = self.array_names(specs)[argument]
                raise IndexError(
                    f"'{name}' holds {bad}, which is outside a table of {limit} entries (0 to {limit - 1})."
                )

    def _execute(
        self, variant: Variant, arrays: list[Array], n: int, theta: Any, wrt: str | None, out: Any
    ) -> tuple[Any, Gradient | None] | None:
        """Run a trace's program; None if one of its guards does not hold."""
        asked = wrt or ("parameters" if "parameters" in variant.compiled or not variant.compiled else "")
        compiled = variant.compiled.get(asked) or next(iter(variant.compiled.values()), None)
        if compiled is None or (wrt is not None and wrt not in variant.compiled):
            with _collector_paused():
                compiled = variant.compiled[asked] = self.compile(variant, self, asked)
        if self.dtype != np.float64:
            arrays = [a if a.dtype.kind == "i" else a.astype(self.dtype) for a in arrays]
        instance = compiled.instance(n, self.dtype)
        try:
            return self._call(instance, variant, [*self._parameter_views(theta), *arrays], n, wrt, out)
        finally:
            instance.lock.release()

    def _call(
        self, instance: Instance, variant: Variant, views: Views, n: int, wrt: str | None, out: Any
    ) -> tuple[Any, Gradient | None] | None:
        """Run forward, look at the guards, run backward: NumPy's warnings are off inside."""
        run = instance.context.run
        value = run(instance.forward, *instance.take_forward(views))
        if variant.guards:
            value, conditions = value
            if not self._hold(variant.guards, conditions):
                return None
        if wrt is None:
            return value, None
        flat, slots = None, []
        if wrt != "inputs":
            if out is not None:
                self._check_vector(out, "out")
            flat = out if out is not None and self.dtype == np.float64 else np.empty(self.registry.size, self.dtype)
            views += [flat, *[p.of(flat) for p in self.registry.arrays]]
        if wrt != "parameters":
            shapes = [spec.shape for argument in variant.specs for _, spec in argument.arrays("")]
            slots = [np.empty((n, *shape) if self.batch else shape, self.dtype) for shape in shapes]
            views += slots
        run(instance.backward, *instance.take_backward(views))
        if self.dtype != np.float64 and flat is not None:
            flat = flat.astype(np.float64)
            if out is not None:
                np.copyto(out, flat)
                flat = out
        restored = None
        if wrt != "parameters":
            pieces = iter(slots)
            restored = tuple([spec.restore(pieces) for spec in variant.specs])
        return value, Gradient(flat, restored, self.registry.arrays)

    def _hold(self, guards: Sequence[Guard], conditions: Sequence[Any]) -> bool:
        for guard, condition in zip(guards, conditions):
            went = np.asarray(condition) != 0
            if (went == guard.outcome).all():
                continue
            if not self.batch:
                return False
            where = f"row {int(np.flatnonzero(went != guard.outcome)[0])}" if went.ndim else "these parameters"
            raise GuardError(
                f"{guard.line} was {guard.outcome} when lifted, is {not guard.outcome} for {where}. "
                "Write it as engine.where(condition, a, b)."
            )
        return True

    # --- parameters ------------------------------------------------------------------------------------------

    def _parameter_views(self, theta: Any) -> Views:
        """Return the flat vector and its named arrays; the same vector is looked at once."""
        if theta is None:
            theta = self.registry.read()
        elif theta is self._theta[0]:
            return self._theta[1]
        self._check_vector(theta, "parameters")
        flat = theta if self.dtype == np.float64 else theta.astype(self.dtype)
        views = [flat, *[p.of(flat) for p in self.registry.arrays]]
        if flat is theta:
            self._theta = (theta, views)
        return views

    def _check_vector(self, vector: Any, what: str) -> None:
        size = self.registry.size
        if not isinstance(vector, np.ndarray) or vector.dtype != np.float64 or vector.shape != (size,):
            given = (
                f"{vector.dtype} array of shape {vector.shape}"
                if isinstance(vector, np.ndarray)
                else type(vector).__name__
            )
            raise ShapeError(f"{what} must be a float64 vector of {size} numbers, as pull() returns; got {given}.")
        if not vector.flags.c_contiguous:
            raise ShapeError(f"{what} must be contiguous; pass np.ascontiguousarray(...).")

    def pull(self) -> Vector:
        """Return the captured parameters as one flat vector, read from the Values.

        Raises
        ------
        LiftError
            If the function has not been traced yet, so that nobody knows what it captures.
        """
        self._need_trace("pull")
        return self.registry.read()

    def push(self, theta: Vector) -> None:
        """Write a flat vector back to the Values."""
        self._need_trace("push")
        self._check_vector(theta, "push's vector")
        self.registry.write(theta)

    # --- elsewhere -------------------------------------------------------------------------------------------

    def to_jax(self, *, gradients: str = "lifted", wrt: str = "parameters") -> JaxFunction:
        """Return a pure function of JAX arrays, ``(parameters, *inputs) -> (value, gradients)`` (extra ``jax``).

        It is made of the array operations of what ran last, and is for inputs of that structure; `jax.jit`, `jax.vmap`
        and sharding accept it: ``jax.jit(program.to_jax())(program.pull(), X, T)``. Numbers that the function takes
        from its surroundings stay as they were then.

        Parameters
        ----------
        gradients
            "lifted", the adjoint that `value_and_grad` runs, or "jax": the forward pass, differentiated by JAX.
        wrt
            "parameters", "inputs" or "all"; with "all" the gradients are a pair.

        Returns
        -------
        JaxFunction
            Its parameters are a dict of named arrays (see `parameters`) or the flat vector of `pull`, and the gradients
            come back the same way. ``weights=``, one number a sample, weighs the samples of a batch. An integer input
            that is outside its table gives NaN, since a pure function cannot raise.

        Raises
        ------
        LiftError
            If the program was not called yet, or if it branches on values.
        MissingExtraError
            If JAX is not installed.
        ValueError
            If `gradients` or `wrt` is none of these.
        """
        return on_jax(self, gradients, wrt)

    # --- looking at it ---------------------------------------------------------------------------------------

    def _need_trace(self, what: str) -> Variant:
        if self.latest is None and self.registry.declared:
            return None  # type: ignore[return-value]
        if self.latest is None:
            raise LiftError(f"{self.name} is traced at its first call; call it once before {what}().")
        return self.latest

    def _current(self, what: str) -> Compiled:
        variant = self._need_trace(what)
        if variant is None:
            raise LiftError(f"{self.name} is traced at its first call; call it once before {what}().")
        if self.latest_wrt not in variant.compiled:
            variant.compiled[self.latest_wrt] = self.compile(variant, self, self.latest_wrt)
        return variant.compiled[self.latest_wrt]

    def source(self) -> str:
        """Return the NumPy text that ran last, forward and backward."""
        return self._current("source").emitted.text

    def formulas(self) -> str:
        """Return the same as matrix formulas."""
        return self._current("formulas").formulas

    @property
    def stats(self) -> Stats:
        """Scalar nodes, array operations, bytes of buffers and seconds to lift, of what ran last."""
        return self._current("stats").stats

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """The forward array operations of what ran last, as records."""
        return self._current("steps").steps

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the captured parameters' arrays."""
        return {p.name: p.shape for p in self.registry.arrays}

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes (of one sample) of the input arrays of what ran last."""
        variant = self._need_trace("inputs")
        names = self.array_names(variant.specs)
        return dict(zip(names, [spec.shape for argument in variant.specs for _, spec in argument.arrays("")]))

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.stats})" if self.latest else f"Program({self.name}, not traced yet)"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the array operations in Jupyter, where `viz` is imported."""
        shown = {"text/plain": repr(self)}
        viz = sys.modules.get("viz")
        if viz is not None and self.latest is not None:
            shown["image/svg+xml"] = viz.svg(self)
        return shown

    # --- tracing ---------------------------------------------------------------------------------------------

    def _trace(self, specs: tuple[Spec, ...], arrays: list[Array]) -> Variant:
        """Run the function on Values twice; a function that is not the same both times is refused."""
        start = time.perf_counter()
        assert self.fn is not None
        samples = [a[0] if self.batch else a for a in arrays]
        before = randomness(self.fn)
        roots, inputs, watch = self._run_traced(specs, samples)
        drew = randomness(self.fn) != before
        again, others, _ = self._run_traced(specs, samples)
        if drew or not same_graph(roots, again, inputs, others):
            raise LiftError(
                f"{self.name} did not compute the same twice for the same inputs: it draws random numbers, counts, "
                "reads a clock, or uses up an iterator. Compute such numbers outside and pass them as inputs."
            )
        trace = record(roots, inputs)
        self.registry.add(trace)
        if self.captured is None:
            self.captured = snapshot(self.fn)
        return Variant(trace, specs, watch.guards, watch.limits, time.perf_counter() - start)

    def _run_traced(
        self, specs: tuple[Spec, ...], samples: list[Array]
    ) -> tuple[list[Value], dict[Value, Leaf], Recording]:
        """Run the function on Values: (its result and its guards' conditions, what the inputs are, what was noted)."""
        names = self.array_names(specs)
        watch = Recording()
        leaves: list[list[Value]] = []
        inputs: dict[Value, Leaf] = {}
        for argument, (name, sample) in enumerate(zip(names, samples)):
            made = [_leaf(watch, argument, x, sample.dtype.kind == "i") for x in sample.reshape(-1).tolist()]
            for position, leaf in enumerate(made):
                inputs[leaf] = Leaf("input", position, argument)
                index = ", ".join(map(str, np.unravel_index(position, sample.shape)))
                watch.names[leaf] = f"{name}[{index}]" if index else name
            leaves.append(made)
        supply = iter(leaves)
        arguments = [spec.build(supply) for spec in specs]
        with recording(watch):
            assert self.fn is not None
            result = self.fn(*arguments)
        root = _scalar(result, self.name)
        return [root, *[g.condition for g in watch.guards]], inputs, watch


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a growing graph again and again: it makes no garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _leaf(watch: Recording, argument: int, x: float, integer: bool) -> Value:
    if not integer:
        return Value(x)
    leaf = Index(x)
    leaf.argument, leaf.recording = argument, watch
    return leaf


def _scalar(result: Any, name: str) -> Value:
    """Return a function's result as one Value."""
    if isinstance(result, np.ndarray) and result.ndim == 0:
        result = result.item()
    if isinstance(result, Value):
        return result
    if isinstance(result, (int, float, np.number)) and not isinstance(result, bool):
        return Value.constant(result)
    raise NotScalarError(f"lift needs a function that returns one number; {name} returned {type(result).__name__}.")
