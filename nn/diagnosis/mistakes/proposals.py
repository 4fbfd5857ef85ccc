"""How a mistake is proposed on the evidence: where it may first show, what is said to stand there, and the alteration.

Most are rows of a table: what one edge hands on in place of the right share, or several such by what is found, tried
wherever that edge could first show; a factor, where the numbers have it; or what the mechanism makes of any edge.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.equations import Problem, Wrong
from nn.diagnosis.evidence import Evidence

Proposal: TypeAlias = tuple[str, str, BackwardAlteration]
Propose: TypeAlias = Callable[[Evidence], Iterator[Proposal]]
Condition: TypeAlias = Callable[[Problem, Collection[int]], bool]
Factors: TypeAlias = Callable[[Evidence], Mapping[str, float]]
"""Factors by what is said of them; nothing is said of them but how large they are, if that is empty."""


def anywhere(problem: Problem, layers: Collection[int]) -> bool:
    """Whether a problem's layers can have a mistake: any can."""
    return True


def of_kind(step: str, *kind: str) -> Propose:
    """Propose what the mechanism makes of an edge, in every place where it could first show."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.places(step):
            yield from ((where, "", x) for x in e.made_of(step, layers) if (x.kind, x.what) == kind)

    return propose


def shares(step: str, wrong: Callable[[Evidence], Mapping[str, Wrong]], when: Condition = anywhere) -> Propose:
    """Propose what an edge hands on instead, by what is said of it, in every place where it could first show."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.places(step):
            for text, instead in wrong(e).items() if when(e.problem, layers) else ():
                yield where, text, e.alter(step, layers, instead)

    return propose


def share(step: str, wrong: Wrong, when: Condition = anywhere) -> Propose:
    """Propose the one thing that an edge hands on instead."""
    return shares(step, lambda e: {"": wrong}, when)


def times(step: str, factors: Factors, when: Condition = anywhere) -> Propose:
    """Propose that what an edge hands on is multiplied, if that is the factor between the candidate and the equations.

    The error is all that comes of the data, and not of the penalty.
    """

    def propose(e: Evidence) -> Iterator[Proposal]:
        for text, factor in factors(e).items() if when(e.problem, range(e.problem.layers)) else ():
            for where, layers in e.places(step) if e.is_factor(factor) else ():
                place = "every layer" if step == "error" else where
                yield place, text or times_correct(factor), e.multiply(step, layers, factor)

    return propose


def times_correct(factor: float) -> str:
    """Say a factor.

    >>> times_correct(32.0)
    'yours = 32 x correct'
    """
    return f"yours = {factor:.10g} x correct"
