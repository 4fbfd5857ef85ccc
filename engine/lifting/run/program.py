"""Program: a lifted function or graph that is called like the function, and gives gradients.

The function is traced at the first call, and again for inputs of another structure, where a branch goes another way, or
when a number that it captures has changed (`traces`).  Each trace is compiled once (`compiling`), with buffers for each
batch size (`executable`); a call runs one (`call`), and one like the last goes its way without asking (`plans`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import notebook
from engine.arguments import one_of
from engine.collector import collector_paused
from engine.errors import GuardError, LiftError, NotScalarError
from engine.lifting.emit.source import Emitted
from engine.lifting.run.call import Call
from engine.lifting.run.compiling import compiled_for_jax, compiled_for_numpy
from engine.lifting.run.describing import Described, description
from engine.lifting.run.eager import eagerly, holds_values
from engine.lifting.run.executable import Compiled as Compiled
from engine.lifting.run.executable import Gradient
from engine.lifting.run.executable import Specialisation as Specialisation
from engine.lifting.run.on_jax import JaxFunction, on_jax
from engine.lifting.run.parameters import Parameters
from engine.lifting.run.plans import CallKind, CallPlan, call_kind
from engine.lifting.run.report import Stats, StepRecord
from engine.lifting.run.traces import MOST_SPECIALISATIONS, Traces
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec, batch_size, describe
from engine.lifting.verify.verify import verified
from engine.tracing import LOCAL
from engine.value import Value

Vector = npt.NDArray[np.float64]
WRT = ("parameters", "inputs", "all")


class Program:
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
        """Return the value: a float, or with ``reduction="none"`` an array of one number per sample.

        Where Values go in, and inside a function that is being traced or differentiated, it is the function itself that
        runs, on the scalar engine, and the value is a Value: derivatives come back through it.
        """
        if (parameters is None and LOCAL.watch is not None) or any(map(holds_values, inputs)):
            return eagerly(self, inputs, parameters)
        if parameters is None:
            self.traces.look_around()
        return self._run(inputs, parameters, None, None)[1]

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
        if wrt.__class__ is not str or wrt not in WRT:
            one_of(wrt, "wrt", WRT)
        if self.batch and self.reduction == "none":
            raise NotScalarError("value_and_grad needs one number; lift with reduction='mean' or 'sum'.")
        kind: CallKind | None = None
        if LOCAL.active is None:
            if parameters is None:
                self.traces.look_around()
            if wrt == "parameters":
                kind = call_kind(inputs)
                plan = self.traces.plans.take(kind)
                if plan is not None:
                    with plan.buffers:
                        call = Call(self, plan, inputs, parameters)
                        return call.value()[0], call.gradient(wrt, out)
        plan, value, gradient = self._run(inputs, parameters, wrt, out)
        if kind is not None and self.dtype == np.float64:
            self.traces.remember(kind, plan)
        assert gradient is not None
        return value, gradient

    def _run(
        self, inputs: Sequence[Any], theta: Any, wrt: str | None, out: Any
    ) -> tuple[CallPlan, Any, Gradient | None]:
        """Return how a call went, its value and its gradient: of the first trace whose branches go as they went."""
        arrays: list[Array] = []
        specs = self._specs(inputs, arrays)
        n = batch_size(arrays, self.array_names(specs)) if self.batch else 1
        for specialisation in self.traces.candidates(specs, arrays, self.array_names):
            compiled = self._compiled_for(specialisation, wrt, arrays)
            typed = arrays
            if self.dtype != np.float64:
                typed = [a if a.dtype.kind == "i" else a.astype(self.dtype) for a in arrays]
            with compiled.buffers(n, self.dtype) as buffers:
                plan = CallPlan(specialisation, buffers, n)
                call = Call(self, plan, typed, theta)
                value, holds = call.value()
                if not holds:
                    continue
                gradient = None if wrt is None else call.gradient(wrt, out)
            self.traces.latest, self.latest_wrt = specialisation, wrt or self.latest_wrt
            return plan, value, gradient
        raise GuardError(
            f"{self.name} took {MOST_SPECIALISATIONS} different ways through its branches; "
            "write them with engine.where(...)."
        )

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

    def _compiled_for(self, specialisation: Specialisation, wrt: str | None, arrays: list[Array]) -> Compiled:
        """Return a trace compiled for some derivatives; for the value alone, as it is compiled already."""
        if wrt is None and specialisation.compiled:
            return specialisation.compiled.get("parameters") or next(iter(tuple(specialisation.compiled.values())))
        return specialisation.compiled.get(wrt or "parameters") or self._compiled(
            specialisation, wrt or "parameters", arrays
        )

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
            come back the same way. ``weights=``, one number per sample, weighs the samples of a batch. An integer input
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

    # --- looking at it ---------------------------------------------------------------------------------------

    @property
    def specialisations(self) -> dict[tuple[Spec, ...], list[Specialisation]]:
        """The traces, by the structure of their inputs."""
        return self.traces.specialisations

    @property
    def latest(self) -> Specialisation | None:
        """The trace that ran last."""
        return self.traces.latest

    @property
    def captured(self) -> Surroundings | None:
        """What the function saw of its surroundings."""
        return self.traces.captured

    def require_trace(self, what: str) -> Specialisation:
        """Return the trace that ran last.

        Raises
        ------
        LiftError
            If the function has not been traced yet.
        """
        if self.latest is None:
            raise LiftError(f"{self.name} is traced at its first call; call it once before {what}().")
        return self.latest

    def _current(self, what: str) -> Compiled:
        specialisation = self.require_trace(what)
        return specialisation.compiled.get(self.latest_wrt) or self._compiled(specialisation, self.latest_wrt)

    def _described(self, what: str) -> Described:
        """Return what ran last in its author's words; what is asked first has the function run once more, watched."""
        self._current(what)
        with self.traces.lock, collector_paused():
            return description(self, self.require_trace(what), self.latest_wrt)

    def source(self) -> str:
        """Return the text that ran last, forward and backward; NumPy's is under the names of its author's variables."""
        current = self._current("source")
        return current.emitted.text if current.straight else self._described("source").text

    def formulas(self, *, latex: bool = False) -> str:
        """Return what ran last as formulas, forward and backward; in a notebook, they show themselves typeset.

        Parameters
        ----------
        latex
            Whether as LaTeX, for its mathematics.
        """
        text = self._described("formulas").formulas
        return text.latex if latex else text

    @property
    def stats(self) -> Stats:
        """Scalar nodes, array operations, bytes of buffers and seconds to lift, of what ran last."""
        return self._current("stats").stats

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """The forward array operations of what ran last, as records."""
        return self._described("steps").records

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes (of one sample) of the input arrays of what ran last."""
        return {source.name: source.shape for source in self._current("inputs").external.inputs}

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.stats})" if self.latest else f"Program({self.name}, not traced yet)"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the formulas in a notebook, and the array operations where something that draws them is imported."""
        bundle = notebook.mimebundle(self, drawable=self.latest is not None)
        return bundle | {"text/latex": self._repr_latex_()} if self.latest is not None else bundle

    def _repr_latex_(self) -> str:
        """Return the formulas as a notebook typesets them."""
        return self._described("formulas").formulas._repr_latex_()
