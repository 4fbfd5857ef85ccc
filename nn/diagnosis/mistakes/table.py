"""The table of mistakes: what each is called and said to be, and how it is proposed.

The words are data: a sentence, an equation as it was, and who makes the mistake.  What the mechanism makes of any edge
(`nn.diagnosis.alterations.edges`) has a classical name at a classical place: `KINDS` says which.  What it cannot know
is declared: what one edge of the backward pass hands on of what arrives, tried wherever that edge could first show:

    WORDS = {"bias-of-first-sample": ("BP3", "this is the first sample's delta, not the sum over samples", ...)}
    PROPOSALS = {"bias-of-first-sample": share("bias", lambda at, g: g[0])}

or a multiple of the right share, `times`.  Those that must look at the numbers first (for a factor, an index, a
learning rate) are functions of the evidence that propose where the mistake would be, what was found, and the alteration
of the backward pass that makes it.  The search believes only what reproduces the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from nn.diagnosis.alterations.alteration import BackwardAlteration, in_place
from nn.diagnosis.alterations.candidates import Attempt
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.equations import Problem, Wrong
from nn.diagnosis.evidence import Evidence

Proposal: TypeAlias = tuple[str, str, BackwardAlteration]
Propose: TypeAlias = Callable[[Evidence], Iterator[Proposal]]
Factor: TypeAlias = Callable[[Evidence], float]
Condition: TypeAlias = Callable[[Problem, Collection[int]], bool]


@dataclass(frozen=True)
class Mistake:
    """One mistake that people make.

    Attributes
    ----------
    name
        A short name, such as "no-mean".
    equation
        Key of the equation that is violated, in `nn.diagnosis.mistakes.notation`.
    sentence
        What to tell its author.
    altered
        The equation as it was, with the notation's placeholders.
    reference
        Who makes it or warns of it.
    propose
        Yields where it may be on given evidence, what was found, and the alteration.
    """

    name: str
    equation: str
    sentence: str
    altered: str
    reference: str
    propose: Propose

    @property
    def generic(self) -> bool:
        """Whether it is believed only where nothing more specific fits."""
        return self.name == "factor"


@dataclass(frozen=True, eq=False, kw_only=True)
class Suspect(Attempt):
    """A mistake at a place of a network: an alteration to try."""

    mistake: Mistake
    where: str
    found: str

    @classmethod
    def of(cls, problem: Problem, mistake: Mistake, where: str, found: str, alteration: BackwardAlteration) -> Suspect:
        """Return what a mistake proposes, as what is tried, in this network and at the same places of others."""
        # without a bias nothing tells a wrong delta from what its product alone has wrong
        rank = 2 if problem.absent and mistake.equation == "BP4" else 1
        called = replace(alteration, kind=mistake.name, rank=rank)
        there = partial(_in_place, called, problem.network)
        return cls(alteration=called, family=there, mistake=mistake, where=where, found=found)


def _in_place(alteration: BackwardAlteration, here: Sweep, there: Sweep) -> list[BackwardAlteration]:
    return [in_place(alteration, here, there)]


MISTAKES: dict[str, Mistake] = {}
KINDS = {
    "no-slope": ("slope", "slope-missing", ""),
    "slope-twice": ("slope", "slope-squared", ""),
    "slope-at-activation": ("slope", "slope-at-value", ""),
    "activation-for-slope": ("slope", "value-for-slope", ""),
    "weights-untransposed": ("back", "factor-transposed", "axes 0 and 1 exchanged"),
    "weights-absolute": ("back", "factor-unsigned", ""),
    "weights-transposed": ("weight", "result-transposed", "axes 0 and 1 exchanged"),
    "weights-reshaped": ("weight", "result-transposed", "transposed, then reshaped"),
    "inputs-reshaped": ("weight", "factor-rearranged", "reshaped as the transpose, then transposed"),
    "bias-wrong-axis": ("bias", "wrong-axis", "axis 1"),
    "bias-missing": ("bias", "path-missing", ""),
    "penalty-missing": ("penalty", "path-missing", ""),
    "penalty-twice": ("penalty", "doubled", ""),
    "penalty-halved": ("penalty", "halved", ""),
    "penalty-sign": ("penalty", "sign", ""),
}
"""The edge, the kind of alteration, and what stands there, of mistakes that the mechanism makes."""


def enter(words: Mapping[str, tuple[str, str, str, str]], proposals: Mapping[str, Propose]) -> None:
    """Enter mistakes by name: equation, sentence, altered equation and reference of each; and what proposes it."""
    for name, text in words.items():
        assert name not in MISTAKES, name
        MISTAKES[name] = Mistake(name, *text, proposals[name] if name in proposals else of_kind(*KINDS[name]))


def suspects(evidence: Evidence) -> Iterator[Suspect]:
    """Yield everything that the table proposes on this evidence."""
    for mistake in MISTAKES.values():
        for proposal in mistake.propose(evidence):
            yield Suspect.of(evidence.problem, mistake, *proposal)


# --- ways to propose -----------------------------------------------------------------------------------------------


def anywhere(problem: Problem, layers: Collection[int]) -> bool:
    """Whether a problem's layers can have a mistake: any can."""
    return True


def of_kind(step: str, *kind: str) -> Propose:
    """Propose what the mechanism makes of an edge, in every place where it could first show."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.places(step):
            yield from ((where, "", made) for made in e.made_of(step, layers) if (made.kind, made.what) == kind)

    return propose


def share(step: str, wrong: Wrong, when: Condition = anywhere) -> Propose:
    """Propose what an edge hands on instead, in every place where it could first show."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.places(step):
            if when(e.problem, layers):
                yield where, "", e.alter(step, layers, wrong)

    return propose


def times(step: str, factor: Factor, when: Condition = anywhere, found: str = "") -> Propose:
    """Propose that what an edge hands on is multiplied; of a penalty the numbers alone do not show the factor."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if step == "penalty":
            yield from ((where, "", e.multiply(step, layers, factor(e))) for where, layers in e.places(step))
        elif when(e.problem, range(e.problem.layers)):
            yield from multiplied(e, step, factor(e), found)

    return propose


def always(factor: float) -> Factor:
    """Return a factor that is the same on any evidence."""
    return lambda e: factor


def times_samples(e: Evidence) -> float:
    """Return the factor N."""
    return float(e.samples)


def per_sample(e: Evidence) -> float:
    """Return the factor 1/N."""
    return 1.0 / e.samples


def multiplied(e: Evidence, step: str, factor: float, found: str = "") -> Iterator[Proposal]:
    """Propose a step whose result is multiplied, if that is the factor between the candidate and the equations.

    The error is all that comes of the data, and not of the penalty.
    """
    if e.is_factor(factor):
        for where, layers in e.places(step):
            place = "every layer" if step == "error" else where
            yield place, found or times_correct(factor), e.multiply(step, layers, factor)


def times_correct(factor: float) -> str:
    """Say a factor.

    >>> times_correct(32.0)
    'yours = 32 x correct'
    """
    return f"yours = {factor:.10g} x correct"
