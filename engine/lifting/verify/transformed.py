"""The proof of a derivative's trace: what it gives is what walking the function's own trace gives, over a finite field.

    tangents       the walk forward, by each rule's partial derivatives
    cotangents     the walk back
    entries        times a random vector, the tangents along it

The text of a derivative is proven equal to its trace as any program's is (`proof`); this proves the trace. Above 20,000
scalar operations it is compared in floats, and proven where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import LiftError
from engine.lifting.ir import Trace
from engine.lifting.verify import proof
from engine.lifting.verify.elements import Elements, differing
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import FieldNumpy
from engine.lifting.verify.reference import values_of
from engine.lifting.verify.verify import fresh_seed, is_large, wanted
from engine.lifting.verify.walk import Plan, backward, plan, tangents

if TYPE_CHECKING:
    from engine.lifting.passes.jacobians import Entries, Variables
    from engine.lifting.run.executable import Specialisation
    from engine.lifting.run.program import Program

NEAR = 1e-6  # relative, below which floats do not differ


@dataclass(frozen=True)
class Ground:
    """The numbers that traces are walked over: where arrays come from, parameters, inputs, and random ones."""

    program: Program
    known: Specialisation
    numpy: Any
    theta: Any
    inputs: Sequence[Any]
    random: Callable[[tuple[int, ...]], Any]
    apart: Callable[[Any, Any], bool]

    def values(self, trace: Trace, order: Plan, *directions: Any, samples: int = 1) -> Any:
        """Return the value of every node; directions may be one for each sample."""
        inputs = [*self.inputs, *directions]
        batched = [*self.program.batched(len(self.inputs)), *[samples > 1] * len(directions)]
        return values_of(
            self.known.parameters, trace, order, self.numpy, self.theta, inputs, samples, batched
        )  # a program with samples is walked for one of them

    def results(self, trace: Trace, *directions: Any, samples: int = 1) -> Any:
        """Return the results of a trace, (results, samples)."""
        order = plan(trace)
        return self.values(trace, order, *directions, samples=samples)[order.number[trace.roots[: trace.results]]]

    def tangents(self, trace: Trace, variables: Variables, along: Any) -> Any:
        """Return the results' tangents by walking a trace, (results, 1)."""
        order = plan(trace)
        V, T = self.values(trace, order), self.numpy.zeros((len(trace.ops), 1))
        leaves, columns = _places(order, variables)
        T = getattr(T, "shallow", T)
        if len(leaves):
            T[leaves] = along[columns][:, None]
        tangents(order, V, T)
        return T[order.number[trace.roots[: trace.results]]]

    def cotangents(self, trace: Trace, variables: Variables, seeds: Any) -> Any:
        """Return the variables' cotangents by walking a trace back, (variables, 1)."""
        order = plan(trace)
        V, C = self.values(trace, order), self.numpy.zeros((int(order.readings[-1]), 1))
        G = backward(order, V, getattr(C, "shallow", C), seeds, trace.results)
        leaves, columns = _places(order, variables)
        cotangents = self.numpy.zeros((variables.count, 1))
        if len(leaves):
            cotangents[columns] = G[leaves]
        return cotangents


def _places(order: Plan, variables: Variables) -> tuple[Any, Any]:
    """Return the numbers of the variables' leaves in a plan, and their columns."""
    leaves = np.array([*variables.columns], dtype=np.int64)
    return order.number[leaves], np.array([*variables.columns.values()], dtype=np.int64)


# --- what is compared ----------------------------------------------------------------------------------------------


def tangents_differ(before: Trace, variables: Variables, after: Trace, ground: Ground) -> bool:
    """Whether a trace of tangents, behind the results or without them, is wrong."""
    along = ground.random((variables.count,))
    got, want = ground.results(after, along), ground.tangents(before, variables, along)
    return ground.apart(got[after.results - before.results :], want)


def cotangents_differ(before: Trace, variables: Variables, after: Trace, ground: Ground, seeded: bool) -> bool:
    """Whether a trace of cotangents, behind the results or without them, is wrong."""
    seeds = ground.random((before.results,))
    got = ground.results(after, *([seeds] if seeded else []))[after.results - variables.count :]
    return ground.apart(got, ground.cotangents(before, variables, seeds[:, None] if seeded else 1.0))


def entries_differ(before: Trace, variables: Variables, entries: Entries, ground: Ground) -> bool:
    """Whether the entries of a matrix are wrong, or lie at wrong places."""
    along, directions = ground.random((variables.count,)), entries.directions
    if directions is None:
        numbers = ground.results(entries.trace)[:, 0]
    else:
        numbers = ground.results(entries.trace, directions, samples=len(directions))
        numbers = (numbers if len(directions) > 1 else numbers[:, :1]).T.reshape(-1)
    moved = ground.numpy.zeros((before.results, 1))
    if len(entries.at):
        np.add.at(moved, entries.rows, (numbers[entries.at] * along[entries.columns])[:, None])
    return ground.apart(moved, ground.tangents(before, variables, along))


# --- over what -----------------------------------------------------------------------------------------------------


def prove(
    program: Program,
    known: Specialisation,
    before: Trace,
    differ: Callable[[Ground], bool],
    what: str,
    *,
    mirrored: bool = False,
) -> None:
    """Refuse a derivative's trace that is wrong.

    Parameters
    ----------
    program, known
        Whose derivative, of which of its traces.
    before
        The trace that was differentiated.
    differ
        Whether it differs, over some numbers.
    what
        What it is called.
    mirrored
        Whether it uses that second derivatives are symmetric: true of functions, not of a field's oracles for powers
        and roots, so that floats decide where the field says no.

    Raises
    ------
    LiftError
        If it differs; it is never seen.
    """
    if not wanted(program):
        return
    seed, exact = fresh_seed(), program.verify == "exact" or not is_large(before)
    if not exact and not differ(_floats(program, known, seed)):
        return
    if differ(_field(program, known, before, seed)) and not (mirrored and not differ(_floats(program, known, seed))):
        raise LiftError(
            f"{what} of {program.name} differs from what its rules give. This is an error in liftgrad, not in "
            f"{program.name}: call the engine's function of that name. Please report the function, with seed {seed}."
        )


def _field(program: Program, known: Specialisation, before: Trace, seed: int) -> Ground:
    """Return random numbers of a finite field."""
    count, tied = proof.points_needed(before, plan(before), 1)
    field = Field(seed, proof.levels_needed(before), count)
    cells = known.parameters.flat.cells
    at = proof.draw(program, known, field, cells, 1, tied, 0)
    return Ground(
        program, known, FieldNumpy(field), at.theta, at.numbers, lambda shape: Elements(field.random(shape), field),
        lambda got, want: bool(differing(got, want).any()),
    )  # fmt: skip


def _floats(program: Program, known: Specialisation, seed: int) -> Ground:
    """Return the numbers that the function was traced with."""
    draws = np.random.default_rng([seed, 7])

    def apart(got: Any, want: Any) -> bool:
        with np.errstate(all="ignore"):
            scale = np.abs(want[np.isfinite(want)]).max(initial=0.0)
            return not np.allclose(got, want, rtol=NEAR, atol=NEAR * scale, equal_nan=True)

    inputs = [np.asarray(x, float)[None] if program.batch else np.asarray(x, float) for x in known.samples]
    return Ground(
        program, known, np, known.parameters.read_cells(), inputs, lambda shape: draws.normal(size=shape), apart
    )
