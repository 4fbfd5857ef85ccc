"""How many array operations a trace would be, told apart as they are: by their operands' kinds, and those by theirs.

>>> import engine
>>> program = engine.lift(lambda x: engine.total([engine.tanh(v) * v for v in x]))
>>> _ = program(list(range(100)))
>>> count_groups(program.latest.trace)  # the inputs, tanh, the products and their sum
4
"""

from __future__ import annotations

from collections.abc import Hashable

from engine.lifting.ir import CHAINS, Trace


def count_groups(trace: Trace) -> int:
    """Return how many kinds of operations there are: of one rule on operands of one kind each, of a sum on its terms'.

    What is equally far from the leaves need not be of one kind: cells of a grid behind those at its edge are not.
    """
    known: dict[Hashable, int] = {}
    kinds: list[int] = []
    terms: dict[int, set[int]] = {}  # of the chains that may be parts of longer ones

    def kind(j: int) -> int:
        if j in terms:
            kinds[j] = known.setdefault(("sum", frozenset(terms.pop(j))), len(known))
        return kinds[j]

    for i, (op, operands, inner) in enumerate(zip(trace.ops, trace.operands, trace.inner.tolist())):
        key: Hashable
        if not operands:
            key = (trace.leaves[i].role, trace.leaves[i].argument)
        elif op in CHAINS:
            whole: set[int] = terms.pop(operands[0], set())  # of a long chain the longer part, which is not copied
            for j in operands:
                whole |= terms.pop(j, {kinds[j]})
            whole.discard(-1)
            if inner:
                terms[i] = whole
                kinds.append(-1)
                continue
            key = ("sum", frozenset(whole))
        else:
            key = (op, trace.fixed.get(i), *[kind(j) for j in operands])
        kinds.append(known.setdefault(key, len(known)))
    return len(known)
