"""A comparison with NaN that C code makes inside a transform: NumPy's or Python's own, which then loses the NaN.

``np.array([v, w])`` is a plain array of objects, and of what NumPy does with one nothing is asked but whether one is
less than another: a NaN is not, so that np.max goes past it.  Arrays that transforms hand over, and `engine.array`'s,
go through the rules, which keep it.

>>> import engine, math, numpy as np
>>> engine.grad(lambda x: np.max(np.array([x, 1.0])))(math.nan)
Traceback (most recent call last):
...
engine.errors.TraceError: Values were compared with NaN by code that is not written in Python ...
>>> engine.value_and_grad(lambda x: np.max(engine.array([x, 1.0])))(math.nan)[0]
nan
"""

from __future__ import annotations

import dis
import sys

from engine.errors import TraceError
from engine.lines import ENGINE, user_line

OPERATORS = "operators.py"  # where comparisons are made, of which this asks who wanted them


def refuse_unless_written(depth: int = 2) -> None:
    """Refuse a comparison with NaN, unless its line compares by Python's operator, or is the engine's own.

    Raises
    ------
    TraceError
        If C code compares, such as np.max of a plain array, or sorted.
    """
    frame = sys._getframe(depth)
    while frame.f_back is not None and frame.f_code.co_filename == ENGINE + OPERATORS:
        frame = frame.f_back
    code = frame.f_code
    if code.co_filename.startswith(ENGINE) or dis.opname[code.co_code[frame.f_lasti]] == "COMPARE_OP":
        return
    raise TraceError(
        f"Values were compared with NaN by code that is not written in Python, in {user_line()}, and the NaN would be "
        "lost. Use engine.array([...]) in place of np.array([...]), engine.largest in place of max, or np.nan_to_num."
    )
