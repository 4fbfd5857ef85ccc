"""Program: a lifted function or graph that is called like the function, and gives gradients.

The function is traced at the first call, and again for inputs of another structure, where a branch goes another way, or
when a number that it captures has changed.  Each trace is compiled once; buffers are allocated once a batch size.
"""

from __future__ import annotations

import copy
import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine import notebook
from engine.arguments import described, one_of
from engine.errors import GuardError, LiftError, NotScalarError, ShapeError
from engine.lifting.emit.source import Emitted
from engine.lifting.run.eager import evaluated, evaluated_batch, holds_values, replayed
from engine.lifting.run.executable import Compiled as Compiled
from engine.lifting.run.executable import Gradient, Instance, Repeat, Views
from engine.lifting.run.executable import Variant as Variant
from engine.lifting.run.on_jax import JaxFunction, on_jax
from engine.lifting.run.parameters import Flat, Registry
from engine.lifting.run.report import Stats, StepRecord
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec, batch_size, describe
from engine.lifting.trace.run import traced
from engine.lifting.trace.watch import Guard
from engine.lifting.verify.verify import verified
from engine.lines import outside_engine
from engine.tracing import LOCAL
from engine.value import Value

Vector = npt.NDArray[np.float64]
MOST_VARIANTS = 64  # branch patterns of one structure, before it is said that `where` would serve better


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
        verify: bool | str = True,
        strict: bool = False,
    ) -> None:
        self.fn, self.compile, self.name, self.names = fn, compile, name, names
        self.compile_for_jax = compile_for_jax
        self.batch, self.reduction, self.dtype = batch, reduction, np.dtype(dtype)
        self.verify, self.strict = verify, strict
        self._tracing = threading.RLock()
        self.registry = Registry(parameters)
        self.variants: dict[tuple[Spec, ...], list[Variant]] = {}
        self.latest: Variant | None = None
        self.latest_wrt = "parameters"
        self.captured: Surroundings | None = None
        self._stale = False
        self._theta: tuple[Any, Flat | None, Views] = (None, None, [])
        self._plans: dict[Any, Repeat] = {}

    # --- calling ---------------------------------------------------------------------------------------------

    def __call__(self, *inputs: Any, parameters: Vector | None = None) -> Any:
        """Return the value: a float, or with ``reduction="none"`` an array of one number a sample.

        Where Values go in, and inside a function that is being traced or differentiated, it is the function itself that
        runs, on the scalar engine, and the value is a Value: derivatives come back through it.
        """
        if (parameters is None and LOCAL.watch is not None) or any(map(holds_values, inputs)):
            return self._evaluated(inputs, parameters)
        if parameters is None:
            self._check_captured()
        return self._run(inputs, parameters, None, None)[0]

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
        if wrt.__class__ is not str or wrt not in ("parameters", "inputs", "all"):
            one_of(wrt, "wrt", ("parameters", "inputs", "all"))
        if self.batch and self.reduction == "none":
            raise NotScalarError("value_and_grad needs one number; lift with reduction='mean' or 'sum'.")
        key = None
        if parameters is None and LOCAL.active is None:
            self._check_captured()
        if wrt == "parameters" and LOCAL.active is None:
            key = tuple(
                [(x.shape, x.dtype.char, x.flags.c_contiguous) if x.__class__ is np.ndarray else None for x in inputs]
            )
            plan = self._plans.get(key)
            if plan is not None and plan.instance.lock.acquire(blocking=False):
                try:
                    return self._planned(plan, inputs, parameters, out)
                finally:
                    plan.instance.lock.release()
        value, gradient, variant = self._run(inputs, parameters, wrt, out)
        assert gradient is not None
        if key is not None and None not in key:
            self._plan(key, inputs, variant)
        return value, gradient

    def _plan(self, key: Any, inputs: Sequence[Any], variant: Variant) -> None:
        """Remember how a call went, if the next one of its kind can go without asking."""
        plain = all(contiguous and char in "dl" for _, char, contiguous in key)
        if variant.guards or not plain or self.dtype != np.float64 or len(variant.specs) != len(inputs):
            return
        n = len(inputs[0]) if self.batch and inputs else 1
        instance = variant.compiled["parameters"].instances.get((n, self.dtype.str))
        if instance is None:  # another thread may have needed its place
            return
        with self._tracing:
            if any(v is variant for v in self.variants.get(variant.specs, ())):  # nobody has forgotten it since
                self._plans[key] = Repeat(variant, instance, n, tuple(variant.limits.items()))

    def _planned(
        self, plan: Repeat, inputs: Sequence[Any], theta: Vector | None, out: Vector | None
    ) -> tuple[float, Gradient]:
        views = self._parameter_views(theta, plan.variant.registry)
        done = self._call(plan.instance, plan.variant, views, inputs, plan.n, "parameters", out)
        assert done is not None and done[1] is not None
        return done[0], done[1]

    def _evaluated(self, inputs: Sequence[Any], theta: Any) -> Any:
        """Return what the scalar engine computes, so that it can be differentiated through."""
        if theta is not None:
            raise TypeError(
                f"{self.name} was given Values as inputs and parameters=: it is differentiated through the Values that "
                "it captures; write the parameters to them with push(theta), or pass numbers as inputs."
            )
        if self.fn is None:
            self._refuse_inputs(inputs)
            return replayed(self._need_trace("a call").trace)
        if self.batch:
            return evaluated_batch(self.fn, inputs, self._input_names(inputs), self.reduction)
        return evaluated(self.fn, inputs)

    def _run(
        self, inputs: Sequence[Any], theta: Any, wrt: str | None, out: Any
    ) -> tuple[Any, Gradient | None, Variant]:
        arrays: list[Array] = []
        specs = self._specs(inputs, arrays)
        n = batch_size(arrays, self.array_names(specs)) if self.batch else 1
        for variant in self._candidates(specs, arrays):
            done = self._execute(variant, arrays, n, theta, wrt, out)
            if done is not None:
                self.latest, self.latest_wrt = variant, wrt or self.latest_wrt
                return *done, variant
        raise GuardError(
            f"{self.name} took {MOST_VARIANTS} different ways through its branches; write them with engine.where(...)."
        )

    def _specs(self, inputs: Sequence[Any], arrays: list[Array]) -> tuple[Spec, ...]:
        self._refuse_inputs(inputs)
        return tuple([describe(x, self.batch, name, arrays) for x, name in zip(inputs, self._input_names(inputs))])

    def _refuse_inputs(self, inputs: Sequence[Any]) -> None:
        if self.fn is None and inputs:
            raise TypeError(f"{self.name} is a lifted graph and takes no inputs; got {len(inputs)}.")

    def _input_names(self, inputs: Sequence[Any]) -> list[str]:
        return [*self.names, *[f"input{i}" for i in range(len(self.names), len(inputs))]]

    def array_names(self, specs: Sequence[Spec]) -> list[str]:
        """Return the name of every input array."""
        return [name for spec, argument in zip(specs, self._input_names(specs)) for name, _ in spec.arrays(argument)]

    def _candidates(self, specs: tuple[Spec, ...], arrays: list[Array]) -> Iterable[Variant]:
        """Yield the traces known for this structure, and then a new one."""
        known = self.variants.setdefault(specs, [])
        tried: list[Variant] = []
        while True:
            untried = _others(known, tried)
            if not untried and not (self.batch and tried):
                with self._tracing:  # one thread at a time; the others then find what it has made
                    untried = _others(known, tried)
                    if not untried and len(known) < MOST_VARIANTS and self.fn is not None:
                        with _collector_paused():
                            known.insert(0, self._trace(specs, arrays))
                        untried = known[:1]
            if not untried:
                return
            tried += untried
            yield from untried

    def _check_captured(self) -> None:
        """Forget every trace if what the function sees of its surroundings has changed, or cannot be known."""
        around = self.captured
        if around is None or (around.untouched() and not self._stale and not around.blind):
            return
        with self._tracing:
            assert self.captured is not None
            now = copy.copy(self.captured)
            if now.changed() or self._stale or now.blind:
                self._forget(now)
            self.captured = now  # last: what it says is untouched, other threads take for known

    def _forget(self, around: Surroundings) -> None:
        """Forget every trace; if a captured Value is there no more, begin anew as to parameters as well."""
        self._stale = False
        self.variants.clear()
        self._plans.clear()
        self._theta = (None, None, [])
        self.registry.forget_readings()
        seen = around.values
        if not self.registry.declared and any(id(v) not in seen for v in self.registry.values):
            self.registry = Registry()

    def _check_limits(self, variant: Variant, arrays: Sequence[Array]) -> None:
        """Refuse integers outside the tables that they choose from; forward has held them inside."""
        for argument, limit in variant.limits.items():
            array = arrays[argument]
            if array.size and int(np.maximum.reduce(array.view(np.uint64), axis=None)) >= limit:
                bad = array[(array < 0) | (array >= limit)].flat[0]
                name = self.array_names(variant.specs)[argument]
                raise IndexError(
                    f"'{name}' holds {bad}, which is outside a table of {limit} entries (0 to {limit - 1})."
                )

    def _execute(
        self, variant: Variant, arrays: list[Array], n: int, theta: Any, wrt: str | None, out: Any
    ) -> tuple[Any, Gradient | None] | None:
        """Run a trace's program; None if one of its guards does not hold."""
        asked = wrt or ("parameters" if "parameters" in variant.compiled or not variant.compiled else "")
        compiled = variant.compiled.get(asked) or next(iter(tuple(variant.compiled.values())), None)
        if compiled is None or (wrt is not None and wrt not in variant.compiled):
            compiled = self._compiled(variant, asked, arrays)
        if self.dtype != np.float64:
            arrays = [a if a.dtype.kind == "i" else a.astype(self.dtype) for a in arrays]
        instance = compiled.instance(n, self.dtype)
        try:
            return self._call(instance, variant, self._parameter_views(theta, variant.registry), arrays, n, wrt, out)
        finally:
            instance.lock.release()

    def _compiled(self, variant: Variant, wrt: str, arrays: list[Array] | None = None) -> Compiled:
        """Compile a trace and prove it; one that cannot be is forgotten, or it would stand in the way of others."""
        try:
            with self._tracing, _collector_paused():
                if wrt in variant.compiled:  # by another thread, meanwhile
                    return variant.compiled[wrt]
                variant.compiled[wrt] = verified(self, variant, self.compile(variant, self, wrt), wrt, arrays)
        except BaseException:
            known = self.variants.get(variant.specs, [])
            if not variant.compiled and any(v is variant for v in known):
                known[:] = [v for v in known if v is not variant]
            raise
        return variant.compiled[wrt]

    def _call(
        self,
        instance: Instance,
        variant: Variant,
        views: Views,
        inputs: Sequence[Any],
        n: int,
        wrt: str | None,
        out: Any,
    ) -> tuple[Any, Gradient | None] | None:
        """Run forward, look at the guards, run backward: NumPy's warnings are off inside."""
        run, held = instance.context.run, variant.registry.flat
        if len(views[0]) > instance.cells:  # the flat vector that it knows
            views = [views[0][: instance.cells], *views[1:]]
        numbers = inputs
        if instance.integers:
            numbers = [x.astype(self.dtype) if k in instance.integers else x for k, x in enumerate(inputs)]
        value = run(instance.forward, *instance.take_forward(views, inputs, numbers))
        if variant.guards:
            value, conditions = value
            if not self._hold(variant.guards, conditions):
                return None
        self._check_limits(variant, inputs)
        if wrt is None:
            return value, None
        if out is not None and wrt != "inputs":
            self._check_out(out, held.size, views[0], inputs)
        flat, gradient, slots = None, [], []
        if wrt != "inputs":
            gradient = self._gradient_views(out, held)
        if wrt != "parameters":
            shapes = [spec.shape for argument in variant.specs for _, spec in argument.arrays("")]
            slots = [np.empty((n, *shape) if self.batch else shape, self.dtype) for shape in shapes]
        cells = gradient[0] if gradient else None
        if cells is not None and len(cells) > instance.cells:
            cells[instance.cells :] = 0.0  # what another trace has found since, this one does not read
            gradient[0] = cells[: instance.cells]
        run(instance.backward, *instance.take_backward(views, inputs, numbers, gradient, slots))
        if cells is not None:
            flat = cells if cells is out else held.vector_of(cells.astype(np.float64, copy=False), out)
        restored = None
        if wrt != "parameters":
            pieces = iter(slots)
            restored = tuple([spec.restore(pieces) for spec in variant.specs])
        return value, Gradient(flat, restored, held)

    def _gradient_views(self, out: Any, held: Flat) -> Views:
        """Return where the gradient goes: straight into `out` if its numbers lie as those of the program do."""
        fits = out is not None and self.dtype == np.float64 and held.order is None
        cells = out if fits else np.empty(held.cells, self.dtype)
        return [cells, *[p.of(cells) for p in held.arrays]]

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

    def _parameter_views(self, theta: Any, registry: Registry) -> Views:
        """Return the flat vector and its named arrays; the same vector is looked at once."""
        flat = registry.flat
        if theta is None:
            cells = registry.read_cells()
        elif theta is (known := self._theta)[0] and known[1] is flat:
            return known[2]
        else:
            self._check_vector(theta, "parameters", flat.size)
            cells = registry.cells_of(theta)
        kept = cells.astype(self.dtype, copy=False)
        views = [kept, *[p.of(kept) for p in flat.arrays]]
        if kept is theta:
            self._theta = (theta, flat, views)
        return views

    def _check_vector(self, vector: Any, what: str, size: int) -> None:
        if not isinstance(vector, np.ndarray) or vector.dtype != np.float64 or vector.shape != (size,):
            given = (
                f"{vector.dtype} array of shape {vector.shape}" if isinstance(vector, np.ndarray) else described(vector)
            )
            raise ShapeError(f"{what} must be a float64 vector of {size} numbers, as pull() returns; got {given}.")
        if not vector.flags.c_contiguous:
            raise ShapeError(f"{what} must be contiguous; pass np.ascontiguousarray(...).")

    def _check_out(self, out: Any, size: int, theta: Vector, inputs: Sequence[Any]) -> None:
        self._check_vector(out, "out", size)
        if any(np.may_share_memory(out, x) for x in (theta, *inputs)):
            raise ShapeError("out shares memory with what the gradient is computed from; pass memory of its own.")

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
        self._check_vector(theta, "push's vector", self.registry.size)
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
        return variant.compiled.get(self.latest_wrt) or self._compiled(variant, self.latest_wrt)

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
        return {p.name: p.shape for p in self.registry.arrays if not p.read}

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes (of one sample) of the input arrays of what ran last."""
        return {source.name: source.shape for source in self._current("inputs").outside.inputs}

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.stats})" if self.latest else f"Program({self.name}, not traced yet)"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the array operations in a notebook, where something that draws them is imported."""
        return notebook.mimebundle(self, drawable=self.latest is not None)

    # --- tracing ---------------------------------------------------------------------------------------------

    def _say_what_is_blind(self, around: Surroundings) -> None:
        """Warn, once, of surroundings that cannot be followed."""
        if around.blind:
            warnings.warn(
                f"{self.name} depends on {around.blind}, of which a change cannot be noticed: it is traced again at "
                "every call. Pass it as an input, or give parameters= to vouch for it.",
                stacklevel=outside_engine(),
            )

    def _trace(self, specs: tuple[Spec, ...], arrays: list[Array]) -> Variant:
        """Run the function on Values, and keep its trace."""
        start = time.perf_counter()
        assert self.fn is not None
        samples = [a[0] if self.batch else a for a in arrays]
        around = copy.copy(self.captured) if self.captured else Surroundings(self.fn)
        self._stale = around.changed() or self._stale  # since a call that vouched for its surroundings
        trace, watch = traced(self.fn, self.name, self.array_names(specs), specs, samples, around)
        if self.captured is None:
            self._say_what_is_blind(around)
        self._stale = self._stale or (around.reset and any(self.variants.values()))
        around.reset = False
        self.captured = Surroundings(self.fn) if around.unread else around
        self.registry.add(trace, around.readings.values())
        return Variant(trace, specs, watch.guards, watch.limits, time.perf_counter() - start, self.registry)

    def outdated(self, variant: Variant) -> bool:
        """Whether what the function sees has changed since it was traced, as another thread may have it do."""
        known = any(v is variant for v in self.variants.get(variant.specs, ()))
        return not known or self._stale or (self.captured is not None and copy.copy(self.captured).changed())


def _others(known: Sequence[Variant], tried: Sequence[Variant]) -> list[Variant]:
    return [v for v in tuple(known) if not any(v is t for t in tried)]


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
