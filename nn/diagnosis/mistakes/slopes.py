"""Mistakes in the activation's derivative: missing, twice, at the wrong place, of the wrong function, a wrong mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nn import matrix
from nn.diagnosis.mistakes.equations import Array, Tape
from nn.diagnosis.mistakes.table import Evidence, Proposal, at, mistake

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"
BIAS_QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"


def _enter(
    name: str,
    kinds: tuple[str, ...],
    wrong: Callable[[Tape, int, Array], Array],
    sentence: str,
    altered: str,
    reference: str,
) -> None:
    """Enter a mistake that puts another factor in place of f'(z), in one layer or in all."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.slopes_of():
            if all(e.problem.kinds[layer] in kinds or e.problem.kinds[layer] == "identity" for layer in layers):
                yield where, "", {"slope": at(layers, wrong)}

    propose.__doc__ = sentence
    mistake(name, "BP2", altered, reference)(propose)


ALL = tuple(kind for kind in matrix.ACTIVATIONS if kind != "identity")
CURVED = ("tanh", "sigmoid", "softplus", "silu", "gelu")
RECTIFIERS = ("relu", "leaky_relu")


def _kind(tape: Tape, layer: int) -> matrix.Activation:
    return matrix.ACTIVATIONS[tape.problem.kinds[layer]]


def _at_activation(tape: Tape, layer: int, error: Array) -> Array:
    a = tape.acts[layer + 1]
    return _kind(tape, layer).derivative(a, _kind(tape, layer).f(a))


def _formula_on_z(tape: Tape, layer: int, error: Array) -> Array:
    return _kind(tape, layer).derivative(tape.zs[layer], tape.zs[layer])


def _formula_on_error(tape: Tape, layer: int, error: Array) -> Array:
    return _kind(tape, layer).derivative(error, error)


def _negative_side(tape: Tape, layer: int, error: Array) -> Array:
    low = 0.01 if tape.problem.kinds[layer] == "leaky_relu" else 0.0
    return np.where(tape.zs[layer] > 0, low, 1.0)


