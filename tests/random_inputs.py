"""Arguments for random programs, in the forms that callers use: types, layouts, batches, ties, signed zeros."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from grammar import Argument, Source

CALLS = 3
BATCHES = [1, 1, 2, 3, 5, 8]
MANY = [40, 130]


def inputs_for(draw: random.Random, source: Source, call: int) -> tuple[list[Any], int]:
    """Return arguments in one of the forms that callers use, and the number of samples."""
    rng = np.random.default_rng(draw.randrange(2**32))
    n = draw.choice(BATCHES) if source.batch else 1
    size = draw.random()
    if source.batch and size < 0.06:
        n = 0 if size < 0.03 else draw.choice(MANY)
    longer = int(call == CALLS - 1 and draw.random() < 0.15)
    return [_argument(draw, rng, a, source, n, longer) for a in source.arguments], n


def _argument(draw: random.Random, rng: Any, a: Argument, source: Source, n: int, longer: int) -> Any:
    lead = (n,) if source.batch else ()
    if a.kind in ("index", "count"):
        chosen = rng.integers(0, source.table, lead)
        if source.batch:
            return chosen.astype(draw.choice([np.int64, np.int64, np.int32, np.uint8]))
        return draw.choice([int, np.int64])(chosen)
    if a.kind == "dict":
        return {"v": _numbers(draw, rng, (*lead, *a.shape)), "k": _numbers(draw, rng, lead)}
    if a.kind == "number":
        number = _numbers(draw, rng, lead)
        return number if source.batch else draw.choice([float, np.float64])(number)
    shape = (*lead, *a.shape[:-1], a.shape[-1] + longer)
    array = _numbers(draw, rng, shape)
    return array.tolist() if a.kind == "nested" or (array.size and draw.random() < 0.1) else array


def _numbers(draw: random.Random, rng: Any, shape: tuple[int, ...]) -> Any:
    """Return an array: of random or small whole numbers, as it comes, of another type, with gaps, or read-only."""
    a = np.asarray(rng.uniform(-1.5, 1.5, shape) if draw.random() < 0.75 else rng.integers(-1, 2, shape), dtype=float)
    if draw.random() < 0.3:
        a = np.where(a == 0.0, -0.0, a)
    return laid_out(draw, a)


def laid_out(draw: random.Random, a: Any) -> Any:
    """Return the numbers of an array as callers have them: of another type, with gaps, reversed, or read-only."""
    form = draw.random()
    if form < 0.15:
        return a.astype(np.float32)
    if form < 0.25:
        return np.round(a).astype(draw.choice([np.int64, np.int32, np.int8]))
    if form < 0.35 and a.ndim:
        return np.repeat(a, 2, axis=-1)[..., ::2]
    if form < 0.42 and a.ndim > 1:
        return np.asfortranarray(a)
    if form < 0.48 and a.ndim:
        return a[::-1].copy()[::-1]
    if form < 0.54 and a.ndim > 1 and a.shape[-1]:
        return np.broadcast_to(a[..., :1], a.shape)
    if form < 0.64:
        a.flags.writeable = False
    return a
