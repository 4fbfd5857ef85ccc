"""Mistakes of one edge: what it hands on in place of the right share, by the mistake's name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

import numpy as np

from nn.agreement.tolerance import close
from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES, OF_CLASSES, one_hot, sigmoid, softmax
from nn.diagnosis.equations import Array, At, Problem, Wrong, like_shaped
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.proposals import Condition, Propose, share, shares
from nn.leaky import USUAL, family, slope_of

OfOutput: TypeAlias = Callable[[Array, Array], Array]

CE, BCE, SQUARES, HINGE, SVM = "cross_entropy", "binary_cross_entropy", ("mse", "half_mse"), "hinge", "svm"
CURVED, RECTIFIERS = ("tanh", "sigmoid"), ("relu", "leaky_relu")


def of_losses(*losses: str) -> Condition:
    """Ask whether the loss is one of some."""
    return lambda problem, layers: problem.loss in losses


def _of_kinds(*kinds: str) -> Condition:
    """Ask whether all layers have one of some activations, or none."""
    known = (*kinds, "identity")
    return lambda problem, layers: all(family(problem.kinds[layer]) in known for layer in layers)


def _in_one(problem: Problem, layers: Collection[int]) -> bool:
    """Whether this is one layer alone."""
    return len(layers) == 1


def _below_last(problem: Problem, layers: Collection[int]) -> bool:
    return len(layers) == 1 and max(layers) < problem.layers - 1


# --- the output: BP1 -----------------------------------------------------------------------------------------------


def _of_output(wrong: OfOutput, *losses: str) -> Propose:
    """Propose a function of outputs and targets, (N, C), in place of dC/da, for some losses.

    The 1/N of the batch is applied to what it returns, and the 1/m of a mean over m outputs.
    """
    return share("error", lambda at, g: at.pull(g, wrong(at.a, at.t) * _share_of_each(at)), of_losses(*losses))


def _share_of_each(at: At) -> float:
    """Return what each output's part of the loss is multiplied with."""
    return float(at.weight / (1 if at.loss in OF_CLASSES else len(at.t[0])))


def _through_softmax(p: Array, g: Array) -> Array:
    """Return the softmax's Jacobian times g."""
    return np.asarray(p * (g - (p * g).sum(axis=1, keepdims=True)))


def _binary_on_softmax(z: Array, t: Array) -> Array:
    p = softmax(z)
    return _through_softmax(p, (p - t) / (p * (1.0 - p)))


def _largest(z: Array) -> Array:
    return one_hot(z.argmax(axis=1), z.shape[1])


def _sigmoid_slope(z: Array) -> Array:
    return sigmoid(z) * (1.0 - sigmoid(z))


def _no_target(at: At, g: Array) -> Array:
    outputs = softmax(at.z) if at.loss == CE else sigmoid(at.z) if at.loss == BCE else at.a
    return at.pull(g, (2.0 if at.loss == "mse" else 1.0) * outputs * _share_of_each(at))


def _margins(z: Array, t: Array, margin: float = 1.0) -> Array:
    """Return by how much each class's score comes too near to the right one's, (N, C)."""
    return np.asarray(margin + z - (t * z).sum(axis=1, keepdims=True))


def _near(z: Array, t: Array) -> Array:
    """Return which other classes come too near."""
    return np.asarray((_margins(z, t) > 0.0) * (1.0 - t))


def _of_margins(counted: Array, t: Array) -> Array:
    """Return what each other class counts, and the right class's negative sum of that."""
    others = counted * (1.0 - t)
    return np.asarray(others - t * others.sum(axis=1, keepdims=True))


