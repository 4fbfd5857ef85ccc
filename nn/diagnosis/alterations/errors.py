"""The error that a loss hands to its scores, value less target: one line in most code, and so are mistakes in it.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(z):
...     p = 1.0 / (1.0 + np.exp(-z))
...     y = np.array([1.0, 0.0, 1.0])
...     return -(y * np.log(p) + (1.0 - y) * np.log(1.0 - p)).sum()
>>> sweep = Sweep(*record(f, [("z", np.array([0.5, -1.0, 2.0]))]))
>>> sorted((a.what for a in of_errors(sweep) if a.what.endswith("not p - y")), key=len)[:3]
['p, not p - y', 'z, not p - y', '-y, not p - y']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.exchanged import at_hand, replaced_by
from nn.diagnosis.alterations.formulas import bracketed, label
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

CLOSE = 1e-10  # of the largest: what rounding leaves between an error and its two parts


def of_errors(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what stands in place of an error: a part of it, their sum, another array or another target."""
    targets = dict(_targets(sweep))
    for step in sweep.steps:
        edges = sweep.arriving.get(step, [])
        for value in sweep.steps if edges and targets and step.value.size > 2 else ():
            if value is not step and value.value.shape == step.value.shape:
                for what, target in targets.items():
                    scale = _scale(sweep.cotangents[step], value.value, target)
                    if scale is not None:
                        right = f"{label(value)} - {what}"
                        for text, error in _errors(label(value), value.value, what, target, sweep):
                            yield replaced_by("wrong-error", f"{text}, not {right}", edges, scale * error)


def _scale(g: Array, value: Array, target: Array) -> Array | None:
    """Return c of g = c * (value - target), one number or one per row, if g is that."""
    error = value - np.broadcast_to(target, value.shape) if _goes_with(target, value) else np.zeros(1)
    if error.shape != g.shape or not error.any() or not g.any():
        return None
    for axis in (None, -1):
        sizes = (error * error).sum(axis=axis, keepdims=True)
        c = np.asarray((g * error).sum(axis=axis, keepdims=True) / np.where(sizes > 0.0, sizes, 1.0))
        is_told = np.count_nonzero(error) >= 2 * c.size
        if is_told and np.abs(g - c * error).max() <= CLOSE * np.abs(g).max():
            return c
    return None


def _goes_with(target: Array, value: Array) -> bool:
    return target.ndim == value.ndim and all(n in (1, m) for n, m in zip(target.shape, value.shape))


def _targets(sweep: Sweep) -> Iterator[tuple[str, Array]]:
    """Yield constant arrays, and a one in each place that an index takes."""
    for step in sweep.steps:
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray) and x.ndim and x.size > 1:
                yield step.constants.get(k) or "a constant", x.astype(float)
        index = step.index
        if isinstance(index, tuple) and len(index) == 2 and isinstance(index[1], np.ndarray) and step.op == "[]":
            ones = np.zeros(step.operands[0].value.shape)
            if ones.ndim == 2 and index[1].dtype.kind == "i":
                ones[index] = 1.0
                yield "1 in the right class", ones


OF_ERRORS: tuple[tuple[str, Callable[[Array, Array], Array]], ...] = (
    ("{v}", lambda v, t: v),
    ("-{bracketed}", lambda v, t: -t),
    ("{v} + {t}", lambda v, t: v + t),
    ("{v} - 1", lambda v, t: v - 1.0),
    ("({v} - {t}) * {v}", lambda v, t: (v - t) * v),
)
OF_CLASSES: tuple[tuple[str, Callable[[Array, Array], Array]], ...] = (
    ("{v} - 1 in the right class of every sample", lambda v, t: v - t.any(axis=0)),
    ("{v} - {t} one class further", lambda v, t: v - np.roll(t, 1, axis=1)),
    ("{v} - {t} one class before", lambda v, t: v - np.roll(t, -1, axis=1)),
)
"""What people write for an error, of a value and a target, and of targets that are 1 in one class."""


def _errors(value: str, v: Array, target: str, t: Array, sweep: Sweep) -> Iterator[tuple[str, Array]]:
    """Yield what people write for an error, in words and as arrays."""
    of_classes = t.ndim == 2 and set(np.unique(t)) == {0.0, 1.0}
    for text, of in (*OF_ERRORS, *(OF_CLASSES if of_classes else ())):
        yield text.format(v=value, t=target, bracketed=bracketed(target)), of(v, t)
    for what, array in at_hand(sweep):
        if array.shape == v.shape and what not in (value, target):
            yield f"{what} - {target}", array - t
            yield what, array
            yield f"-{bracketed(what)}", -array
