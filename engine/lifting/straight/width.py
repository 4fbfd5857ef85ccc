"""How many operations of a trace can be computed at once, on average: a look that decides whether to look for loops.

What is of one kind and equally far from the leaves is at most one array operation where nothing sets it apart. A chain
of additions counts as one: later stages make a sum of it.

>>> import engine
>>> program = engine.lift(lambda x: engine.total([engine.tanh(v) * v for v in x]))
>>> _ = program(list(range(100)))
>>> width(program.latest.trace)
67.0
"""

from __future__ import annotations

import numpy as np

from engine.lifting.distinct import count_distinct
from engine.lifting.ir import Trace


def width(trace: Trace) -> float:
    """Return how many operations there are for each kind and distance from the leaves."""
    computed = trace.arity > 0
    keys = (trace.heights * len(trace.kinds) + trace.codes)[computed & ~trace.inner]
    return int(np.count_nonzero(computed)) / max(count_distinct(keys), 1)
