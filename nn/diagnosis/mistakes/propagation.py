"""Mistakes on the way from one layer's delta to the layer below: BP2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.equations import Array, Tape, at, handed_down, if_fits
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake, multiplied
from nn.matrix import weight_gradient

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"


@mistake(
    step="back",
    altered="delta[l] = ({untransposed}) * f'(z[l])",
    reference=BP2 + "; note 003 (transposes in its recursion)",
)
def weights_untransposed(tape: Tape, layer: int, delta: Array) -> Array:
    """The weights are not transposed on the way back (square, so that shapes do not tell)."""
    return handed_down(delta, if_fits(tape.W(layer).T, tape.W(layer)))


@mistake(
    step="back",
    altered="delta[l] = ([b; W] without its last row, in place of W) ...",
    reference="Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
def bias_propagated(tape: Tape, layer: int, delta: Array) -> Array:
    """The bias is in the weight matrix's first row, and the last row was dropped in its place."""
    return handed_down(delta, np.vstack([tape.b(layer), tape.W(layer)])[:-1])


@mistake(
    step="back",
    altered="delta[l] = ([W; b] without its first row, in place of W) ...",
    reference="Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
)
def bias_propagated_last(tape: Tape, layer: int, delta: Array) -> Array:
    """The bias is in the weight matrix's last row, and the first row was dropped in its place."""
    return handed_down(delta, np.vstack([tape.W(layer), tape.b(layer)])[1:])


@mistake(step="back", altered="delta[l] = delta[l+1] * f'(z[l])", reference=BP2)
def weights_forgotten(tape: Tape, layer: int, delta: Array) -> Array:
    """The weights are missing on the way back: delta is handed down as it is."""
    return if_fits(delta, tape.acts[layer])


@mistake(
    step="back", altered="delta[l] = (sum over k of delta_k[l+1]) * f'(z[l])", reference="note 000, BP2's sum over k"
)
def deltas_summed(tape: Tape, layer: int, delta: Array) -> Array:
    """The deltas of the layer above are summed without their weights."""
    return np.repeat(delta.sum(axis=1, keepdims=True), tape.acts[layer].shape[1], axis=1)


@mistake(
    step="back",
    altered="delta[l] = 1/C * ({back}) * f'(z[l])",
    reference="note 000, BP2's sum over k (np.mean in place of np.sum)",
)
def averaged_over_neurons(tape: Tape, layer: int, delta: Array) -> Array:
    """The sum over the neurons above was made a mean."""
    return handed_down(delta, tape.W(layer)) / len(delta[0])


@mistake(step="back", altered="delta[l] = ({error_back}) * f'(z[l])", reference="note 003 (dl/dO and dl/dZ)")
def error_propagated(tape: Tape, layer: int, delta: Array) -> Array:
    """What goes down is dC/da, not delta: the f' of the layer above is lost on the way."""
    return handed_down(tape.errors[layer], tape.W(layer))


@mistake(
    step="back",
    altered="delta[l] = delta[l+1] |W[l+1]| * f'(z[l])",
    reference="note 001, its review of neurons (a weight as the strength of a signal)",
)
def weights_absolute(tape: Tape, layer: int, delta: Array) -> Array:
    """The absolute values of the weights are used on the way back."""
    return handed_down(delta, np.abs(tape.W(layer)))


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

                def back(tape: Tape, layer: int, delta: Array, other: int = other) -> Array:
                    return handed_down(delta, if_fits(tape.W(other), tape.W(layer)))

                yield where, f"those of layers.{other}", {"back": at(layers, back)}


@mistake(
    equation="BP2",
    altered="delta[l] = (delta[L] ...) * f'(z[l])",
    reference="note 000, BP2 (from l+1 to l, one layer at a time)",
)
def delta_skips(e: Evidence) -> Iterator[Proposal]:
    """The output's delta is used here in place of the layer above's."""
    for where, layers in e.places("back"):
        if len(layers) == 1 and max(layers) < e.problem.layers - 1:

            def back(tape: Tape, layer: int, delta: Array) -> Array:
                return handed_down(if_fits(tape.deltas[max(tape.deltas)], delta), tape.W(layer))

            yield where, "", {"back": at(layers, back)}


@mistake(
    equation="BP2",
    altered="delta[l] = ({updated}) * f'(z[l])",
    reference="Artificial Intelligence Stack Exchange 26136, 'only considering the old values'",
)
def updated_weights(e: Evidence) -> Iterator[Proposal]:
    """The weights above were updated before the delta below was computed."""
    if e.top or not e.is_bias:
        return

    def step(tape: Tape, layer: int, delta: Array) -> Array:
        return weight_gradient(tape.acts[layer], delta) + tape.problem.l2 * tape.W(layer)

    above = e.layer + 1
    delta = e.tape.deltas[above]
    moved = ((delta @ step(e.tape, above, delta).T) * e.tape.derivative(e.layer)).sum(axis=0)
    square = float(moved @ moved)
    rate = float(moved @ (e.have - e.want)) / square if square else 0.0
    if 1e-6 < abs(rate) < 1e3 and close(e.have - e.want, rate * moved, max(1e-6, e.tolerance)):

        def back(tape: Tape, layer: int, delta: Array) -> Array:
            return handed_down(delta, tape.W(layer) - rate * step(tape, layer, delta))

        for where, layers in e.places("back"):
            yield where, f"lr = {rate:.6g}", {"back": at(layers, back)}
