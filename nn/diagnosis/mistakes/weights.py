"""Mistakes in a weight's gradient, BP4: what meets what, transposes, reshapes, permutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from nn.diagnosis.equations import Array, At, Exchange, Problem, if_fits, times_within
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake

BP4 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP4"
VIEW = "Karpathy, 'most common neural net mistakes' (view and permute are not the same thing)"


@mistake(
    step="weight",
    altered="dC/dW[l] = {turned}",
    reference=BP4 + "; note 003 beside note 001 (their weights are each other's transposes)",
)
def weights_transposed(at: At, g: Array) -> Array:
    """This gradient is transposed (square, so that shapes do not tell)."""
    return if_fits(at.right(g).T, at.W)


@mistake(step="weight", altered="dC/dW[l] = ({turned}) reshaped", reference=VIEW)
def weights_reshaped(at: At, g: Array) -> Array:
    """The transposed gradient was reshaped, not transposed: the entries are in the wrong places."""
    return np.reshape(at.right(g).T, at.W.shape)


@mistake(step="weight", altered="dC/dW[l] = a[l-1] reshaped to D x N, times delta[l]", reference=VIEW)
def inputs_reshaped(at: At, g: Array) -> Array:
    """The layer's input was reshaped to (D, N), not transposed: samples and features are mixed."""
    return at.pull(g, at.saved.reshape(at.saved.shape[::-1]).T)


@mistake(step="weight", altered="dC/dW[l] = {of_z}", reference=BP4)
def pre_activation_for_activation(at: At, g: Array) -> Array:
    """The pre-activation z of the layer below is used where its activation a belongs."""
    return at.pull(g, at.sweep.network.zs[at.layer - 1]) if at.layer else at.right(g)


@mistake(step="weight", altered="dC/dW[l] = {of_x}", reference=BP4)
def input_for_activation(at: At, g: Array) -> Array:
    """The network's input is used where the activation of the layer below belongs."""
    return if_fits(at.pull(g, at.sweep.network.acts[0]), at.W)


@mistake(step="weight", altered="dC/dW[l] = {of_own}", reference="note 000, BP4 (the index l-1)")
def own_activation(at: At, g: Array) -> Array:
    """The layer's own activation is used where that of the layer below belongs."""
    return if_fits(at.pull(g, at.a), at.W)


@mistake(
    step="weight",
    altered="dC/dW[l] = {of_error}",
    reference="note 004 (dJ/dW = dJ/da * da/dz * dz/dW, its middle factor)",
)
def no_slope_in_weights(at: At, g: Array) -> Array:
    """f'(z) is missing in this weight gradient, though not in what is propagated."""
    return at.right(at.error)


@mistake(step="weight", altered="dC/dW[l] = {of_next}", reference="note 000, BP4 (the index l)")
def delta_of_wrong_layer(at: At, g: Array) -> Array:
    """The delta of the layer above is used for this layer."""
    return if_fits(at.right(at.sweep.delta(min(at.layer + 1, at.problem.layers - 1))), at.W)


@mistake(
    step="weight",
    altered="dC/dW[l] = mean of a[l-1], times sum of delta[l]",
    reference="note 000, BP4b (the mean of products over samples)",
)
def averages_multiplied(at: At, g: Array) -> Array:
    """Average input times average delta is not the average of their products."""
    return np.outer(at.saved.mean(axis=0), g.sum(axis=0))


@mistake(
    step="weight", altered="dC/dW[l] of sample 1 alone", reference="note 001, its loop over samples (= in place of +=)"
)
def first_sample_only(at: At, g: Array) -> Array:
    """Only the first sample's gradient is here."""
    return at.pull(g[:1], at.saved[:1])


@mistake(
    step="weight", altered="dC/dW[l] of sample N alone", reference="note 001, its loop over samples (= in place of +=)"
)
def last_sample_only(at: At, g: Array) -> Array:
    """Only the last sample's gradient is here: the loop overwrites in place of adding."""
    return at.pull(g[-1:], at.saved[-1:])


@mistake(
    equation="BP4", altered="dC/dW[k] in place of dC/dW[l]", reference="note 003 (the index of W in the recursion)"
)
def layers_swapped(e: Evidence) -> Iterator[Proposal]:
    """This is the gradient of another layer's weights."""
    if e.is_bias:
        return
    right = e.problem.right
    for other in range(e.problem.layers):
        name = f"layers.{other}.W"
        if other != e.layer and right[name].shape == e.want.shape and e.close(right[name]):
            yield f"layers.{e.layer}", f"that of layers.{other}", _swapped(right, e.layer, other)


def _swapped(right: dict[str, Array], one: int, other: int) -> Exchange:
    pair = {one: right[f"layers.{other}.W"], other: right[f"layers.{one}.W"]}

    def alter(weight: Callable[..., Array]) -> Callable[..., Array]:
        return lambda at, g: pair[at.layer] if at.layer in pair else weight(at, g)

    return {"weight": alter, "penalty": times_within(frozenset(pair), 0.0)}


PERMUTATIONS: dict[str, Callable[[Array], Array]] = {
    "rows reversed": lambda g: g[::-1],
    "columns reversed": lambda g: g[:, ::-1],
    "rows moved down by one": lambda g: np.roll(g, 1, axis=0),
    "rows moved up by one": lambda g: np.roll(g, -1, axis=0),
    "columns moved right by one": lambda g: np.roll(g, 1, axis=1),
    "columns moved left by one": lambda g: np.roll(g, -1, axis=1),
}


@mistake(
    equation="BP4",
    altered="dC/dW[l] with its rows or columns permuted",
    reference="note 001 (row j of one convention is column j of another); " + VIEW,
)
def weights_permuted(e: Evidence) -> Iterator[Proposal]:
    """The entries are right but their rows or columns are in another order."""
    if e.is_bias:
        return
    for found, permute in {**PERMUTATIONS, **_matching(e)}.items():
        if e.close(permute(e.have)):
            yield e.name, found, {"finish": _permuting(e.name, permute)}


def _permuting(parameter: str, permute: Callable[[Array], Array]) -> Callable[..., Callable[..., Array]]:
    def alter(right: Callable[..., Array]) -> Callable[..., Array]:
        def finish(problem: Problem, name: str, gradient: Array) -> Array:
            finished = right(problem, name, gradient)
            return permute(finished) if name == parameter else finished

        return finish

    return alter


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
