"""Both sides of a step's equation: what it reads, where it writes, and what that is, in one form or the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.lifting.emit.elements import of_elements, places, step_tree
from engine.lifting.emit.matrix_form import is_number, left_side, placed, right_side, with_shape, written_number
from engine.lifting.emit.views import tuple_text
from engine.lifting.expr import Expr, subscript
from engine.lifting.ops import Step
from engine.lifting.views import Shape, Source


def zeros(source: Source, shape: Shape) -> Expr:
    """Return an array of zeros of a shape, for every sample of a source."""
    if not shape and not source.batched:
        return Expr("0")
    return Expr(None, "zeros", (Expr(tuple_text([*(["N"] if source.batched else []), *shape])),))


def sources_read(step: Step) -> list[Source]:
    """Return what a step reads; a scatter reads the integers that say where, and not the array that it adds to."""
    if step.op != "scatter":
        return [source for x in step.operands for source in x.sources]
    return [*step.gather().sources[1:], *step.operands[1].sources]


def defines_all(step: Step) -> bool:
    """Whether a step writes every element of its array once."""
    if step.op == "scatter":
        return step.gather().rearranges
    return step.target.size == step.target.source.size and not step.target.overlaps()


def step_value(step: Step, by_element: bool, inlined: Mapping[Source, Expr]) -> Expr:
    """Return what a step computes, for all of its array if it defines that."""
    if by_element:
        tree = step_tree(step, inlined, written_number)
        if not defines_all(step):
            return tree
        order = np.empty(step.target.source.size, np.int64)
        order[places(step).at] = np.arange(len(order))
        return of_elements(tree, order)
    value = right_side(step, inlined)
    if step.op != "scatter" and defines_all(step):
        return placed(value, step.target).expr
    shape = left_side(step).shape
    return (with_shape(value, shape) if len(value.shape) > len(shape) else value).expr


def whole_side(source: Source, step: Step, defines: bool) -> Expr:
    """Return what is written on the left of an equation of arrays; of one number, its element."""
    if not defines:
        return left_side(step).expr
    return subscript(Expr(source.name), [Expr("0")] * len(source.shape) if is_number(source) else [])
