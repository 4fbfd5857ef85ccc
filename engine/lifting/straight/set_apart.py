"""Whether operations equally far from the leaves are set apart by what they read: a look at the first of a trace.

A cell of a grid reads its neighbours, and these theirs: each differs by its distances from the boundary, so that cells
which could be computed at once have as many signatures as there are, and are arrays of one element.

>>> import engine
>>> program = engine.lift(lambda x: engine.total([engine.tanh(v) * v for v in x]), verify=False)
>>> _ = program(list(range(100)))
>>> operations_of_a_signature(program.latest.trace)
67.0
"""

from __future__ import annotations

from typing import Any

from engine.lifting.ir import Trace
from engine.lifting.straight.steps_needed import SUMS

LOOKED_AT = 2_000  # operations, from the first; what is set apart is so from the beginning


def operations_of_a_signature(trace: Trace) -> float:
    """Return how many of the first operations have one signature, on average; chains of additions are sums."""
    signatures: list[int] = []
    number: dict[Any, int] = {}
    terms: dict[int, frozenset[int]] = {}  # of sums, those of the sums in them
    count = 0
    for i, (op, operands) in enumerate(zip(trace.ops, trace.operands)):
        if not operands:
            leaf = trace.leaves[i]
            key: Any = (leaf.role, leaf.argument)
        elif op in SUMS:
            key = terms[i] = frozenset().union(*[terms.get(j, {signatures[j]}) for j in operands])
        else:
            key = (op, *[signatures[j] for j in operands])
        signatures.append(number.setdefault(key, len(number)))
        count += bool(operands)
        if count == LOOKED_AT:
            break
    return count / len({signatures[i] for i in range(len(signatures)) if trace.operands[i]} or {0})
