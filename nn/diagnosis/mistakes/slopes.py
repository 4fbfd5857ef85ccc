"""Mistakes in the activation's derivative: missing, twice, at the wrong place, of the wrong function, a wrong mask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

import numpy as np

from nn import matrix
from nn.diagnosis.equations import Array, At, Problem, backward_pass, if_fits, within
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Condition, Proposal, mistake
from nn.leaky import USUAL, family, slope_of

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"
BIAS_QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"
ALL = tuple(kind for kind in matrix.ACTIVATIONS if kind != "identity")
CURVED = ("tanh", "sigmoid", "softplus", "silu", "gelu")
RECTIFIERS = ("relu", "leaky_relu")


def of_kinds(*kinds: str) -> Condition:
    """Ask whether all layers have one of some activations, or none."""

    def check(problem: Problem, layers: Collection[int]) -> bool:
        return all(family(problem.kinds[layer]) in (*kinds, "identity") for layer in layers)

    return check


def _derivative(function: matrix.Activation, z: Array) -> Array:
    return function.derivative(z, function.f(z))


def _low(at: At) -> float:
    """Return the slope of a rectifier where it does not let through."""
    return slope_of(at.problem.kinds[at.layer]) or 0.0


@mistake(step="slope", when=of_kinds(*ALL), altered="delta[l] = {back}", reference=BP2)
def no_slope(at: At, g: Array) -> Array:
    """The activation's derivative f'(z) is missing."""
    return g


@mistake(
    step="slope",
    when=of_kinds(*CURVED, "leaky_relu"),
    altered="delta[l] = ({back}) * f'(z[l]) * f'(z[l])",
    reference=BP2,
)
def slope_twice(at: At, g: Array) -> Array:
    """The activation's derivative f'(z) is applied twice."""
    return at.right(at.right(g))


@mistake(
    step="slope",
    when=of_kinds(*CURVED),
    altered="delta[l] = ({back}) * f'(a[l])",
    reference="note 000, BP2 (f' is taken at z); Ng, Machine Learning, exercise 4 (sigmoidGradient of a)",
)
def slope_at_activation(at: At, g: Array) -> Array:
    """The derivative is taken at the activation a, not at the pre-activation z."""
    return at.pull(g, _derivative(at.function, at.a))


@mistake(
    step="slope",
    when=of_kinds("tanh", "sigmoid"),
    altered="delta[l] = ({back}) * z[l] (1 - z[l]), or 1 - z[l]**2",
    reference="Mathematics Stack Exchange 1731965; note 004 (a' = a (1 - a))",
)
def slope_formula_on_z(at: At, g: Array) -> Array:
    """The derivative's formula in terms of a is given z: it is a (1 - a) or 1 - a**2, with the activation."""
    return at.pull(g, at.function.derivative(at.z, at.z))


@mistake(
    step="slope",
    when=of_kinds("tanh", "sigmoid"),
    altered="delta[l] = g * g (1 - g), or g * (1 - g**2), with g = {back}",
    reference=BIAS_QUESTION + " (dz2 = dh2 * (1 - dh2))",
)
def slope_formula_on_error(at: At, g: Array) -> Array:
    """The derivative's formula is given the error from above, not the activation."""
    return at.pull(g, at.function.derivative(g, g))


@mistake(
    step="slope",
    when=of_kinds(*ALL),
    altered="delta[l] = ({back}) * f(z[l])",
    reference="Stack Overflow 51812911 (the ReLU's derivative left at x)",
)
def activation_for_slope(at: At, g: Array) -> Array:
    """The activation itself is used in place of its derivative."""
    return at.pull(g, at.a)


@mistake(
    step="slope",
    when=of_kinds("tanh"),
    altered="delta[l] = ({back}) * (1 - a[l])",
    reference="CS231n notes, 'Optimization 2' (1 - tanh**2)",
)
def slope_without_square(at: At, g: Array) -> Array:
    """Tanh's derivative is 1 - a**2: the square is missing."""
    return at.pull(g, 1.0 - at.a)


@mistake(step="slope", when=of_kinds("sigmoid"), altered="delta[l] = ({back}) * (1 - a[l])", reference=BIAS_QUESTION)
def slope_without_complement(at: At, g: Array) -> Array:
    """The sigmoid's derivative is a (1 - a): the factor a is missing."""
    return at.pull(g, 1.0 - at.a)


