"""Gradients that are off, and right all the same: at a kink, where either side serves, and by what rounding moves.

>>> import engine
>>> x = np.array([0.0, 1.0, -2.0])
>>> loss, right = (lambda x: np.maximum(x, 0.0).sum()), np.array([0.0, 1.0, 0.0])
>>> leaves = [engine.Value(v) for v in x]
>>> compared = {0: Comparison(loss(engine.array(leaves)), leaves, right, np.array([1.0, 1.0, 0.0]))}
>>> compared[0].outcome.ok, at_kinks(compared, loss, [("x", x)])[0].outcome.ok
(False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.alterations.ties import at_ties
from nn.diagnosis.comparison import HARDLY, Comparison
from nn.diagnosis.perturbed import MULTIPLIERS
from nn.samples import Array


def at_kinks(
    compared: Mapping[int, Comparison],
    loss: Callable[..., Any],
    arguments: Sequence[tuple[str, Array]],
    of: Callable[[Sequence[Array]], Sequence[Array]] = list,
) -> dict[int, Comparison]:
    """Return comparisons with those right gradients, of several at a kink, that most of them agree with.

    Parameters
    ----------
    compared, loss, arguments
        The comparisons, and the function of the arguments that is differentiated.
    of
        Of gradients by the arguments, those that are compared.
    """
    if all(c.exact.all() for c in compared.values()):
        return dict(compared)
    rights = map(of, at_ties(loss, arguments))
    others = [{at: c.with_right(right[at]) for at, c in compared.items()} for right in rights]
    return max([dict(compared), *others], key=_nearness)


def _nearness(compared: Mapping[int, Comparison]) -> tuple[int, int, float]:
    """Return how many gradients are exact; how many rounding, or differences, may have moved, and how little."""
    near = [c.relative for c in compared.values() if c.relative < HARDLY]
    return sum(bool(c.exact.all()) for c in compared.values()), len(near), -sum(near)


def with_spreads(
    compared: Mapping[int, Comparison], again: Callable[[int], Mapping[int, Array]]
) -> dict[int, Comparison]:
    """Return comparisons, those that rounding may have moved with how far other roundings move what was returned.

    `again` returns that, after as many runs: one tells differences from a formula; after none, what differs by itself.
    """
    moved = [at for at, c in compared.items() if c.may_be_rounded]
    known = dict(compared)
    try:
        with np.errstate(all="ignore"):
            for runs in (1, len(MULTIPLIERS)) if moved else ():
                spreads = again(runs)
                known |= {at: compared[at].with_spread(spreads[at]) for at in moved if at in spreads}
                if all(known[at].is_coarsely_right for at in moved):
                    break
            is_one = all(known[at].is_exact <= compared[at].is_exact for at in moved) or not any(
                x.any() for x in again(0).values()
            )
    except Exception:  # not every function takes these arrays
        return dict(compared)
    return known if is_one else dict(compared)
