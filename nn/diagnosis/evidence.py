"""The evidence that a mistake is proposed on: where a candidate first departs from what some equations give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from nn.agreement.tolerance import close, proportion
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.edges import of_edges
from nn.diagnosis.alterations.step import ArrayStep, Edge, Saving
from nn.diagnosis.alterations.sweep import Arrived, Change, Pull, Sweep
from nn.diagnosis.equations import Array, At, Problem, Wrong, edge_of, seeing

Place: TypeAlias = tuple[str, frozenset[int]]
"""Where a step may be wrong: in words, and the layers."""


@dataclass(frozen=True)
class Evidence:
    """Where a candidate first departs from what some equations give.

    Attributes
    ----------
    problem, candidate
        What is differentiated, and somebody's gradients.
    name
        The first parameter, in the order of the backward pass, that differs.
    have
        What the equations give there.
    sweep, arrived
        Their network, and what has arrived at its steps, as far as `name`.
    tolerance, floor
        Relative size of a difference that counts as rounding, and the least size that it is relative to.
    """

    problem: Problem
    candidate: Mapping[str, Array]
    name: str
    have: Array
    sweep: Sweep
    arrived: Arrived
    tolerance: float
    floor: float

    @property
    def want(self) -> Array:
        """What the candidate has there."""
        return self.candidate[self.name]

    @property
    def layer(self) -> int:
        """The layer it is in."""
        return int(self.name.split(".")[1])

    @property
    def is_bias(self) -> bool:
        """Whether it is a bias."""
        return self.name.endswith("b")

    @property
    def is_first(self) -> bool:
        """Whether it is the first of its layer's parameters in the order of the backward pass, of those there are."""
        return self.is_bias or f"layers.{self.layer}.b" in self.problem.absent

    @property
    def top(self) -> bool:
        """Whether the output layer is wrong already."""
        return self.layer == self.problem.layers - 1

    @property
    def samples(self) -> int:
        """N."""
        return len(self.problem.X)

    @property
    def outputs(self) -> int:
        """C, the width of the last layer."""
        return int(self.problem.t.shape[1])

    @cached_property
    def factor(self) -> float | None:
        """The c for which candidate = c * have, if there is one; a penalty on weights is left out of both."""
        penalty = 0.0 if self.is_bias else self.problem.l2 * self.problem.params[self.name]
        return proportion(self.want - penalty, self.have - penalty, self.tolerance)

    def is_factor(self, value: float) -> bool:
        """Whether candidate = value * have."""
        return self.factor is not None and abs(self.factor - value) <= 10.0 * self.tolerance * abs(value)

    def close(self, array: Array) -> bool:
        """Whether an array is the candidate's."""
        return close(self.want, array, self.tolerance, self.floor)

    def at(self, step: str, layer: int) -> At:
        """Return what is seen at an edge, as the equations have come so far."""
        edge = edge_of(self.sweep, step, layer)
        assert edge is not None, (step, layer)
        return At(self.sweep, self.arrived, layer, edge)

    @property
    def deltas(self) -> Array:
        """The delta of this layer, a row for each sample."""
        return self.at("bias", self.layer).delta(self.layer)

    def alter(self, step: str, layers: Iterable[int], wrong: Wrong, **changed: Any) -> BackwardAlteration:
        """Return the alteration of an edge in some layers; `changed` are further fields of it."""
        return self._altered(step, {layer: seeing(wrong, layer) for layer in sorted(layers)}, **changed)

    def multiply(self, step: str, layers: Iterable[int], factor: float) -> BackwardAlteration:
        """Return the alteration that an edge hands on a multiple, in some layers."""
        return self._altered(step, dict.fromkeys(sorted(layers), lambda edge, g: factor * edge.right(g)))

    def save(self, step: str, layer: int, saved: Callable[[Edge], Array]) -> BackwardAlteration:
        """Return the alteration of what an edge of a layer has saved."""
        return self._altered(step, {layer: Saving(saved)})

    def finish(self, finish: Callable[[ArrayStep, Array], Array]) -> BackwardAlteration:
        """Return the alteration that does something to each parameter's gradient in the end."""
        return BackwardAlteration("result", (), finish=finish)

    def change(self, changes: Mapping[str, Change]) -> BackwardAlteration:
        """Return the alteration of the forward pass that has other steps in some places, by name; "x" is the first."""
        named = self.problem.network.named
        steps = named | {"x": named["z1"].operands[0]}
        return BackwardAlteration("forward", (), changes={steps[name]: change for name, change in changes.items()})

    def made_of(self, step: str, layers: Iterable[int]) -> tuple[BackwardAlteration, ...]:
        """Return what the mechanism makes of an edge in some layers."""
        network = self.problem.network
        edges = [edge_of(network, step, layer) for layer in sorted(layers)]
        return _made_of(network, tuple(edge for edge in edges if edge is not None))

    def _altered(self, step: str, pulls: Mapping[int, Pull], **changed: Any) -> BackwardAlteration:
        edges = {edge_of(self.problem.network, step, layer): pull for layer, pull in pulls.items()}
        there = {edge: pull for edge, pull in edges.items() if edge is not None}
        return BackwardAlteration(step, tuple(there), there, **changed)

    def places(self, step: str) -> Iterator[Place]:
        """Yield where a wrong step would first show in this parameter, in one layer or in all.

        Parameters
        ----------
        step
            "error", "back", "slope", "weight", "penalty" or "bias", as `edge_of` has them.
        """
        layers = self.problem.layers
        if step == "error":
            yield from [("the output", frozenset([layers - 1]))] if self.top else []
        elif step in ("weight", "penalty", "bias"):
            yield from self._within(range(layers)) if self.is_bias == (step == "bias") else ()
        elif self.is_first:
            yield from self._backs() if step == "back" else self._slopes()

    def _within(self, layers: range) -> Iterator[Place]:
        """Yield this layer, and all of `layers` if this is where they would first show."""
        if self.layer in layers:
            yield f"layers.{self.layer}", frozenset([self.layer])
        if len(layers) > 1 and self.layer == layers[-1]:
            yield "every layer", frozenset(layers)

    def _slopes(self) -> Iterator[Place]:
        """Yield layers with an activation whose delta would be wrong."""
        active = [layer for layer, kind in enumerate(self.problem.kinds) if kind != "identity"]
        if active:
            yield from self._within(range(active[-1] + 1))
            if 0 < self.layer == self.problem.layers - 2 < active[-1]:
                yield "every hidden layer", frozenset(range(self.problem.layers - 1))

    def _backs(self) -> Iterator[Place]:
        """Yield layers (by the upper one's number) through which a delta would be propagated wrongly."""
        if not self.top:
            yield f"from layers.{self.layer + 1} to layers.{self.layer}", frozenset([self.layer + 1])
            if self.layer == self.problem.layers - 2 and self.layer > 0:
                yield "every layer", frozenset(range(1, self.problem.layers))


@lru_cache(maxsize=64)
def _made_of(network: Sweep, edges: tuple[Edge, ...]) -> tuple[BackwardAlteration, ...]:
    return tuple(of_edges(edges, network)) if edges else ()