OUTPUT = {
    "softmax-diagonal": _of_output(lambda z, t: -t * (1.0 - softmax(z)), CE),
    "minus-one": _of_output(lambda z, t: softmax(z) - 1.0, CE),
    "jacobian-twice": _of_output(lambda z, t: _through_softmax(softmax(z), softmax(z) - t), CE),
    "no-reciprocal": _of_output(lambda z, t: _through_softmax(softmax(z), -t), CE),
    "binary-on-softmax": _of_output(_binary_on_softmax, CE),
    "shift-in-numerator": _of_output(lambda z, t: softmax(z) - t + _largest(z), CE),
    "shift-in-denominator": _of_output(lambda z, t: softmax(z) - t - _largest(z), CE),
    "sigmoid-for-softmax": _of_output(lambda z, t: sigmoid(z) - t, CE),
    "softmax-over-batch": _of_output(lambda z, t: softmax(z, axis=0) - t, CE),
    "softmax-twice": _of_output(lambda z, t: softmax(softmax(z)) - t, CE),
    "softmax-twice-through": _of_output(lambda z, t: _through_softmax(softmax(z), softmax(softmax(z)) - t), CE),
    "not-normalised": _of_output(lambda z, t: np.exp(z) - t, CE),
    "only-right-class": _of_output(lambda z, t: (softmax(z) - t) * t, CE),
    "softmax-slope": _of_output(lambda z, t: (softmax(z) - t) * softmax(z) * (1.0 - softmax(z)), CE),
    "sigmoid-slope": _of_output(lambda z, t: (sigmoid(z) - t) * _sigmoid_slope(z), BCE),
    "no-sigmoid-slope": _of_output(lambda z, t: (sigmoid(z) - t) / _sigmoid_slope(z), BCE),
    "only-positive-targets": _of_output(lambda z, t: -t * (1.0 - sigmoid(z)), BCE),
    "error-squared": _of_output(lambda y, t: (y - t) ** 2, *SQUARES),
    "absolute-error": _of_output(lambda y, t: np.sign(y - t), *SQUARES),
    "error-summed-over-outputs": _of_output(lambda y, t: (y - t).sum(axis=1, keepdims=True) + 0.0 * y, *SQUARES),
    "no-margin": _of_output(lambda y, t: -t, HINGE),
    "perceptron": _of_output(lambda y, t: np.where(t * y < 0.0, -t, 0.0), HINGE),
    "hinge-without-target": _of_output(lambda y, t: np.where(t * y < 1.0, -1.0, 0.0), HINGE),
    "hinge-squared": _of_output(lambda y, t: -2.0 * t * np.maximum(1.0 - t * y, 0.0), HINGE),
    "margin-inverted": _of_output(lambda y, t: np.where(t * y < 1.0, 0.0, -t), HINGE),
    "scores-for-probabilities": _of_output(lambda z, t: z - t, CE, BCE),
    "svm-right-class-missing": _of_output(_near, SVM),
    "svm-right-class-once": _of_output(lambda z, t: _near(z, t) - t, SVM),
    "svm-right-class-counted": _of_output(lambda z, t: _of_margins(_margins(z, t) > 0.0, t) - t, SVM),
    "svm-margins-for-ones": _of_output(lambda z, t: _of_margins(np.maximum(_margins(z, t), 0.0), t), SVM),
    "svm-squared": _of_output(lambda z, t: 2.0 * _of_margins(np.maximum(_margins(z, t), 0.0), t), SVM),
    "svm-no-margin": _of_output(lambda z, t: _of_margins(_margins(z, t, 0.0) > 0.0, t), SVM),
    "error-at-z": share("error", lambda at, g: at.pull(g, JUDGED_LOSSES[at.loss].derivative(at.z, at.t) * at.weight)),
    "no-target": share("error", _no_target, of_losses(CE, BCE, *SQUARES)),
}

# --- from layer to layer: BP2 --------------------------------------------------------------------------------------


def _low(at: At) -> float:
    """Return the slope of a rectifier where it does not let through."""
    return slope_of(at.kind) or 0.0


def _slope_of(kind: str, z: Array) -> Array:
    function = ACTIVATIONS[kind]
    return function.derivative(z, function.f(z))


def _of_kind(kind: str) -> Wrong:
    """Return what has another activation's slope, of z."""
    return lambda at, g: at.pull(g, _slope_of(kind, at.z))


