"""A gradient that is differences of the function with a step that is too long: which ones, and how long it is.

>>> x, h = np.array([0.5, 1.0, -0.2, 0.7]), 1e-3
>>> theirs = np.exp(x) * np.expm1(h) / h
>>> print(*differenced([Point(lambda x: np.sum(np.exp(x)), [("x", x)], [theirs], [np.exp(x)])]))
x: these are differences of the function, with a step that is too long (h = 0.001) [long-step]
  should be:  the derivative; (f(x + h) - f(x - h)) / 2h has about ten digits of it where h = 1e-5
  yours fits: (f(x + h) - f(x)) / h
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nn.agreement.differenced import WAYS, Way, differences, noise, step_of
from nn.diagnosis.alterations.explain import Findings, Point
from nn.diagnosis.alterations.target import FITTED, REST, TRIED, size
from nn.diagnosis.report import Finding
from nn.samples import Array

SENTENCE = "these are differences of the function, with a step that is too long"
RIGHT = "the derivative; (f(x + h) - f(x - h)) / 2h has about ten digits of it where h = 1e-5"
LARGEST = 0.3  # error, as a part of the gradient


def differenced(recorded: Sequence[Point | None]) -> Findings:
    """Return that the wrong ones of some gradients are differences with one step, at all points; or nothing."""
    points = [point for point in recorded if point is not None]
    try:
        wrong = sorted(
            {k for p in points for k, x in enumerate(p.given) if size(_errors(p, k)) > p.precision * size(x)}
        )
        with np.errstate(all="ignore"):
            for way, h in _steps(points[0], wrong) if wrong else ():
                if h and sum(_shown(point, k, way, h) for point in points for k in wrong) >= TRIED + FITTED:
                    where = ", ".join(points[0].arguments[k][0] for k in wrong)
                    return (Finding("long-step", SENTENCE, where, f"h = {h:.3g}", RIGHT, way.text, ""),)
    except Exception:  # gradients may have other shapes, and a function need not take what is near the point
        return ()
    return ()


def _errors(point: Point, k: int) -> Array:
    return np.ravel(point.given[k] - (point.right or point.given)[k])


def _steps(point: Point, wrong: Sequence[int]) -> Iterator[tuple[Way, float]]:
    """Yield the steps that the errors of gradients show, if these are small."""
    arrays, given = [x for _, x in point.arguments], {k: point.given[k] for k in wrong}
    right = {k: np.ravel(x) - _errors(point, k) for k, x in given.items()}
    scales = {1.0, *[float(np.median(np.abs(x))) or 1.0 for x in arrays]}
    if all(size(_errors(point, k)) <= LARGEST * size(x) for k, x in given.items()):
        yield from ((way, step_of(point.f, arrays, given, right, way, scale)) for way in WAYS for scale in scales)


def _shown(point: Point, k: int, way: Way, h: float) -> float:
    """Return how many bits a gradient proves that is differences with a step but for rounding; none if it is not."""
    arrays, errors = [x for _, x in point.arguments], np.abs(_errors(point, k))
    limit = max(point.precision * size(point.given[k]), min(noise(point.f, arrays) / abs(h), REST * size(errors)))
    is_made = size(differences(point.f, arrays, k, way, h) - np.ravel(point.given[k])) <= limit
    return float(np.log2(np.fmax(errors / limit, 1.0)).sum()) if is_made else -np.inf
