"""The proof of a program's text for JAX, over a field in JAX's place: its value and gradients, with random seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import LiftError
from engine.lifting.emit.source import Emitted
from engine.lifting.verify import proof
from engine.lifting.verify.elements import Elements, differing, lift, same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_jax import Traced, modules
from engine.lifting.verify.field_numpy import FieldNumpy
from engine.lifting.verify.reference import Outcome, outcome
from engine.lifting.verify.verify import fresh_seed, wanted
from engine.lifting.verify.walk import Plan, plan

if TYPE_CHECKING:
    from engine.lifting.run.executable import Specialisation
    from engine.lifting.run.program import Program


def prove_for_jax(program: Program, specialisation: Specialisation, emitted: Emitted, wrt: str) -> None:
    """Compare a text for JAX with its trace; of one that JAX differentiates, the value.

    Raises
    ------
    LiftError
        If they differ: a function of JAX arrays cannot be answered for by the scalar engine.
    """
    if not wanted(program):
        return
    order = specialisation.plan = specialisation.plan or plan(specialisation.trace)
    n = proof.samples_needed(program, specialisation, emitted.text)
    points, levels = proof.points_needed(specialisation.trace, order, n), proof.levels_needed(specialisation.trace)
    seed = fresh_seed()
    for depth in (levels, 3):
        differs = ""
        for k, (count, tied) in enumerate(proof.rounds(specialisation, n, *points)):
            field = Field(seed + k, depth, count, emitted.rounded, extremes=True)
            at = proof.draw(program, specialisation, field, specialisation.parameters.flat.cells, n, tied, k)
            try:
                differs = differs or _differs(program, specialisation, emitted, wrt, order, at)
            except Exception as error:  # whatever a wrong text may raise
                differs = f"its text, which raises {type(error).__name__}: {error}"
        if not differs:
            return
    raise LiftError(
        f"{program.name}, for JAX, differs from its scalar operations: {differs}. This is an error in liftgrad, not in "
        f"{program.name}; use the program on NumPy, and report its text and print(program.latest.trace) with seed "
        f"{seed}."
    )


def _differs(
    program: Program, specialisation: Specialisation, emitted: Emitted, wrt: str, order: Plan, at: proof.Points
) -> str:
    """Return in what the text differs."""
    parameters, field, n = specialisation.parameters, at.field, at.n
    seeds = Traced(field.random((n,)), field) if program.batch else lift(1, field)
    weights, constants = Elements(seeds.d, field.plain), FieldNumpy(field).constants(emitted.constants)
    want = outcome(program, specialisation.trace, order, *at.plain(), weights, parameters)
    named = [_traced(p.of(at.theta)) for p in parameters.arrays]
    inputs = [_traced(x) if isinstance(x, Elements) else x for x in at.inputs]
    text = emitted.load(modules(field))["program"]
    computed = [_traced(at.numbers[k]) for k in emitted.integers]
    answers = text(*named, *inputs, *computed, _traced(seeds), np.float64, constants)
    value, parts = answers if isinstance(answers, tuple) else (answers, ())
    if not same(lift(value, field), want.value):
        return "its value"
    names = [a.name for a in emitted.backward]
    for name, got, wanted_part in zip(names, parts, _wanted(specialisation, wrt, want)):
        if tuple(np.shape(got) if isinstance(got, np.ndarray) else got.shape) != wanted_part.shape:
            return f"the shape of {name}"
        wrong = differing(got, wanted_part)
        if wrong.any():
            return f"{name} ({int(wrong.sum())} of {wrong.size} entries)"
    return ""


def _traced(x: Any) -> Traced:
    return Traced(x.d, x.field)


def _wanted(specialisation: Specialisation, wrt: str, want: Outcome) -> list[Any]:
    """Return the gradients in the order in which the text returns them."""
    gradients: list[Any] = []
    if wrt != "inputs":
        gradients += [p.of(want.parameters) for p in specialisation.parameters.arrays]
    if wrt != "parameters":
        gradients += want.inputs
    return gradients
