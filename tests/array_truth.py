"""Functions of arrays held against truth: NumPy's own floats for values, differences for gradients, and lifted both."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import engine
from engine.arrays.plain import objects


def numbers(x: Any) -> Any:
    """What was computed, as plain numbers: of a tuple or a list, each part."""
    if isinstance(x, (tuple, list)):
        return [numbers(part) for part in x]
    items = objects(x)
    return np.array([float(getattr(i, "_data", i)) for i in items.flat]).reshape(items.shape)


def scalar(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its results weighted with different numbers and summed: one number."""

    def weighted(*args: Any) -> Any:
        parts = f(*args)
        terms = []
        for part in parts if isinstance(parts, (tuple, list)) else [parts]:
            items = [x for x in objects(part).flat if not isinstance(x, (int, np.integer, bool, np.bool_))]
            terms += [np.cos(1.0 + i + len(terms)) * x for i, x in enumerate(items)]
        return engine.total(terms)

    return weighted


def same(got: Any, want: Any, tolerance: float = 1e-12) -> None:
    """Numbers are equal to a tolerance of their size, NaN being NaN."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape, (got.shape, want.shape)
    size = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * size)


def same_value(f: Callable[..., Any], *args: Any, tolerance: float = 1e-12) -> Any:
    """What `f` makes of Values is what NumPy makes of floats, and is an array where that is one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        want = f(*args)
    got = f(*[engine.array([engine.Value(x) for x in np.ravel(a)]).reshape(np.shape(a)) for a in args])
    pairs = zip(got, want) if isinstance(want, (tuple, list)) else [(got, want)]
    for ours, theirs in pairs:
        same(numbers(ours), numbers(theirs), tolerance)
    return got


def same_gradient(f: Callable[..., Any], *args: Any) -> None:
    """The gradient of `f`, its results weighted, is what differences say."""
    for k in range(len(args)):
        report = engine.check_gradients(lambda x, k=k: scalar(f)(*args[:k], x, *args[k + 1 :]), args[k])
        assert report.ok, report


def same_lifted(f: Callable[..., Any], *args: Any, batch: bool = True, tolerance: float = 1e-10) -> Any:
    """A lifted program, and one of a batch, compute what the function does, and its gradient; the first is returned."""
    g = scalar(f)
    argnums = tuple(range(len(args)))
    value, gradient = engine.value_and_grad(g, argnums)(*args)
    program = engine.lift(g, strict=True)
    got, derivative = program.value_and_grad(*args, wrt="inputs")
    same(got, value, tolerance)
    for ours, theirs in zip(derivative.inputs, gradient):
        same(ours, theirs, tolerance)
    if batch:
        samples = [tuple(np.asarray(a) * s for a in args) for s in (1.0, 1.25, 0.5)]
        stacked = [np.stack(part) for part in zip(*samples)]
        batched = engine.lift(g, batch=True, strict=True)
        same(batched(*stacked), np.mean([g(*sample) for sample in samples]), tolerance)
    return program


def holds(f: Callable[..., Any], *args: Any, batch: bool = True, tolerance: float = 1e-12) -> Any:
    """All of it: value, gradient, lifted, and lifted for a batch."""
    same_value(f, *args, tolerance=tolerance)
    same_gradient(f, *args)
    return same_lifted(f, *args, batch=batch)
