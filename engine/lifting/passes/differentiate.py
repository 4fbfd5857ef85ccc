"""Steps -> Steps with their adjoints: the rules, run backwards over the forward steps, last to first.

    z = tanh(x)        ->   dx += dz * (1 - z * z)

The backward program is made of the same operations as the forward one: a pullback runs on expressions, which are then
flattened into steps. Broadcasting and accumulation are done here, in one place. A source that is read once and whole
has the cotangent that its reader hands back; any other has an array that starts from zero and to which every reader
adds. Copies and zeros that need not be are left to `tidy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from engine.lifting.exact import exactly, fold, negated
from engine.lifting.expr import Expr, emit_operations
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.backward_sweep import BackwardSweep
from engine.lifting.passes.squares import is_dot, is_square
from engine.lifting.views import Gather, Literal, Operand, Source, View, all_distinct
from engine.rules import RULES

UNDIFFERENTIATED = ("repeat",)


def differentiate(steps: Steps, gradients: Mapping[Source, Source], seed: Literal | View) -> Steps:
    """Return the steps with their adjoints.

    Parameters
    ----------
    steps
        What is differentiated; the first root is the value.
    gradients
        Where the gradient of each wanted source goes.
    seed
        The cotangent of one sample's value.
    """
    sweep = BackwardSweep(_needed(steps, gradients))
    sweep.begin(_readings(steps, sweep.needed), _in_parts(steps), gradients)
    root = steps.roots[0]
    if isinstance(root, View) and root.source in sweep.needed:
        sweep.add(root, seed, root.batched)
    for step in reversed(steps.forward):
        g = sweep.cotangent.get(step.target.source)
        if g is not None and _passes(step):
            _PULLBACKS.get(step.op, _pull_rule)(sweep, step, _of_target(step, g))
    return replace(steps, backward=sweep.steps)


# --- which cotangents there are ------------------------------------------------------------------------------------


def _passes(step: Step) -> bool:
    """Whether a derivative passes a step."""
    known = RULES.get(step.op)
    return not step.constant and step.op not in UNDIFFERENTIATED and (known is None or known.differentiable)


def _needed(steps: Steps, wanted: Mapping[Source, Source]) -> set[Source]:
    """Return the sources that depend on a wanted one."""
    needed = set(wanted)
    for step in steps.forward:
        if _passes(step) and any(x.source in needed for x in step.operands if not isinstance(x, Literal)):
            needed.add(step.target.source)
    return needed


def _differentiated(step: Step, needed: set[Source]) -> list[tuple[int, View | Gather]]:
    """Return the operands that a step hands a cotangent to, and their places; a condition gets none."""
    first = 1 if step.op == "where" else 0
    operands = list(enumerate(step.operands))[first : 1 if is_square(step) else None]
    return [(i, x) for i, x in operands if not isinstance(x, Literal) and x.source in needed]


def _readings(steps: Steps, needed: set[Source]) -> dict[Source, list[View | Gather]]:
    """Return how each source is read from which a cotangent comes, in the order of the backward sweep."""
    root = steps.roots[0]
    readings: dict[Source, list[View | Gather]] = {root.source: [root]} if isinstance(root, View) else {}
    for step in reversed(steps.forward):
        if step.target.source in readings and _passes(step):
            for _, x in _differentiated(step, needed):
                readings.setdefault(x.source, []).append(x)
    return readings


def _in_parts(steps: Steps) -> set[Source]:
    """Return the sources that several steps write, each a part."""
    return {step.target.source for step in steps.forward if not step.target.is_whole()}


def _of_target(step: Step, g: Operand) -> Operand:
    """Return the cotangent of a step's result, of that of the source that it is a part of."""
    return step.target.on(g.source) if isinstance(g, View) and not step.target.is_whole() else g


# --- pullbacks -----------------------------------------------------------------------------------------------------


