"""Whether a program is one of single numbers that come one after the other, and its text if it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.lifting.emit.source import Emitted
from engine.lifting.external import External
from engine.lifting.ir import Trace
from engine.lifting.straight.blocks import Blocks, blocks
from engine.lifting.straight.chains import with_chains
from engine.lifting.straight.groups_needed import grouped_steps
from engine.lifting.straight.groups_of_trace import count_groups
from engine.lifting.straight.local_rules import NO_PIECES, is_local
from engine.lifting.straight.repeated import computed_once
from engine.lifting.straight.runs import runs
from engine.lifting.straight.set_apart import operations_of_a_signature
from engine.lifting.straight.steps_needed import array_steps
from engine.lifting.straight.tape import tape
from engine.lifting.straight.text import straight_text
from engine.lifting.straight.width import parallelism, width
from engine.lifting.views import Indices

FEWEST = 500  # nodes; smaller programs are lifted in no time, and are good to read as arrays
PER_STEP = 16  # operations of an array step, on average, above which arrays take less time
WIDE = 4 * PER_STEP  # of one kind at once, on average, with which arrays win with all that they copy and gather
FRONT = 6 * PER_STEP  # at once, of any kind, with which wavefronts may win: they are half as wide mostly
LONG_BODY = 100  # operations that are written, from which on they may be pieces of one loop that branches cut
WRITTEN = 0.25  # of the operations that may be written, where the others repeat them
UNROLLED = 4000  # operations of which more may be written: so many
PER_ARRAY = 12  # for each array step that they would be, which takes longer to lay out


class Straight(NamedTuple):
    """A text on single numbers, and how many lines compute something, forward and backward."""

    emitted: Emitted
    operations: tuple[int, int]
    length: int  # of the list of numbers that it works on


def may_repeat(trace: Trace) -> bool:
    """Whether a trace, of one result, may be loops over floats: the other questions cost more than this one."""
    if len(trace.ops) < FEWEST or trace.results != 1 or not NO_PIECES.isdisjoint(trace.ops):
        return False
    return width(trace) <= WIDE or operations_of_a_signature(trace) < PER_STEP


def may_be_fronts(trace: Trace) -> bool:
    """Whether many operations of a trace could be computed at once if nothing but a boundary set them apart."""
    return parallelism(trace) >= FRONT and operations_of_a_signature(trace) < PER_STEP


def straightened(name: str, trace: Trace, external: External, places: Indices, wrt: str) -> Straight | None:
    """Return a program's text on single numbers; None where arrays serve it better.

    Parameters
    ----------
    name, trace
        What is lifted, and its operations, of which some may repeat others.
    external, places
        What the caller passes, and the cell of each parameter of the trace.
    wrt
        What is differentiated for.
    """
    written_down = with_chains(tape(trace, places, external.theta.size, [x.size for x in external.numbers]))
    if not all(is_local(written_down.kinds[code]) for code in np.unique(written_down.codes).tolist()):
        return None
    found = runs(written_down.codes)
    total, written = len(written_down.codes), sum([run.period for run in found])
    if written > WRITTEN * total > WRITTEN * UNROLLED:
        return None
    if _better_as_arrays(trace, blocks(written_down, found), written):
        return None
    laid_out = blocks(written_down, *computed_once(written_down, found))
    title = f"{name}: {len(trace.ops):,} scalar nodes as {sum([run.period for run in found]):,} operations, repeated."
    return Straight(*straight_text(title, laid_out, external, wrt), laid_out.length)


def _better_as_arrays(trace: Trace, laid_out: Blocks, written: int) -> bool:
    """Whether arrays take less time than loops of so many operations, or, where little repeats, less to lay out."""
    total = len(laid_out.tape.codes)
    if written > WRITTEN * total:
        steps = grouped_steps(laid_out.tape, laid_out.readings, total)
        return total > PER_STEP * steps or written > PER_ARRAY * steps
    if total > PER_STEP * sum([array_steps(block, laid_out.readings) for block in laid_out.blocks]):
        return True
    most = total // WIDE
    if written <= LONG_BODY or grouped_steps(laid_out.tape, laid_out.readings, most) > most:
        return False
    return total > PER_STEP * count_groups(trace)
