"""Networks of other activations, outputs and losses than was declared, in which an unnamed gradient may be right.

>>> problem = Problem.random((3, 4, 2), samples=5, activation="tanh")
>>> of_sigmoids = replace(problem, kinds=("sigmoid", "identity")).right
>>> [reading.sentence for reading in of_other_networks(problem, of_sigmoids, "rows")]
['the hidden layers are activation="sigmoid", not "tanh"']
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nn.derivatives import FUNCTIONS
from nn.diagnosis.dialects import Dialect
from nn.diagnosis.equations import Problem
from nn.diagnosis.readings import Reading, readings

OUTPUTS = ("identity", "sigmoid", "tanh")
SQUARED = ("mse", "half_mse")


def of_other_networks(
    problem: Problem, gradients: Mapping[str, Any], layout: str, dialect: Dialect | None = None
) -> list[Reading]:
    """Return the networks, of those that differ least, in which gradients are right; in other conventions too."""
    fits: list[Reading] = []
    for reading in sorted(_others(problem, layout, dialect), key=lambda reading: len(reading.differences)):
        if fits and len(reading.differences) > len(fits[0].differences):
            break
        if reading.fits(gradients):
            fits.append(reading)
    return fits


def _others(problem: Problem, layout: str, dialect: Dialect | None) -> Iterator[Reading]:
    """Yield other networks in the convention declared, and each in the conventions that differ in one thing from it."""
    for hidden, (loss, output) in itertools.product(_hidden(problem), _at_output(problem)):
        kinds = (hidden,) * (problem.layers - 1) + (output,)
        differences = _differences(problem, kinds, loss)
        if differences:
            other = replace(problem, kinds=kinds, loss=loss)
            yield Reading(differences, other, layout)
            for reading in readings(other, layout, dialect):
                if len(reading.differences) == 1 and reading.problem.kinds == kinds and reading.problem.loss == loss:
                    yield replace(reading, differences=[*differences, *reading.differences])


def _hidden(problem: Problem) -> list[str]:
    return list(dict.fromkeys((problem.kinds[0], *FUNCTIONS))) if problem.layers > 1 else [problem.kinds[0]]


def _at_output(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield losses, and outputs that go with them, which the targets may be those of."""
    yield problem.loss, problem.kinds[-1]
    t = problem.t
    others = [(loss, output) for loss in SQUARED for output in OUTPUTS]
    if ((t >= 0.0) & (t <= 1.0)).all():
        others.append(("binary_cross_entropy", "identity"))
        if t.shape[1] > 1 and np.allclose(t.sum(axis=1), 1.0):
            others.append(("cross_entropy", "identity"))
    yield from (other for other in others if other != (problem.loss, problem.kinds[-1]))


def _differences(problem: Problem, kinds: tuple[str, ...], loss: str) -> list[str]:
    """Return what is said of activations and a loss that are others than a problem's."""
    said = []
    if kinds[:-1] != problem.kinds[:-1]:
        said.append(f'the hidden layers are activation="{kinds[0]}", not "{problem.kinds[0]}"')
    if loss != problem.loss:
        said.append(f'the loss is loss="{loss}", not "{problem.loss}"')
    if kinds[-1] != problem.kinds[-1]:
        said.append(f'the last layer is output="{kinds[-1]}", not "{problem.kinds[-1]}"')
    return said