_enter(
    "no-slope",
    ALL,
    lambda tape, layer, error: np.ones_like(error),
    "the activation's derivative f'(z) is missing",
    "delta[l] = {back}",
    BP2,
)
_enter(
    "slope-twice",
    (*CURVED, "leaky_relu"),
    lambda tape, layer, error: tape.derivative(layer) ** 2,
    "the activation's derivative f'(z) is applied twice",
    "delta[l] = ({back}) * f'(z[l]) * f'(z[l])",
    BP2,
)
_enter(
    "slope-at-activation",
    CURVED,
    _at_activation,
    "the derivative is taken at the activation a, not at the pre-activation z",
    "delta[l] = ({back}) * f'(a[l])",
    "note 000, BP2 (f' is taken at z); Ng, Machine Learning, exercise 4 (sigmoidGradient of a)",
)
_enter(
    "slope-formula-on-z",
    ("tanh", "sigmoid"),
    _formula_on_z,
    "the derivative's formula in terms of a is given z: it is a (1 - a) or 1 - a**2, with the activation",
    "delta[l] = ({back}) * z[l] (1 - z[l]), or 1 - z[l]**2",
    "Mathematics Stack Exchange 1731965; note 004 (a' = a (1 - a))",
)
_enter(
    "slope-formula-on-error",
    ("tanh", "sigmoid"),
    _formula_on_error,
    "the derivative's formula is given the error from above, not the activation",
    "delta[l] = g * g (1 - g), or g * (1 - g**2), with g = {back}",
    BIAS_QUESTION + " (dz2 = dh2 * (1 - dh2))",
)
_enter(
    "activation-for-slope",
    ALL,
    lambda tape, layer, error: tape.acts[layer + 1],
    "the activation itself is used in place of its derivative",
    "delta[l] = ({back}) * f(z[l])",
    "Stack Overflow 51812911 (the ReLU's derivative left at x)",
)
_enter(
    "slope-without-square",
    ("tanh",),
    lambda tape, layer, error: 1.0 - tape.acts[layer + 1],
    "tanh's derivative is 1 - a**2: the square is missing",
    "delta[l] = ({back}) * (1 - a[l])",
    "CS231n notes, 'Optimization 2' (1 - tanh**2)",
)
_enter(
    "slope-without-complement",
    ("sigmoid",),
    lambda tape, layer, error: 1.0 - tape.acts[layer + 1],
    "the sigmoid's derivative is a (1 - a): the factor a is missing",
    "delta[l] = ({back}) * (1 - a[l])",
    BIAS_QUESTION,
)
_enter(
    "mask-of-error",
    RECTIFIERS,
    lambda tape, layer, error: np.where(error > 0, 1.0, 0.01 if tape.problem.kinds[layer] == "leaky_relu" else 0.0),
    "the ReLU's mask is made from the gradient that arrives, not from the pre-activation",
    "delta[l] = ({back}) * (that > 0)",
    "Zeiler and Fergus 2014 (a deconvolutional network does so on purpose)",
)
_enter(
    "mask-of-both",
    ("relu",),
    lambda tape, layer, error: ((error > 0) & (tape.zs[layer] > 0)).astype(float),
    "negative gradients are cut off as well as inactive units",
    "delta[l] = max({back}, 0) * (z[l] > 0)",
    "Springenberg et al. 2015, 'guided backpropagation' (on purpose there)",
)
_enter(
    "mask-inverted",
    RECTIFIERS,
    _negative_side,
    "the ReLU's mask is inverted: it lets through where z < 0",
    "delta[l] = ({back}) * (z[l] < 0)",
    "graduateml.com, 'ReLU backward pass'; CS231n notes, case study (dhidden[hidden <= 0] = 0)",
)


def _of(other: str, own: bool) -> Callable[[Tape, int, Array], Array]:
    """Return another activation's derivative, with the network's own activations or with the other function's."""

    def slope(tape: Tape, layer: int, error: Array) -> Array:
        z = tape.zs[layer]
        function = matrix.ACTIVATIONS[other]
        return function.derivative(z, tape.acts[layer + 1] if own else function.f(z))

    return slope


@mistake(
    "slope-of-another",
    "BP2",
    "delta[l] = ({back}) * g'(z[l]), g another function",
    "note 003 beside note 004 (ReLU and sigmoid); " + BIAS_QUESTION,
)
def slope_of_another(e: Evidence) -> Iterator[Proposal]:
    """This is the derivative of another activation function."""
    for where, layers in e.slopes_of():
        own = {e.problem.kinds[layer] for layer in layers}
        for other in ALL:
            if other not in own:
                yield where, f"{other}'s, of z", {"slope": at(layers, _of(other, False))}
                if other in ("tanh", "sigmoid"):
                    yield where, f"{other}'s, of a", {"slope": at(layers, _of(other, True))}


@mistake(
    "slope-of-wrong-layer",
    "BP2",
    "delta[l] = ({back}) * f'(z[k]), k another layer",
    "note 003 (the index of Z in the recursion)",
)
def slope_of_wrong_layer(e: Evidence) -> Iterator[Proposal]:
    """The derivative (or the ReLU's mask) is that of another layer, perhaps overwritten in place."""
    for where, layers in e.slopes_of():
        for other in range(e.problem.layers):
            if len(layers) == 1 and other not in layers:

                def slope(tape: Tape, layer: int, error: Array, other: int = other) -> Array:
                    z = tape.zs[other]
                    if z.shape != error.shape:
                        return np.full_like(error, np.nan)
                    return _kind(tape, layer).derivative(z, _kind(tape, layer).f(z))

                yield where, f"that of layers.{other}", {"slope": at(layers, slope)}
