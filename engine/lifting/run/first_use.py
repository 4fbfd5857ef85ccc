"""The order in which a program's reader meets its parameters: that of the flat vector where nobody gave another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.lifting.ir import Trace, heights
from engine.value import Value


def by_first_use(trace: Trace, fresh: Sequence[Value]) -> list[Value]:
    """Order some parameters as a reader of the program meets them: those of one kind of operation together."""
    wanted = set(fresh)
    parameters = [(i, leaf.position) for i, leaf in trace.leaves.items() if leaf.role == "parameter"]
    number = {i: position for i, position in parameters if trace.parameters[position] in wanted}
    is_wanted = np.zeros(len(trace.ops), bool)
    is_wanted[list(number)] = True
    height = np.array(heights(trace.operands))
    readers = np.flatnonzero(np.bincount(trace.owners[is_wanted[trace.reads]], minlength=len(trace.ops)))
    met: dict[int, None] = {}
    biases: list[int] = []  # of dots: an array of their own, after the weights
    for i in readers[np.argsort(height[readers], kind="stable")].tolist():
        operands = trace.operands[i]
        weights = operands[:-1] if trace.ops[i] == "dot" and len(operands) % 2 else operands
        biases += operands[len(weights) :]
        met |= {number[j]: None for j in weights if j in number}
    met |= {number[j]: None for j in (*biases, *trace.roots) if j in number}
    return [trace.parameters[k] for k in met]
