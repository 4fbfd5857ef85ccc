"""Mistakes on the way from one layer's delta to the layer below, and in the forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nn import matrix
from nn.diagnosis.mistakes.equations import Array, Problem, Tape
from nn.diagnosis.mistakes.table import Evidence, Proposal, at, close, instead, mistake, times_at

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"


def _nothing(like: Array) -> Array:
    """Return what fits nothing, where an alteration does not apply."""
    return np.full_like(like, np.nan)


def _enter(name: str, wrong: Callable[[Tape, int, Array], Array], sentence: str, altered: str, reference: str) -> None:
    """Enter a mistake that propagates delta in another way, between two layers or between all."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.backs_of():
            yield where, "", {"back": at(layers, wrong)}

    propose.__doc__ = sentence
    mistake(name, "BP2", altered, reference)(propose)


def _untransposed(tape: Tape, layer: int, delta: Array) -> Array:
    W = tape.W(layer)
    return delta @ W if W.shape[0] == W.shape[1] else _nothing(tape.acts[layer])


def _bias_first(tape: Tape, layer: int, delta: Array) -> Array:
    product: Array = delta @ np.vstack([tape.b(layer), tape.W(layer)])[:-1].T
    return product


def _bias_last(tape: Tape, layer: int, delta: Array) -> Array:
    product: Array = delta @ np.vstack([tape.W(layer), tape.b(layer)])[1:].T
    return product


def _without_weights(tape: Tape, layer: int, delta: Array) -> Array:
    return delta if delta.shape == tape.acts[layer].shape else _nothing(tape.acts[layer])


def _summed(tape: Tape, layer: int, delta: Array) -> Array:
    return np.repeat(delta.sum(axis=1, keepdims=True), tape.acts[layer].shape[1], axis=1)


def _averaged(tape: Tape, layer: int, delta: Array) -> Array:
    product: Array = delta @ tape.W(layer).T / delta.shape[1]
    return product


def _error_itself(tape: Tape, layer: int, delta: Array) -> Array:
    product: Array = tape.errors[layer] @ tape.W(layer).T
    return product


def _absolute(tape: Tape, layer: int, delta: Array) -> Array:
    product: Array = delta @ np.abs(tape.W(layer)).T
    return product


