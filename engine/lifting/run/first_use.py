"""The order in which a program's reader meets its parameters: that of the flat vector where nobody gave another."""

from __future__ import annotations

from engine.lifting.ir import Trace
from engine.value import Value


def by_first_use(trace: Trace) -> list[Value]:
    """Order parameters as a reader of the program meets them: those of one kind of operation together."""
    number = {i: leaf.position for i, leaf in trace.leaves.items() if leaf.role == "parameter"}
    height = [0] * len(trace.ops)
    height_of, reads_none = height.__getitem__, number.keys().isdisjoint
    readers: list[int] = []
    for i, operands in enumerate(trace.operands):
        if operands:
            height[i] = 1 + max(map(height_of, operands))
            if not reads_none(operands):
                readers.append(i)
    met: dict[int, None] = {}
    biases: list[int] = []  # of dots: an array of their own, after the weights
    for i in sorted(readers, key=height_of):
        operands = trace.operands[i]
        weights = operands[:-1] if trace.ops[i] == "dot" and len(operands) % 2 else operands
        biases += operands[len(weights) :]
        met |= {number[j]: None for j in weights if j in number}
    met |= {number[j]: None for j in (*biases, *trace.roots) if j in number}
    return [trace.parameters[k] for k in met]
