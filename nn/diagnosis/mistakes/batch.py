"""Mistakes in the data that the gradient was taken of: samples dropped, doubled or mixed up, targets off by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from nn.diagnosis.mistakes.equations import Alteration, Array, Problem
from nn.diagnosis.mistakes.table import Evidence, Proposal, instead, mistake

LOOP = "note 001, its loop over samples (its first and its last index)"


def _seeing(change: Callable[[Problem], Problem]) -> Alteration:
    """Return an alteration of the data that the pass sees."""
    return {"batch": instead(change)}


def _odd_samples(e: Evidence, sign: float, scale: float) -> Iterator[int]:
    """Yield samples of which one `sign` times more explains the output's bias, with the sum scaled anew."""
    shares = e.tape.deltas[e.layer]
    left = e.want / scale - e.have
    size = float(np.abs(e.have).max(initial=0.0)) + float(np.abs(shares).max(initial=0.0))
    for i in np.flatnonzero(np.abs(left - sign * shares).max(axis=1) <= 10.0 * e.tolerance * size):
        yield int(i)


@mistake(
    "sample-dropped",
    "batch",
    "C without C_i",
    LOOP,
)
def sample_dropped(e: Evidence) -> Iterator[Proposal]:
    """One sample is missing from the sum."""
    if not (e.top and e.is_bias and e.samples > 1):
        return
    counts = {1.0: "", e.samples / (e.samples - 1.0): ", and the mean is over the other N - 1"}
    for scale, note in counts.items():
        for i in _odd_samples(e, -1.0, scale):

            def without(problem: Problem, i: int = i, scale: float = scale) -> Problem:
                X, t = np.delete(problem.X, i, axis=0), np.delete(problem.t, i, axis=0)
                return replace(problem, X=X, t=t, scale=problem.scale * scale)

            yield "the batch", f"sample {i}{note}", _seeing(without)


@mistake(
    "sample-doubled",
    "batch",
    "C + 1/N * C_i",
    LOOP,
)
def sample_doubled(e: Evidence) -> Iterator[Proposal]:
    """One sample counts twice."""
    if not (e.top and e.is_bias):
        return
    counts = {1.0: "", e.samples / (e.samples + 1.0): ", and the mean is over N + 1"}
    for scale, note in counts.items():
        for i in _odd_samples(e, 1.0, scale):

            def doubled(problem: Problem, i: int = i, scale: float = scale) -> Problem:
                X, t = np.vstack([problem.X, problem.X[i]]), np.vstack([problem.t, problem.t[i]])
                return replace(problem, X=X, t=t, scale=problem.scale * scale)

            yield "the batch", f"sample {i}{note}", _seeing(doubled)


@mistake(
    "one-sample-only",
    "batch",
    "C_i in place of their mean",
    "note 001, its loop over samples (= in place of +=)",
)
def one_sample_only(e: Evidence) -> Iterator[Proposal]:
    """This is one sample's gradient: the loop over the batch overwrites in place of adding."""
    if not (e.top and e.is_bias and e.samples > 1):
        return
    shares = e.tape.deltas[e.layer]
    for scale, note in {1.0 / e.problem.scale: "", 1.0: ", still divided by N"}.items():
        for i in range(len(shares)):
            if e.close(scale * shares[i]):

                def alone(problem: Problem, i: int = i, scale: float = scale) -> Problem:
                    return replace(problem, X=problem.X[i : i + 1], t=problem.t[i : i + 1], scale=problem.scale * scale)

                yield "the batch", f"sample {i}{note}", _seeing(alone)


def _targets(name: str, change: Callable[[Array], Array], sentence: str, altered: str, reference: str) -> None:
    """Enter a mistake that gives samples other targets."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.top:  # the output's bias may be right: another order of the targets leaves its sum as it is
            yield "the targets", "", _seeing(lambda problem: replace(problem, t=change(problem.t)))

    propose.__doc__ = sentence
    mistake(name, "batch", altered, reference)(propose)


_targets(
    "classes-off-by-one",
    lambda t: np.roll(t, 1, axis=1),
    "the one-hot rows are built one class too high: class c has its 1 in column c + 1",
    "t with its columns moved right by one",
    "note 003, its one-hot code; classes counted from 1 (Ng, Machine Learning, exercise 4) used from 0",
)
_targets(
    "classes-one-too-low",
    lambda t: np.roll(t, -1, axis=1),
    "the one-hot rows are built one class too low: class c has its 1 in column c - 1",
    "t with its columns moved left by one",
    "classes counted from 1 (Ng, Machine Learning, exercise 4); note 003, its one-hot code",
)
_targets(
    "classes-reversed",
    lambda t: t[:, ::-1],
    "the targets' columns are in reverse order",
    "t with its columns reversed",
    "one-hot rows built from the right, as binary digits are written",
)
_targets(
    "targets-late",
    lambda t: np.roll(t, 1, axis=0),
    "every sample has the target of the sample before it",
    "t_(i-1) in place of t_i",
    LOOP,
)
_targets(
    "targets-early",
    lambda t: np.roll(t, -1, axis=0),
    "every sample has the target of the sample after it",
    "t_(i+1) in place of t_i",
    LOOP,
)
_targets(
    "targets-reversed",
    lambda t: t[::-1],
    "the targets are in reverse order of the samples",
    "t_(N-i) in place of t_i",
    "note 001, its loop over samples",
)
_targets(
    "first-target-for-all",
    lambda t: np.repeat(t[:1], len(t), axis=0),
    "every sample has the first sample's target",
    "t_1 in place of t_i",
    "broadcasting a target of shape (1, C) over the batch",
)


@mistake(
    "first-input-for-all",
    "batch",
    "x_1 in place of x_i",
    "broadcasting an input of shape (1, D) over the batch",
)
def first_input_for_all(e: Evidence) -> Iterator[Proposal]:
    """Every sample has the first sample's input."""
    if e.top:
        yield (
            "the batch",
            "",
            _seeing(lambda problem: replace(problem, X=np.repeat(problem.X[:1], len(problem.X), axis=0))),
        )


@mistake(
    "inputs-of-another-batch",
    "batch",
    "x of another batch in dC/dW[1]",
    "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
)
def inputs_of_another_batch(e: Evidence) -> Iterator[Proposal]:
    """The first layer's gradient uses the inputs of the batch before."""
    before = e.problem.previous
    if before is not None and before.X.shape == e.problem.X.shape and e.name == "layers.0.W":
        X = before.X
        yield (
            "layers.0",
            "",
            {"source": lambda right: lambda tape, layer: X if layer == 0 else right(tape, layer)},
        )


@mistake(
    "inputs-shifted",
    "batch",
    "x_(i-1) or x_(i+1) in dC/dW[1]",
    LOOP,
)
def inputs_shifted(e: Evidence) -> Iterator[Proposal]:
    """The first layer's gradient pairs every delta with the input of the sample next to it."""
    if e.name == "layers.0.W" and e.samples > 1:
        for shift in (1, -1):

            def source(right: Callable[..., Array], shift: int = shift) -> Callable[..., Array]:
                return lambda tape, layer: np.roll(right(tape, layer), shift if layer == 0 else 0, axis=0)

            yield "layers.0", "the one before" if shift == 1 else "the one after", {"source": source}
