"""The table of mistakes: what each is called and said to be, and how it is proposed.

The words are data, a file for each equation: a sentence, an equation as it was, and who makes the mistake.  What the
mechanism makes of any edge (`nn.diagnosis.alterations.edges`) has a classical name at a classical place: `KINDS` says
which.  What it cannot know is declared, by name, in tables of alterations (`shares`, `multiples`, `data`, `results`):

    WORDS = {"bias-of-first-sample": ("BP3", "this is the first sample's delta, not the sum over samples", ...)}
    BIASES = {"bias-of-first-sample": share("bias", lambda at, g: g[0])}

Those that must look at the numbers first (for a factor, an index, a learning rate) are functions of the evidence that
propose where the mistake would be, what was found, and the alteration of the backward pass that makes it.  The search
believes only what reproduces the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from nn.diagnosis.alterations.alteration import BackwardAlteration, in_place
from nn.diagnosis.alterations.candidates import Attempt
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.equations import Problem
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes import (
    batch,
    biases,
    forward,
    output,
    penalty,
    propagation,
    scale,
    slopes,
    svm,
    update,
    weights,
)
from nn.diagnosis.mistakes.data import OF_DATA
from nn.diagnosis.mistakes.multiples import MULTIPLES
from nn.diagnosis.mistakes.proposals import Proposal, Propose, of_kind
from nn.diagnosis.mistakes.results import RESULTS
from nn.diagnosis.mistakes.shares import SHARES


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


FILES = (batch, biases, forward, output, penalty, propagation, scale, slopes, svm, update, weights)
WORDS: dict[str, tuple[str, str, str, str]] = {name: text for words in FILES for name, text in words.WORDS.items()}
UNSEEN = ("bias-not-summed", "single-precision")  # a shape, or the numbers themselves, give these away


def _nothing(e: Evidence) -> Iterator[Proposal]:
    yield from ()


def _proposals() -> dict[str, Propose]:
    by_mechanism = {name: of_kind(*kind) for name, kind in KINDS.items()}
    return SHARES | MULTIPLES | OF_DATA | RESULTS | by_mechanism | dict.fromkeys(UNSEEN, _nothing)


PROPOSALS = _proposals()
MISTAKES = {name: Mistake(name, *text, PROPOSALS[name]) for name, text in WORDS.items()}


def suspects(evidence: Evidence) -> Iterator[Suspect]:
    """Yield everything that the table proposes on this evidence."""
    for mistake in MISTAKES.values():
        for proposal in mistake.propose(evidence):
            yield Suspect.of(evidence.problem, mistake, *proposal)