_enter(
    "weights-untransposed",
    _untransposed,
    "the weights are not transposed on the way back (square, so that shapes do not tell)",
    "delta[l] = ({untransposed}) * f'(z[l])",
    BP2 + "; note 003 (transposes in its recursion)",
)
_enter(
    "bias-propagated",
    _bias_first,
    "the bias is in the weight matrix's first row, and the last row was dropped in its place",
    "delta[l] = ([b; W] without its last row, in place of W) ...",
    "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
_enter(
    "bias-propagated-last",
    _bias_last,
    "the bias is in the weight matrix's last row, and the first row was dropped in its place",
    "delta[l] = ([W; b] without its first row, in place of W) ...",
    "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
_enter(
    "weights-forgotten",
    _without_weights,
    "the weights are missing on the way back: delta is handed down as it is",
    "delta[l] = delta[l+1] * f'(z[l])",
    BP2,
)
_enter(
    "deltas-summed",
    _summed,
    "the deltas of the layer above are summed without their weights",
    "delta[l] = (sum over k of delta_k[l+1]) * f'(z[l])",
    "note 000, BP2's sum over k",
)
_enter(
    "averaged-over-neurons",
    _averaged,
    "the sum over the neurons above was made a mean",
    "delta[l] = 1/C * ({back}) * f'(z[l])",
    "note 000, BP2's sum over k (np.mean in place of np.sum)",
)
_enter(
    "error-propagated",
    _error_itself,
    "what goes down is dC/da, not delta: the f' of the layer above is lost on the way",
    "delta[l] = ({error_back}) * f'(z[l])",
    "note 003 (dl/dO and dl/dZ)",
)
_enter(
    "weights-absolute",
    _absolute,
    "the absolute values of the weights are used on the way back",
    "delta[l] = delta[l+1] |W[l+1]| * f'(z[l])",
    "note 001, its review of neurons (a weight as the strength of a signal)",
)


@mistake(
    "sign-propagated",
    "BP2",
    "delta[l] = -({back}) * f'(z[l])",
    "note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_propagated(e: Evidence) -> Iterator[Proposal]:
    """A sign is turned between these layers."""
    if e.is_factor(-1.0):
        for where, layers in e.backs_of():
            yield where, "yours = -1 x correct below", {"back": times_at(layers, -1.0)}


@mistake(
    "averaged-per-layer",
    "mean",
    "delta[l] = 1/N * ({back}) * f'(z[l])",
    "note 000, batch gradient (1/m once, at the output)",
)
def averaged_per_layer(e: Evidence) -> Iterator[Proposal]:
    """1/N is applied again at every layer on the way down."""
    if e.is_factor(1.0 / e.samples):
        for where, layers in e.backs_of():
            yield where, f"yours = 1/{e.samples} x correct below", {"back": times_at(layers, 1.0 / e.samples)}


@mistake(
    "wrong-weights",
    "BP2",
    "delta[l] = ({other}) * f'(z[l])",
    "note 003 (the index of W in the recursion)",
)
def wrong_weights(e: Evidence) -> Iterator[Proposal]:
    """The weights of another layer are used on the way back."""
    for where, layers in e.backs_of():
        for other in range(e.problem.layers):
            if len(layers) == 1 and other not in layers:

                def back(tape: Tape, layer: int, delta: Array, other: int = other) -> Array:
                    W = tape.W(other)
                    return delta @ W.T if W.shape == tape.W(layer).shape else _nothing(tape.acts[layer])

                yield where, f"those of layers.{other}", {"back": at(layers, back)}


@mistake(
    "delta-skips",
    "BP2",
    "delta[l] = (delta[L] ...) * f'(z[l])",
    "note 000, BP2 (from l+1 to l, one layer at a time)",
)
def delta_skips(e: Evidence) -> Iterator[Proposal]:
    """The output's delta is used here in place of the layer above's."""
    for where, layers in e.backs_of():
        if len(layers) == 1 and max(layers) < e.problem.layers - 1:

            def back(tape: Tape, layer: int, delta: Array) -> Array:
                last = tape.deltas[max(tape.deltas)]
                return last @ tape.W(layer).T if last.shape == delta.shape else _nothing(tape.acts[layer])

            yield where, "", {"back": at(layers, back)}


@mistake(
    "updated-weights",
    "BP2",
    "delta[l] = ({updated}) * f'(z[l])",
    "Artificial Intelligence Stack Exchange 26136, 'only considering the old values'",
)
def updated_weights(e: Evidence) -> Iterator[Proposal]:
    """The weights above were updated before the delta below was computed."""
    if e.top or not e.is_bias:
        return

    def step(tape: Tape, layer: int, delta: Array) -> Array:
        gradient: Array = tape.acts[layer].T @ delta + tape.problem.l2 * tape.W(layer)
        return gradient

    above = e.layer + 1
    delta = e.tape.deltas[above]
    moved = ((delta @ step(e.tape, above, delta).T) * e.tape.derivative(e.layer)).sum(axis=0)
    square = float(moved @ moved)
    rate = float(moved @ (e.have - e.want)) / square if square else 0.0
    if 1e-6 < abs(rate) < 1e3 and close(e.have - e.want, rate * moved, max(1e-6, e.tolerance)):

        def back(tape: Tape, layer: int, delta: Array) -> Array:
            product: Array = delta @ (tape.W(layer) - rate * step(tape, layer, delta)).T
            return product

        for where, layers in e.backs_of():
            yield where, f"lr = {rate:.6g}", {"back": at(layers, back)}


# --- the forward pass that the backward pass looks at ---------------------------------------------------------------


@mistake(
    "no-bias-forward",
    "forward",
    "z[l] = {no_bias}",
    "Tsugriy, LLM first principles, 'Common mistakes', stage 3 (forgetting bias terms)",
)
def no_bias_forward(e: Evidence) -> Iterator[Proposal]:
    """The biases were left out of the forward pass."""
    if not e.top:
        return
    for left_out in [None, *range(e.problem.layers)] if e.problem.layers > 1 else [None]:

        def forward(problem: Problem, left_out: int | None = left_out) -> tuple[list[Array], list[Array]]:
            params = {
                name: value * 0.0 if name.endswith("b") and left_out in (None, int(name.split(".")[1])) else value
                for name, value in problem.params.items()
            }
            return matrix.forward(params, problem.X, problem.kinds)

        where = "every layer" if left_out is None else f"layers.{left_out}"
        yield where, "", {"forward": instead(forward)}


def _slope_at_z(tape: Tape, layer: int, error: Array) -> Array:
    function, z = matrix.ACTIVATIONS[tape.problem.kinds[layer]], tape.zs[layer]
    return function.derivative(z, function.f(z))


@mistake(
    "no-activation-forward",
    "forward",
    "a[l] = z[l]",
    "note 000, a = sigma(z) in every layer",
)
def no_activation_forward(e: Evidence) -> Iterator[Proposal]:
    """The activation was left out of the forward pass."""
    if not e.top:
        return
    for layer, kind in enumerate(e.problem.kinds):
        if kind != "identity":

            def forward(problem: Problem, layer: int = layer) -> tuple[list[Array], list[Array]]:
                kinds = [*problem.kinds[:layer], "identity", *problem.kinds[layer + 1 :]]
                return matrix.forward(problem.params, problem.X, kinds)

            yield f"layers.{layer}", "its slope too", {"forward": instead(forward)}
            slope = at(frozenset([layer]), _slope_at_z)
            yield f"layers.{layer}", "", {"forward": instead(forward), "slope": slope}


@mistake(
    "stale-activations",
    "forward",
    "z, a from before the update",
    "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
)
def stale_activations(e: Evidence) -> Iterator[Proposal]:
    """The activations are those of the call before: run the forward pass again after an update."""
    if e.top and e.problem.previous is not None:
        before = e.problem.previous.forward
        if before[0][-1].shape == e.problem.t.shape:
            yield "every layer", "", {"forward": instead(lambda problem: before)}
