"""Where a sequence is made of few phrases, in whatever order: what an author's branches and uneven loops leave.

>>> [(phrase.starts.tolist(), phrase.period) for phrase in phrases(np.array([1, 2, 3, 3, 1, 2, 1, 2, 3]), most=3)]
[([2, 3, 8], 1), ([0, 4, 6], 2)]

The two neighbours that stand side by side most often become one symbol, again and again (Larsson and Moffat's pairs),
as long as what is to be written is within a limit. Neighbours that are never apart are joined before all others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.lifting.views import Indices

LONGEST = 64  # operations of a phrase
SEVERAL = 24  # of one that is written for speed alone, whose halves are written too
OFTEN = 4  # times at least that these stand side by side


class Phrase(NamedTuple):
    """A body that is somewhere in the sequence, several times perhaps: where it begins, in order, and its length."""

    starts: Indices
    period: int


def phrases(word: Indices, most: int) -> list[Phrase]:
    """Return the phrases that make up a sequence, the most frequent first; few of them are written in few lines.

    Parameters
    ----------
    word
        Numbers from 0.
    most
        How many may be written, where pairs are joined that stand apart as well.
    """
    symbols, starts = word.copy(), np.arange(len(word))
    lengths = np.ones(int(word.max(initial=-1)) + 1, np.int64)
    while (pair := _next_pair(symbols, lengths, most)) is not None:
        at = _places(symbols, pair)
        symbols[at] = len(lengths)
        lengths = np.append(lengths, lengths[list(pair)].sum())
        symbols, starts = np.delete(symbols, at + 1), np.delete(starts, at + 1)
    counts = np.bincount(symbols, minlength=len(lengths))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return [Phrase(starts[symbols == symbol], int(lengths[symbol])) for symbol in order.tolist()]


def _next_pair(symbols: Indices, lengths: Indices, most: int) -> tuple[int, int] | None:
    """Return the neighbours to be joined next, which are most often such; None where no more are worth it."""
    size = len(lengths)
    counts = np.bincount(symbols, minlength=size)
    pairs, times = np.unique(symbols[:-1] * size + symbols[1:], return_counts=True)
    first, second = np.divmod(pairs, size)
    length = lengths[first] + lengths[second]
    times = np.where(first == second, times // 2, times)  # three alike in a row may be two pairs that overlap
    growth = length - np.where(times == counts[first], lengths[first], 0)
    growth -= np.where(times == counts[second], lengths[second], 0)
    spare = most - int(lengths[counts > 0].sum())
    never_apart = (growth <= 0) & (length <= LONGEST)
    for_speed = (times >= OFTEN) & (length <= SEVERAL) & (growth <= spare)
    score = np.where(never_apart, times + len(symbols), np.where(for_speed, times, 0))
    best = int(score.argmax()) if len(score) else 0
    return (int(first[best]), int(second[best])) if len(score) and score[best] else None


def _places(symbols: Indices, pair: tuple[int, int]) -> Indices:
    """Return where a pair stands, no two of which overlap."""
    at = np.flatnonzero((symbols[:-1] == pair[0]) & (symbols[1:] == pair[1]))
    if pair[0] != pair[1]:
        return at
    begins = np.flatnonzero(np.diff(at, prepend=-2) > 1)
    nth = np.arange(len(at)) - np.repeat(begins, np.diff(begins, append=len(at)))
    firsts: Indices = at[nth % 2 == 0]
    return firsts
