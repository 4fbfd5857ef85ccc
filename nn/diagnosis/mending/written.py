"""An author's backward pass at one point, and the gradients there.

>>> right, given = {0: np.array([1.0, 2.0])}, {0: np.array([1.0, -2.0])}
>>> written = Written(None, dict, None, dict, right, given, {0: "x"})
>>> written.is_right(0, given[0]), written.is_right(0, right[0])
(False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn.diagnosis.alterations.target import EXACT, size
from nn.samples import Array


@dataclass(frozen=True)
class Written:
    """An author's function at one point.

    Attributes
    ----------
    function, run
        The function; and what returns the gradients that it or another in its place makes there, by their place.
    forward, beside
        What is differentiated, which is right; and what runs it or another in its place.
    right, given, names
        The right gradients, the author's, and what they are by.
    at_hand, held
        Arrays beside those that the function computes, and numbers, by what they are called; and those that it holds.
    known
        What is right in itself: what the steps of forward are, and what arrives at them.
    precision
        How large a part of the largest entry a right one may be off.
    """

    function: Any
    run: Callable[[Any], Mapping[int, Array]]
    forward: Any
    beside: Callable[[Any], object]
    right: Mapping[int, Array]
    given: Mapping[int, Array]
    names: Mapping[int, str]
    at_hand: Mapping[str, Any] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    known: Sequence[Array] = ()
    precision: float = EXACT

    def is_right(self, at: int, gradient: Array) -> bool:
        """Whether a gradient is right here."""
        right = self.right[at]
        largest = max(size(right), size(self.given[at]))
        return np.shape(gradient) == right.shape and bool((np.abs(gradient - right) <= self.precision * largest).all())
