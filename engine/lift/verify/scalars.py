"""A program whose text was found to be wrong, answered for by its scalar trace, node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.lift.verify.reference import Outcome, outcome
from engine.lift.verify.walk import Plan

if TYPE_CHECKING:
    from engine.lift.compiled import Variant
    from engine.lift.program import Program

Functions: TypeAlias = tuple[Callable[..., Any], Callable[..., None]]
ROWS = 64  # samples that the trace is walked with at a time


def scalar_functions(program: Program, variant: Variant, plan: Plan, wrt: str) -> Callable[[int], Functions]:
    """Return what makes a forward and a backward function for n samples; both are given all views that there are."""
    count = sum(1 for argument in variant.specs for _ in argument.arrays(""))

    def build(n: int) -> Functions:
        latest: list[Outcome] = []

        def forward(*views: Any) -> Any:
            inputs = views[len(views) - count :]
            latest[:] = [_walked(program, variant, plan, views[0].astype(float), inputs, n)]
            value = latest[0].value if np.ndim(latest[0].value) else float(latest[0].value)
            return (value, tuple(latest[0].conditions)) if variant.guards else value

        def backward(*views: Any) -> None:
            first = 1 + len(program.registry.arrays) + count
            if wrt != "inputs":
                views[first][...] = latest[0].parameters
            if wrt != "parameters":
                for slot, found in zip(views[len(views) - count :], latest[0].inputs):
                    slot[...] = found

        return forward, backward

    return build


def _walked(program: Program, variant: Variant, plan: Plan, theta: Any, inputs: Any, n: int) -> Outcome:
    """Return the outcome for all samples, some at a time."""
    if not program.batch:
        return outcome(program, variant.trace, plan, np, theta, inputs, 1)
    weight = 1.0 / n if program.reduction == "mean" else 1.0
    parts = [
        outcome(
            program, variant.trace, plan, np, theta, [x[start : start + ROWS] for x in inputs], len(rows), weight
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
