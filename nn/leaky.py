"""Leaky ReLUs of any slope: "leaky_relu(0.3)" is an activation, in every table of activations.

>>> table = ByActivation({"relu": 0.0}, leaky=lambda slope: slope)
>>> table["relu"], table["leaky_relu(0.3)"], "leaky_relu(x)" in table, list(table)
(0.0, 0.3, False, ['relu'])
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

V = TypeVar("V")

USUAL = 0.01  # the slope of "leaky_relu" without a number
WRITTEN = re.compile(r"leaky_relu\(([^()]+)\)")


def slope_of(activation: Any) -> float | None:
    """Return the slope below zero that a leaky ReLU's name says, or None if it is no leaky ReLU's.

    >>> slope_of("leaky_relu"), slope_of("leaky_relu(0.3)"), slope_of("leaky_relu(nan)"), slope_of("relu")
    (0.01, 0.3, None, None)
    """
    if activation == "leaky_relu":
        return USUAL
    match = WRITTEN.fullmatch(activation) if isinstance(activation, str) else None
    try:
        slope = float(match[1]) if match else math.nan
    except ValueError:
        return None
    return slope if math.isfinite(slope) else None


def family(activation: str) -> str:
    """Return an activation's name without its slope.

    >>> family("leaky_relu(0.3)"), family("tanh")
    ('leaky_relu', 'tanh')
    """
    return activation.split("(")[0]


class ByActivation(dict[str, V]):
    """A table by activation that has an entry for a leaky ReLU of every slope.

    Parameters
    ----------
    entries
        By name.
    leaky
        The entry of a slope.
    """

    def __init__(self, entries: Mapping[str, V], leaky: Callable[[float], V]) -> None:
        super().__init__(entries)
        self.leaky = leaky

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or slope_of(name) is not None

    def __missing__(self, name: str) -> V:
        slope = slope_of(name)
        if slope is None:
            raise KeyError(name)
        return self.leaky(slope)
