"""A gradient that is differences of the function with a step that is too long: which ones, and how long it is.

>>> x, h = np.array([0.5, 1.0, -0.2, 0.7]), 1e-3
>>> theirs = np.exp(x) * np.expm1(h) / h
>>> print(*differenced([Point(lambda x: np.sum(np.exp(x)), [("x", x)], [theirs], [np.exp(x)])]))
x: these are differences of the function, with a step that is too long (h = 0.001) [long-step]
  should be:  the derivative; (f(x + h) - f(x - h)) / 2h has about ten digits of it where h = 1e-5
  yours fits: (f(x + h) - f(x)) / h
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from nn.diagnosis.alterations.explain import Findings, Point
from nn.diagnosis.alterations.target import FITTED, REST, TRIED, size
from nn.diagnosis.by_differences import noise
from nn.diagnosis.report import Finding
from nn.samples import Array

SENTENCE = "these are differences of the function, with a step that is too long"
RIGHT = "the derivative; (f(x + h) - f(x - h)) / 2h has about ten digits of it where h = 1e-5"
WAYS = (("(f(x + h) - f(x)) / h", 1, 0.0), ("(f(x + h) - f(x - h)) / 2h", 2, -1.0))
"""Differences: their formula, the power of h by which they are off, and the lower end, as a part of h."""
FIRST, ROUNDS = 1e-3, 5  # the step that is tried first, of the numbers' size or of 1, and how often it is mended
LARGEST, TELLING, ALIKE = 0.3, 0.1, 0.5  # error, of the gradient; what tells, of that; what entries say, of the median


def differenced(recorded: Sequence[Point | None]) -> Findings:
    """Return that the wrong ones of some gradients are differences with one step, at all points; or nothing."""
    points = [point for point in recorded if point is not None]
    try:
        wrong = sorted(
            {k for p in points for k, x in enumerate(p.given) if size(_errors(p, k)) > p.precision * size(x)}
        )
        is_near = all(size(_errors(points[0], k)) <= LARGEST * size(points[0].given[k]) for k in wrong)
        with np.errstate(all="ignore"):
            scales = {float(np.median(np.abs(x))) or 1.0 for _, x in points[0].arguments}
            for (text, order, low), scale in itertools.product(WAYS if wrong and is_near else (), {1.0} | scales):
                h = _step(points[0], wrong, order, low, FIRST * scale)
                if h and sum(_shown(point, k, low, h) for point in points for k in wrong) >= TRIED + FITTED:
                    where = ", ".join(points[0].arguments[k][0] for k in wrong)
                    return (Finding("long-step", SENTENCE, where, f"h = {h:.3g}", RIGHT, text, ""),)
    except Exception:  # gradients may have other shapes, and a function need not take what is near the point
        return ()
    return ()


def _errors(point: Point, k: int) -> Array:
    return np.ravel(point.given[k] - (point.right or point.given)[k])


def _beside(point: Point, k: int, low: float, h: float) -> Array:
    """Return how far the differences along an argument's entries are from what was given."""
    moved = [np.array(x, float, order="C") for _, x in point.arguments]
    entries, ends = moved[k].reshape(-1), []
    for i, middle in enumerate(entries.tolist()):
        for by in (h, low * h):
            entries[i] = middle + by
            ends.append(float(point.f(*[x.copy() for x in moved])))
        entries[i] = middle
    return np.asarray(np.subtract(ends[::2], ends[1::2]) / ((1.0 - low) * h) - np.ravel(point.given[k]))


def _step(point: Point, wrong: Sequence[int], order: int, low: float, h: float) -> float:
    """Return the step with which differences are off as the gradients are, at most entries; 0.0 if there is none."""
    errors = np.concatenate([_errors(point, k) for k in wrong])
    for _ in range(ROUNDS):
        made = np.concatenate([_beside(point, k, low, h) for k in wrong]) + errors
        ratios = (errors / made)[np.abs(made) >= TELLING * size(made)]
        ratio = float(np.median(ratios))
        if not np.median(np.abs(ratios - ratio)) <= ALIKE * abs(ratio) or (order == 2 and ratio < 0.0):
            return 0.0
        h *= np.sign(ratio) * abs(ratio) ** (1.0 / order)
    return float(h)


def _shown(point: Point, k: int, low: float, h: float) -> float:
    """Return how many bits a gradient proves that is differences with a step but for rounding; none if it is not."""
    errors, rounding = np.abs(_errors(point, k)), noise(point.f, [x for _, x in point.arguments]) / abs(h)
    limit = max(point.precision * size(point.given[k]), min(rounding, REST * size(errors)))
    is_made = size(_beside(point, k, low, h)) <= limit
    return float(np.log2(np.fmax(errors / limit, 1.0)).sum()) if is_made else -np.inf
