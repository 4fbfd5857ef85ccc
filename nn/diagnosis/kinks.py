"""What differences of the loss are off by where a step crosses the kink of a rectifier.

>>> problem = Problem.random((3, 4, 2), samples=5, activation="relu")
>>> kinks(problem)
[]
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, pulling
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.equations import Problem, edge_of, made
from nn.leaky import slope_of
from nn.samples import Array

NEAR = 1e-3  # of the largest pre-activation of a layer: as far as a step of differences may move it
MANY = 20  # units near a kink, beyond which the numbers say nothing


def kinks(problem: Problem) -> list[tuple[int, int, int]]:
    """Return the layers, samples and units of rectifiers whose pre-activation is next to 0."""
    near = []
    for layer, (kind, z) in enumerate(zip(problem.kinds, problem.forward[0])):
        if slope_of(kind) is not None or kind == "relu":
            close = np.abs(z) <= NEAR * float(np.abs(z).max(initial=0.0))
            near += [(layer, int(sample), int(unit)) for sample, unit in np.argwhere(close)]
    return near


def without_kinks(problem: Problem, gradients: Mapping[str, Array]) -> dict[str, Array]:
    """Return gradients without what the other slope at any of the kinks may have moved them by."""
    near = kinks(problem)
    if not 0 < len(near) <= MANY:
        return dict(gradients)
    moved = {name: np.zeros_like(right) for name, right in problem.right.items()}
    for place in near:
        for name, gradient in made(problem, [_turned(problem, *place)]).items():
            moved[name] += np.abs(gradient - problem.right[name])
    errors = {name: gradient - problem.right[name] for name, gradient in gradients.items()}
    return {name: gradients[name] - np.clip(errors[name], -moved[name], moved[name]) for name in errors}


def _turned(problem: Problem, layer: int, sample: int, unit: int) -> BackwardAlteration:
    """Return the alteration that gives one sample's unit the slope of the other side."""
    low, edge = slope_of(problem.kinds[layer]) or 0.0, edge_of(problem.network, "slope", layer)

    def slope(edge: Edge, g: Array) -> Array:
        turned = edge.saved.copy()
        turned[sample, unit] = 1.0 + low - turned[sample, unit]
        return edge.pull(g, turned)

    return pulling("kink", (edge,) if edge else (), slope)