def _of_kind_at_own(kind: str) -> Wrong:
    """Return what has another activation's slope, by its formula of a."""
    return lambda at, g: at.pull(g, ACTIVATIONS[kind].derivative(at.z, at.a))


def _of_others(e: Evidence) -> dict[str, Wrong]:
    """Return the slopes of other activations, of z; or of a, where their formulas have that."""
    wrong: dict[str, Wrong] = {}
    for other in (kind for kind in ACTIVATIONS if kind not in ("identity", e.problem.kinds[e.layer])):
        wrong[f"{other}'s, of z"] = _of_kind(other)
        if other in CURVED:
            wrong[f"{other}'s, of a"] = _of_kind_at_own(other)
    return wrong


def _leaky(e: Evidence) -> dict[str, Wrong]:
    """Return the slope of a rectifier below zero that the numbers show, if it is none that others have."""
    kind = e.problem.kinds[e.layer]
    if family(kind) not in RECTIFIERS:
        return {}
    known = slope_of(kind) or 0.0
    at, parameter = e.at("slope", e.layer), e.at("bias" if e.is_bias else "weight", e.layer)
    moved = parameter.right(at.error * (at.z <= 0.0))
    slope = known + float(((e.want - e.have) * moved).sum() / max(float((moved**2).sum()), 1e-300))
    if min(abs(slope - usual) for usual in (known, 0.0, 1.0, USUAL)) <= 1e-6:
        return {}
    return {f"{slope:.6g}, not {known:g}": _of_kind(f"leaky_relu({slope!r})")}


def _of_layers(wrong: Callable[[int], Wrong], text: str) -> Callable[[Evidence], Mapping[str, Wrong]]:
    """Return what has another layer's array in place of its own, for each layer."""
    return lambda e: {text.format(k): wrong(k) for k in range(e.problem.layers)}


def _slope_of_layer(k: int) -> Wrong:
    return lambda at, g: at.pull(g, like_shaped(_slope_of(at.kind, at.scores(k)), g))


def _weights_of_layer(k: int) -> Wrong:
    return lambda at, g: at.pull(g, like_shaped(at.weights(k), at.W))


def _updated(e: Evidence) -> dict[str, Wrong]:
    """Return weights that a step of gradient descent has changed, by the rate that the numbers show."""
    if e.top or not e.is_bias:
        return {}
    at = e.at("back", e.layer + 1)
    comes, has_slope = at.pull(at.delta(at.layer), _step(at)), bool(e.edges("slope", [e.layer]))
    moved = (e.at("slope", e.layer).right(comes) if has_slope else comes).sum(axis=0)
    square = float(moved @ moved)
    rate = float(moved @ (e.have - e.want)) / square if square else 0.0
    if not (1e-6 < abs(rate) < 1e3 and close(e.have - e.want, rate * moved, max(1e-6, e.tolerance))):
        return {}
    return {f"lr = {rate:.6g}": lambda at, g: at.pull(g, at.W - rate * _step(at))}


def _step(at: At) -> Array:
    """Return dC/dW of a layer: what a step of gradient descent subtracts from W, times the learning rate."""
    return np.asarray(at.below.T @ at.delta(at.layer) + at.l2 * at.W)


