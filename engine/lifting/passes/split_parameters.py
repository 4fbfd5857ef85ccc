"""Views of the flat vector of parameters, and of its gradient, become views of the named arrays that they lie in.

What reaches over several arrays (queries, keys and values that are one product) stays a view of the flat vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.lifting.external import Named
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View


def split_parameters(steps: Steps, arrays: Sequence[Named]) -> Steps:
    """Return the steps with every reading and writing within one named array as one of that array.

    ``theta[6; (1,)] -> b1``
    """
    forward, backward = ([_split(step, arrays) for step in part] for part in (steps.forward, steps.backward))
    return replace(steps, forward=forward, backward=backward, roots=[in_array(x, arrays) for x in steps.roots])


def _split(step: Step, arrays: Sequence[Named]) -> Step:
    operands = tuple([in_array(x, arrays) for x in step.operands])
    places = operands[0]
    target = (
        places.source.view if isinstance(places, Gather) and step.op == "scatter" else in_array(step.target, arrays)
    )
    assert isinstance(target, View)
    return replace(step, target=target, operands=operands)


def in_array(x: Operand, arrays: Sequence[Named]) -> Operand:
    """Return an operand as one of the named array that it lies in, if it lies in one."""
    if isinstance(x, Literal) or not is_flat(x.source):
        return x
    low, high = x.span()
    for named in arrays:
        start, size = named.part.offset, named.part.size
        if start <= low and high < start + size:
            source = named.gradient if x.source.kind == "gradient" else named.array
            if isinstance(x, View):
                return replace(x, source=source, offset=x.offset - start)
            return replace(x, source=source, index=x.index - start)
    return x


def is_flat(source: Source) -> bool:
    """Whether this is the flat vector of parameters, or its gradient."""
    return source.kind in ("parameters", "gradient")
