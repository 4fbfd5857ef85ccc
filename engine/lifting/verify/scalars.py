"""A program whose text was found to be wrong, answered for by its scalar trace, node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lifting.external import Views
from engine.lifting.verify.reference import Outcome, outcome
from engine.lifting.verify.walk import Plan

if TYPE_CHECKING:
    from engine.lifting.run.executable import Answers, Functions, Specialisation
    from engine.lifting.run.program import Program

ROWS = 64  # samples that the trace is walked with at a time


def scalar_functions(program: Program, specialisation: Specialisation, plan: Plan) -> Answers:
    """Return what makes a forward and a backward function for n samples; both are given all views that there are."""

    def build(n: int) -> Functions:
        latest: list[Outcome] = []

        def forward(parameters: Views, inputs: Views, numbers: Views) -> Any:
            reached = _walked(program, specialisation, plan, parameters[0].astype(float), inputs, n)
            latest[:] = [reached]
            value = reached.value if np.ndim(reached.value) else float(reached.value)
            return (value, tuple(reached.conditions)) if specialisation.guards else value

        def backward(parameters: Views, inputs: Views, numbers: Views, gradient: Views, slots: Views) -> None:
            if gradient:
                gradient[0][...] = latest[0].parameters
            for slot, cotangent in zip(slots, latest[0].inputs):
                slot[...] = cotangent

        return forward, backward

    return build


def _walked(program: Program, specialisation: Specialisation, plan: Plan, theta: Any, inputs: Any, n: int) -> Outcome:
    """Return the outcome for all samples, some at a time."""
    if not program.batch:
        return outcome(program, specialisation.trace, plan, np, theta, inputs, 1, parameters=specialisation.parameters)
    weight = 1.0 / n if program.reduction == "mean" else 1.0
    parts = [
        outcome(
            program,
            specialisation.trace,
            plan,
            np,
            theta,
            [x[start : start + ROWS] for x in inputs],
            len(rows),
            weight,
            specialisation.parameters,
        )
        for start in range(0, n, ROWS)
        for rows in [range(start, min(n, start + ROWS))]
    ]
    values = [part.value for part in parts]
    return Outcome(
        np.concatenate(values) if program.reduction == "none" else sum(values),
        [np.concatenate(c) for c in zip(*[part.conditions for part in parts])],
        sum([part.parameters for part in parts]),
        [np.concatenate(x) for x in zip(*[part.inputs for part in parts])],
    )
