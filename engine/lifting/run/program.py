"""Program: a lifted function or graph that is called like the function, and gives gradients.

The function is traced at the first call, and again for inputs of another structure, where a branch goes another way, or
when a number that it captures has changed (`traces`).  Each trace is compiled once (`compiling`), with buffers for each
batch size (`executable`); a call runs one (`call`), and one like the last goes its way without asking (`plans`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.arguments import one_of
from engine.collector import collector_paused
from engine.errors import NotScalarError
from engine.lifting.emit.source import Emitted
from engine.lifting.run.call import Call
from engine.lifting.run.compiling import compiled_for_jax, compiled_for_numpy
from engine.lifting.run.derivatives import Differentiable
from engine.lifting.run.describing import Described, description
from engine.lifting.run.eager import eagerly, holds_values
from engine.lifting.run.executable import Compiled as Compiled
from engine.lifting.run.executable import Gradient, by_default
from engine.lifting.run.executable import Specialisation as Specialisation
from engine.lifting.run.on_jax import to_jax
from engine.lifting.run.parameters import Parameters
from engine.lifting.run.pickling import Untraceable, function_of, parts, take_traces
from engine.lifting.run.plans import DEFAULT, CallPlan, PossibleTrace, call_kind
from engine.lifting.run.search import Search
from engine.lifting.run.showing import Showing
from engine.lifting.run.traces import Traces
from engine.lifting.run.unlifted import buffers_of, unlifted
from engine.lifting.trace.inputs import Array, Spec, batch_size, describe
from engine.lifting.verify.verify import verified
from engine.tracing import LOCAL
from engine.value import Value

Vector = npt.NDArray[np.float64]
WRT = ("parameters", "inputs", "all")


class Program(Showing, Differentiable):
    """A lifted function or graph; made by `engine.lift`."""

    def __init__(
        self,
        fn: Callable[..., Any] | None,
        *,
        name: str,
        names: tuple[str, ...] = (),
        batch: bool = False,
        reduction: str = "mean",
        parameters: Parameters | Iterable[Value] | None = None,
        dtype: Any = np.float64,
        verify: bool | str = True,
        strict: bool = False,
    ) -> None:
        self.fn, self.name, self.names = fn, name, names
        self.batch, self.reduction, self.dtype = batch, reduction, np.dtype(dtype)
        self.verify, self.strict = verify, strict
        held = parameters.copy() if isinstance(parameters, Parameters) else Parameters(parameters, fn)
        self.traces = Traces(fn, name, batch, held)
        self.latest_wrt = "parameters"

    # --- calling ---------------------------------------------------------------------------------------------

    def __call__(self, *inputs: Any, parameters: Vector | None = None) -> Any:
        """Return what the function returns, nested as it nests it: floats and arrays, with an axis for the samples in
        front where ``reduction="none"``.

        Where Values go in, and inside a function that is being traced or differentiated, it is the function itself that
        runs, on the scalar engine, and the value is a Value: derivatives come back through it.
        """
        if (parameters is None and LOCAL.watch is not None) or any(map(holds_values, inputs)):
            return eagerly(self, inputs, parameters)
        if parameters is None:
            self.traces.look_around()
        plan, value, _ = self._run(inputs, parameters, None, None)
        return plan.specialisation.restored(value)

    def value_and_grad(
        self, *inputs: Any, parameters: Vector | None = None, wrt: str = DEFAULT, out: Vector | None = None
    ) -> tuple[float, Gradient]:
        """Return the value and its gradient.

        Parameters
        ----------
        inputs
            As the function takes them; with ``batch=True`` each with a leading batch axis.
        parameters
            Flat vector in the order of `pull`; without it the captured Values are read afresh.
        wrt
            "parameters", "inputs" or "all"; by default "parameters", or the first input where the function has none.
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
        if wrt is not DEFAULT and (wrt.__class__ is not str or wrt not in WRT):
            one_of(wrt, "wrt", WRT)
        if self.batch and self.reduction == "none":
            raise NotScalarError("value_and_grad needs one number; lift with reduction='mean' or 'sum'.")
        kind, search = None, None
        if LOCAL.active is None:
            if parameters is None:
                self.traces.look_around()
            if wrt in (DEFAULT, "parameters"):
                kind = call_kind(inputs)
                plan = self.traces.plans.take(kind, wrt)
                if plan is not None:
                    with plan.buffers:
                        call = Call(self, plan, inputs, parameters)
                        value, holds = call.value()
                        if holds:
                            return value, by_default(call.gradient(plan.wrt, out))
                    (search := Search()).rule_out(plan.specialisation, call.turned)
        plan, value, gradient = self._run(inputs, parameters, wrt, out, search)
        assert gradient is not None
        if kind is not None and self.dtype == np.float64:
            self.traces.remember(kind, plan)
        return value, gradient

    def _run(
        self, inputs: Sequence[Any], theta: Any, wrt: str | None, out: Any, search: Search | None = None
    ) -> tuple[CallPlan, Any, Gradient | None]:
        """Return how a call went, its value and its gradient: of the first trace whose branches go as they went."""
        for way in self.ways(inputs, theta, search):
            specialisation = way.specialisation
            asked = self._asked(specialisation, wrt)
            ran = self.ran(way, asked, theta, out)
            if ran is not None:
                plan, value, gradient = ran
                if not specialisation.lone:
                    self.traces.latest, self.latest_wrt = specialisation, asked or self.latest_wrt
                return plan, value, gradient if wrt != DEFAULT or gradient is None else by_default(gradient)
        raise AssertionError("the last way is an answer")

    def ways(self, inputs: Sequence[Any], theta: Any, search: Search | None = None) -> Iterator[PossibleTrace]:
        """Yield the traces that may be those of a call; the last is of this call alone.

        Parameters
        ----------
        inputs, theta, search
            What it is called with, the parameters (None: the numbers that the Values hold), what was ruled out before.
        """
        arrays: list[Array] = []
        specs = self._specs(inputs, arrays)
        n = batch_size(arrays, self.array_names(specs)) if self.batch else 1
        names, search = self.array_names(specs), search or Search()
        for specialisation in self.traces.candidates(specs, arrays, names, theta, search):
            yield PossibleTrace(specialisation, arrays, n, search)
        yield PossibleTrace(unlifted(self.traces, specs, arrays, names, theta), arrays, n, search)

    def ran(
        self, way: PossibleTrace, wrt: str | None, theta: Any, out: Any = None
    ) -> tuple[CallPlan, Any, Gradient | None] | None:
        """Return how a call of one trace went, its value and its gradient; None if its branches go another way."""
        specialisation, arrays, n, search = way
        known = None if specialisation.lone else self._compiled_for(specialisation, wrt, arrays)
        if self.dtype != np.float64:
            arrays = [a if a.dtype.kind == "i" else a.astype(self.dtype) for a in arrays]
        with known.buffers(n, self.dtype) if known else buffers_of(self, specialisation, n) as buffers:
            plan = CallPlan(specialisation, buffers, n, wrt or "")
            call = Call(self, plan, arrays, theta)
            value, holds = call.value()
            if not holds:
                search.rule_out(specialisation, call.turned)
                return None
            return plan, value, call.gradient(wrt, out) if wrt else None

    def _asked(self, specialisation: Specialisation, wrt: str | None) -> str | None:
        """Return what is differentiated by: of a function that reads no parameters, by default its inputs."""
        if wrt is not None:
            specialisation.require_number("value_and_grad")
        return wrt if wrt != DEFAULT else "parameters" if specialisation.parameters.size else "inputs"

    # --- inputs ----------------------------------------------------------------------------------------------

    def _specs(self, inputs: Sequence[Any], arrays: list[Array]) -> tuple[Spec, ...]:
        self.refuse_inputs(inputs)
        return tuple([describe(x, self.batch, name, arrays) for x, name in zip(inputs, self.input_names(inputs))])

    def refuse_inputs(self, inputs: Sequence[Any]) -> None:
        """Refuse inputs of a graph, which takes none."""
        if self.fn is None and inputs:
            raise TypeError(f"{self.name} is a lifted graph and takes no inputs; got {len(inputs)}.")

    def input_names(self, inputs: Sequence[Any]) -> list[str]:
        """Return the name of every argument."""
        return [*self.names, *[f"input{i}" for i in range(len(self.names), len(inputs))]]

    def array_names(self, specs: Sequence[Spec]) -> list[str]:
        """Return the name of every input array."""
        return [name for spec, argument in zip(specs, self.input_names(specs)) for name, _ in spec.arrays(argument)]

    # --- compiling -------------------------------------------------------------------------------------------

    def batched(self, count: int) -> Sequence[bool]:
        """Say of each of so many input arrays whether it has an axis for samples."""
        return (self.batch,) * count

    def _compiled_for(self, specialisation: Specialisation, wrt: str | None, arrays: list[Array]) -> Compiled:
        """Return a trace compiled for some derivatives; for the value alone, as it is compiled already."""
        if wrt is None and specialisation.compiled:
            return specialisation.compiled.get("parameters") or next(iter(tuple(specialisation.compiled.values())))
        wrt = specialisation.by(wrt or "parameters")
        return specialisation.compiled.get(wrt) or self._compiled(specialisation, wrt, arrays)

    def compiled_for(self, specialisation: Specialisation, wrt: str) -> Compiled:
        """Return a trace compiled for some derivatives, and proven."""
        return specialisation.compiled.get(wrt) or self._compiled(specialisation, wrt)

    def _compiled(self, specialisation: Specialisation, wrt: str, arrays: list[Array] | None = None) -> Compiled:
        """Compile a trace and prove it."""
        try:
            with self.traces.lock, collector_paused():
                if wrt in specialisation.compiled:  # by another thread, meanwhile
                    return specialisation.compiled[wrt]
                specialisation.compiled[wrt] = verified(
                    self, specialisation, self.compile(specialisation, wrt), wrt, arrays
                )
        except BaseException:
            self.traces.drop_uncompiled(specialisation)
            raise
        return specialisation.compiled[wrt]

    def outdated(self, specialisation: Specialisation) -> bool:
        """Whether what the function sees has changed since it was traced, as another thread may have it do."""
        return self.traces.outdated(specialisation)

    def compile(self, specialisation: Specialisation, wrt: str) -> Compiled:
        """Return a trace compiled for NumPy, not yet proven."""
        return compiled_for_numpy(self, specialisation, wrt)

    def compile_for_jax(self, specialisation: Specialisation, wrt: str, gradients: str) -> Emitted:
        """Return a trace's text for JAX, not yet proven."""
        return compiled_for_jax(self, specialisation, wrt, gradients)

    to_jax = to_jax

    # --- parameters ------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the captured parameters' arrays."""
        return {p.name: p.shape for p in self.traces.parameters.arrays if not p.read}

    def pull(self) -> Vector:
        """Return the captured parameters as one flat vector, read from the Values.

        Raises
        ------
        LiftError
            If the function has not been traced yet, so that nobody knows what it captures.
        """
        if not self.traces.parameters.declared:
            self.require_trace("pull")
        return self.traces.parameters.read()

    def push(self, theta: Vector) -> None:
        """Write a flat vector back to the Values."""
        if not self.traces.parameters.declared:
            self.require_trace("push")
        self.traces.parameters.check(theta, "push's vector")
        self.traces.parameters.write(theta)

    # --- what ran last --------------------------------------------------------------------------------------------

    def _current(self, what: str) -> Compiled:
        specialisation = self.require_trace(what)
        return self.compiled_for(specialisation, specialisation.by(self.latest_wrt))

    def _described(self, what: str) -> Described:
        """Return what ran last in its author's words; what is asked first has the function run once more, watched."""
        self._current(what)
        with self.traces.lock, collector_paused():
            specialisation = self.require_trace(what)
            return description(self, specialisation, specialisation.by(self.latest_wrt))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the traces and the parameters as they are, or a function of a module that captures none."""
        return _unpickled, (parts(self),)

    # --- derivatives -----------------------------------------------------------------------------------------

    def derived(self, what: str, *, samples: bool, reduction: str, direction: bool | None = None) -> Derived:
        """Return what compiles, proves and runs derivatives of this; see `Derived`."""
        return Derived(self, what, samples=samples, reduction=reduction, direction=direction)


def _unpickled(state: dict[str, Any]) -> Program:
    fn = function_of(state)
    if fn is not None and not isinstance(fn, Untraceable):
        return Program(fn, **state["options"])
    program = Program(fn, parameters=state["parameters"], **state["options"])
    take_traces(program, state)
    return program


class Derived(Program):
    """A program's derivative as a program: of the same function's traces, transformed; it traces nothing itself.

    Parameters
    ----------
    program
        Whose derivative.
    what
        Which, for the first line of its text.
    samples, reduction
        Whether there are samples, and what of these.
    direction
        Whether there is a direction for each sample; None where there is no direction.
    """

    def __init__(
        self, program: Program, what: str, *, samples: bool, reduction: str, direction: bool | None = None
    ) -> None:
        super().__init__(
            None, name=f"{what} of {program.name}", batch=samples, reduction=reduction, dtype=program.dtype,
            verify=program.verify, strict=program.strict,
        )  # fmt: skip
        self.program, self.direction, self.traces = program, direction, program.traces
        self.ran_last: Specialisation | None = None

    @property
    def latest(self) -> Specialisation | None:
        """The trace that ran last."""
        return self.ran_last

    def batched(self, count: int) -> Sequence[bool]:
        """Say of each of so many input arrays whether it has an axis for samples: directions may be the only ones."""
        if self.direction is None:
            return self.program.batched(count)
        return (*self.program.batched(count - 1), self.direction)

    def input_names(self, inputs: Sequence[Any]) -> list[str]:
        """Return the name of every argument; a direction is the last."""
        if self.direction is None:
            return self.program.input_names(inputs)
        return [*self.program.input_names(inputs[:-1]), "direction"]