SLOPES = {
    "slope-formula-on-z": share("slope", lambda at, g: at.pull(g, at.derivative(at.z, at.z))),
    "slope-formula-on-error": share("slope", lambda at, g: at.pull(g, at.derivative(g, g)), _of_kinds(*CURVED)),
    "slope-without-square": share("slope", lambda at, g: at.pull(g, 1.0 - at.a), _of_kinds("tanh")),
    "slope-without-complement": share("slope", lambda at, g: at.pull(g, 1.0 - at.a), _of_kinds("sigmoid")),
    "mask-of-error": share("slope", lambda at, g: at.pull(g, np.where(g > 0, 1.0, _low(at))), _of_kinds(*RECTIFIERS)),
    "mask-of-both": share("slope", lambda at, g: at.pull(np.maximum(g, 0.0), at.z > 0), _of_kinds("relu")),
    "mask-inverted": share("slope", lambda at, g: at.pull(g, np.where(at.z > 0, _low(at), 1)), _of_kinds(*RECTIFIERS)),
    "slope-of-another": shares("slope", _of_others),
    "leaky-slope": shares("slope", _leaky, _in_one),
    "slope-of-wrong-layer": shares("slope", _of_layers(_slope_of_layer, "that of layers.{}"), _in_one),
}
BACK = {
    "bias-propagated": share("back", lambda at, g: at.pull(g, np.vstack([at.b, at.W])[:-1])),
    "bias-propagated-last": share("back", lambda at, g: at.pull(g, np.vstack([at.W, at.b])[1:])),
    "weights-forgotten": share("back", lambda at, g: like_shaped(g, at.below)),
    "deltas-summed": share("back", lambda at, g: at.pull(g, np.ones_like(at.W))),
    "averaged-over-neurons": share("back", lambda at, g: at.right(g) / len(g[0])),
    "error-propagated": share("back", lambda at, g: at.right(at.error)),
    "wrong-weights": shares("back", _of_layers(_weights_of_layer, "those of layers.{}"), _in_one),
    "delta-skips": share("back", lambda at, g: at.right(like_shaped(at.delta(at.layers - 1), g)), _below_last),
    "updated-weights": shares("back", _updated),
}

# --- biases, weights and penalties: BP3 and BP4 --------------------------------------------------------------------


BIASES = {
    "bias-of-first-sample": share("bias", lambda at, g: g[0]),
    "bias-of-last-sample": share("bias", lambda at, g: g[-1]),
    "bias-without-slope": share("bias", lambda at, g: at.right(at.error)),
    "bias-from-weights": share("bias", lambda at, g: (at.below.T @ g).sum(axis=0)),
    "bias-one-number": shares(
        "bias",
        lambda e: {
            "summed over neurons": lambda at, g: np.full_like(at.b, g.sum()),
            "averaged over neurons": lambda at, g: np.full_like(at.b, g.sum() / g.shape[1]),
        },
    ),
    "penalty-on-biases": share("bias", lambda at, g: at.right(g) + at.l2 * at.b),
}
WEIGHTS = {
    "pre-activation-for-activation": share(
        "weight", lambda at, g: at.pull(g, at.scores(at.layer - 1)) if at.layer else at.right(g)
    ),
    "input-for-activation": share("weight", lambda at, g: at.pull(g, like_shaped(at.inputs, at.below))),
    "own-activation": share("weight", lambda at, g: at.pull(g, like_shaped(at.a, at.below))),
    "no-slope-in-weights": share("weight", lambda at, g: at.right(at.error)),
    "delta-of-wrong-layer": share(
        "weight", lambda at, g: at.right(like_shaped(at.delta(min(at.layer + 1, at.layers - 1)), g))
    ),
    "averages-multiplied": share("weight", lambda at, g: np.outer(at.saved.mean(axis=0), g.sum(axis=0))),
    "first-sample-only": share("weight", lambda at, g: np.outer(at.saved[0], g[0])),
    "last-sample-only": share("weight", lambda at, g: np.outer(at.saved[-1], g[-1])),
}
PENALTIES = {
    "penalty-averaged": shares("penalty", lambda e: {"": lambda at, g: at.right(g) / e.samples}),
    "penalty-not-averaged": shares("penalty", lambda e: {"": lambda at, g: at.right(g) * e.samples}),
    "penalty-l1": share("penalty", lambda at, g: at.pull(g, np.sign(at.W))),
    "penalty-value": share("penalty", lambda at, g: at.pull(g, 0.5 * at.W**2)),
    "penalty-summed": share("penalty", lambda at, g: at.pull(g, np.full_like(at.W, at.W.sum()))),
}
SHARES = OUTPUT | SLOPES | BACK | BIASES | WEIGHTS | PENALTIES
