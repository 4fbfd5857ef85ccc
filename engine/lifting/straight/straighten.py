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
from engine.lifting.straight.local_rules import is_local
from engine.lifting.straight.phrased import phrased
from engine.lifting.straight.phrases import phrases
from engine.lifting.straight.repeated import computed_once
from engine.lifting.straight.runs import runs
from engine.lifting.straight.set_apart import operations_of_a_signature
from engine.lifting.straight.steps_needed import array_steps
from engine.lifting.straight.tape import Tape, tape
from engine.lifting.straight.text import straight_text
from engine.lifting.straight.width import parallelism, width
from engine.lifting.views import Indices

FEWEST = 500  # nodes; smaller programs are lifted in no time, and are good to read as arrays
VERY_FEW = 200  # the same where they are of many kinds of operations
MANY_KINDS = 50
PER_STEP = 16  # operations of an array step, on average, above which arrays take less time than loops
PER_KIND = 24  # operations of one kind, on average, above which they take less than phrases
WIDE = 4 * PER_STEP  # of one kind at once, on average, with which arrays win with all that they copy and gather
COUNTED = 20_000  # nodes whose kinds are counted where they look wide
FRONT = 6 * PER_STEP  # at once, of any kind, with which wavefronts may win: they are half as wide mostly
LONG_BODY = 100  # operations that are written, from which on they may be pieces of one loop that branches cut
WRITTEN = 1 / 8  # of the operations that loops may write; where they would write more, phrases are looked for
IN_PHRASES = 1 / 12  # that these may write, for speed
FEW = 64  # operations that may be written, however few there are
PER_ARRAY = 12  # for each kind, which takes longer to lay out


class Straight(NamedTuple):
    """A text on single numbers, and how many lines compute something, forward and backward."""

    emitted: Emitted
    operations: tuple[int, int]
    length: int  # of the list of numbers that it works on


def may_repeat(trace: Trace) -> bool:
    """Whether a trace, of one result, may be loops over floats: the other questions cost more than this one."""
    nodes = len(trace.ops)
    if nodes < VERY_FEW or trace.results != 1:
        return False
    if nodes < FEWEST:
        return count_groups(trace) > MANY_KINDS
    if width(trace) <= WIDE or operations_of_a_signature(trace) < PER_STEP:
        return True
    return nodes <= COUNTED and nodes <= PER_STEP * count_groups(trace)


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
    laid_out = _laid_out(trace, written_down)
    if laid_out is None:
        return None
    written = sum([block.period for block in laid_out.blocks])
    title = f"{name}: {len(trace.ops):,} scalar nodes as {written:,} operations, repeated."
    return Straight(*straight_text(title, laid_out, external, wrt), laid_out.length)


def _laid_out(trace: Trace, tape: Tape) -> Blocks | None:
    """Return a tape as loops, or where these would not spare much, as phrases."""
    of_runs, total = runs(tape.codes), len(tape.codes)
    written = sum([run.period for run in of_runs])
    if written <= max(FEW, WRITTEN * total):
        as_arrays = _better_as_arrays(trace, blocks(tape, of_runs), written)
        return None if as_arrays else blocks(tape, *computed_once(tape, of_runs))
    kinds = count_groups(trace)
    if total > PER_KIND * kinds:
        return None
    of_phrases = phrases(tape.codes, max(FEW, int(IN_PHRASES * total)))
    return phrased(tape, of_phrases) if sum([x.period for x in of_phrases]) <= PER_ARRAY * kinds else None


def _better_as_arrays(trace: Trace, laid_out: Blocks, written: int) -> bool:
    """Whether arrays take less time than loops of so many operations."""
    total = len(laid_out.tape.codes)
    if total > PER_STEP * sum([array_steps(block, laid_out.readings) for block in laid_out.blocks]):
        return True
    most = total // WIDE
    if written <= LONG_BODY or grouped_steps(laid_out.tape, laid_out.readings, most) > most:
        return False
    return total > PER_STEP * count_groups(trace)
