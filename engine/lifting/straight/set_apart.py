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
    signature_of = signatures.__getitem__
    number: dict[Any, int] = {}  # of a signature, and of what has one: an operation on operands of some signatures
    terms: dict[int, frozenset[int]] = {}  # of the signatures of sums, those of all that is added
    count = 0
    for i, (op, operands) in enumerate(zip(trace.ops, trace.operands)):
        if not operands:
            leaf = trace.leaves[i]
            key: Any = (leaf.role, leaf.argument)
        else:
            key = (op, *map(signature_of, operands))
            count += 1
        signature = number.get(key)
        if signature is None and op in SUMS:
            added = frozenset().union(*[terms.get(j, {j}) for j in key[1:]])
            signature = number[key] = number.setdefault(added, len(number))
            terms[signature] = added
        elif signature is None:
            signature = number[key] = len(number)
        signatures.append(signature)
        if count == LOOKED_AT:
            break
    return count / len({signatures[i] for i in range(len(signatures)) if trace.operands[i]} or {0})
