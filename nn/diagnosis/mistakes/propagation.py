"""Mistakes on the way from one layer's delta to the layer below: BP2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.equations import Array, At, if_fits, within
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake, multiplied

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"


@mistake(
    step="back",
    altered="delta[l] = ({untransposed}) * f'(z[l])",
    reference=BP2 + "; note 003 (transposes in its recursion)",
)
def weights_untransposed(at: At, g: Array) -> Array:
    """The weights are not transposed on the way back (square, so that shapes do not tell)."""
    return at.pull(g, if_fits(at.W.T, at.W))


@mistake(
    step="back",
    altered="delta[l] = ([b; W] without its last row, in place of W) ...",
    reference="Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
def bias_propagated(at: At, g: Array) -> Array:
    """The bias is in the weight matrix's first row, and the last row was dropped in its place."""
    return at.pull(g, np.vstack([at.b, at.W])[:-1])


@mistake(
    step="back",
    altered="delta[l] = ([W; b] without its first row, in place of W) ...",
    reference="Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
def bias_propagated_last(at: At, g: Array) -> Array:
    """The bias is in the weight matrix's last row, and the first row was dropped in its place."""
    return at.pull(g, np.vstack([at.W, at.b])[1:])


@mistake(step="back", altered="delta[l] = delta[l+1] * f'(z[l])", reference=BP2)
def weights_forgotten(at: At, g: Array) -> Array:
    """The weights are missing on the way back: delta is handed down as it is."""
    return if_fits(g, at.below)


@mistake(
    step="back", altered="delta[l] = (sum over k of delta_k[l+1]) * f'(z[l])", reference="note 000, BP2's sum over k"
)
def deltas_summed(at: At, g: Array) -> Array:
    """The deltas of the layer above are summed without their weights."""
    return np.repeat(g.sum(axis=1, keepdims=True), at.below.shape[1], axis=1)


@mistake(
    step="back",
    altered="delta[l] = 1/C * ({back}) * f'(z[l])",
    reference="note 000, BP2's sum over k (np.mean in place of np.sum)",
)
def averaged_over_neurons(at: At, g: Array) -> Array:
    """The sum over the neurons above was made a mean."""
    return at.right(g) / len(g[0])


@mistake(step="back", altered="delta[l] = ({error_back}) * f'(z[l])", reference="note 003 (dl/dO and dl/dZ)")
def error_propagated(at: At, g: Array) -> Array:
    """What goes down is dC/da, not delta: the f' of the layer above is lost on the way."""
    return at.right(at.error)


@mistake(
    step="back",
    altered="delta[l] = delta[l+1] |W[l+1]| * f'(z[l])",
    reference="note 001, its review of neurons (a weight as the strength of a signal)",
)
def weights_absolute(at: At, g: Array) -> Array:
    """The absolute values of the weights are used on the way back."""
    return at.pull(g, np.abs(at.W))


@mistake(
    equation="BP2",
    altered="delta[l] = -({back}) * f'(z[l])",
    reference="note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_propagated(e: Evidence) -> Iterator[Proposal]:
    """A sign is turned between these layers."""
    yield from multiplied(e, "back", -1.0, "yours = -1 x correct below")


@mistake(
    equation="mean",
    altered="delta[l] = 1/N * ({back}) * f'(z[l])",
    reference="note 000, batch gradient (1/m once, at the output)",
)
def averaged_per_layer(e: Evidence) -> Iterator[Proposal]:
    """1/N is applied again at every layer on the way down."""
    yield from multiplied(e, "back", 1.0 / e.samples, f"yours = 1/{e.samples} x correct below")


@mistake(
    equation="BP2", altered="delta[l] = ({other}) * f'(z[l])", reference="note 003 (the index of W in the recursion)"
)
def wrong_weights(e: Evidence) -> Iterator[Proposal]:
    """The weights of another layer are used on the way back."""
    for where, layers in e.places("back"):
        for other in range(e.problem.layers):
            if len(layers) == 1 and other not in layers:
                yield where, f"those of layers.{other}", {"back": within(layers, partial(_by_weights, other))}


def _by_weights(other: int, at: At, g: Array) -> Array:
    return at.pull(g, if_fits(at.problem.params[f"layers.{other}.W"], at.W))


@mistake(
    equation="BP2",
    altered="delta[l] = (delta[L] ...) * f'(z[l])",
    reference="note 000, BP2 (from l+1 to l, one layer at a time)",
)
def delta_skips(e: Evidence) -> Iterator[Proposal]:
    """The output's delta is used here in place of the layer above's."""
    for where, layers in e.places("back"):
        if len(layers) == 1 and max(layers) < e.problem.layers - 1:
            yield where, "", {"back": within(layers, _from_output)}


def _from_output(at: At, g: Array) -> Array:
    return at.right(if_fits(at.sweep.delta(at.problem.layers - 1), g))


@mistake(
    equation="BP2",
    altered="delta[l] = ({updated}) * f'(z[l])",
    reference="Artificial Intelligence Stack Exchange 26136, 'only considering the old values'",
)
def updated_weights(e: Evidence) -> Iterator[Proposal]:
    """The weights above were updated before the delta below was computed."""
    if e.top or not e.is_bias:
        return

    at = e.sweep.at("back", e.layer + 1)
    moved = (at.pull(e.sweep.delta(at.layer), _step(at)) * e.sweep.at("slope", e.layer).saved).sum(axis=0)
    square = float(moved @ moved)
    rate = float(moved @ (e.have - e.want)) / square if square else 0.0
    if 1e-6 < abs(rate) < 1e3 and close(e.have - e.want, rate * moved, max(1e-6, e.tolerance)):
        for where, layers in e.places("back"):
            yield where, f"lr = {rate:.6g}", {"back": within(layers, partial(_after_step, rate))}


def _step(at: At) -> Array:
    """Return dC/dW of a layer: what a step of gradient descent subtracts from W, times the learning rate."""
    return np.asarray(at.below.T @ at.sweep.delta(at.layer) + at.problem.l2 * at.W)


def _after_step(rate: float, at: At, g: Array) -> Array:
    return at.pull(g, at.W - rate * _step(at))
