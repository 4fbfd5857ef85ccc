"""A trace's derivatives as traces to compile: of the same inputs, branches and parameters, and by what.

>>> import engine
>>> program = engine.lift(lambda x, y: x[0] * y)
>>> program([2.0, 3.0], 4.0)
8.0
>>> variables_of(program.latest, 1).columns, variables_of(program.latest, 0).count
({1: 0}, 2)
"""

from __future__ import annotations

import numpy as np

from engine.lifting.ir import Trace
from engine.lifting.passes.jacobians import Variables
from engine.lifting.run.executable import Specialisation
from engine.lifting.trace.inputs import Spec
from engine.tree import Structure


def derivative_of(specialisation: Specialisation, trace: Trace, direction: int | None = None) -> Specialisation:
    """Return a derivative's trace as one to compile: of the same inputs and branches.

    Parameters
    ----------
    specialisation
        The function's.
    trace
        The derivative's.
    direction
        How many numbers a direction is; None where there is none.
    """
    specs = specialisation.specs if direction is None else (*specialisation.specs, Spec("array", (direction,)))
    return Specialisation(
        trace, specs, specialisation.guards, specialisation.limits, specialisation.seconds, specialisation.parameters,
        returns=Structure("array", (trace.results,)), lone=specialisation.lone,
    )  # fmt: skip


def variables_of(specialisation: Specialisation, by: int | None) -> Variables:
    """Return what a trace is differentiated by: an argument's numbers, or (None) the parameters' cells."""
    trace = specialisation.trace
    if by is None:
        cells = specialisation.parameters.places(trace).tolist()
        columns = {i: cells[leaf.position] for i, leaf in trace.leaves.items() if leaf.role == "parameter"}
        return Variables(columns, specialisation.parameters.flat.cells)
    first = sum([len(list(spec.arrays(""))) for spec in specialisation.specs[:by]])
    sizes = [int(np.prod(spec.shape, dtype=np.int64)) for _, spec in specialisation.specs[by].arrays("")]
    starts = dict(zip(range(first, first + len(sizes)), np.cumsum([0, *sizes]).tolist()))
    columns = {
        i: starts[leaf.argument] + leaf.position
        for i, leaf in trace.leaves.items()
        if leaf.role == "input" and leaf.argument in starts
    }
    return Variables(columns, sum(sizes))
