"""Mistakes of scale: a factor that the numbers show, and where it may come from: 1/N, the square's 2, a sign."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import numpy as np

from nn.derivatives import OF_CLASSES
from nn.diagnosis.equations import Problem
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.proposals import Proposal, Propose, times
from nn.diagnosis.mistakes.shares import BCE, CE, of_losses


def _turned(e: Evidence) -> dict[str, float]:
    return {"": -1.0}


def _samples(e: Evidence) -> dict[str, float]:
    return {"": float(e.samples)}


def _per_sample(e: Evidence) -> dict[str, float]:
    return {"": 1.0 / e.samples}


def _is_mean(problem: Problem, layers: Collection[int]) -> bool:
    """Whether the loss is a mean over several outputs."""
    return problem.loss not in OF_CLASSES and len(problem.t[0]) > 1 and not problem.summed_outputs


def _of_other_counts(e: Evidence) -> dict[str, float]:
    """Return the factors that a division by another number than N brings, which is no other mistake's."""
    n, c, d = e.samples, e.outputs, e.problem.X.shape[1]
    counts = {"outputs C": c, "samples times outputs N * C": n * c, "features D": d, "N - 1": n - 1, "N + 1": n + 1}
    factors = {name: 1.0 / (count * e.problem.scale) for name, count in counts.items() if count > 1}
    return {
        f"divided by {counts[name]}, the number of {name}": factor
        for name, factor in factors.items()
        if factor != 1.0 and abs(factor * n - 1.0) > 1e-9
    }


def _any(e: Evidence) -> Iterator[Proposal]:
    if e.factor is not None and abs(e.factor - 1.0) > 1e-3 and np.count_nonzero(e.have) > 1:
        factors = {"": e.factor}
        for step in ("error", "weight", "bias", "back"):
            yield from times(step, lambda e: factors)(e)


MULTIPLES: dict[str, Propose] = {
    "no-mean": times("error", _samples, lambda problem, layers: problem.scale != 1.0),
    "mean-again": times("error", _per_sample),
    "wrong-count": times("error", _of_other_counts),
    "sum-for-mean-of-outputs": times("error", lambda e: {"": float(e.outputs)}, _is_mean),
    "no-two": times("error", lambda e: {"": 0.5}, of_losses("mse")),
    "two-too-many": times("error", lambda e: {"": 2.0}, of_losses("mse", "half_mse")),
    "sign": times("error", _turned),
    "sign-of-weights": times("weight", _turned),
    "sign-of-bias": times("bias", _turned),
    "sign-propagated": times("back", lambda e: {"yours = -1 x correct below": -1.0}),
    "weights-not-averaged": times("weight", _samples),
    "weights-averaged-again": times("weight", _per_sample),
    "bias-not-averaged": times("bias", _samples),
    "bias-averaged-again": times("bias", _per_sample),
    "averaged-per-layer": times("back", lambda e: {f"yours = 1/{e.samples} x correct below": 1.0 / e.samples}),
    "log-base": times(
        "error", lambda e: {f"base {base}": 1.0 / math.log(base) for base in (2, 10)}, of_losses(CE, BCE)
    ),
    "factor": _any,
}
