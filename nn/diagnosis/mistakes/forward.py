"""Mistakes in the forward pass that the backward pass looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from nn.diagnosis.alterations.step import ArrayStep, value_of
from nn.diagnosis.alterations.sweep import Change
from nn.diagnosis.equations import Array
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, enter
from nn.diagnosis.network_edges import activation

WORDS = {
    "no-bias-forward": (
        "forward",
        "the biases were left out of the forward pass",
        "z[l] = {no_bias}",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 3 (forgetting bias terms)",
    ),
    "no-activation-forward": (
        "forward",
        "the activation was left out of the forward pass",
        "a[l] = z[l]",
        "note 000, a = sigma(z) in every layer",
    ),
    "stale-activations": (
        "forward",
        "the activations are those of the call before: run the forward pass again after an update",
        "z, a from before the update",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
    ),
}


def _left_out(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    return _with_value(step, xs, value_of(xs[0]))


def _with_value(step: ArrayStep, xs: Sequence[Any], value: Array) -> ArrayStep:
    """Return the step with another value, whose edges are as they were."""
    right = step.again(*xs)
    right.value = value
    return right


def _no_bias_forward(e: Evidence) -> Iterator[Proposal]:
    layers = range(e.problem.layers)
    if e.top:
        yield "every layer", "", e.change({f"z{layer + 1}": _left_out for layer in layers})
    for layer in layers if e.top and len(layers) > 1 else ():
        yield f"layers.{layer}", "", e.change({f"z{layer + 1}": _left_out})


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


PROPOSALS = {
    "no-bias-forward": _no_bias_forward,
    "no-activation-forward": _no_activation_forward,
    "stale-activations": _stale_activations,
}
enter(WORDS, PROPOSALS)
