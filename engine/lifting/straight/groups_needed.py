"""How many steps arrays would take where repetition comes in pieces: by operations of equal kind and equal height.

A branch for each of many samples cuts a loop into pieces, one for each pattern of what follows what. Steps of each
piece by itself say nothing then: arrays take all pieces at once, as far as none depends on another.
"""

from __future__ import annotations

from engine.lifting.straight.steps_needed import SIGNED, SUMS, TERMS
from engine.lifting.straight.tape import Tape
from engine.lifting.views import Indices


def grouped_steps(tape: Tape, readings: Indices) -> int:
    """Return how many array operations a tape is, about; `readings` says how often each slot is read."""
    ops = [kind.op for kind in tape.kinds]
    first, reads, once = tape.leaves, tape.reads.tolist(), (readings == 1).tolist()
    codes, starts = tape.codes.tolist(), [*tape.starts.tolist(), len(reads)]
    height = [0] * (first + len(codes))
    absorbed: set[int] = set()
    for k, code in enumerate(codes):
        highest, op = 0, ops[code]
        for slot in reads[starts[k] : starts[k + 1]]:
            behind = ops[codes[slot - first]] if slot >= first and once[slot] and op in SUMS else ""
            taken_in = behind in SIGNED and op in SIGNED  # a chain of additions is one sum
            if taken_in or behind in TERMS:
                absorbed.add(slot)
            highest = max(highest, height[slot] - taken_in)
        height[first + k] = highest + 1
    written = {(code, height[first + k]) for k, code in enumerate(codes) if first + k not in absorbed}
    return len(written)
