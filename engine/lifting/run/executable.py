"""A trace, compiled: the emitted module's functions with buffers for each batch size, and the gradient they give.

>>> import engine
>>> engine.lift(lambda x: x[0] * x[1]).value_and_grad([2.0, 3.0], wrt="inputs")[1]
Gradient(parameters=None, inputs=([3.0, 2.0],))
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from engine.collector import collector_paused
from engine.errors import NotScalarError
from engine.lifting.emit.source import Emitted
from engine.lifting.external import External, Views, taker
from engine.lifting.ir import Trace
from engine.lifting.run.flat import Flat
from engine.lifting.run.parameters import Parameters
from engine.lifting.run.report import Stats
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.watch import Guard
from engine.lifting.verify.walk import Plan
from engine.lifting.views import Indices
from engine.tree import LEAF, Structure, unflatten
from engine.watching import Origin

Vector = npt.NDArray[np.float64]
Functions: TypeAlias = tuple[Callable[..., Any], Callable[..., None]]  # forward and backward, which take all views
Answers: TypeAlias = Callable[[int], Functions]  # of so many samples
NUMBER = Structure(LEAF)
MOST_SIZES = 8  # batch sizes that buffers are kept for


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
    flat: Flat = field(repr=False, default_factory=Flat)

    def named(self) -> dict[str, Array]:
        """Return the parameters' gradient as named arrays, views of the flat vector where they can be."""
        return {} if self.parameters is None else self.flat.named(self.parameters)


def by_default(gradient: Gradient) -> Gradient:
    """Return what nobody asked by what to differentiate: of no parameters, and of the first input alone."""
    return (
        gradient if gradient.inputs is None else replace(gradient, parameters=np.zeros(0), inputs=gradient.inputs[:1])
    )


@dataclass
class Buffers:
    """The functions of an emitted module, with buffers for one batch size, which one thread at a time holds.

    `take` holds them; a ``with`` gives them back at its end.
    """

    forward: Callable[..., Any]
    backward: Callable[..., None]
    take_forward: Callable[..., tuple[Any, ...]]
    take_backward: Callable[..., tuple[Any, ...]]
    cells: int = 0  # parameters that there were when this was compiled
    integers: tuple[int, ...] = ()  # inputs that choose, and that it computes with as well
    branches: Indices | None = None  # which of the conditions is each guard's
    expected: tuple[Any, ...] = ()  # the conditions where all branches go as they went, as they are returned
    lock: threading.Lock = field(default_factory=threading.Lock)
    context: contextvars.Context = field(default_factory=lambda: _silent())

    def take(self) -> bool:
        """Hold the buffers, if no other thread does: whether they are held."""
        return self.lock.acquire(blocking=False)

    def __enter__(self) -> Buffers:
        return self

    def __exit__(self, *_: object) -> None:
        self.lock.release()

    def run_forward(self, parameters: Views, inputs: Views, numbers: Views) -> Any:
        """Return the value, with the guards' conditions if there are any; NumPy's warnings are off inside."""
        return self.context.run(self.forward, *self.take_forward(parameters, inputs, numbers))

    def run_backward(self, *views: Views) -> None:
        """Write the gradients into the places among the views."""
        self.context.run(self.backward, *self.take_backward(*views))


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
class Compiled:
    """One trace, compiled for the derivatives asked of it; what it says of itself is written when somebody asks."""

    emitted: Emitted
    stats: Stats
    external: External
    scalars: Answers | None = None  # in place of a wrong text
    straight: bool = False  # whether it works on single numbers, past the array operations
    sizes: dict[tuple[int, str], Buffers] = field(default_factory=dict)
    namespace: dict[str, Any] = field(default_factory=dict)

    def buffers(self, n: int, dtype: Any) -> Buffers:
        """Return functions with buffers for `n` samples, held; the text is compiled once."""
        key = (n, np.dtype(dtype).str)
        known = self.sizes.get(key)
        if known is not None and known.take():
            return known
        buffers = self._built(n, dtype)
        buffers.take()
        if known is None:  # another thread may hold the known ones; these are then used once
            if len(self.sizes) >= MOST_SIZES:
                self.sizes.pop(next(iter(tuple(self.sizes))), None)  # another thread may take it away meanwhile
            self.sizes[key] = buffers
        return buffers

    def _built(self, n: int, dtype: Any) -> Buffers:
        cells = self.external.theta.size
        if self.scalars is not None:
            return node_by_node(self.scalars, n, cells)
        with collector_paused():
            if not self.namespace:
                self.namespace = self.emitted.load()
            forward, backward = self.namespace["build"](n, np.dtype(dtype).type, self.emitted.constants)
        takers = taker(self.emitted.forward), taker(self.emitted.backward)
        return Buffers(forward, backward, *takers, cells, self.emitted.integers, self.emitted.branches)


