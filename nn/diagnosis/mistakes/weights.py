"""Mistakes in a weight's gradient, BP4: what meets what, transposes, reshapes, permutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.equations import Array, like_shaped
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, enter, share

BP4 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP4"
VIEW = "Karpathy, 'most common neural net mistakes' (view and permute are not the same thing)"

WORDS = {
    "weights-transposed": (
        "BP4",
        "this gradient is transposed (square, so that shapes do not tell)",
        "dC/dW[l] = {turned}",
        BP4 + "; note 003 beside note 001 (their weights are each other's transposes)",
    ),
    "weights-reshaped": (
        "BP4",
        "the transposed gradient was reshaped, not transposed: the entries are in the wrong places",
        "dC/dW[l] = ({turned}) reshaped",
        VIEW,
    ),
    "inputs-reshaped": (
        "BP4",
        "the layer's input was reshaped to (D, N), not transposed: samples and features are mixed",
        "dC/dW[l] = a[l-1] reshaped to D x N, times delta[l]",
        VIEW,
    ),
    "pre-activation-for-activation": (
        "BP4",
        "the pre-activation z of the layer below is used where its activation a belongs",
        "dC/dW[l] = {of_z}",
        BP4,
    ),
    "input-for-activation": (
        "BP4",
        "the network's input is used where the activation of the layer below belongs",
        "dC/dW[l] = {of_x}",
        BP4,
    ),
    "own-activation": (
        "BP4",
        "the layer's own activation is used where that of the layer below belongs",
        "dC/dW[l] = {of_own}",
        "note 000, BP4 (the index l-1)",
    ),
    "no-slope-in-weights": (
        "BP4",
        "f'(z) is missing in this weight gradient, though not in what is propagated",
        "dC/dW[l] = {of_error}",
        "note 004 (dJ/dW = dJ/da * da/dz * dz/dW, its middle factor)",
    ),
    "delta-of-wrong-layer": (
        "BP4",
        "the delta of the layer above is used for this layer",
        "dC/dW[l] = {of_next}",
        "note 000, BP4 (the index l)",
    ),
    "averages-multiplied": (
        "BP4",
        "average input times average delta is not the average of their products",
        "dC/dW[l] = mean of a[l-1], times sum of delta[l]",
        "note 000, BP4b (the mean of products over samples)",
    ),
    "first-sample-only": (
        "BP4",
        "only the first sample's gradient is here",
        "dC/dW[l] of sample 1 alone",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "last-sample-only": (
        "BP4",
        "only the last sample's gradient is here: the loop overwrites in place of adding",
        "dC/dW[l] of sample N alone",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "layers-swapped": (
        "BP4",
        "this is the gradient of another layer's weights",
        "dC/dW[k] in place of dC/dW[l]",
        "note 003 (the index of W in the recursion)",
    ),
    "weights-permuted": (
        "BP4",
        "the entries are right but their rows or columns are in another order",
        "dC/dW[l] with its rows or columns permuted",
        "note 001 (row j of one convention is column j of another); " + VIEW,
    ),
}

PERMUTATIONS: dict[str, Callable[[Array], Array]] = {
    "rows reversed": lambda g: g[::-1],
    "columns reversed": lambda g: g[:, ::-1],
    "rows moved down by one": lambda g: np.roll(g, 1, axis=0),
    "rows moved up by one": lambda g: np.roll(g, -1, axis=0),
    "columns moved right by one": lambda g: np.roll(g, 1, axis=1),
    "columns moved left by one": lambda g: np.roll(g, -1, axis=1),
}


def _layers_swapped(e: Evidence) -> Iterator[Proposal]:
    right = e.problem.right
    for other in range(e.problem.layers) if not e.is_bias else ():
        name = f"layers.{other}.W"
        if other != e.layer and right[name].shape == e.want.shape and e.close(right[name]):
            pair = {e.name: right[name], name: right[e.name]}
            yield f"layers.{e.layer}", f"that of layers.{other}", e.finish(partial(_exchanged, pair=pair))


def _exchanged(leaf: ArrayStep, g: Array, pair: Mapping[str, Array]) -> Array:
    return pair.get(leaf.name, g)


def _weights_permuted(e: Evidence) -> Iterator[Proposal]:
    for found, permute in (PERMUTATIONS | _matching(e)).items() if not e.is_bias else ():
        if e.close(permute(e.have)):
            yield e.name, found, e.finish(partial(_permuted, name=e.name, permute=permute))


def _permuted(leaf: ArrayStep, g: Array, name: str, permute: Callable[[Array], Array]) -> Array:
    return permute(g) if leaf.name == name else g


def _matching(e: Evidence) -> dict[str, Callable[[Array], Array]]:
    """Return the permutation that sorting rows, or columns, by their sums suggests."""
    permutations: dict[str, Callable[[Array], Array]] = {}
    for axis, lines in ((0, "rows"), (1, "columns")):
        other = 1 - axis
        weighing = np.arange(1.0, e.have.shape[other] + 1.0)
        have, want = (np.tensordot(g, weighing, axes=(other, 0)) for g in (e.have, e.want))
        order = np.empty(len(have), dtype=int)
        order[np.argsort(want)] = np.argsort(have)
        if not np.array_equal(order, np.arange(len(order))):
            permutations[f"{lines} in the order {_short(order)}"] = partial(np.take, indices=order, axis=axis)
    return permutations


def _short(order: Array) -> str:
    listed = [str(int(i)) for i in order[:8]]
    return ", ".join(listed) + (", ..." if len(order) > 8 else "")


PROPOSALS = {
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
    "layers-swapped": _layers_swapped,
    "weights-permuted": _weights_permuted,
}
enter(WORDS, PROPOSALS)
