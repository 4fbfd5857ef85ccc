"""The record of a mistake, the table of all of them, and the evidence that one is proposed on.

A mistake is a function that looks at the evidence and yields suspects: where it would be, what was found (a factor, an
index), and the alteration of the equations that makes it.  The search believes only what reproduces the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from engine.agreement import agrees
from nn.diagnosis.mistakes.equations import Alteration, Array, Problem, Tape


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
    tape
        What their pass had computed when it reached `name`.
    tolerance, floor
        Relative size of a difference that counts as rounding, and the least size that it is relative to.
    """

    problem: Problem
    candidate: Mapping[str, Array]
    name: str
    have: Array
    tape: Tape
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

    def affected(self, layers: range) -> Iterator[tuple[str, frozenset[int]]]:
        """Yield this layer, and all of `layers` if this is where they would first show."""
        if self.layer in layers:
            yield f"layers.{self.layer}", frozenset([self.layer])
        if len(layers) > 1 and self.layer == layers[-1]:
            yield "every layer", frozenset(layers)

    def weights_of(self, *, below: bool = False) -> Iterator[tuple[str, frozenset[int]]]:
        """Yield layers whose weight gradient would be wrong by a mistake in it alone."""
        if not self.is_bias:
            yield from self.affected(range(1 if below else 0, self.problem.layers))

    def biases_of(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Yield layers whose bias gradient would be wrong by a mistake in it alone."""
        if self.is_bias:
            yield from self.affected(range(self.problem.layers))

    def slopes_of(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Yield layers with an activation whose delta would be wrong."""
        active = [layer for layer, kind in enumerate(self.problem.kinds) if kind != "identity"]
        if self.is_bias and active:
            yield from self.affected(range(active[-1] + 1))
            if 0 < self.layer == self.problem.layers - 2 < active[-1]:
                yield "every hidden layer", frozenset(range(self.problem.layers - 1))

    def backs_of(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Yield layers (by the upper one's number) through which a delta would be propagated wrongly."""
        if self.is_bias and not self.top:
            yield f"from layers.{self.layer + 1} to layers.{self.layer}", frozenset([self.layer + 1])
            if self.layer == self.problem.layers - 2 and self.layer > 0:
                yield "every layer", frozenset(range(1, self.problem.layers))


@dataclass(frozen=True)
class Mistake:
    """One mistake that people make.

    Attributes
    ----------
    name
        A short name, such as "no-mean".
    sentence
        What to tell its author.
    equation
        Key of the equation that is violated, in `nn.diagnosis.mistakes.notation`.
    altered
        The equation as it was, with the notation's placeholders.
    reference
        Who makes it or warns of it.
    propose
        Yields suspects on given evidence.
    generic
        Whether it is believed only where nothing more specific fits.
    """

    name: str
    sentence: str
    equation: str
    altered: str
    reference: str
    propose: Callable[[Evidence], Iterator[Proposal]]
    generic: bool = False


@dataclass(frozen=True, eq=False)
class Suspect:
    """A mistake at a place: an alteration to try."""

    mistake: Mistake
    where: str
    found: str
    alteration: Alteration


Proposal: TypeAlias = "tuple[str, str, Alteration]"
MISTAKES: dict[str, Mistake] = {}


def mistake(
    name: str, equation: str, altered: str, reference: str, *, generic: bool = False
) -> Callable[[Callable[[Evidence], Iterator[Proposal]]], Callable[[Evidence], Iterator[Proposal]]]:
    """Enter a function that proposes alterations into the table; its docstring is the sentence."""

    def enter(propose: Callable[[Evidence], Iterator[Proposal]]) -> Callable[[Evidence], Iterator[Proposal]]:
        assert name not in MISTAKES, name
        said = " ".join((propose.__doc__ or "").split()).rstrip(".")
        MISTAKES[name] = Mistake(name, said[:1].lower() + said[1:], equation, altered, reference, propose, generic)
        return propose

    return enter


def suspects(evidence: Evidence) -> Iterator[Suspect]:
    """Yield everything that the table proposes on this evidence."""
    for entry in MISTAKES.values():
        for where, found, alteration in entry.propose(evidence):
            yield Suspect(entry, where, found, alteration)


def at(layers: frozenset[int], wrong: Callable[..., Array]) -> Callable[[Any], Any]:
    """Return an alteration of a step ``(tape, layer, ...)`` that is made in some layers only."""

    def alter(right: Callable[..., Array]) -> Callable[..., Array]:
        def step(tape: Tape, layer: int, *rest: Array) -> Array:
            return wrong(tape, layer, *rest) if layer in layers else right(tape, layer, *rest)

        return step

    return alter


def instead(wrong: Any) -> Callable[[Any], Any]:
    """Return an alteration that puts another step in place of the right one."""
    return lambda right: wrong


def times(factor: float) -> Callable[[Any], Any]:
    """Return an alteration that multiplies a step's result."""
    return lambda right: lambda *operands: factor * right(*operands)


def times_at(layers: frozenset[int], factor: float) -> Callable[[Any], Any]:
    """Return an alteration that multiplies a step's result in some layers."""

    def alter(right: Callable[..., Array]) -> Callable[..., Array]:
        return lambda tape, layer, *rest: right(tape, layer, *rest) * (factor if layer in layers else 1.0)

    return alter


def close(one: Array, other: Array, tolerance: float, floor: float = 0.0) -> bool:
    """Whether two arrays are the same to a tolerance relative to their largest entry, or to a floor."""
    if one.shape != other.shape:
        return False
    size = max(float(np.abs(one).max(initial=0.0)), float(np.abs(other).max(initial=0.0)), floor)
    return bool(np.all(agrees(one, other, tolerance * size)))


def proportion(one: Array, other: Array, tolerance: float) -> float | None:
    """Return the c for which one = c * other, or None."""
    flat = other.ravel()
    square = float(flat @ flat)
    if not 0.0 < square < np.inf:
        return None
    factor = float(one.ravel() @ flat) / square
    return factor if factor and close(one, factor * other, tolerance) else None
