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

    What is equally far from the leaves need not be of one kind: cells of a grid behind those at its edge are not. A
    term that is taken off is another than one that is added.
    """
    known: dict[Hashable, int] = {}
    kinds: list[int] = []
    terms: dict[int, set[int]] = {}  # of the chains that may be parts of longer ones; ~kind of what is taken off

    def kind(j: int) -> int:
        if j in terms:
            kinds[j] = known.setdefault(("sum", frozenset(terms.pop(j))), len(known))
        return kinds[j]

    for i, (op, operands, inner) in enumerate(zip(trace.ops, trace.operands, trace.inner.tolist())):
        key: Hashable
        if not operands:
            key = (trace.leaves[i].role, trace.leaves[i].argument)
        elif op in CHAINS:
            whole = terms.pop(operands[0], None) or {kinds[operands[0]]}  # of a long chain the longer part, not copied
            for j in operands[1:]:
                more = terms.pop(j, None) or {kinds[j]}
                whole |= {~kind for kind in more} if op == "subtract" else more
            if inner:
                terms[i] = whole
                kinds.append(len(trace.ops))
                continue
            key = ("sum", frozenset(whole))
        else:
            key = (op, trace.fixed.get(i), *[kind(j) for j in operands])
        kinds.append(known.setdefault(key, len(known)))
    return len(known)
