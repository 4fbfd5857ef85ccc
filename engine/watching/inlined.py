"""Comprehensions that run in the frame of the function around them, as they do since Python 3.12 (PEP 709).

Their variables are not the function's: those of the same names are put aside before, and put back after.  Told apart,
a watched run says the same of a function whichever Python runs it.

>>> def f(x):
...     y = [x * 2.0 for x in x]
...     return y
>>> stores = [step for step in dis.get_instructions(f) if step.opname.startswith("STORE")]
>>> [step.argval for step in stores if step.offset not in inlined(f.__code__)]
['y']
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Sequence
from types import CodeType

PUTS_ASIDE, PUTS_BACK = "LOAD_FAST_AND_CLEAR", "STORE_FAST"


@functools.lru_cache(maxsize=10_000)
def inlined(code: CodeType) -> frozenset[int]:
    """Return the offsets of the instructions of comprehensions behind their first, with those that put variables back.

    At the first, all variables are still the function's, and its line is the comprehension's.
    """
    steps = list(dis.get_instructions(code))
    inside = _after_errors(steps)
    saved: list[list[str]] = []  # by each comprehension that is open, the outermost first
    loops: list[int] = []  # of each, that are open
    waiting: list[str] = []  # variables that are still to be put back
    for k, step in enumerate(steps):
        inner = bool(saved)
        if step.opname == PUTS_ASIDE and not (saved and loops[-1] == 0):
            saved.append([])
            loops.append(0)
        if inner:
            inside.update(range(step.offset, _end(steps, k), 2))
        if step.opname == PUTS_ASIDE:
            saved[-1].append(step.argval)
        elif saved and step.opname in ("FOR_ITER", "END_FOR"):
            loops[-1] += 1 if step.opname == "FOR_ITER" else -1
            if loops[-1] == 0:
                waiting += saved.pop()
                loops.pop()
        elif waiting and step.opname == "SWAP":
            inside.add(step.offset)
        elif step.opname == PUTS_BACK and step.argval in waiting:
            waiting.remove(step.argval)
            inside.add(step.offset)
    return frozenset() if saved else frozenset(inside)  # an asynchronous one does not end in its place


def _end(steps: Sequence[dis.Instruction], k: int) -> int:
    """Return where an instruction ends, with the caches that are its own."""
    return steps[k + 1].offset if k + 1 < len(steps) else steps[k].offset + 2


def _after_errors(steps: Sequence[dis.Instruction]) -> set[int]:
    """Return the offsets of the instructions that put variables back where a comprehension has failed."""
    names = {step.argval for step in steps if step.opname == PUTS_ASIDE}
    inside: set[int] = set()
    for k, step in enumerate(steps):
        while step.opname == "RERAISE" and k and steps[k - 1].opname == PUTS_BACK and steps[k - 1].argval in names:
            k -= 1
            inside.add(steps[k].offset)
    return inside
