"""Mistakes in the activation's derivative: missing, twice, at the wrong place, of the wrong function, a wrong mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nn import matrix
from nn.diagnosis.equations import Array, At, Wrong, like_shaped, made
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Condition, Proposal, enter, share
from nn.leaky import USUAL, family, slope_of

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"
BIAS_QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"

WORDS = {
    "no-slope": ("BP2", "the activation's derivative f'(z) is missing", "delta[l] = {back}", BP2),
    "slope-twice": (
        "BP2",
        "the activation's derivative f'(z) is applied twice",
        "delta[l] = ({back}) * f'(z[l]) * f'(z[l])",
        BP2,
    ),
    "slope-at-activation": (
        "BP2",
        "the derivative is taken at the activation a, not at the pre-activation z",
        "delta[l] = ({back}) * f'(a[l])",
        "note 000, BP2 (f' is taken at z); Ng, Machine Learning, exercise 4 (sigmoidGradient of a)",
    ),
    "slope-formula-on-z": (
        "BP2",
        "the derivative's formula in terms of a is given z: it is a (1 - a) or 1 - a**2, with the activation",
        "delta[l] = ({back}) * z[l] (1 - z[l]), or 1 - z[l]**2",
        "Mathematics Stack Exchange 1731965; note 004 (a' = a (1 - a))",
    ),
    "slope-formula-on-error": (
        "BP2",
        "the derivative's formula is given the error from above, not the activation",
        "delta[l] = g * g (1 - g), or g * (1 - g**2), with g = {back}",
        BIAS_QUESTION + " (dz2 = dh2 * (1 - dh2))",
    ),
    "activation-for-slope": (
        "BP2",
        "the activation itself is used in place of its derivative",
        "delta[l] = ({back}) * f(z[l])",
        "Stack Overflow 51812911 (the ReLU's derivative left at x)",
    ),
    "slope-without-square": (
        "BP2",
        "tanh's derivative is 1 - a**2: the square is missing",
        "delta[l] = ({back}) * (1 - a[l])",
        "CS231n notes, 'Optimization 2' (1 - tanh**2)",
    ),
    "slope-without-complement": (
        "BP2",
        "the sigmoid's derivative is a (1 - a): the factor a is missing",
        "delta[l] = ({back}) * (1 - a[l])",
        BIAS_QUESTION,
    ),
    "mask-of-error": (
        "BP2",
        "the ReLU's mask is made from the gradient that arrives, not from the pre-activation",
        "delta[l] = ({back}) * (that > 0)",
        "Zeiler and Fergus 2014 (a deconvolutional network does so on purpose)",
    ),
    "mask-of-both": (
        "BP2",
        "negative gradients are cut off as well as inactive units",
        "delta[l] = max({back}, 0) * (z[l] > 0)",
        "Springenberg et al. 2015, 'guided backpropagation' (on purpose there)",
    ),
    "mask-inverted": (
        "BP2",
        "the ReLU's mask is inverted: it lets through where z < 0",
        "delta[l] = ({back}) * (z[l] < 0)",
        "graduateml.com, 'ReLU backward pass'; CS231n notes, case study (dhidden[hidden <= 0] = 0)",
    ),
    "slope-of-another": (
        "BP2",
        "this is the derivative of another activation function",
        "delta[l] = ({back}) * g'(z[l]), g another function",
        "note 003 beside note 004 (ReLU and sigmoid); " + BIAS_QUESTION,
    ),
    "leaky-slope": (
        "BP2",
        "the slope below zero is another one than the network's rectifier has",
        "delta[l] = ({back}) * (1 where z[l] > 0, else another slope)",
        "scientific-computing/FKB, issue 15 (the slope of the forward pass is not that of the backward pass)",
    ),
    "slope-of-wrong-layer": (
        "BP2",
        "the derivative (or the ReLU's mask) is that of another layer, perhaps overwritten in place",
        "delta[l] = ({back}) * f'(z[k]), k another layer",
        "note 003 (the index of Z in the recursion)",
    ),
}

RECTIFIERS = ("relu", "leaky_relu")
ALL = tuple(kind for kind in matrix.ACTIVATIONS if kind != "identity")


def _of_kinds(*kinds: str) -> Condition:
    """Ask whether all layers have one of some activations, or none."""
    known = (*kinds, "identity")
    return lambda problem, layers: all(family(problem.kinds[layer]) in known for layer in layers)


def _derivative(kind: str, z: Array) -> Array:
    function = matrix.ACTIVATIONS[kind]
    return function.derivative(z, function.f(z))


def _low(at: At) -> float:
    """Return the slope of a rectifier where it does not let through."""
    return slope_of(at.kind) or 0.0


def _slope_of_another(e: Evidence) -> Iterator[Proposal]:
    for where, layers in e.places("slope"):
        own = {e.problem.kinds[layer] for layer in layers}
        for other in (kind for kind in ALL if kind not in own):
            yield where, f"{other}'s, of z", e.alter("slope", layers, _of(other, False))
            if other in ("tanh", "sigmoid"):
                yield where, f"{other}'s, of a", e.alter("slope", layers, _of(other, True))


def _of(other: str, own: bool) -> Wrong:
    """Return another activation's derivative, with the network's own activations or with the other function's."""
    if own:
        return lambda at, g: at.pull(g, matrix.ACTIVATIONS[other].derivative(at.z, at.a))
    return lambda at, g: at.pull(g, _derivative(other, at.z))