def _pull_copy(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    for _, x in _differentiated(step, sweep.needed):
        assert isinstance(x, View)
        sweep.add(x, g, step.batched)


def _pull_sum(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    x = step.view()
    if isinstance(g, View):
        g = g.reshape((*g.shape, *[1] * (len(x.shape) - len(g.shape)))).broadcast_to(x.shape)
    _pull_copy(sweep, step, g)


def _pull_segment_sum(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    for _, x in _differentiated(step, sweep.needed):
        assert isinstance(x, View)
        runs = (sweep.as_array(g, step.target.shape, step.batched),)
        sweep.compute(x, "repeat", step.batched, runs, starts=step.starts, total=step.total)


def _share(
    sweep: BackwardSweep, step: Step, g: Operand, per_element: Callable[[View], View], summed: Callable[[View], View]
) -> None:
    """Share the cotangent of a maximum evenly among the elements that are as large."""
    x, batched = step.view(), step.batched
    below = sweep.result("less", x.shape, batched, x, per_element(step.target))
    counted = sweep.result("where", x.shape, batched, below, Literal(0.0), Literal(1.0))
    share = sweep.result("divide", step.target.shape, batched, g, summed(counted))
    sweep.compute(x, "where", batched, (below, Literal(0.0), per_element(share)))


def _pull_max(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    x = step.view()

    def per_element(v: View) -> View:
        return v.reshape((*v.shape, *[1] * (len(x.shape) - len(v.shape)))).broadcast_to(x.shape)

    def summed(v: View) -> View:
        return sweep.result("sum", step.target.shape, step.batched, v, axes=step.axes)

    _share(sweep, step, g, per_element, summed)


def _pull_segment_max(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    x = step.view()
    runs = {"starts": step.starts, "total": step.total}

    def per_element(v: View) -> View:
        return sweep.result("repeat", x.shape, step.batched, v, **runs)

    def summed(v: View) -> View:
        return sweep.result("segment_sum", step.target.shape, step.batched, v, **runs)

    _share(sweep, step, g, per_element, summed)


def _pull_gather(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    for _, x in _differentiated(step, sweep.needed):
        array = sweep.cotangent[x.source]
        assert isinstance(x, Gather) and isinstance(array, View)
        if isinstance(g, View) and x.rearranges and step.batched == x.batched:
            at = g.positions().reshape(-1)[np.argsort(x.index.reshape(-1))].reshape(x.source.shape)
            back = Gather(g.source, at.shape, at, distinct=all_distinct(at))
            sweep.compute(x.source.view, "gather", step.batched, (back,))
            continue
        sweep.steps.append(Step("scatter", array, (x.on(array.source), g), accumulate=True))


def _pull_matmul(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    """For Z = A @ B.T:  dA = dZ @ B,  dB = dZ.T @ A; summed over the samples where they share the factor.

    What nobody asked of Z has no cotangent, and is no term; nor is what was none of A. The factor of which that is so
    comes first: dB.T = A.T @ dZ.
    """
    a, b = step.view(0), step.view(1)
    g = _twice(sweep, step, g) if is_square(step) else g
    if isinstance(g, Literal) and is_dot(step) and step.terms is None and a.batched == b.batched:
        for i, x in _differentiated(step, sweep.needed):
            assert isinstance(x, View)
            other = step.view(1 - i)
            if exactly(g.value) == 1 and not g.batch_power:
                sweep.add(x, other, step.batched)
            else:
                sweep.compute(x, "multiply", step.batched, (g, other))
        return
    dz = sweep.as_array(g, step.target.shape, step.batched)
    dz = sweep.in_shape(dz, (*a.shape[:-1], b.shape[-2]))
    factors = ((dz, b.T), (dz.T, a.T))
    for i, x in _differentiated(step, sweep.needed):
        assert isinstance(x, View)
        p, q = factors[i]
        asked = step.asked if step.asked is None or not i else step.asked.swapaxes(-1, -2)
        if i and step.terms is not None:
            terms = step.terms.swapaxes(-1, -2)
            sweep.compute(x, "matmul", step.batched, (a.T, dz.T), turned=True, terms=terms)
        elif step.batched and not x.batched and len(p.shape) == 2 and asked is None:
            sweep.compute(x, "batch_matmul", False, (p.T, q.T))
        else:
            sweep.compute(x, "matmul", step.batched, (p, q), terms=asked)


def _twice(sweep: BackwardSweep, step: Step, g: Operand) -> Operand:
    """Return twice a cotangent."""
    if isinstance(g, Literal):
        return _folded(sweep, "multiply", (Literal(2.0), g), step)
    return sweep.result("multiply", g.shape, g.batched, Literal(2.0), g)


def _pull_rule(sweep: BackwardSweep, step: Step, g: Operand) -> None:
    """Run the rule's pullback on expressions and flatten what it returns."""
    operands = [Expr(x.value if isinstance(x, Literal) else x) for x in step.operands]
    g = _twice(sweep, step, g) if is_square(step) else g
    cotangent = Expr(g.value if isinstance(g, Literal) and not g.batch_power else g)
    results = RULES[step.op].bind(Expr(step.target), operands, step.fixed)(cotangent)
    done: dict[Any, Any] = {}
    for i, x in _differentiated(step, sweep.needed):
        assert isinstance(x, View)
        result = results[i] if isinstance(results[i], Expr) else Expr(float(results[i]))
        value = emit_operations(result, partial(_emit, sweep, step, x), done)
        if value is not None:
            sweep.add(x, Literal(value) if isinstance(value, float) else value, step.batched)


def _emit(sweep: BackwardSweep, step: Step, x: View, op: str, operands: tuple[Any, ...], last: bool) -> Any:
    """Append one operation of a flattened pullback; None if that was the cotangent of `x`."""
    values = tuple([Literal(v) if isinstance(v, float) else v for v in operands])
    if all(isinstance(v, Literal) for v in values):
        return _folded(sweep, op, values, step)
    batched = any(v.batched for v in values)
    if last and batched == step.batched:
        return sweep.compute(x, op, batched, values)
    return sweep.result(op, step.target.shape, batched, *values)


def _folded(sweep: BackwardSweep, op: str, values: tuple[Literal, ...], step: Step) -> Operand:
    """Do arithmetic between numbers now, keeping track of the batch's size."""
    powers = [x.batch_power for x in values]
    if op == "negative":
        return Literal(negated(values[0].value), powers[0])
    if op in ("multiply", "divide"):
        number = fold(op, values[0].value, values[1].value)
        if number is not None:
            return Literal(number, sum(powers) if op == "multiply" else powers[0] - powers[1])
    return sweep.result(op, step.target.shape, step.batched, *values)


_PULLBACKS = {
    "copy": _pull_copy,
    "sum": _pull_sum,
    "segment_sum": _pull_segment_sum,
    "max": _pull_max,
    "segment_max": _pull_segment_max,
    "gather": _pull_gather,
    "matmul": _pull_matmul,
}
