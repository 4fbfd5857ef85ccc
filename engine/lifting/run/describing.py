"""What a program says of itself in its author's words: source, formulas and records, made when somebody first asks.

They are printed from the same steps as the text that runs, laid out once more with what one more, watched run of the
function says of its operations. So they differ from what runs in names alone, and lifting does not pay for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.lifting.emit.formulas import Formulas, formulas
from engine.lifting.ir import Steps
from engine.lifting.pipeline import arrays_for_numpy, named_steps
from engine.lifting.run.compiling import task_of
from engine.lifting.run.executable import Specialisation
from engine.lifting.run.report import StepRecord, records, shown
from engine.lifting.trace.retrace import origins
from engine.watching import Origin

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


@dataclass(frozen=True)
class Described:
    """A compiled trace in its author's words.

    Attributes
    ----------
    steps
        Its array operations; their results have names and origins.
    text
        The text that runs, under these names.
    formulas, records
        The same as matrix formulas, and the forward operations as records.
    """

    steps: Steps
    text: str
    formulas: Formulas
    records: tuple[StepRecord, ...]


def description(program: Program, specialisation: Specialisation, wrt: str) -> Described:
    """Return a trace, compiled for some derivatives, in its author's words."""
    known = specialisation.described.get(wrt)
    if known is None:
        if specialisation.origins is None:
            specialisation.origins = _origins(program, specialisation)
        known = specialisation.described[wrt] = _described(program, specialisation, wrt)
    return known


def _described(program: Program, specialisation: Specialisation, wrt: str) -> Described:
    known: Mapping[int, Origin] = specialisation.origins or {}
    task = task_of(program, specialisation, wrt)
    task = replace(task, origins={str(i): origin for i, origin in known.items()})
    trace = replace(specialisation.trace, labels={i: str(i) for i in known})
    steps, emitted = arrays_for_numpy(trace, task)
    arrays = task.external.arrays
    read = shown(steps, arrays)
    has_gaps = any(step.terms is not None for step in steps.forward)
    gapless = shown(named_steps(trace, task, gaps=False), arrays) if has_gaps else read  # a sum of so many terms
    return Described(steps, emitted.text, formulas(gapless), records(steps, read, arrays))


def _origins(program: Program, specialisation: Specialisation) -> Mapping[int, Origin]:
    """Return where the operations of a trace come from, by one more run of the function."""
    around = program.traces.captured
    if program.fn is None or around is None:
        return {}
    names = program.array_names(specialisation.specs)
    return origins(
        specialisation.trace, program.fn, names, specialisation.specs, specialisation.samples, around,
        specialisation.choosing,
    )  # fmt: skip
