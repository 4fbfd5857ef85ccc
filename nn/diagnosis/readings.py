"""Other conventions in which a gradient may be right: the loss summed, halved, penalised in another form; W turned.

>>> problem = Problem.random((3, 4, 2), samples=5, loss="mse")
>>> summed = replace(problem, scale=1.0).right
>>> print(next(reading.sentence for reading in fitting(problem, summed, "rows")))
the loss is the sum over the samples, not their mean (reduction="sum")
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nn.derivatives import OF_CLASSES
from nn.diagnosis.dialects import HALF, PENALTIES, Dialect
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import Case
from nn.diagnosis.own import OTHER_WAY
from nn.leaky import slope_of

SLOPES = (0.01, 0.001, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5)
"""Slopes below zero that people give a leaky ReLU."""


@dataclass(frozen=True)
class Reading:
    """A gradient read in another convention.

    Attributes
    ----------
    differences
        What is another, in words.
    problem, layout
        What it would be the gradient of, and how it would lie.
    is_habit
        Whether the dialect that was declared has this convention too.
    """

    differences: Sequence[str]
    problem: Problem
    layout: str
    is_habit: bool = False

    @property
    def sentence(self) -> str:
        """What is another."""
        return " and ".join(self.differences)

    def fits(self, gradients: Mapping[str, Any]) -> bool:
        """Whether all gradients are right in it."""
        with np.errstate(all="ignore"):
            case = Case.of(self.problem, gradients, self.layout)
        candidate = case.candidate
        return not (case.wrong or candidate.suspects or candidate.notes)

    def costs(self, cost: float) -> bool:
        """Whether a loss is the one of this convention."""
        return math.isclose(self.problem.value, cost, rel_tol=1e-6)


Change = tuple[str, dict[str, Any]]
NONE: Change = ("", {})


def readings(problem: Problem, layout: str, dialect: Dialect | None = None) -> Iterator[Reading]:
    """Yield the conventions that differ from a problem's, those that differ least first."""
    turned: list[Change] = [NONE, (_turned(layout), {})]
    penalties = _penalties(problem, dialect)
    choices = [turned, _of_samples(problem), _of_outputs(problem), _of_squares(problem), penalties, _slopes(problem)]
    habits = {_penalised(form, dialect) for form in dialect.habits} if dialect else set()
    for changes in sorted(itertools.product(*choices), key=lambda changes: sum(bool(said) for said, _ in changes)):
        sentences = [said for said, _ in changes if said]
        fields: dict[str, Any] = {}
        for _, change in changes:
            fields |= change
        lies = OTHER_WAY[layout] if changes[0][0] else layout
        if sentences:
            yield Reading(sentences, replace(problem, **fields), lies, habits.issuperset(sentences))


def fitting(
    problem: Problem, gradients: Mapping[str, Any], layout: str, dialect: Dialect | None = None
) -> list[Reading]:
    """Return the conventions, of those that differ least, in which gradients are right."""
    fits: list[Reading] = []
    for reading in readings(problem, layout, dialect):
        if fits and len(reading.differences) > len(fits[0].differences):
            break
        if reading.fits(gradients):
            fits.append(reading)
    return fits


def _turned(layout: str) -> str:
    wanted = "(inputs, outputs)" if OTHER_WAY[layout] in ("rows", "columns") else "(outputs, inputs)"
    return f"weights are {wanted}"


def _of_samples(problem: Problem) -> list[Change]:
    samples = len(problem.X)
    if samples == 1:
        return [NONE]
    if problem.scale == 1.0:
        return [
            NONE,
            ('the loss is the mean over the samples, not their sum (reduction="mean")', {"scale": 1 / samples}),
        ]
    return [NONE, ('the loss is the sum over the samples, not their mean (reduction="sum")', {"scale": 1.0})]


def _of_outputs(problem: Problem) -> list[Change]:
    if problem.loss in OF_CLASSES or problem.t.shape[1] == 1:
        return [NONE]
    words = ("mean", "sum") if problem.summed_outputs else ("sum", "mean")
    sentence = f"the loss is the {words[0]} over the outputs, not their {words[1]}"
    return [NONE, (sentence, {"summed_outputs": not problem.summed_outputs})]


def _of_squares(problem: Problem) -> list[Change]:
    if problem.loss == "mse":
        return [NONE, ('the loss is half the square (loss="half_mse")', {"loss": "half_mse"})]
    if problem.loss == "half_mse":
        return [NONE, ('the loss is the square without the half (loss="mse")', {"loss": "mse"})]
    return [NONE]


def _penalties(problem: Problem, dialect: Dialect | None) -> list[Change]:
    if not problem.l2:
        return [NONE]
    samples, declared = len(problem.X), PENALTIES[dialect.penalty if dialect else HALF]
    strength = problem.l2 / declared.l2(1.0, samples)
    changes = [NONE]
    for form, penalty in PENALTIES.items():
        if penalty is not declared:
            fields = {"l2": penalty.l2(strength, samples), "averaged_penalty": penalty.averaged}
            changes.append((_penalised(form, dialect), fields))
    return changes


def _penalised(form: str, dialect: Dialect | None) -> str:
    return f"the penalty is {form.format(dialect.strength if dialect else 'strength')}"


def _slopes(problem: Problem) -> list[Change]:
    own = next((slope for slope in map(slope_of, problem.kinds) if slope is not None), None)
    changes = [NONE]
    for slope in SLOPES if own is not None else ():
        if slope != own:
            kinds = tuple(f"leaky_relu({slope})" if slope_of(kind) == own else kind for kind in problem.kinds)
            changes.append((f'the leaky ReLU\'s slope is {slope} (activation="leaky_relu({slope})")', {"kinds": kinds}))
    return changes