@mistake(
    step="slope",
    when=of_kinds(*RECTIFIERS),
    altered="delta[l] = ({back}) * (that > 0)",
    reference="Zeiler and Fergus 2014 (a deconvolutional network does so on purpose)",
)
def mask_of_error(at: At, g: Array) -> Array:
    """The ReLU's mask is made from the gradient that arrives, not from the pre-activation."""
    return at.pull(g, np.where(g > 0, 1.0, _low(at)))


@mistake(
    step="slope",
    when=of_kinds("relu"),
    altered="delta[l] = max({back}, 0) * (z[l] > 0)",
    reference="Springenberg et al. 2015, 'guided backpropagation' (on purpose there)",
)
def mask_of_both(at: At, g: Array) -> Array:
    """Negative gradients are cut off as well as inactive units."""
    return at.pull(np.maximum(g, 0.0), at.z > 0)


@mistake(
    step="slope",
    when=of_kinds(*RECTIFIERS),
    altered="delta[l] = ({back}) * (z[l] < 0)",
    reference="graduateml.com, 'ReLU backward pass'; CS231n notes, case study (dhidden[hidden <= 0] = 0)",
)
def mask_inverted(at: At, g: Array) -> Array:
    """The ReLU's mask is inverted: it lets through where z < 0."""
    return at.pull(g, np.where(at.z > 0, _low(at), 1.0))


def _of(other: str, own: bool) -> Callable[[At, Array], Array]:
    """Return another activation's derivative, with the network's own activations or with the other function's."""
    function = matrix.ACTIVATIONS[other]
    return lambda at, g: at.pull(g, function.derivative(at.z, at.a) if own else _derivative(function, at.z))


@mistake(
    equation="BP2",
    altered="delta[l] = ({back}) * g'(z[l]), g another function",
    reference="note 003 beside note 004 (ReLU and sigmoid); " + BIAS_QUESTION,
)
def slope_of_another(e: Evidence) -> Iterator[Proposal]:
    """This is the derivative of another activation function."""
    for where, layers in e.places("slope"):
        own = {e.problem.kinds[layer] for layer in layers}
        for other in ALL:
            if other not in own:
                yield where, f"{other}'s, of z", {"slope": within(layers, _of(other, False))}
                if other in ("tanh", "sigmoid"):
                    yield where, f"{other}'s, of a", {"slope": within(layers, _of(other, True))}


@mistake(
    equation="BP2",
    altered="delta[l] = ({back}) * (1 where z[l] > 0, else another slope)",
    reference="scientific-computing/FKB, issue 15 (the slope of the forward pass is not that of the backward pass)",
)
def leaky_slope(e: Evidence) -> Iterator[Proposal]:
    """The slope below zero is another one than the network's rectifier has."""
    for where, layers in e.places("slope"):
        kinds = {e.problem.kinds[layer] for layer in layers}
        known = slope_of(kinds.pop()) if kinds != {"relu"} else 0.0
        if len(layers) == 1 and known is not None:
            low, high = (_with_slope(e, layers, slope) for slope in (0.0, 1.0))
            slope = float(((e.want - low) * (high - low)).sum() / max(float(((high - low) ** 2).sum()), 1e-300))
            if abs(slope - known) > 1e-6 and min(abs(slope), abs(slope - 1.0), abs(slope - USUAL)) > 1e-6:
                yield (
                    where,
                    f"{slope:.6g}, not {known:g}",
                    {"slope": within(layers, _of(f"leaky_relu({slope!r})", False))},
                )


def _with_slope(e: Evidence, layers: frozenset[int], slope: float) -> Array:
    """Return what the equations would give where the candidate departs, with another slope in some layers."""
    exchange = {"slope": within(layers, _of(f"leaky_relu({slope})", False))}
    return backward_pass(e.problem, exchange).gradients()[e.name]


@mistake(
    equation="BP2",
    altered="delta[l] = ({back}) * f'(z[k]), k another layer",
    reference="note 003 (the index of Z in the recursion)",
)
def slope_of_wrong_layer(e: Evidence) -> Iterator[Proposal]:
    """The derivative (or the ReLU's mask) is that of another layer, perhaps overwritten in place."""
    for where, layers in e.places("slope"):
        for other in range(e.problem.layers):
            if len(layers) == 1 and other not in layers:
                yield where, f"that of layers.{other}", {"slope": within(layers, partial(_of_layer, other))}


def _of_layer(other: int, at: At, g: Array) -> Array:
    return at.pull(g, _derivative(at.function, if_fits(at.sweep.network.zs[other], g)))
