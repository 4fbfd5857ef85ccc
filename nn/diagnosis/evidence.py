"""The evidence that a mistake is proposed on: where a candidate first departs from what some equations give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from nn.agreement.tolerance import proportion
from nn.diagnosis.alterations.alteration import BackwardAlteration, saving, scaled
from nn.diagnosis.alterations.edges import of_edges
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Arrived, Change, Sweep
from nn.diagnosis.alterations.target import Target
from nn.diagnosis.equations import Array, At, Problem, Wrong, depth_of, edge_of, seeing

Place: TypeAlias = tuple[str, frozenset[int]]
"""Where a step may be wrong: in words, and the layers."""


@dataclass(frozen=True)
class Evidence:
    """Where a candidate first departs from what some equations give.

    Attributes
    ----------
    problem, target
        What is differentiated, and somebody's gradients.
    tolerance
        Relative size of a difference that counts as rounding.
    place, have
        The first parameter that differs, as its place in the order of the backward pass, and what the equations give.
    sweep, arrived
        Their network, and what has arrived at its steps, as far as that.
    """

    problem: Problem
    target: Target
    tolerance: float
    place: int
    have: Array
    sweep: Sweep
    arrived: Arrived

    @property
    def name(self) -> str:
        """The parameter."""
        return self.problem.order[self.place]

    @property
    def want(self) -> Array:
        """What the candidate has there."""
        return self.target.given[self.place]

    @property
    def candidate(self) -> dict[str, Array]:
        """Somebody's gradients, by parameter."""
        return {self.problem.order[k]: self.target.given[k] for k in self.target.places}

    @property
    def layer(self) -> int:
        """The layer it is in."""
        return int(self.name.split(".")[1])

    @property
    def is_bias(self) -> bool:
        """Whether it is a bias."""
        return self.name.endswith("b")

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
        return self.target.is_close(self.place, array)

    def at(self, step: str, layer: int) -> At:
        """Return what is seen at an edge, as the equations have come so far."""
        edge = edge_of(self.sweep, step, layer)
        assert edge is not None, (step, layer)
        return At(self.sweep, self.arrived, layer, edge)

    @property
    def deltas(self) -> Array:
        """The delta of this layer, a row for each sample."""
        return self.at("bias", self.layer).delta(self.layer)

    def edges(self, step: str, layers: Iterable[int]) -> tuple[Edge, ...]:
        """Return the edges of a step in those of some layers that have one."""
        edges = (edge_of(self.problem.network, step, layer) for layer in sorted(layers))
        return tuple(edge for edge in edges if edge is not None)

    def alter(self, step: str, layers: Iterable[int], wrong: Wrong) -> BackwardAlteration:
        """Return the alteration of an edge in some layers."""
        pulls = {edge: seeing(wrong, layer) for layer in sorted(layers) for edge in self.edges(step, [layer])}
        return BackwardAlteration(step, tuple(pulls), pulls)

    def multiply(self, step: str, layers: Iterable[int], factor: float) -> BackwardAlteration:
        """Return the alteration that an edge hands on a multiple, in some layers."""
        return scaled(self.edges(step, layers), factor, step)

    def save(self, step: str, layer: int, saved: Callable[[Edge], Array]) -> BackwardAlteration:
        """Return the alteration of what an edge of a layer has saved."""
        return saving(step, self.edges(step, [layer]), saved)

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
        return _made_of(self.problem.network, self.edges(step, layers))

    def places(self, step: str) -> list[Place]:
        """Return where a wrong step, as `edge_of` has them, would first show in this parameter."""
        return _places(self.problem.network, step, tuple(self.target.places)).get(self.name, [])


@lru_cache(maxsize=64)
def _made_of(network: Sweep, edges: tuple[Edge, ...]) -> tuple[BackwardAlteration, ...]:
    return tuple(of_edges(edges, network)) if edges else ()


@lru_cache(maxsize=512)
def _places(network: Sweep, step: str, compared: Sequence[int]) -> dict[str, list[Place]]:
    """Return the places where a step may be wrong, by the parameter in which that would show first."""
    edges = {layer: edge for layer in range(depth_of(network)) if (edge := edge_of(network, step, layer))}
    order = [network.leaves[place] for place in compared]
    places: dict[str, list[Place]] = {}
    for where, layers in _groups(step, list(edges), depth_of(network)):
        reached = 0
        for layer in layers:
            reached |= network.below[edges[layer].parent]
        shown = [leaf.name for leaf in order if reached >> network.place[leaf] & 1]
        for name in shown[: 2 if step == "error" else 1]:  # the bias may have a mistake of its own
            places.setdefault(name, []).append((where, frozenset(layers)))
    return places


def _groups(step: str, layers: Sequence[int], count: int) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the layers that may be wrong alone, and those that may be wrong at once."""
    if step == "error":
        yield "the output", [count - 1]
        return
    for layer in layers:
        yield f"from layers.{layer} to layers.{layer - 1}" if step == "back" else f"layers.{layer}", [layer]
    if len(layers) > 1:
        yield "every layer", layers
    hidden = [layer for layer in layers if layer < count - 1]
    if step == "slope" and 1 < len(hidden) < len(layers):
        yield "every hidden layer", hidden
