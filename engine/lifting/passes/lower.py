"""Seventh stage: operations that NumPy has no function for become ones that it has.

``sigmoid(x)`` -> ``1.0 / (1.0 + np.exp(-x))``: the rule's array form runs on expressions, as its pullback did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.lifting.expr import Expr, emit_operations
from engine.lifting.ir import Steps
from engine.lifting.ops import COMPARISONS, Step
from engine.lifting.views import Literal, Source
from engine.rules import RULES


def lower(steps: Steps) -> Steps:
    """Rewrite every step whose rule is composed of other operations."""
    return replace(steps, forward=_lowered(steps.forward, "s"), backward=_lowered(steps.backward, "b"))


def _lowered(steps: Sequence[Step], prefix: str) -> list[Step]:
    result: list[Step] = []
    for step in steps:
        if step.op in RULES and not step.accumulate and step.op not in ("add", "multiply", "subtract"):
            _lower(result, step, prefix)
        else:
            result.append(step)
    return result


def _lower(result: list[Step], step: Step, prefix: str) -> None:
    operands = [Expr(x.value if isinstance(x, Literal) and not x.batch_power else x) for x in step.operands]
    expr = RULES[step.op].array(*operands, *step.fixed)
    if not expr.op:
        leaf = expr.leaf
        result.append(
            Step(
                "copy",
                step.target,
                (Literal(leaf) if isinstance(leaf, float) else leaf,),
                nodes=step.nodes,
                constant=step.constant or not RULES[step.op].differentiable,
            )
        )
        return

    def emit(op: str, operands: tuple[Any, ...], last: bool) -> Any:
        xs = tuple([Literal(x) if isinstance(x, float) else x for x in operands])
        if last:
            result.append(Step(op, step.target, xs, nodes=step.nodes, constant=step.constant))
            return step.target
        kind = "bool" if op in COMPARISONS else "float"
        batched = any(x.batched for x in xs)
        temporary = Source(f"{prefix}{len(result)}", step.target.shape, "value", batched, dtype=kind)
        result.append(Step(op, temporary.view, xs))
        return temporary.view

    emit_operations(expr, emit, {})
