"""The table of mistakes, and the decorator that enters a function into it.

A mistake is a function: its name is the mistake's, its docstring the sentence that its author reads.  Most are what one
edge of the backward pass hands on of what arrives, and are tried wherever that edge could first show:

    @mistake(step="bias", altered="dC/db[l] = delta[l] of sample 1", reference="...")
    def bias_of_first_sample(at: At, g: Array) -> Array:
        '''This is the first sample's delta, not the sum over samples.'''
        return g[0]

or a multiple of the right share, which needs no function but a factor:

    @mistake(step="bias", times=samples, altered="dC/db[l] = N * sum of delta[l] over samples", reference="...")
    def bias_not_averaged() -> None:
        '''The 1/N of the mean is missing in this bias gradient alone.'''

Those that must look at the numbers first (for a factor, an index, a learning rate) have no step: they are given the
evidence and propose where the mistake would be, what was found, and the alteration of the backward pass that makes it.
The search believes only what reproduces the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from nn.diagnosis.equations import Exchange, Problem, times, times_within, within
from nn.diagnosis.evidence import Evidence

Proposal: TypeAlias = tuple[str, str, Exchange]
Condition: TypeAlias = Callable[[Problem, Collection[int]], bool]
Factor: TypeAlias = Callable[[Evidence], float]
F = TypeVar("F", bound=Callable[..., Any])


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
    alteration: Exchange


MISTAKES: dict[str, Mistake] = {}
EQUATION_OF_STEP = {
    "error": "BP1",
    "slope": "BP2",
    "back": "BP2",
    "bias": "BP3",
    "weight": "BP4",
    "penalty": "penalty",
    "bias_penalty": "penalty",
}


def suspects(evidence: Evidence) -> Iterator[Suspect]:
    """Yield everything that the table proposes on this evidence."""
    for entry in MISTAKES.values():
        for where, found, alteration in entry.propose(evidence):
            yield Suspect(entry, where, found, alteration)


def mistake(
    *,
    altered: str,
    reference: str,
    step: str = "",
    times: Factor | None = None,
    equation: str = "",
    when: Condition = lambda problem, layers: True,
    generic: bool = False,
) -> Callable[[F], F]:
    """Enter a function into the table.

    Parameters
    ----------
    altered, reference, generic
        As a `Mistake` has them.
    step
        The edge of the backward pass in whose place the function stands; without one the function proposes.
    times
        What the edge's share is multiplied with, of which the function is the name and the sentence alone.
    equation
        The equation that is violated; by default that of the step.
    when
        Whether a problem's layers can have the mistake.
    """

    def enter(function: F) -> F:
        name = function.__name__.replace("_", "-")
        assert name not in MISTAKES, name
        doc = " ".join((function.__doc__ or "").split()).rstrip(".")
        sentence, key = doc[:1].lower() + doc[1:], equation or EQUATION_OF_STEP[step]
        propose = _multiplying(step, times, when) if times else _exchanging(step, function, when) if step else function
        MISTAKES[name] = Mistake(name, sentence, key, altered, reference, propose, generic)
        return function

    return enter


def _exchanging(step: str, wrong: Callable[..., Any], when: Condition) -> Callable[[Evidence], Iterator[Proposal]]:
    """Return what proposes a wrong step in every place where it could first show."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.places(step):
            if when(e.problem, layers):
                yield where, "", {step: within(layers, wrong)}

    return propose


def _multiplying(step: str, factor: Factor, when: Condition) -> Callable[[Evidence], Iterator[Proposal]]:
    """Return what proposes that a step is multiplied; of a penalty the numbers alone do not show the factor."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if not when(e.problem, range(e.problem.layers)):
            return
        if step == "error":
            yield from everything_multiplied(e, factor(e))
        elif step != "penalty":
            yield from multiplied(e, step, factor(e))
        else:
            for where, layers in e.places(step):
                yield where, "", {step: times_within(layers, factor(e))}

    return propose


def times_samples(e: Evidence) -> float:
    """Return the factor N."""
    return float(e.samples)


def per_sample(e: Evidence) -> float:
    """Return the factor 1/N."""
    return 1.0 / e.samples


def always(factor: float) -> Factor:
    """Return a factor that is the same on any evidence."""
    return lambda e: factor


def multiplied(e: Evidence, step: str, factor: float, found: str = "") -> Iterator[Proposal]:
    """Propose a step whose result is multiplied, if that is the factor between the candidate and the equations."""
    if e.is_factor(factor):
        for where, layers in e.places(step):
            yield where, found or times_correct(factor), {step: times_within(layers, factor)}


def everything_multiplied(e: Evidence, factor: float, found: str = "") -> Iterator[Proposal]:
    """Propose that all that comes of the data is multiplied, and not the penalty, if that is the factor."""
    if e.top and e.is_factor(factor):
        yield "every layer", found or times_correct(factor), {"error": times(factor)}


def times_correct(factor: float) -> str:
    """Say a factor.

    >>> times_correct(32.0)
    'yours = 32 x correct'
    """
    return f"yours = {factor:.10g} x correct"
