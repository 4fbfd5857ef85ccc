"""Mistakes in the data that the gradient was taken of: samples dropped, doubled or mixed up, targets off by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from typing import TypeAlias

import numpy as np

from nn.diagnosis.equations import Array, Exchange, Problem, instead
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake

LOOP = "note 001, its loop over samples (its first and its last index)"
OfTargets: TypeAlias = Callable[[Array], Array]


def _summed_over(rows: Sequence[int], scale: float, found: str) -> Proposal:
    """Propose that the pass sees these samples, and that the sum over them is scaled anew."""
    chosen = np.array(rows)

    def batch(problem: Problem) -> Problem:
        return replace(problem, X=problem.X[chosen], t=problem.t[chosen], scale=problem.scale * scale)

    return "the batch", found, {"batch": instead(batch)}


def _odd_samples(e: Evidence, sign: float, scale: float) -> Iterator[int]:
    """Yield samples of which one `sign` times more explains the output's bias, with the sum scaled anew."""
    if e.top and e.is_bias:
        shares = e.sweep.delta(e.layer)
        left = e.want / scale - e.have
        size = float(np.abs(e.have).max(initial=0.0)) + float(np.abs(shares).max(initial=0.0))
        for i in np.flatnonzero(np.abs(left - sign * shares).max(axis=1) <= 10.0 * e.tolerance * size):
            yield int(i)


@mistake(equation="batch", altered="C without C_i", reference=LOOP)
def sample_dropped(e: Evidence) -> Iterator[Proposal]:
    """One sample is missing from the sum."""
    n = e.samples
    for scale, note in {1.0: "", n / max(1, n - 1): ", and the mean is over the other N - 1"}.items() if n > 1 else ():
        for i in _odd_samples(e, -1.0, scale):
            yield _summed_over([k for k in range(n) if k != i], scale, f"sample {i}{note}")


@mistake(equation="batch", altered="C + 1/N * C_i", reference=LOOP)
def sample_doubled(e: Evidence) -> Iterator[Proposal]:
    """One sample counts twice."""
    n = e.samples
    for scale, note in {1.0: "", n / (n + 1): ", and the mean is over N + 1"}.items():
        for i in _odd_samples(e, 1.0, scale):
            yield _summed_over([*range(n), i], scale, f"sample {i}{note}")


@mistake(
    equation="batch",
    altered="C_i in place of their mean",
    reference="note 001, its loop over samples (= in place of +=)",
)
def one_sample_only(e: Evidence) -> Iterator[Proposal]:
    """This is one sample's gradient: the loop over the batch overwrites in place of adding."""
    if e.top and e.is_bias and e.samples > 1:
        for scale, note in {1.0 / e.problem.scale: "", 1.0: ", still divided by N"}.items():
            for i, share in enumerate(e.sweep.delta(e.layer)):
                if e.close(scale * share):
                    yield _summed_over([i], scale, f"sample {i}{note}")


def of_targets(*, altered: str, reference: str) -> Callable[[OfTargets], OfTargets]:
    """Enter a function that gives samples other targets (N, C)."""

    def enter(change: OfTargets) -> OfTargets:
        @wraps(change)
        def propose(e: Evidence) -> Iterator[Proposal]:
            if e.top:  # the output's bias may be right: another order of the targets leaves its sum as it is
                yield "the targets", "", {"batch": instead(lambda problem: replace(problem, t=change(problem.t)))}

        mistake(equation="batch", altered=altered, reference=reference)(propose)
        return change

    return enter


@of_targets(
    altered="t with its columns moved right by one",
    reference="note 003, its one-hot code; classes counted from 1 (Ng, Machine Learning, exercise 4) used from 0",
)
def classes_off_by_one(t: Array) -> Array:
    """The one-hot rows are built one class too high: class c has its 1 in column c + 1."""
    return np.roll(t, 1, axis=1)


@of_targets(
    altered="t with its columns moved left by one",
    reference="classes counted from 1 (Ng, Machine Learning, exercise 4); note 003, its one-hot code",
)
def classes_one_too_low(t: Array) -> Array:
    """The one-hot rows are built one class too low: class c has its 1 in column c - 1."""
    return np.roll(t, -1, axis=1)


@of_targets(
    altered="t with its columns reversed", reference="one-hot rows built from the right, as binary digits are written"
)
def classes_reversed(t: Array) -> Array:
    """The targets' columns are in reverse order."""
    return t[:, ::-1]


@of_targets(altered="t_(i-1) in place of t_i", reference=LOOP)
def targets_late(t: Array) -> Array:
    """Every sample has the target of the sample before it."""
    return np.roll(t, 1, axis=0)


@of_targets(altered="t_(i+1) in place of t_i", reference=LOOP)
def targets_early(t: Array) -> Array:
    """Every sample has the target of the sample after it."""
    return np.roll(t, -1, axis=0)


@of_targets(altered="t_(N-i) in place of t_i", reference="note 001, its loop over samples")
def targets_reversed(t: Array) -> Array:
    """The targets are in reverse order of the samples."""
    return t[::-1]


@of_targets(altered="t_1 in place of t_i", reference="broadcasting a target of shape (1, C) over the batch")
def first_target_for_all(t: Array) -> Array:
    """Every sample has the first sample's target."""
    return np.repeat(t[:1], len(t), axis=0)


@mistake(
    equation="batch", altered="x_1 in place of x_i", reference="broadcasting an input of shape (1, D) over the batch"
)
def first_input_for_all(e: Evidence) -> Iterator[Proposal]:
    """Every sample has the first sample's input."""

    def batch(problem: Problem) -> Problem:
        return replace(problem, X=np.repeat(problem.X[:1], len(problem.X), axis=0))

    if e.top:
        yield "the batch", "", {"batch": instead(batch)}


def _other_inputs(change: Callable[[Array], Array]) -> Exchange:
    """Alter the inputs that the first layer's deltas meet."""
    return {"weight saved": lambda right: lambda layer, a: right(layer, a) if layer else change(right(layer, a))}


@mistake(
    equation="batch",
    altered="x of another batch in dC/dW[1]",
    reference="Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
)
def inputs_of_another_batch(e: Evidence) -> Iterator[Proposal]:
    """The first layer's gradient uses the inputs of the batch before."""
    before = e.problem.previous
    if before is not None and before.X.shape == e.problem.X.shape and e.name == "layers.0.W":
        yield "layers.0", "", _other_inputs(lambda x: before.X)


@mistake(equation="batch", altered="x_(i-1) or x_(i+1) in dC/dW[1]", reference=LOOP)
def inputs_shifted(e: Evidence) -> Iterator[Proposal]:
    """The first layer's gradient pairs every delta with the input of the sample next to it."""
    if e.name == "layers.0.W" and e.samples > 1:
        yield "layers.0", "the one before", _other_inputs(lambda x: np.roll(x, 1, axis=0))
        yield "layers.0", "the one after", _other_inputs(lambda x: np.roll(x, -1, axis=0))
