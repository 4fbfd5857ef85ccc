"""One kind of derivative of a program: what Jacobians, Hessians and products with them have in common.

Each is a program of its own, made of the function's traces: its text can be read, and is proven as the function's is.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.arguments import described, whole
from engine.errors import LiftError
from engine.lifting.ir import Trace
from engine.lifting.passes.jacobians import Entries, Variables, cotangents_of
from engine.lifting.passes.unchosen import without_unchosen
from engine.lifting.run.derived import derivative_of, variables_of
from engine.lifting.run.eager import holds_values
from engine.lifting.run.executable import Specialisation
from engine.lifting.run.plans import MOST, CallKind, PossibleTrace, call_kind
from engine.lifting.run.report import Stats
from engine.lifting.run.saving_derivatives import DerivativeFile, save_derivative
from engine.lifting.run.search import Search
from engine.lifting.trace.inputs import Array
from engine.lifting.verify.transformed import Ground, cotangents_differ, prove
from engine.tracing import LOCAL

if TYPE_CHECKING:
    from engine.lifting.run.program import Derived, Program


def _gradient(trace: Trace, variables: Variables, argument: int) -> Trace:
    return cotangents_of(trace, variables)


class At(NamedTuple):
    """Where a derivative is asked for.

    Attributes
    ----------
    known
        The function's trace.
    by
        The argument that is differentiated by; None for the parameters.
    arrays, samples
        The inputs, and how many samples they are.
    parameters
        The flat vector; None where the Values are read.
    """

    known: Specialisation
    by: int | None
    arrays: list[Array]
    samples: int
    parameters: Any

    def towards(self, direction: Array) -> At:
        """Return the same with a direction behind the inputs."""
        return self._replace(arrays=[*self.arrays, direction])


class Derivative(ABC):
    """A kind of derivative of a program; see `Program.jacobian`.

    Attributes
    ----------
    program
        Whose derivative.
    what
        What it is called.
    latest
        What ran last.
    """

    what, function, answers = "the derivative", "derivative", "the derivative"  # the last two of its file
    takes_direction = False
    direction_said = "a number for each variable"
    is_sparse = False  # whether what it returned last was SciPy's

    def __init__(self, program: Program) -> None:
        self.program = program
        self.latest: Derived | None = None
        self._latest_at: At | None = None
        self._runners: dict[Any, Derived] = {}
        self._known: dict[CallKind, tuple[Specialisation, int]] = {}  # the trace of inputs that are plain arrays

    # --- what ran last ---------------------------------------------------------------------------------------

    def source(self) -> str:
        """Return the NumPy text that ran last."""
        return self._ran("source").source()

    def formulas(self, *, latex: bool = False) -> str:
        """Return what ran last as formulas, or as LaTeX."""
        return self._ran("formulas").formulas(latex=latex)

    @property
    def stats(self) -> Stats:
        """Scalar nodes, array operations, bytes and seconds to lift, of what ran last."""
        return self._ran("stats").stats

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what ran last as a file of its own, as `Program.save` does, with a function that is called like this.

        It takes each input array by itself, and answers as this does; SciPy is needed where the answer was sparse.

        >>> import engine, numpy as np, pathlib, runpy, tempfile
        >>> program = engine.lift(lambda x: x[0] ** 2 * x[1])
        >>> program.hessian(np.array([1.0, 2.0])).tolist()
        [[4.0, 2.0], [2.0, 0.0]]
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "hessian.py"
        >>> program.hessian.save(file)
        >>> runpy.run_path(str(file))["hessian"](np.array([3.0, 2.0])).tolist()
        [[4.0, 6.0], [6.0, 0.0]]
        """
        save_derivative(self, path)

    @abstractmethod
    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the functions of a saved file that call its `_forward`; the last is called like this."""

    def latest_program(self) -> tuple[Derived, Specialisation]:
        """Return what ran last: what compiled it, and its trace."""
        runner = self._ran("this")
        assert runner.ran_last is not None
        return runner, runner.ran_last

    def latest_call(self, what: str) -> tuple[Derived, At, str]:
        """Return what ran last: the program, of which trace and by what, and by what that is differentiated."""
        runner = self._ran(what)
        assert self._latest_at is not None and runner.ran_last is not None
        return runner, self._latest_at, runner.ran_last.by(runner.latest_wrt)

    def _ran(self, what: str) -> Derived:
        if self.latest is None:
            raise LiftError(f"{self.what} of {self.program.name} was not called yet; call it once before {what}.")
        return self.latest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.program.name})"

    # --- how it runs -----------------------------------------------------------------------------------------

    def runner(self, *, samples: bool, reduction: str, direction: bool | None = None) -> Derived:
        """Return what compiles, proves and runs derivatives with or without samples and directions."""
        key = (samples, reduction, direction)
        if key not in self._runners:
            self._runners[key] = self.program.derived(
                self.what, samples=samples, reduction=reduction, direction=direction
            )
        return self._runners[key]

    def ways(self, inputs: Sequence[Any], parameters: Any, argnums: Any) -> Iterator[At]:
        """Yield the function's traces for some inputs, and what is asked of each."""
        if parameters is None:
            self.program.traces.look_around()
        traces, kind = self.program.traces, call_kind(inputs)
        plain = all(x is not None and x[1] == "d" and x[2] for x in kind)
        known = self._known.get(kind) if plain else None
        if known is not None and traces.knows(known[0]):
            traces.latest = known[0]
            yield At(known[0], self.by(known[0], argnums), [*inputs], known[1], parameters)
        for way in self.program.ways(inputs, parameters):
            specialisation, arrays, n, _ = way
            if specialisation.guards and self.program.ran(way, None, parameters) is None:
                continue  # before its derivative is compiled in vain
            if not specialisation.lone:
                traces.latest = specialisation  # of what answers, since that is the last
                if len(self._known) >= MOST:
                    self._known.pop(next(iter(tuple(self._known))), None)  # another thread may take it away meanwhile
                self._known[kind] = specialisation, n
            yield At(specialisation, self.by(specialisation, argnums), arrays, n, parameters)

    def by(self, specialisation: Specialisation, argnums: Any) -> int | None:
        """Return the argument that is differentiated by; None for the parameters, where there are any and no number."""
        if argnums is None and self.program.traces.parameters.size:
            return None
        return self.place(argnums, len(specialisation.specs))

    def place(self, argnums: Any, count: int) -> int:
        """Return which of so many arguments is differentiated by.

        Raises
        ------
        IndexError
            If there is no such argument.
        LiftError
            If there is nothing to differentiate by.
        """
        meaning = "the argument to differentiate by"
        n = 0 if argnums is None else whole(argnums, f"{self.what}'s argnums", meaning)
        if not count:
            raise LiftError(f"{self.program.name} has no parameters and takes no inputs to differentiate by.")
        if not -count <= n < count:
            raise IndexError(f"{self.what}: argnums is {described(n)}, but there are {count} arguments.")
        return n % count

    def begun(self, at: At) -> tuple[Trace, Variables]:
        """Return a trace whose derivatives are finite where a choice leaves something out, and its variables."""
        known = at.known.derived
        if ("begun", at.by) not in known:
            trace = without_unchosen(at.known.trace)
            known["begun", at.by] = trace, variables_of(at.known, at.by).of(trace, at.known.trace)
        begun: tuple[Trace, Variables] = known["begun", at.by]
        return begun

    def gradient(self, at: At) -> tuple[Trace, Variables]:
        """Return the trace of one result's gradient, and its variables."""
        trace, variables = self.begun(at)
        gradient = self.made(at, "gradient", _gradient, partial(cotangents_differ, seeded=False))
        return gradient, variables.of(gradient, trace)

    def made(
        self,
        at: At,
        key: str,
        make: Callable[[Trace, Variables, int], Any],
        differ: Callable[[Trace, Variables, Any, Ground], bool],
        *,
        of_gradient: bool = False,
    ) -> Any:
        """Return what a transformation makes of a trace, once, and proven.

        Parameters
        ----------
        at
            Which trace, and what it is differentiated by.
        key, make
            The transformation: of the trace, its variables and the number of its input arrays.
        differ
            Whether what it makes is wrong.
        of_gradient
            Whether it is the gradient's trace that is transformed.
        """
        known = at.known.derived
        if (key, at.by) not in known:
            with self.program.traces.lock:
                trace, variables = (self.gradient if of_gradient else self.begun)(at)
                arrays = sum([len(list(spec.arrays(""))) for spec in at.known.specs])
                derivative = make(trace, variables, arrays)
                if derivative is not None:
                    mirrored = isinstance(derivative, Entries) and derivative.mirrored
                    wrong = partial(differ, trace, variables, derivative)
                    prove(self.program, at.known, trace, wrong, self.what, mirrored=mirrored)
                known[key, at.by] = derivative
        return known[key, at.by]

    def compiled(self, at: At, trace: Trace, direction: int | None) -> Specialisation:
        """Return a derivative's trace as one to compile, once."""
        known, key = at.known.derived, ("compiled", self.what, at.by)
        if key not in known:
            known[key] = derivative_of(at.known, trace, direction)
        specialisation: Specialisation = known[key]
        return specialisation

    def run(self, at: At, runner: Derived, derived: Specialisation) -> Any:
        """Return what a derivative's trace gives; None if its branches go another way."""
        ran = runner.ran(PossibleTrace(derived, at.arrays, at.samples, Search()), None, at.parameters)
        if ran is None:
            return None
        self.ran_last(at, runner, derived)
        _, value, _ = ran
        lead = np.shape(value)[: np.ndim(value) - (derived.trace.results > 1)]
        return np.reshape(value, (*lead, derived.trace.results))

    def ran_last(self, at: At, runner: Derived, derived: Specialisation) -> None:
        """Remember what ran last, for its text to be shown; what the scalar engine answered has none."""
        if not derived.lone:
            self.latest, runner.ran_last = runner, derived
            self._latest_at = at._replace(arrays=[], parameters=None)

    def is_eager(self, inputs: Sequence[Any], parameters: Any) -> bool:
        """Whether the function itself is to be differentiated: with Values, or inside a function that is traced."""
        return (parameters is None and LOCAL.watch is not None) or any(map(holds_values, inputs))
