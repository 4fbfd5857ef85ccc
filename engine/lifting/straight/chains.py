"""Tape -> Tape: an operation of very many operands, a few of which close what a loop computes, as a chain of pieces.

In a body such an operation would be as many lines; on the tape its pieces repeat, and are a body of their own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lifting.straight.local_rules import CHAINED, MOST_OPERANDS, PIECES, Piece
from engine.lifting.straight.tape import Kind, Tape
from engine.lifting.views import Indices

PER_OPERAND = {"logsumexp": 4}  # pieces; of others one


def with_chains(tape: Tape) -> Tape:
    """Return a tape with its longest operations in pieces; itself where there are none, or they are most of it."""
    long = [code for code, kind in enumerate(tape.kinds) if kind.arity > MOST_OPERANDS and kind.op in CHAINED]
    at = np.flatnonzero(np.isin(tape.codes, long))
    closing = sum([PER_OPERAND.get(kind.op, 1) * kind.arity for kind in map(tape.kinds.__getitem__, tape.codes[at])])
    return _spliced(tape, at) if 0 < closing <= len(tape.codes) else tape


def _spliced(tape: Tape, at: Indices) -> Tape:
    """Return a tape in which the operations at some places are their pieces, of which the last has the result."""
    pieces = [_pieces(tape, i) for i in at.tolist()]
    extra = np.zeros(len(tape.codes), np.int64)
    extra[at] = [len(known) - 1 for known in pieces]
    places = np.arange(len(tape.codes)) + np.cumsum(extra)
    slots = np.append(np.arange(tape.leaves), tape.leaves + places)
    numbers = {kind: code for code, kind in enumerate(tape.kinds)}
    ends = np.append(tape.starts[1:], len(tape.reads))
    reads = slots[tape.reads]
    codes, operands, begun, read = list[Indices](), list[Indices](), 0, 0
    for i, known in zip(at.tolist(), pieces):
        own = reads[tape.starts[i] : ends[i]]
        first = tape.leaves + int(places[i] - extra[i])
        codes += [
            tape.codes[begun:i],
            np.array([numbers.setdefault(Kind(op, len(xs)), len(numbers)) for op, xs in known]),
        ]
        flat = np.array([k for _, xs in known for k in xs])
        operands += [reads[read : tape.starts[i]], np.where(flat >= 0, own[np.maximum(flat, 0)], first - 1 - flat)]
        begun, read = i + 1, int(ends[i])
    whole = np.concatenate([*codes, tape.codes[begun:]])
    counts = np.array([kind.arity for kind in numbers])[whole]
    return replace(
        tape, kinds=list(numbers), codes=whole, starts=np.cumsum(counts) - counts,
        reads=np.concatenate([*operands, reads[read:]]), roots=slots[tape.roots],
    )  # fmt: skip


def _pieces(tape: Tape, i: int) -> list[Piece]:
    kind = tape.kinds[int(tape.codes[i])]
    return PIECES[kind.op](kind.arity)
