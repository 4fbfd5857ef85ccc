"""How many steps arrays would take where repetition comes in pieces: by operations of equal kinds on operands of such.

A branch for each of many samples cuts a loop into pieces, one for each pattern of what follows what. Steps of each
piece by itself say nothing then: arrays take all at once that have one signature, as grouping finds it. What differs by
how far it is from a boundary has as many signatures as distances, and is no group.
"""

from __future__ import annotations

from typing import Any

from engine.lifting.straight.steps_needed import SIGNED, SUMS, TERMS
from engine.lifting.straight.tape import Tape
from engine.lifting.views import Indices


def grouped_steps(tape: Tape, readings: Indices, most: int) -> int:
    """Return how many array operations a tape is, about, or where these are far more than `most`, a larger number.

    Parameters
    ----------
    tape, readings
        The operations, and how often each slot is read.
    most
        From which on nobody needs to know.
    """
    ops = [kind.op for kind in tape.kinds]
    first, reads, once = tape.leaves, tape.reads.tolist(), (readings == 1).tolist()
    codes, starts = tape.codes.tolist(), [*tape.starts.tolist(), len(reads)]
    signatures = _of_leaves(tape)
    number: dict[Any, int] = {}
    terms: dict[int, frozenset[int]] = {}  # of a sum, with those of the sums that it takes in
    absorbed: set[int] = set()
    for k, code in enumerate(codes):
        if len(number) > 2 * most:  # half of them may be terms of sums
            return len(number)
        op, operands = ops[code], reads[starts[k] : starts[k + 1]]
        key: Any = (code, *[signatures[slot] for slot in operands])
        if op in SUMS:
            behind = {slot: ops[codes[slot - first]] for slot in operands if slot >= first and once[slot]}
            chained = [slot for slot, other in behind.items() if other in SIGNED and op in SIGNED]
            absorbed.update([slot for slot, other in behind.items() if other in TERMS], chained)
            of_others = [signatures[slot] for slot in operands if slot not in chained]
            key = terms[first + k] = frozenset(of_others).union(*[terms[slot] for slot in chained])
        signatures.append(number.setdefault(key, -1 - len(number)))
    return len({signatures[first + k] for k in range(len(codes)) if first + k not in absorbed})


def _of_leaves(tape: Tape) -> list[int]:
    """Return the signature of each leaf: by its role, and which input it is of."""
    signatures = [0] * tape.cells
    for k, size in enumerate(tape.inputs):
        signatures += [k + 2] * size
    return signatures + [1] * len(tape.constants)
