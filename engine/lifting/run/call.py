"""One call of a compiled trace: forward, a look at the branches and tables, backward."""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import GuardError
from engine.lifting.emit.conditions import by_guard
from engine.lifting.external import Views
from engine.lifting.run.executable import Gradient, Specialisation
from engine.lifting.run.plans import CallPlan

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


class Call:
    """A program's trace with what it is called with; its buffers are held by whoever makes this.

    Attributes
    ----------
    turned
        Which guard was the first to go another way; -1 while none has.
    """

    __slots__ = ("inputs", "numbers", "parameters", "plan", "program", "turned", "views")

    def __init__(self, program: Program, plan: CallPlan, inputs: Sequence[Any], theta: Any) -> None:
        self.program, self.plan, self.inputs, self.numbers = program, plan, inputs, inputs
        self.parameters, buffers, self.turned = plan.specialisation.parameters, plan.buffers, -1
        self.views: Views = self.parameters.views(theta, program.dtype)
        if len(self.views[0]) > buffers.cells:  # the flat vector that they know
            self.views = [self.views[0][: buffers.cells], *self.views[1:]]
        if buffers.integers:
            self.numbers = [x.astype(program.dtype) if k in buffers.integers else x for k, x in enumerate(inputs)]

    def value(self) -> tuple[Any, bool]:
        """Return the value, and whether the function's branches go as they went when it was traced."""
        specialisation, buffers = self.plan.specialisation, self.plan.buffers
        value = buffers.run_forward(self.views, self.inputs, self.numbers)
        if specialisation.guards:
            value, conditions = value
            if not self._hold(conditions):
                return value, False
        if specialisation.limits:
            self._check_limits()
        return value, True

    def gradient(self, wrt: str, out: Any) -> Gradient:
        """Return the gradient at the value that was just computed."""
        flat, known, dtype = self.parameters.flat, self.plan.buffers.cells, self.program.dtype
        cells, places, slots = None, [], []
        if wrt != "inputs":
            if out is not None:
                self.parameters.check_out(out, flat.size, (self.views[0], *self.inputs))
            cells = flat.place(out, dtype)
            places = self.parameters.places_in(cells, out)
            if len(cells) > known:
                cells[known:] = 0.0  # what another trace has read since, this one does not
                places = [cells[:known], *places[1:]]
        if wrt != "parameters":
            shapes = self.plan.specialisation.shapes
            leads = [(self.plan.n,) if batched else () for batched in self.program.batched(len(shapes))]
            slots = [np.empty(lead + shape, dtype) for lead, shape in zip(leads, shapes)]
        self.plan.buffers.run_backward(self.views, self.inputs, self.numbers, places, slots)
        if cells is not None and cells is not out:
            cells = flat.vector_of(cells.astype(np.float64, copy=False), out)
        return Gradient(cells, self._restored(slots) if wrt != "parameters" else None, flat)

    def _restored(self, slots: Sequence[Any]) -> tuple[Any, ...]:
        pieces = iter(slots)
        return tuple([spec.restore(pieces) for spec in self.plan.specialisation.specs])

    def _hold(self, conditions: Sequence[Any]) -> bool:
        """Whether all branches go as they went; of a batch, one that does not is an error."""
        guards = self.plan.specialisation.guards
        if not self.program.batch:
            expected = self.plan.buffers.expected or self._expected(conditions)
            numbers = conditions.__class__ is list  # which are compared in no time
            if tuple(conditions) == expected if numbers else all(map(eq, map(_said, conditions), expected)):
                return True
            went = by_guard(conditions, len(guards), self.plan.buffers.branches)
            self.turned = next(k for k, (guard, x) in enumerate(zip(guards, went)) if bool(x) != guard.outcome)
            return False
        for guard, condition in zip(guards, conditions):
            went = np.asarray(condition) != 0
            if (went == guard.outcome).all():
                continue
            where = f"row {int(np.flatnonzero(went != guard.outcome)[0])}" if went.ndim else "these parameters"
            raise GuardError(
                f"{guard.line} was {guard.outcome} when lifted, is {not guard.outcome} for {where}. "
                "Write it as engine.where(condition, a, b)."
            )
        return True

    def _expected(self, conditions: Sequence[Any]) -> tuple[Any, ...]:
        """Return what the conditions are where all branches go as they went, as `_said` has them; found once."""
        buffers, way = self.plan.buffers, np.frombuffer(self.plan.specialisation.way, bool)
        sizes = [np.size(x) for x in conditions]
        outcomes = way
        if buffers.branches is not None:
            outcomes = np.zeros(sum(sizes), bool)
            outcomes[buffers.branches] = way
        pieces = np.split(outcomes, np.cumsum(sizes)[:-1])
        buffers.expected = tuple([_said(x if getattr(c, "ndim", 0) else x[0]) for x, c in zip(pieces, conditions)])
        return buffers.expected

    def _check_limits(self) -> None:
        """Refuse integers outside the tables that they choose from; forward has held them inside."""
        specialisation: Specialisation = self.plan.specialisation
        for argument, limit in specialisation.limits.items():
            array = self.inputs[argument]
            if array.size and int(np.maximum.reduce(array.view(np.uint64), axis=None)) >= limit:
                bad = array[(array < 0) | (array >= limit)].flat[0]
                name = self.program.array_names(specialisation.specs)[argument]
                raise IndexError(
                    f"'{name}' holds {bad}, which is outside a table of {limit} entries (0 to {limit - 1})."
                )


def _said(condition: Any) -> bool | bytes:
    """Return a condition as a boolean, several as bytes, which are compared in no time."""
    if condition.__class__ is np.ndarray and condition.ndim:
        return (condition if condition.dtype == bool else condition != 0).tobytes()
    return bool(condition)
