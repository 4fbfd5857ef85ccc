"""Mistakes in what is done to a finished gradient: learning rates, updates, clipping, precision."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.equations import Array
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, enter

WORDS = {
    "learning-rate": (
        "result",
        "the learning rate is multiplied in: that belongs to the update, not to the gradient",
        "lr * gradient",
        "note 001, one neuron's update (step and gradient in one formula)",
    ),
    "update": (
        "result",
        "this is the step that an optimiser takes, -lr * gradient, not the gradient",
        "-lr * gradient",
        "note 001, one neuron's update; PyTorch documentation, torch.optim.SGD",
    ),
    "updated-parameters": (
        "result",
        "these are the parameters after a step, W - lr * gradient, not the gradient",
        "W - lr * gradient",
        "note 001, one neuron's update (w is overwritten by its new value)",
    ),
    "accumulated": (
        "result",
        "gradients were added up over calls: set them to zero before each one",
        "gradient + gradient of the calls before",
        "Karpathy, 'most common neural net mistakes' (zero_grad forgotten); PyTorch documentation, Optimizer.zero_grad",
    ),
    "normalised": (
        "result",
        "the gradient was normalised, or clipped by its norm",
        "gradient * (limit / norm of gradient)",
        "Pascanu, Mikolov, Bengio 2013, algorithm 1 (clipping belongs after the check)",
    ),
    "clipped": (
        "result",
        "large entries of the gradient were cut off",
        "clip(gradient, -limit, limit)",
        "Pascanu, Mikolov, Bengio 2013; PyTorch documentation, clip_grad_value_",
    ),
    "single-precision": (
        "result",
        "these numbers have single precision (float32): use float64 to check a gradient",
        "float32(gradient)",
        "CS231n notes, 'Neural networks 3', gradient checks (use double precision)",
    ),
    "signs-only": (
        "result",
        "only the signs of the gradient's entries are left",
        "sign(gradient)",
        "Bernstein et al. 2018, signSGD (an update rule, not a gradient)",
    ),
}

NICE = [m * 10.0**-k for k in range(7) for m in (1.0, 2.0, 3.0, 5.0)]
NORMS = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0]


def _times(e: Evidence, factor: float, found: str) -> Proposal:
    """Propose that the whole gradient is multiplied, penalty and all."""
    return "every layer", found, e.finish(lambda leaf, g: factor * g)


def _learning_rate(e: Evidence) -> Iterator[Proposal]:
    if e.top and e.factor is not None:
        yield from (_times(e, c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(c))


def _update(e: Evidence) -> Iterator[Proposal]:
    if e.top and e.factor is not None:
        yield from (_times(e, -c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(-c))


def _updated_parameters(e: Evidence) -> Iterator[Proposal]:
    step = e.problem.params[e.name] - e.want
    square = float((e.have * e.have).sum())
    rate = float((step * e.have).sum()) / square if square else 0.0
    if e.top and 0.0 < rate <= 10.0 and close(e.want, e.problem.params[e.name] - rate * e.have, e.tolerance):
        yield "every layer", f"lr = {rate:.6g}", e.finish(lambda leaf, g: leaf.value - rate * g)


def _accumulated(e: Evidence) -> Iterator[Proposal]:
    if e.top and e.is_factor(2.0):
        yield _times(e, 2.0, "two equal calls")
    if e.problem.previous is not None:
        before = e.problem.previous.right
        if e.close(e.have + before[e.name]):
            said = "this call's gradient plus the previous one's"
            yield "every layer", said, e.finish(lambda leaf, g: g + before[leaf.name])


def _normalised(e: Evidence) -> Iterator[Proposal]:
    if e.factor is None or e.factor <= 0.0 or not e.top:
        return
    norm = math.sqrt(sum(float((g * g).sum()) for g in e.candidate.values()))
    for limit in NORMS:
        if abs(norm - limit) <= 1e-9 * limit:
            yield _times(e, e.factor, f"the norm of all gradients together is {limit:g}")
    own = float(np.linalg.norm(e.want))
    for limit in NORMS:
        if abs(own - limit) <= 1e-9 * limit and e.want.size > 1:

            def shortened(leaf: ArrayStep, g: Array, limit: float = limit) -> Array:
                return g * min(1.0, limit / max(float(np.linalg.norm(g)), 1e-300))

            yield "every layer", f"each array's norm is at most {limit:g}", e.finish(shortened)


def _clipped(e: Evidence) -> Iterator[Proposal]:
    limit = max(float(np.abs(g).max(initial=0.0)) for g in e.candidate.values())
    cut = sum(int((np.abs(g) == limit).sum()) for g in e.candidate.values())
    if float(np.abs(e.have).max(initial=0.0)) < 1.001 * limit:
        return
    if cut >= 2 or any(abs(limit - nice) < 1e-12 for nice in [*NICE, *NORMS]):
        yield "every layer", f"limit {limit:.6g}", e.finish(lambda leaf, g: np.clip(g, -limit, limit))


def _single_precision(e: Evidence) -> Iterator[Proposal]:
    yield from ()  # a right gradient is right in single precision too: see nn.diagnosis.judge


def _signs_only(e: Evidence) -> Iterator[Proposal]:
    if e.top and np.isin(e.want, (-1.0, 0.0, 1.0)).all():
        yield "every layer", "", e.finish(lambda leaf, g: np.sign(g))


PROPOSALS = {
    "learning-rate": _learning_rate,
    "update": _update,
    "updated-parameters": _updated_parameters,
    "accumulated": _accumulated,
    "normalised": _normalised,
    "clipped": _clipped,
    "single-precision": _single_precision,
    "signs-only": _signs_only,
}
enter(WORDS, PROPOSALS)
