"""Other points at which a gradient that is a function is tried: other numbers of the same signs.

>>> there = elsewhere({"x": np.array([1.0, -2.0]), "n": 3}, np.random.default_rng(0))
>>> np.sign(there["x"]).tolist(), there["n"]
([1.0, -1.0], 3)
"""

from __future__ import annotations

from typing import Any

import numpy as np

POINTS = 3  # with the one that is given
NEAREST, FARTHEST = 0.6, 1.6  # times each number: logarithms, roots and quotients stay defined


def elsewhere(x: Any, rng: np.random.Generator) -> Any:
    """Return other floats of the same signs, in the same structure; what is no float, or array of floats, stays."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return (x * rng.uniform(NEAREST, FARTHEST, x.shape)).astype(x.dtype)
    if isinstance(x, (float, np.floating)):
        return x * type(x)(rng.uniform(NEAREST, FARTHEST))
    if isinstance(x, dict):
        return {key: elsewhere(item, rng) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)(elsewhere(item, rng) for item in x)
    return x
