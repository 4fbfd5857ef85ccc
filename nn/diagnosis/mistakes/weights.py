"""Mistakes in a weight's gradient: what meets what, transposes, reshapes, permutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from nn.diagnosis.mistakes.equations import Alteration, Array, Problem, Tape
from nn.diagnosis.mistakes.table import Evidence, Proposal, at, mistake

BP4 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP4"
VIEW = "Karpathy, 'most common neural net mistakes' (view and permute are not the same thing)"


def _nothing(tape: Tape, layer: int) -> Array:
    """Return what fits nothing, where an alteration does not apply."""
    return np.full_like(tape.W(layer), np.nan)


def _if_square(tape: Tape, layer: int, made: Array) -> Array:
    return made if made.shape == tape.W(layer).shape else _nothing(tape, layer)


def _enter(
    name: str,
    wrong: Callable[[Tape, int, Array, Array], Array],
    sentence: str,
    altered: str,
    reference: str,
    *,
    below: bool = False,
) -> None:
    """Enter a mistake that makes dC/dW of other things; `below` if it makes no difference in the first layer."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.weights_of(below=below):
            yield where, "", {"weight": at(layers, wrong)}

    propose.__doc__ = sentence
    mistake(name, "BP4", altered, reference)(propose)


def _averages(tape: Tape, layer: int, source: Array, delta: Array) -> Array:
    return np.outer(source.mean(axis=0), delta.sum(axis=0))


def _sample(index: int) -> Callable[[Tape, int, Array, Array], Array]:
    return lambda tape, layer, source, delta: np.outer(source[index], delta[index])


def _next_delta(tape: Tape, layer: int, source: Array, delta: Array) -> Array:
    above = tape.deltas.get(layer + 1)
    return _nothing(tape, layer) if above is None else _if_square(tape, layer, source.T @ above)


_enter(
    "weights-transposed",
    lambda tape, layer, source, delta: _if_square(tape, layer, (source.T @ delta).T),
    "this gradient is transposed (square, so that shapes do not tell)",
    "dC/dW[l] = {turned}",
    BP4 + "; note 003 beside note 001 (their weights are each other's transposes)",
)
_enter(
    "weights-reshaped",
    lambda tape, layer, source, delta: (delta.T @ source).reshape(tape.W(layer).shape),
    "the transposed gradient was reshaped, not transposed: the entries are in the wrong places",
    "dC/dW[l] = ({turned}) reshaped",
    VIEW,
)
_enter(
    "inputs-reshaped",
    lambda tape, layer, source, delta: source.reshape(source.shape[::-1]) @ delta,
    "the layer's input was reshaped to (D, N), not transposed: samples and features are mixed",
    "dC/dW[l] = a[l-1] reshaped to D x N, times delta[l]",
    VIEW,
)
_enter(
    "pre-activation-for-activation",
    lambda tape, layer, source, delta: tape.zs[layer - 1].T @ delta if layer else source.T @ delta,
    "the pre-activation z of the layer below is used where its activation a belongs",
    "dC/dW[l] = {of_z}",
    BP4,
    below=True,
)
_enter(
    "input-for-activation",
    lambda tape, layer, source, delta: _if_square(tape, layer, tape.acts[0].T @ delta) if layer else source.T @ delta,
    "the network's input is used where the activation of the layer below belongs",
    "dC/dW[l] = {of_x}",
    BP4,
    below=True,
)
_enter(
    "own-activation",
    lambda tape, layer, source, delta: _if_square(tape, layer, tape.acts[layer + 1].T @ delta),
    "the layer's own activation is used where that of the layer below belongs",
    "dC/dW[l] = {of_own}",
    "note 000, BP4 (the index l-1)",
)
_enter(
    "no-slope-in-weights",
    lambda tape, layer, source, delta: source.T @ tape.errors[layer],
    "f'(z) is missing in this weight gradient, though not in what is propagated",
    "dC/dW[l] = {of_error}",
    "note 004 (dJ/dW = dJ/da * da/dz * dz/dW, its middle factor)",
)
_enter(
    "delta-of-wrong-layer",
    _next_delta,
    "the delta of the layer above is used for this layer",
    "dC/dW[l] = {of_next}",
    "note 000, BP4 (the index l)",
)
_enter(
    "averages-multiplied",
    _averages,
    "average input times average delta is not the average of their products",
    "dC/dW[l] = mean of a[l-1], times sum of delta[l]",
    "note 000, BP4b (the mean of products over samples)",
)
_enter(
    "first-sample-only",
    _sample(0),
    "only the first sample's gradient is here",
    "dC/dW[l] of sample 1 alone",
    "note 001, its loop over samples (= in place of +=)",
)
_enter(
    "last-sample-only",
    _sample(-1),
    "only the last sample's gradient is here: the loop overwrites in place of adding",
    "dC/dW[l] of sample N alone",
    "note 001, its loop over samples (= in place of +=)",
)


@mistake(
    "layers-swapped",
    "BP4",
    "dC/dW[k] in place of dC/dW[l]",
    "note 003 (the index of W in the recursion)",
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


def _swapped(right: dict[str, Array], one: int, other: int) -> Alteration:
    pair = {one: right[f"layers.{other}.W"], other: right[f"layers.{one}.W"]}

    def alter(step: Callable[..., Array]) -> Callable[..., Array]:
        return lambda tape, layer, *rest: pair[layer] if layer in pair else step(tape, layer, *rest)

    return {"weight": alter, "penalty": at(frozenset(pair), lambda tape, layer: np.zeros_like(tape.W(layer)))}


PERMUTATIONS: dict[str, Callable[[Array], Array]] = {
    "rows reversed": lambda g: g[::-1],
    "columns reversed": lambda g: g[:, ::-1],
    "rows moved down by one": lambda g: np.roll(g, 1, axis=0),
    "rows moved up by one": lambda g: np.roll(g, -1, axis=0),
    "columns moved right by one": lambda g: np.roll(g, 1, axis=1),
    "columns moved left by one": lambda g: np.roll(g, -1, axis=1),
}


@mistake(
    "weights-permuted",
    "BP4",
    "dC/dW[l] with its rows or columns permuted",
    "note 001 (row j of one convention is column j of another); " + VIEW,
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
    found: dict[str, Callable[[Array], Array]] = {}
    for axis, lines in ((0, "rows"), (1, "columns")):
        other = 1 - axis
        weighing = np.arange(1.0, e.have.shape[other] + 1.0)
        have, want = (np.tensordot(g, weighing, axes=(other, 0)) for g in (e.have, e.want))
        order = np.empty(len(have), dtype=int)
        order[np.argsort(want)] = np.argsort(have)
        if not np.array_equal(order, np.arange(len(order))):
            found[f"{lines} in the order {_short(order)}"] = partial(np.take, indices=order, axis=axis)
    return found


def _short(order: Array) -> str:
    listed = [str(int(i)) for i in order[:8]]
    return ", ".join(listed) + (", ..." if len(order) > 8 else "")
