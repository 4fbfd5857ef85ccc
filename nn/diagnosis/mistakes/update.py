"""Mistakes in what is done to a finished gradient: learning rates, updates, clipping, precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.equations import Array, Problem, instead, times
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake

NICE = [m * 10.0**-k for k in range(7) for m in (1.0, 2.0, 3.0, 5.0)]
NORMS = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0]


def _finished(found: str, finish: Callable[[Problem, str, Array], Array]) -> Proposal:
    """Propose that every gradient is finished in another way."""
    return "every layer", found, {"finish": instead(finish)}


def _times(factor: float, found: str) -> Proposal:
    """Propose that the whole gradient is multiplied, penalty and all."""
    return "every layer", found, {"finish": times(factor)}


@mistake(
    equation="result",
    altered="lr * gradient",
    reference="note 001, one neuron's update (step and gradient in one formula)",
)
def learning_rate(e: Evidence) -> Iterator[Proposal]:
    """The learning rate is multiplied in: that belongs to the update, not to the gradient."""
    if e.top and e.factor is not None:
        yield from (_times(c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(c))


@mistake(
    equation="result",
    altered="-lr * gradient",
    reference="note 001, one neuron's update; PyTorch documentation, torch.optim.SGD",
)
def update(e: Evidence) -> Iterator[Proposal]:
    """This is the step that an optimiser takes, -lr * gradient, not the gradient."""
    if e.top and e.factor is not None:
        yield from (_times(-c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(-c))


@mistake(
    equation="result",
    altered="W - lr * gradient",
    reference="note 001, one neuron's update (w is overwritten by its new value)",
)
def updated_parameters(e: Evidence) -> Iterator[Proposal]:
    """These are the parameters after a step, W - lr * gradient, not the gradient."""
    step = e.problem.params[e.name] - e.want
    square = float((e.have * e.have).sum())
    rate = float((step * e.have).sum()) / square if square else 0.0
    if e.top and 0.0 < rate <= 10.0 and close(e.want, e.problem.params[e.name] - rate * e.have, e.tolerance):
        yield _finished(f"lr = {rate:.6g}", lambda problem, name, gradient: problem.params[name] - rate * gradient)


@mistake(
    equation="result",
    altered="gradient + gradient of the calls before",
    reference="Karpathy, 'most common neural net mistakes' (zero_grad forgotten); "
    "PyTorch documentation, Optimizer.zero_grad",
)
def accumulated(e: Evidence) -> Iterator[Proposal]:
    """Gradients were added up over calls: set them to zero before each one."""
    if e.top and e.is_factor(2.0):
        yield _times(2.0, "two equal calls")
    if e.problem.previous is not None:
        before = e.problem.previous.right
        if e.close(e.have + before[e.name]):
            said = "this call's gradient plus the previous one's"
            yield _finished(said, lambda problem, name, gradient: gradient + before[name])


@mistake(
    equation="result",
    altered="gradient * (limit / norm of gradient)",
    reference="Pascanu, Mikolov, Bengio 2013, algorithm 1 (clipping belongs after the check)",
)
def normalised(e: Evidence) -> Iterator[Proposal]:
    """The gradient was normalised, or clipped by its norm."""
    if e.factor is None or e.factor <= 0.0 or not e.top:
        return
    norm = math.sqrt(sum(float((g * g).sum()) for g in e.candidate.values()))
    for limit in NORMS:
        if abs(norm - limit) <= 1e-9 * limit:
            yield _times(e.factor, f"the norm of all gradients together is {limit:g}")
    own = float(np.linalg.norm(e.want))
    for limit in NORMS:
        if abs(own - limit) <= 1e-9 * limit and e.want.size > 1:

            def shortened(problem: Problem, name: str, gradient: Array, limit: float = limit) -> Array:
                return gradient * min(1.0, limit / max(float(np.linalg.norm(gradient)), 1e-300))

            yield _finished(f"each array's norm is at most {limit:g}", shortened)


@mistake(
    equation="result",
    altered="clip(gradient, -limit, limit)",
    reference="Pascanu, Mikolov, Bengio 2013; PyTorch documentation, clip_grad_value_",
)
def clipped(e: Evidence) -> Iterator[Proposal]:
    """Large entries of the gradient were cut off."""
    limit = max(float(np.abs(g).max(initial=0.0)) for g in e.candidate.values())
    cut = sum(int((np.abs(g) == limit).sum()) for g in e.candidate.values())
    if float(np.abs(e.have).max(initial=0.0)) < 1.001 * limit:
        return
    if cut >= 2 or any(abs(limit - nice) < 1e-12 for nice in [*NICE, *NORMS]):
        yield _finished(f"limit {limit:.6g}", lambda problem, name, gradient: np.clip(gradient, -limit, limit))


@mistake(
    equation="result",
    altered="float32(gradient)",
    reference="CS231n notes, 'Neural networks 3', gradient checks (use double precision)",
)
def single_precision(e: Evidence) -> Iterator[Proposal]:
    """These numbers have single precision (float32): use float64 to check a gradient."""
    yield from ()  # a right gradient is right in single precision too: see nn.diagnosis.judge


@mistake(
    equation="result",
    altered="sign(gradient)",
    reference="Bernstein et al. 2018, signSGD (an update rule, not a gradient)",
)
def signs_only(e: Evidence) -> Iterator[Proposal]:
    """Only the signs of the gradient's entries are left."""
    if e.top and np.isin(e.want, (-1.0, 0.0, 1.0)).all():
        yield _finished("", lambda problem, name, gradient: np.sign(gradient))
