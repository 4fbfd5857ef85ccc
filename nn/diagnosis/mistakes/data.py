"""Mistakes in what the gradient was taken of: other samples and targets, and other steps of the forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.step import ArrayStep, value_of
from nn.diagnosis.alterations.sweep import Change
from nn.diagnosis.equations import Array
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.proposals import Proposal, Propose
from nn.diagnosis.network_edges import activation


def _same(x: Array) -> Array:
    return x


def _of_data(
    e: Evidence, inputs: Callable[[Array], Array] = _same, targets: Callable[[Array], Array] = _same, scale: float = 1.0
) -> BackwardAlteration:
    """Return the alteration that the loss is of other data, and that the sum over them is scaled anew."""
    return e.change(
        {
            "x": lambda step, xs: step.again(inputs(xs[0]), xs[1]),
            "loss": lambda step, xs: step.again(xs[0], targets(xs[1]), scale * xs[2]),
        }
    )


def _summed_over(e: Evidence, rows: Sequence[int], scale: float, found: str) -> Proposal:
    """Propose that the pass sees these samples, and that the sum over them is scaled anew."""
    chosen = np.array(rows)
    return "the batch", found, _of_data(e, lambda x: x[chosen], lambda t: t[chosen], scale)


def _one_counts(times: int, mean: str) -> Propose:
    """Propose that one sample counts so many times, as the output's bias shows; the sum may be divided by as many."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if not (e.top and e.is_bias and e.samples + times > 1):
            return
        size = float(np.abs(e.have).max(initial=0.0)) + float(np.abs(e.deltas).max(initial=0.0))
        for scale, note in {1.0: "", e.samples / (e.samples + times - 1): f", and the mean is over {mean}"}.items():
            left = np.abs(e.want / scale - e.have - (times - 1) * e.deltas).max(axis=1)
            for i in np.flatnonzero(left <= 10.0 * e.tolerance * size).tolist():
                others = [k for k in range(e.samples) if k != i]
                yield _summed_over(e, [*others, *[i] * times], scale, f"sample {i}{note}")

    return propose


def _one_sample_only(e: Evidence) -> Iterator[Proposal]:
    if e.top and e.is_bias and e.samples > 1:
        for scale, note in {1.0 / e.problem.scale: "", 1.0: ", still divided by N"}.items():
            for i, share in enumerate(e.deltas):
                if e.close(scale * share):
                    yield _summed_over(e, [i], scale, f"sample {i}{note}")


def _first_input_for_all(e: Evidence) -> Iterator[Proposal]:
    if e.top:
        yield "the batch", "", _of_data(e, lambda x: np.repeat(x[:1], len(x), axis=0))


def _of_targets(change: Callable[[Array], Array]) -> Propose:
    """Propose other targets (N, C)."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.top:  # the output's bias may be right: another order of the targets leaves its sum as it is
            yield "the targets", "", _of_data(e, targets=change)

    return propose


def _inputs_of_another_batch(e: Evidence) -> Iterator[Proposal]:
    before = e.problem.previous
    if before is not None and before.X.shape == e.problem.X.shape and e.name == "layers.0.W":
        yield "layers.0", "", e.save("weight", 0, lambda edge: before.X)


def _inputs_shifted(e: Evidence) -> Iterator[Proposal]:
    if e.name == "layers.0.W" and e.samples > 1:
        yield "layers.0", "the one before", e.save("weight", 0, lambda edge: np.roll(edge.saved, 1, axis=0))
        yield "layers.0", "the one after", e.save("weight", 0, lambda edge: np.roll(edge.saved, -1, axis=0))


def _left_out(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    return _with_value(step, xs, value_of(xs[0]))


def _with_value(step: ArrayStep, xs: Sequence[Any], value: Array) -> ArrayStep:
    """Return the step with another value, whose edges are as they were."""
    right = step.again(*xs)
    right.value = value
    return right


def _no_bias_forward(e: Evidence) -> Iterator[Proposal]:
    alone = {f"layers.{layer}": [layer] for layer in range(e.problem.layers)}
    several = {"every layer": range(e.problem.layers)} | (alone if len(alone) > 1 else {})
    for where, layers in several.items() if e.top else ():
        yield where, "", e.change({f"z{layer + 1}": _left_out for layer in layers})


def _no_activation_forward(e: Evidence) -> Iterator[Proposal]:
    for layer, kind in enumerate(e.problem.kinds if e.top else ()):
        if kind != "identity":
            left_out = {f"a{layer + 1}": lambda step, xs: activation("identity", xs[0])}
            yield f"layers.{layer}", "its slope too", e.change(left_out)
            yield f"layers.{layer}", "", e.change({f"a{layer + 1}": _left_out})


def _stale_activations(e: Evidence) -> Iterator[Proposal]:
    before = e.problem.previous
    if e.top and before is not None and before.t.shape == e.problem.t.shape:
        zs: dict[str, Change] = {
            f"z{layer + 1}": partial(_with_value, value=z) for layer, z in enumerate(before.forward[0])
        }
        yield "every layer", "", e.change({"x": lambda step, xs: step.again(before.X, xs[1])} | zs)


OF_DATA: dict[str, Propose] = {
    "sample-dropped": _one_counts(0, "the other N - 1"),
    "sample-doubled": _one_counts(2, "N + 1"),
    "one-sample-only": _one_sample_only,
    "classes-off-by-one": _of_targets(lambda t: np.roll(t, 1, axis=1)),
    "classes-one-too-low": _of_targets(lambda t: np.roll(t, -1, axis=1)),
    "classes-reversed": _of_targets(lambda t: t[:, ::-1]),
    "targets-late": _of_targets(lambda t: np.roll(t, 1, axis=0)),
    "targets-early": _of_targets(lambda t: np.roll(t, -1, axis=0)),
    "targets-reversed": _of_targets(lambda t: t[::-1]),
    "first-target-for-all": _of_targets(lambda t: np.repeat(t[:1], len(t), axis=0)),
    "first-input-for-all": _first_input_for_all,
    "inputs-of-another-batch": _inputs_of_another_batch,
    "inputs-shifted": _inputs_shifted,
    "no-bias-forward": _no_bias_forward,
    "no-activation-forward": _no_activation_forward,
    "stale-activations": _stale_activations,
}
