"""The precision that a framework's function computes in, which need not be that of its inputs.

>>> [x.dtype.name for x in as_precise([np.ones(2), np.arange(2)], np.float32)]
['float32', 'int64']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.frameworks.custom import Custom, FrameworkError
from nn.diagnosis.layer import is_differentiated
from nn.diagnosis.points import elsewhere
from nn.samples import Array

COARSEST = 2.0**-5  # how far off, beside its largest entry, a result may be that is rounded: more is another function


def rounded_by(custom: Custom, forward: Callable[[Sequence[Any]], Array], inputs: Sequence[Any]) -> float:
    """Return how far rounding moves a function's own result, beside its largest entry; 0 where it is another one.

    Parameters
    ----------
    custom, forward
        The function, and its result in double precision by its inputs.
    inputs
        Where it is called, and how precisely. Numbers of few digits round to nothing: others nearby are taken.
    """
    moved = elsewhere(list(inputs), np.random.default_rng(0))
    try:
        own, exact = custom.by_hand(moved)[0], forward(as_precise(moved, np.float64))
    except FrameworkError:
        return 0.0
    with np.errstate(all="ignore"):
        error = float(np.abs(own - exact).max(initial=0.0)) if own.shape == exact.shape else np.inf
    largest = float(np.abs(exact).max(initial=0.0))
    return error / largest if error <= COARSEST * largest and largest else 0.0


def are_single(inputs: Sequence[Any]) -> bool:
    """Whether there are arrays of single precision among inputs."""
    return any(is_differentiated(x) and x.dtype == np.float32 for x in inputs)


def as_precise(inputs: Sequence[Any], dtype: Any) -> list[Any]:
    """Return inputs with arrays of floats of one precision."""
    return [x.astype(dtype) if is_differentiated(x) else x for x in inputs]
