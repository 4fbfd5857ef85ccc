"""Mistakes in the forward pass that the backward pass looks at."""

from __future__ import annotations

from collections.abc import Iterator

from nn import matrix
from nn.diagnosis.equations import Array, At, Forward, Problem, instead, within
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake


@mistake(
    equation="forward",
    altered="z[l] = {no_bias}",
    reference="Tsugriy, LLM first principles, 'Common mistakes', stage 3 (forgetting bias terms)",
)
def no_bias_forward(e: Evidence) -> Iterator[Proposal]:
    """The biases were left out of the forward pass."""
    if not e.top:
        return
    for left_out in [None, *range(e.problem.layers)] if e.problem.layers > 1 else [None]:

        def forward(problem: Problem, left_out: int | None = left_out) -> Forward:
            params = {
                name: value * 0.0 if name.endswith("b") and left_out in (None, int(name.split(".")[1])) else value
                for name, value in problem.params.items()
            }
            return matrix.forward(params, problem.X, problem.kinds)

        where = "every layer" if left_out is None else f"layers.{left_out}"
        yield where, "", {"forward": instead(forward)}


def _slope_at_z(at: At, g: Array) -> Array:
    return at.pull(g, at.function.derivative(at.z, at.function.f(at.z)))


@mistake(equation="forward", altered="a[l] = z[l]", reference="note 000, a = sigma(z) in every layer")
def no_activation_forward(e: Evidence) -> Iterator[Proposal]:
    """The activation was left out of the forward pass."""
    if not e.top:
        return
    for layer, kind in enumerate(e.problem.kinds):
        if kind != "identity":

            def forward(problem: Problem, layer: int = layer) -> Forward:
                kinds = [*problem.kinds[:layer], "identity", *problem.kinds[layer + 1 :]]
                return matrix.forward(problem.params, problem.X, kinds)

            yield f"layers.{layer}", "its slope too", {"forward": instead(forward)}
            slope = within(frozenset([layer]), _slope_at_z)
            yield f"layers.{layer}", "", {"forward": instead(forward), "slope": slope}


@mistake(
    equation="forward",
    altered="z, a from before the update",
    reference="Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
)
def stale_activations(e: Evidence) -> Iterator[Proposal]:
    """The activations are those of the call before: run the forward pass again after an update."""
    if e.top and e.problem.previous is not None:
        before = e.problem.previous.forward
        if before[0][-1].shape == e.problem.t.shape:
            yield "every layer", "", {"forward": instead(lambda problem: before)}
