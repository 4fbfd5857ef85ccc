"""Arrays that steps read or write as one are joined: those of queries, keys and values which are one product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.lifting.external import Named
from engine.lifting.ir import Steps
from engine.lifting.names import ParameterArray, variable
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Source, View


@dataclass(frozen=True)
class Block:
    """Arrays that lie side by side in the flat vector, and the array that they are together.

    Matrices of one width are joined as matrices, row upon row, which XLA does by copying; others as vectors.
    """

    whole: Named
    members: Sequence[Named]


def join_parameters(steps: Steps, arrays: Sequence[Named], taken: set[str]) -> list[Block]:
    """Return the blocks of arrays that one operand reaches over; most have one member.

    Parameters
    ----------
    steps, arrays
        What reads and writes parts of the flat vector, and the named arrays.
    taken
        Names that a block may not have; its own are added.
    """
    spans = [x.span() for step in (*steps.forward, *steps.backward) for x in _flat_operands(step)]
    blocks: list[Block] = []
    members: list[Named] = []
    end = 0
    for named in sorted(arrays, key=lambda named: named.part.offset):
        p = named.part
        if members and p.offset >= end:
            blocks.append(_block(members, taken))
            members = []
        members.append(named)
        end = max([end, p.offset + p.size])
        end = max([end, *[high + 1 for low, high in spans if low < end]])
    return [*blocks, _block(members, taken)] if members else blocks


def _flat_operands(step: Step) -> list[View | Gather]:
    """Return what a step reads and writes of the flat parameters and their gradient.

    A fill of the whole is done piece by piece, and of a scatter's target its places count.
    """
    if step.op == "fill" and step.target.source.kind == "gradient":
        return []
    operands = step.operands if step.op == "scatter" else (step.target, *step.operands)
    return [x for x in operands if not isinstance(x, Literal) and x.source.kind in ("parameters", "gradient")]


def _block(members: Sequence[Named], taken: set[str]) -> Block:
    if len(members) == 1:
        return Block(members[0], members)
    name = variable("_".join(n.array.name for n in members) if len(members) < 5 else "block", taken)
    parts = [named.part for named in members]
    size, widths = sum(p.size for p in parts), {p.shape[1:] for p in parts}
    width = widths.pop() if len(widths) == 1 and all(p.shape for p in parts) else ()
    shape = (size // math.prod(width), *width)
    gradient = Source(variable(f"d{name}", taken), shape, "parameter")
    part = ParameterArray(name, shape, parts[0].offset, name)
    return Block(Named(part, Source(name, shape, "parameter"), gradient), members)