def _leaky_slope(e: Evidence) -> Iterator[Proposal]:
    for where, layers in e.places("slope"):
        kinds = {e.problem.kinds[layer] for layer in layers}
        known = slope_of(kinds.pop()) if kinds != {"relu"} else 0.0
        if len(layers) == 1 and known is not None:
            of_slope = [e.alter("slope", layers, _of(f"leaky_relu({slope})", False)) for slope in (0.0, 1.0)]
            low, high = (made(e.problem, [alteration])[e.name] for alteration in of_slope)
            slope = float(((e.want - low) * (high - low)).sum() / max(float(((high - low) ** 2).sum()), 1e-300))
            if abs(slope - known) > 1e-6 and min(abs(slope), abs(slope - 1.0), abs(slope - USUAL)) > 1e-6:
                alteration = e.alter("slope", layers, _of(f"leaky_relu({slope!r})", False))
                yield where, f"{slope:.6g}, not {known:g}", alteration


def _slope_of_wrong_layer(e: Evidence) -> Iterator[Proposal]:
    for where, layers in e.places("slope"):
        for other in set(range(e.problem.layers)) - layers if len(layers) == 1 else ():
            yield where, f"that of layers.{other}", e.alter("slope", layers, _of_layer(other))


def _of_layer(other: int) -> Wrong:
    return lambda at, g: at.pull(g, like_shaped(_derivative(at.kind, at.scores(other)), g))


PROPOSALS = {
    "slope-formula-on-z": share("slope", lambda at, g: at.pull(g, at.derivative(at.z, at.z))),
    "slope-formula-on-error": share(
        "slope", lambda at, g: at.pull(g, at.derivative(g, g)), _of_kinds("tanh", "sigmoid")
    ),
    "slope-without-square": share("slope", lambda at, g: at.pull(g, 1.0 - at.a), _of_kinds("tanh")),
    "slope-without-complement": share("slope", lambda at, g: at.pull(g, 1.0 - at.a), _of_kinds("sigmoid")),
    "mask-of-error": share("slope", lambda at, g: at.pull(g, np.where(g > 0, 1.0, _low(at))), _of_kinds(*RECTIFIERS)),
    "mask-of-both": share("slope", lambda at, g: at.pull(np.maximum(g, 0.0), at.z > 0), _of_kinds("relu")),
    "mask-inverted": share(
        "slope", lambda at, g: at.pull(g, np.where(at.z > 0, _low(at), 1.0)), _of_kinds(*RECTIFIERS)
    ),
    "slope-of-another": _slope_of_another,
    "leaky-slope": _leaky_slope,
    "slope-of-wrong-layer": _slope_of_wrong_layer,
}
enter(WORDS, PROPOSALS)
