"""Mistakes on the way from one layer's delta to the layer below: BP2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.equations import Array, At, Wrong, like_shaped
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, always, enter, multiplied, share, times

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"

WORDS = {
    "weights-untransposed": (
        "BP2",
        "the weights are not transposed on the way back (square, so that shapes do not tell)",
        "delta[l] = ({untransposed}) * f'(z[l])",
        BP2 + "; note 003 (transposes in its recursion)",
    ),
    "bias-propagated": (
        "BP2",
        "the bias is in the weight matrix's first row, and the last row was dropped in its place",
        "delta[l] = ([b; W] without its last row, in place of W) ...",
        "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
    ),
    "bias-propagated-last": (
        "BP2",
        "the bias is in the weight matrix's last row, and the first row was dropped in its place",
        "delta[l] = ([W; b] without its first row, in place of W) ...",
        "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
    ),
    "weights-forgotten": (
        "BP2",
        "the weights are missing on the way back: delta is handed down as it is",
        "delta[l] = delta[l+1] * f'(z[l])",
        BP2,
    ),
    "deltas-summed": (
        "BP2",
        "the deltas of the layer above are summed without their weights",
        "delta[l] = (sum over k of delta_k[l+1]) * f'(z[l])",
        "note 000, BP2's sum over k",
    ),
    "averaged-over-neurons": (
        "BP2",
        "the sum over the neurons above was made a mean",
        "delta[l] = 1/C * ({back}) * f'(z[l])",
        "note 000, BP2's sum over k (np.mean in place of np.sum)",
    ),
    "error-propagated": (
        "BP2",
        "what goes down is dC/da, not delta: the f' of the layer above is lost on the way",
        "delta[l] = ({error_back}) * f'(z[l])",
        "note 003 (dl/dO and dl/dZ)",
    ),
    "weights-absolute": (
        "BP2",
        "the absolute values of the weights are used on the way back",
        "delta[l] = delta[l+1] |W[l+1]| * f'(z[l])",
        "note 001, its review of neurons (a weight as the strength of a signal)",
    ),
    "sign-propagated": (
        "BP2",
        "a sign is turned between these layers",
        "delta[l] = -({back}) * f'(z[l])",
        "note 000, softmax with cross-entropy (a minus is lost between two lines)",
    ),
    "averaged-per-layer": (
        "mean",
        "1/N is applied again at every layer on the way down",
        "delta[l] = 1/N * ({back}) * f'(z[l])",
        "note 000, batch gradient (1/m once, at the output)",
    ),
    "wrong-weights": (
        "BP2",
        "the weights of another layer are used on the way back",
        "delta[l] = ({other}) * f'(z[l])",
        "note 003 (the index of W in the recursion)",
    ),
    "delta-skips": (
        "BP2",
        "the output's delta is used here in place of the layer above's",
        "delta[l] = (delta[L] ...) * f'(z[l])",
        "note 000, BP2 (from l+1 to l, one layer at a time)",
    ),
    "updated-weights": (
        "BP2",
        "the weights above were updated before the delta below was computed",
        "delta[l] = ({updated}) * f'(z[l])",
        "Artificial Intelligence Stack Exchange 26136, 'only considering the old values'",
    ),
}


def _averaged_per_layer(e: Evidence) -> Iterator[Proposal]:
    yield from multiplied(e, "back", 1.0 / e.samples, f"yours = 1/{e.samples} x correct below")


def _wrong_weights(e: Evidence) -> Iterator[Proposal]:
    for where, layers in e.places("back"):
        for other in set(range(e.problem.layers)) - layers if len(layers) == 1 else ():
            yield where, f"those of layers.{other}", e.alter("back", layers, _by_weights(other))


def _by_weights(other: int) -> Wrong:
    return lambda at, g: at.pull(g, like_shaped(at.weights(other), at.W))


def _delta_skips(e: Evidence) -> Iterator[Proposal]:
    for where, layers in e.places("back"):
        if len(layers) == 1 and max(layers) < e.problem.layers - 1:
            yield where, "", e.alter("back", layers, lambda at, g: at.right(like_shaped(at.delta(at.layers - 1), g)))


def _updated_weights(e: Evidence) -> Iterator[Proposal]:
    if e.top or not e.is_bias:
        return
    at = e.at("back", e.layer + 1)
    moved = e.at("slope", e.layer).right(at.pull(at.delta(at.layer), _step(at))).sum(axis=0)
    square = float(moved @ moved)
    rate = float(moved @ (e.have - e.want)) / square if square else 0.0
    if 1e-6 < abs(rate) < 1e3 and close(e.have - e.want, rate * moved, max(1e-6, e.tolerance)):
        for where, layers in e.places("back"):
            step = e.alter("back", layers, lambda at, g: at.pull(g, at.W - rate * _step(at)))
            yield where, f"lr = {rate:.6g}", step


def _step(at: At) -> Array:
    """Return dC/dW of a layer: what a step of gradient descent subtracts from W, times the learning rate."""
    return np.asarray(at.below.T @ at.delta(at.layer) + at.l2 * at.W)


PROPOSALS = {
    "bias-propagated": share("back", lambda at, g: at.pull(g, np.vstack([at.b, at.W])[:-1])),
    "bias-propagated-last": share("back", lambda at, g: at.pull(g, np.vstack([at.W, at.b])[1:])),
    "weights-forgotten": share("back", lambda at, g: like_shaped(g, at.below)),
    "deltas-summed": share("back", lambda at, g: at.pull(g, np.ones_like(at.W))),
    "averaged-over-neurons": share("back", lambda at, g: at.right(g) / len(g[0])),
    "error-propagated": share("back", lambda at, g: at.right(at.error)),
    "sign-propagated": times("back", always(-1.0), found="yours = -1 x correct below"),
    "averaged-per-layer": _averaged_per_layer,
    "wrong-weights": _wrong_weights,
    "delta-skips": _delta_skips,
    "updated-weights": _updated_weights,
}
enter(WORDS, PROPOSALS)