def node_by_node(answers: Answers, n: int, cells: int) -> Buffers:
    """Return what the scalar engine answers as functions without buffers of their own."""
    return Buffers(*answers(n), _all_views, _all_views, cells)


def _all_views(*views: Views) -> tuple[Any, ...]:
    return views


@dataclass
class Specialisation:
    """One trace of the function: for inputs of one structure, while its branches go as they went."""

    trace: Trace
    specs: tuple[Spec, ...]
    guards: list[Guard]
    limits: dict[int, int]
    seconds: float
    parameters: Parameters  # of the parameters that it reads: the program's, until these are there no more
    compiled: dict[str, Compiled] = field(default_factory=dict)
    plan: Plan | None = None  # in which order a proof walks the trace
    samples: Sequence[Array] = ()  # what the function was traced with
    returns: Structure = NUMBER  # how its results are nested
    choosing: bool = False  # whether algorithms chose where they could branch
    lone: bool = False  # whether it is of one call alone, so that nothing is compiled
    answers: Answers | None = None  # of that call
    origins: Mapping[int, Origin] | None = None  # where the trace's do; None where nobody has asked
    described: dict[str, Any] = field(default_factory=dict)  # what was said of it so far
    derived: dict[Any, Any] = field(default_factory=dict)  # its derivatives, as traces of their own

    def by(self, wrt: str) -> str:
        """Return what this is differentiated by: several results by nothing."""
        return wrt if self.returns.kind == LEAF else ""

    def goes_as(self, other: Specialisation) -> bool:
        """Whether another trace is of the same way through the branches, and so of the same operations."""
        x, y = self.trace, other.trace
        alike = self.choosing == other.choosing and self.way == other.way
        return alike and (x.ops, x.operands, x.roots, x.leaves) == (y.ops, y.operands, y.roots, y.leaves)

    def require_number(self, what: str) -> None:
        """Refuse to ask a gradient of several results.

        Raises
        ------
        NotScalarError
            If the function does not return one number.
        """
        if self.returns.kind != LEAF:
            raise NotScalarError(
                f"{what} needs a function that returns one number; this one returned {self.returns}. "
                "Use jacobian, vjp or jvp, or return one number."
            )

    def restored(self, value: Any) -> Any:
        """Return results nested as the function nests them, each number an array where there are samples.

        Parameters
        ----------
        value
            What the emitted function returned.
        """
        if self.returns.kind == LEAF:
            return value
        lead = np.shape(value)[: np.ndim(value) - (self.trace.results > 1)]
        return in_places(self.returns, np.reshape(value, (*lead, self.returns.size)))

    @cached_property
    def way(self) -> bytes:
        """How each branch went, a byte for each."""
        return bytes(map(bool, [guard.outcome for guard in self.guards]))

    @cached_property
    def asked_alike(self) -> int:
        """How many branches, from the first, any trace with these answers asks for: up to what certifies a decision."""
        return next((k for k, guard in enumerate(self.guards) if guard.certifies), len(self.guards))

    @cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shape of one sample of every input array."""
        return [spec.shape for argument in self.specs for _, spec in argument.arrays("")]


def in_places(structure: Structure, numbers: npt.NDArray[Any]) -> Any:
    """Return numbers along the last axis, one for each place of a structure, in that structure.

    >>> from engine.tree import flatten
    >>> in_places(flatten({"x": 0.0, "y": [0.0]})[1], np.array([[1.0, 2.0], [3.0, 4.0]]))
    {'x': array([1., 3.]), 'y': [array([2., 4.])]}
    """
    lead = numbers.shape[:-1]
    if structure.kind == "array":
        return numbers.reshape((*lead, *structure.keys))
    if not lead:
        return unflatten(structure, numbers.tolist())
    sizes = [part.size for _, part in structure.parts()]
    pieces = iter(np.split(numbers, np.cumsum(sizes)[:-1], axis=-1))
    return structure.with_parts(
        lambda part: next(pieces).reshape((*lead, *(part.keys if part.kind == "array" else ())))
    )
