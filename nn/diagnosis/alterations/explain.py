"""A name for a wrong gradient of any function, from alterations of the function's own backward pass.

>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> x = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
>>> (path,) = explanations(f, [("x", x)], [3.0 * (x - x.mean()) ** 2])
>>> path[0].name, path[0].sentence
('path-missing', 'the path through `mu` is missing')
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.alterations.edges import EdgeAlteration
from nn.diagnosis.alterations.recorded import NotRecordedError, record
from nn.diagnosis.alterations.search import EXACT, LISTED, reproducing
from nn.diagnosis.alterations.sentences import said, zero
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.report import Finding
from nn.samples import Array

Path: TypeAlias = tuple[Finding, ...]


def explanations(
    f: Callable[..., Any],
    arguments: Sequence[tuple[str, Array]],
    given: Sequence[Array],
    right: Sequence[Array] | None = None,
) -> list[Path]:
    """Return what reproduces gradients, the simplest; at most three, and none where the function cannot be recorded.

    Parameters
    ----------
    f
        A function of arrays that returns one number.
    arguments, given
        The arrays, by name, and the gradients by them.
    right
        The right gradients: what the recorded function must agree with to be believed.
    """
    try:
        root, leaves = record(f, arguments)
    except (NotRecordedError, TypeError, ValueError, IndexError, AttributeError):
        return []
    sweep = Sweep(root, leaves).without_shifts()
    if any(x.shape != leaf.value.shape for x, leaf in zip(given, leaves)) or root.value.size != 1:
        return []
    if right is not None and not all(_is_close(a, b) for a, b in zip(sweep.gradients, right)):
        return []
    wrong = [k for k, (a, b) in enumerate(zip(sweep.gradients, given)) if not _is_close(b, a)]
    with np.errstate(all="ignore"):
        paths = _of_leaves(root, leaves, [given[k] for k in range(len(leaves))])
        if paths or (len(wrong) < 2 and len(leaves) == len(wrong)):
            return paths
        each = [_of_leaves(root, [leaves[k]], [given[k]]) for k in wrong]
    return [tuple(itertools.chain(*paths)) for paths in itertools.product(*each)][:LISTED]


def _of_leaves(root: ArrayStep, leaves: Sequence[ArrayStep], given: Sequence[Array]) -> list[Path]:
    sweep, where = Sweep(root, leaves), ", ".join(leaf.name for leaf in leaves)
    largest = max(float(np.abs(x).max(initial=0.0)) for x in sweep.gradients)
    if all(np.abs(x).max(initial=0.0) <= EXACT * largest for x in given):
        return [(zero(where),)]
    paths = reproducing(sweep, given)
    return [tuple(said(alteration, _changed(alteration, sweep)) for alteration in path) for path in paths]


def _changed(alteration: EdgeAlteration, sweep: Sweep) -> str:
    """Return the leaves whose gradients an alteration changes."""
    changes = zip(sweep.leaves, sweep.gradients, alteration.gradients(sweep))
    return ", ".join(leaf.name for leaf, right, made in changes if not _is_close(right, made))


def _is_close(a: Array, b: Array) -> bool:
    largest = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return bool(np.abs(a - b).max(initial=0.0) <= EXACT * largest)
