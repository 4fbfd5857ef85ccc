"""Whether a program is one of single numbers that come one after the other, and its text if it is."""

from __future__ import annotations

from typing import NamedTuple

from engine.lifting.emit.source import Emitted
from engine.lifting.external import External
from engine.lifting.ir import Trace
from engine.lifting.straight.blocks import blocks
from engine.lifting.straight.groups_needed import grouped_steps
from engine.lifting.straight.local_rules import is_local
from engine.lifting.straight.runs import runs
from engine.lifting.straight.steps_needed import array_steps
from engine.lifting.straight.tape import tape
from engine.lifting.straight.text import straight_text
from engine.lifting.views import Indices

FEWEST = 500  # nodes; smaller programs are lifted in no time, and are good to read as arrays
PER_STEP = 16  # operations of an array step, on average, above which arrays take less time
LONG_BODY = 100  # operations that are written, from which on they may be pieces of one loop that branches cut
WIDE = 64  # operations of a group, on average, above which arrays take less time with all that they copy and gather
WRITTEN = 0.25  # of the operations that may be written, where the others repeat them


class Straight(NamedTuple):
    """A text on single numbers, and how many lines compute something, forward and backward."""

    emitted: Emitted
    operations: tuple[int, int]
    length: int  # of the list of numbers that it works on


def straightened(name: str, trace: Trace, external: External, places: Indices, wrt: str) -> Straight | None:
    """Return a program's text on single numbers; None where arrays serve it better.

    Parameters
    ----------
    name, trace
        What is lifted, and its operations; of several results there is no such text.
    external, places
        What the caller passes, and the cell of each parameter of the trace.
    wrt
        What is differentiated for.
    """
    if len(trace.ops) < FEWEST or trace.results != 1:
        return None
    written_down = tape(trace, places, external.theta.size, [x.size for x in external.numbers])
    if not all(map(is_local, written_down.kinds[1:] if not written_down.kinds[0].arity else written_down.kinds)):
        return None
    found = runs(written_down.codes)
    total = len(written_down.codes)
    lines = sum([run.period for run in found])
    if lines > WRITTEN * total:
        return None
    laid_out = blocks(written_down, found)
    if total > PER_STEP * sum([array_steps(block, laid_out.readings) for block in laid_out.blocks]):
        return None
    most = total // WIDE
    if lines > LONG_BODY and grouped_steps(written_down, laid_out.readings, most) <= most:
        return None
    title = f"{name}: {len(trace.ops):,} scalar nodes as {lines:,} operations, repeated."
    return Straight(*straight_text(title, laid_out, external, wrt), laid_out.length)
