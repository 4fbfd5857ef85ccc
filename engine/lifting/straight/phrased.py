"""Tape, phrases -> Blocks: each phrase as one body that is written once, in the order in which all are computed.

There is no time before, since another phrase may have come between: what a body reads is its own, a number that the
program begins with, or a column of its table. Results are put one behind the other as they are computed, whichever
phrase they are of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.lifting.straight.blocks import Blocks, Readings, block_of, count_readings, looked_for, operand_slots
from engine.lifting.straight.phrases import Phrase
from engine.lifting.straight.tape import Tape


def phrased(tape: Tape, phrases: Sequence[Phrase]) -> Blocks:
    """Say for each phrase where its operands are, and for all numbers where they are found."""
    parts = []
    for firsts, period in phrases:
        readings = Readings.of_phrase(operand_slots(tape, firsts, period), tape.leaves + firsts, tape.leaves)
        parts.append(block_of(tape, firsts, period, readings, frozenset()))
    wanted = looked_for(tape, parts)
    for block in parts:
        block.kept = np.flatnonzero(wanted[block.slots].any(0)).tolist()
    which = np.repeat(np.arange(len(parts)), [block.times for block in parts])
    order = np.argsort(np.concatenate([phrase.starts for phrase in phrases]))
    counts = np.array([len(block.kept) for block in parts])[which[order]]
    begun = np.empty(len(order), np.int64)
    begun[order] = tape.leaves + np.cumsum(counts) - counts
    places = np.full(len(wanted), -1)
    places[: tape.leaves] = np.arange(tape.leaves)
    for number, block in enumerate(parts):
        first = begun[which == number]
        places[block.slots[:, block.kept]] = first[:, None] + np.arange(len(block.kept))
    known = np.zeros(len(tape.codes), bool)
    return Blocks(tape, parts, count_readings(tape, known), places, tape.leaves + int(counts.sum()), which[order])
