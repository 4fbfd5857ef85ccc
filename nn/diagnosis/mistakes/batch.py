"""Mistakes in the data that the gradient was taken of: samples dropped, doubled or mixed up, targets off by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.equations import Array
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, Propose, enter

LOOP = "note 001, its loop over samples (its first and its last index)"

WORDS = {
    "sample-dropped": ("batch", "one sample is missing from the sum", "C without C_i", LOOP),
    "sample-doubled": ("batch", "one sample counts twice", "C + 1/N * C_i", LOOP),
    "one-sample-only": (
        "batch",
        "this is one sample's gradient: the loop over the batch overwrites in place of adding",
        "C_i in place of their mean",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "classes-off-by-one": (
        "batch",
        "the one-hot rows are built one class too high: class c has its 1 in column c + 1",
        "t with its columns moved right by one",
        "note 003, its one-hot code; classes counted from 1 (Ng, Machine Learning, exercise 4) used from 0",
    ),
    "classes-one-too-low": (
        "batch",
        "the one-hot rows are built one class too low: class c has its 1 in column c - 1",
        "t with its columns moved left by one",
        "classes counted from 1 (Ng, Machine Learning, exercise 4); note 003, its one-hot code",
    ),
    "classes-reversed": (
        "batch",
        "the targets' columns are in reverse order",
        "t with its columns reversed",
        "one-hot rows built from the right, as binary digits are written",
    ),
    "targets-late": ("batch", "every sample has the target of the sample before it", "t_(i-1) in place of t_i", LOOP),
    "targets-early": ("batch", "every sample has the target of the sample after it", "t_(i+1) in place of t_i", LOOP),
    "targets-reversed": (
        "batch",
        "the targets are in reverse order of the samples",
        "t_(N-i) in place of t_i",
        "note 001, its loop over samples",
    ),
    "first-target-for-all": (
        "batch",
        "every sample has the first sample's target",
        "t_1 in place of t_i",
        "broadcasting a target of shape (1, C) over the batch",
    ),
    "first-input-for-all": (
        "batch",
        "every sample has the first sample's input",
        "x_1 in place of x_i",
        "broadcasting an input of shape (1, D) over the batch",
    ),
    "inputs-of-another-batch": (
        "batch",
        "the first layer's gradient uses the inputs of the batch before",
        "x of another batch in dC/dW[1]",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
    ),
    "inputs-shifted": (
        "batch",
        "the first layer's gradient pairs every delta with the input of the sample next to it",
        "x_(i-1) or x_(i+1) in dC/dW[1]",
        LOOP,
    ),
}


def _same(x: Array) -> Array:
    return x


def _of_data(
    e: Evidence, inputs: Callable[[Array], Array] = _same, targets: Callable[[Array], Array] = _same, scale: float = 1.0
) -> BackwardAlteration:
    """Return the alteration that the loss is of other data, and that the sum over them is scaled anew."""
    return e.change(
        {
            "x": lambda step, xs: step.again(inputs(xs[0]), xs[1]),
            "loss": lambda step, xs: step.again(xs[0], targets(xs[1]), scale * xs[2]),
        }
    )


def _summed_over(e: Evidence, rows: Sequence[int], scale: float, found: str) -> Proposal:
    """Propose that the pass sees these samples, and that the sum over them is scaled anew."""
    chosen = np.array(rows)
    return "the batch", found, _of_data(e, lambda x: x[chosen], lambda t: t[chosen], scale)


def _odd_samples(e: Evidence, sign: float, scale: float) -> Iterator[int]:
    """Yield samples of which one `sign` times more explains the output's bias, with the sum scaled anew."""
    if e.top and e.is_bias:
        left = e.want / scale - e.have
        size = float(np.abs(e.have).max(initial=0.0)) + float(np.abs(e.deltas).max(initial=0.0))
        for i in np.flatnonzero(np.abs(left - sign * e.deltas).max(axis=1) <= 10.0 * e.tolerance * size):
            yield int(i)


def _sample_dropped(e: Evidence) -> Iterator[Proposal]:
    n = e.samples
    for scale, note in {1.0: "", n / max(1, n - 1): ", and the mean is over the other N - 1"}.items() if n > 1 else ():
        for i in _odd_samples(e, -1.0, scale):
            yield _summed_over(e, [k for k in range(n) if k != i], scale, f"sample {i}{note}")


def _sample_doubled(e: Evidence) -> Iterator[Proposal]:
    n = e.samples
    for scale, note in {1.0: "", n / (n + 1): ", and the mean is over N + 1"}.items():
        for i in _odd_samples(e, 1.0, scale):
            yield _summed_over(e, [*range(n), i], scale, f"sample {i}{note}")


def _one_sample_only(e: Evidence) -> Iterator[Proposal]:
    if e.top and e.is_bias and e.samples > 1:
        for scale, note in {1.0 / e.problem.scale: "", 1.0: ", still divided by N"}.items():
            for i, share in enumerate(e.deltas):
                if e.close(scale * share):
                    yield _summed_over(e, [i], scale, f"sample {i}{note}")


def _first_input_for_all(e: Evidence) -> Iterator[Proposal]:
    if e.top:
        yield "the batch", "", _of_data(e, lambda x: np.repeat(x[:1], len(x), axis=0))


def _of_targets(change: Callable[[Array], Array]) -> Propose:
    """Propose other targets (N, C)."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.top:  # the output's bias may be right: another order of the targets leaves its sum as it is
            yield "the targets", "", _of_data(e, targets=change)

    return propose


def _inputs_of_another_batch(e: Evidence) -> Iterator[Proposal]:
    before = e.problem.previous
    if before is not None and before.X.shape == e.problem.X.shape and e.name == "layers.0.W":
        yield "layers.0", "", e.save("weight", 0, lambda edge: before.X)


def _inputs_shifted(e: Evidence) -> Iterator[Proposal]:
    if e.name == "layers.0.W" and e.samples > 1:
        yield "layers.0", "the one before", e.save("weight", 0, lambda edge: np.roll(edge.saved, 1, axis=0))
        yield "layers.0", "the one after", e.save("weight", 0, lambda edge: np.roll(edge.saved, -1, axis=0))


PROPOSALS = {
    "sample-dropped": _sample_dropped,
    "sample-doubled": _sample_doubled,
    "one-sample-only": _one_sample_only,
    "classes-off-by-one": _of_targets(lambda t: np.roll(t, 1, axis=1)),
    "classes-one-too-low": _of_targets(lambda t: np.roll(t, -1, axis=1)),
    "classes-reversed": _of_targets(lambda t: t[:, ::-1]),
    "targets-late": _of_targets(lambda t: np.roll(t, 1, axis=0)),
    "targets-early": _of_targets(lambda t: np.roll(t, -1, axis=0)),
    "targets-reversed": _of_targets(lambda t: t[::-1]),
    "first-target-for-all": _of_targets(lambda t: np.repeat(t[:1], len(t), axis=0)),
    "first-input-for-all": _first_input_for_all,
    "inputs-of-another-batch": _inputs_of_another_batch,
    "inputs-shifted": _inputs_shifted,
}
enter(WORDS, PROPOSALS)
