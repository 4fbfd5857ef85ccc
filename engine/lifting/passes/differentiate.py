"""Sixth stage: run the rules backwards over the forward steps.

The backward program is made of the same operations as the forward one.  For each step, last to first, the rule's
pullback runs on expressions; what comes out is flattened into steps.  Broadcasting and accumulation are done here, in
one place: an operand that was repeated along an axis gets the sum over that axis; the first cotangent of an
array is assigned, later ones are added; an array read once and whole is not copied at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from engine.lifting.exact import fold, negated
from engine.lifting.expr import Expr, flatten
from engine.lifting.ir import COMPARISONS, Step, Steps
from engine.lifting.views import Gather, Literal, Operand, Source, View, all_distinct
from engine.rules import RULES

UNDIFFERENTIATED = ("max", "segment_max", "repeat")


@dataclass
class Use:
    """One reading of a source by a step, and how its cotangent will be stored."""

    view: View | Gather
    alias: bool = False  # the only reading, of all of it: the cotangent itself is the source's
    accumulate: bool = True


@dataclass
class Sweep:
    """The backward program being made."""

    forward: Steps
    needed: set[Source]  # sources whose cotangent is wanted, or is on the way to one
    gradients: dict[Source, Source]  # wanted source -> where its gradient goes
    steps: list[Step] = field(default_factory=list)
    made: int = 0  # sources so far
    uses: dict[tuple[int, int], Use] = field(default_factory=dict)
    whole: dict[Source, Operand] = field(default_factory=dict)  # finished or accumulating cotangents
    scattered: dict[Source, list[tuple[Gather, Operand]]] = field(
        default_factory=dict
    )  # what gathers add, once all else is there
    only_operand: bool = False  # whether the step in hand hands its cotangent to one operand only
    open: set[Source] = field(default_factory=set)  # sources whose cotangent will still be read or added to
    forward_sources: set[Source] = field(default_factory=set)

    def new(self, shape: tuple[int, ...], batched: bool, dtype: str = "float", of: Source | None = None) -> Source:
        """Return a fresh source for an intermediate result, or for the cotangent `of` a forward source."""
        self.made += 1
        return Source(f"g{self.made}", shape, "value", batched, dtype=dtype, of=of)

    def flush(self, source: Source) -> None:
        """Append what gathers of a source add to its cotangent."""
        buffer = self.whole.get(source)
        for gather, g in self.scattered.pop(source, ()):
            assert isinstance(buffer, View)
            places = gather.on(buffer.source)
            self.steps.append(Step("scatter", buffer, (places, g), accumulate=True))


def differentiate(forward: Steps, gradients: dict[Source, Source], seed: Literal | View) -> Steps:
    """Return the steps with their adjoints.

    Parameters
    ----------
    forward
        What is differentiated; its first root is the value.
    gradients
        Where the gradient of each wanted source goes.
    seed
        The cotangent of one sample's value.
    """
    needed = _needed(forward, gradients)
    sweep = Sweep(forward, needed, gradients)
    root = forward.roots[0]
    _plan(sweep, root)
    sweep.open = {use.view.source for use in sweep.uses.values()}
    sweep.forward_sources = set(forward.sources)
    if isinstance(root, View) and root.source in needed:
        _contribute(sweep, (-1, 0), seed, root.batched)
    for k in range(len(forward.forward) - 1, -1, -1):
        step = forward.forward[k]
        if step.constant or step.op in UNDIFFERENTIATED or step.target.source not in sweep.whole:
            continue
        sweep.flush(step.target.source)
        sweep.open.discard(step.target.source)
        sweep.only_operand = sum((k, i) in sweep.uses for i in range(len(step.operands))) == 1
        _backward(sweep, k, step, _cotangent(sweep, step))
    for source in list(sweep.scattered):
        sweep.flush(source)
    return replace(forward, backward=sweep.steps)


def _needed(forward: Steps, wanted: Iterable[Source]) -> set[Source]:
    """Return the sources that depend on a wanted one."""
    needed = set(wanted)
    for step in forward.forward:
        if step.constant or (step.op in RULES and not RULES[step.op].differentiable):
            continue
        if any(not isinstance(x, Literal) and x.source in needed for x in step.operands):
            needed.add(step.target.source)
    return needed


def _readings(sweep: Sweep, root: Operand) -> list[tuple[tuple[int, int], View | Gather]]:
    """Return every reading that a cotangent will come from, in the order of the backward sweep."""
    reached = set()
    readings: list[tuple[tuple[int, int], View | Gather]] = []
    if isinstance(root, View):
        reached.add(root.source)
        readings.append(((-1, 0), root))
    for k in range(len(sweep.forward.forward) - 1, -1, -1):
        step = sweep.forward.forward[k]
        if step.constant or step.op in UNDIFFERENTIATED or step.target.source not in reached:
            continue
        if step.op in RULES and not RULES[step.op].differentiable:
            continue
        first = 1 if step.op == "where" else 0
        for i, x in enumerate(step.operands):
            if i >= first and not isinstance(x, Literal) and x.source in sweep.needed:
                reached.add(x.source)
                readings.append(((k, i), x))
    return readings


def _plan(sweep: Sweep, root: Operand) -> None:
    """Decide for each reading whether its cotangent is assigned, added, or simply is the source's."""
    by_source: dict[Source, list[tuple[tuple[int, int], View | Gather]]] = {}
    for key, view in _readings(sweep, root):
        by_source.setdefault(view.source, []).append((key, view))
    for readings in by_source.values():  # what gathers add comes last, so that the rest can be assigned
        readings.sort(key=lambda reading: isinstance(reading[1], Gather))
    partial_targets = {s.target.source for s in sweep.forward.forward if not s.target.is_whole()}
    for source, readings in by_source.items():
        wanted = source in sweep.gradients
        only = readings[0][1]
        if len(readings) == 1 and not wanted and source not in partial_targets and isinstance(only, View):
            if only.unrepeated()[0].is_whole():
                sweep.uses[readings[0][0]] = Use(only, alias=True)
                continue
        buffer = sweep.gradients.get(source) or sweep.new(source.shape, source.batched, of=source)
        assigned, complete = _assignments(source, [view for _, view in readings])
        if not complete:
            sweep.steps.append(Step("fill", buffer.view, (Literal(0.0),)))
        for n, (key, view) in enumerate(readings):
            sweep.uses[key] = Use(view, accumulate=not assigned[n])
        sweep.whole[source] = buffer.view
    for source, buffer in sweep.gradients.items():
        if source not in by_source:
            sweep.steps.append(Step("fill", buffer.view, (Literal(0.0),)))
    reached = {step.target.source for step in sweep.forward.forward}
    for source in [s for s in sweep.whole if s in reached and s not in by_source]:
        del sweep.whole[source]


def _assignments(source: Source, views: list[View | Gather]) -> tuple[list[bool], bool]:
    """Say which cotangents can be assigned, and whether they cover all; if not, the buffer must start from zero."""
    covered = np.zeros(source.size, dtype=bool)
    assigned, complete = [], True
    for view in views:
        if isinstance(view, Gather):
            assigned.append(False)
            complete = complete and bool(covered.all())
            continue
        at = view.unrepeated()[0].positions().reshape(-1)
        first = not covered[at].any() and all_distinct(at)
        complete = complete and (first or bool(covered[at].all()))
        covered[at] = True
        assigned.append(first)
    return assigned, complete and bool(covered.all())


def _cotangent(sweep: Sweep, step: Step) -> Operand:
    """Return the finished cotangent of a step's result, in the result's shape."""
    whole = sweep.whole[step.target.source]
    if isinstance(whole, View) and not step.target.is_whole():
        return step.target.on(whole.source)
    return whole


# --- storing a cotangent where it belongs ----------------------------------------------------------------------


def _contribute(sweep: Sweep, key: tuple[int, int], g: Operand, batched: bool) -> None:
    """Store the cotangent `g` of one reading, summed over the axes along which the reading repeats."""
    use = sweep.uses[key]
    assert isinstance(use.view, View)
    reduced, axes = use.view.unrepeated()
    over_batch = batched and not use.view.source.batched
    if isinstance(g, View):
        g = g.squeeze()
    if isinstance(g, Literal):
        shape = use.view.squeeze().shape
        count = math.prod([shape[a] for a in axes])
        product = fold("multiply", g.value, float(count))
        if product is not None:
            _store(sweep, use, reduced, Literal(product, g.batch_power + over_batch))
            return
        g = _held(sweep, shape, batched, g)
    if over_batch and not g.batched:  # the same for every sample: their sum is N times it
        each = sweep.new(g.shape, False)
        sweep.steps.append(Step("multiply", each.view, (g, Literal(1.0, 1))))
        g, over_batch = each.view, False
    if axes or over_batch:
        per_sample = g.batched and not over_batch
        if per_sample != use.view.source.batched or (not use.alias and reduced.overlaps()):
            held = sweep.new(reduced.shape, per_sample)
            sweep.steps.append(Step("sum", held.view, (g,), axes=axes, over_batch=over_batch))
            _store(sweep, use, reduced, held.view)
            return
        target = _destination(sweep, use, reduced)
        sweep.steps.append(Step("sum", target, (g,), axes=axes, over_batch=over_batch, accumulate=_adds(use)))
        _finish(sweep, use, target)
    else:
        _store(sweep, use, reduced, g)


def _adds(use: Use) -> bool:
    return use.accumulate and not use.alias


def _destination(sweep: Sweep, use: Use, reduced: View) -> View:
    """Return where a cotangent goes: a view of the source's buffer, or a new array that will be the cotangent."""
    if use.alias:
        return sweep.new(reduced.shape, reduced.source.batched, of=reduced.source).view
    buffer = sweep.whole[use.view.source]
    assert isinstance(buffer, View)
    return reduced.on(buffer.source)


def _finish(sweep: Sweep, use: Use, target: View) -> None:
    if use.alias:
        source = use.view.source
        sweep.whole[source] = target.source.view.reshape(source.shape)


def _store(sweep: Sweep, use: Use, reduced: View, g: Operand) -> None:
    if use.alias:
        shape = use.view.source.shape
        sweep.whole[use.view.source] = _in_shape(sweep, g, shape) if isinstance(g, View) else g
        return
    target = _destination(sweep, use, reduced)
    if use.accumulate:
        _add(sweep, target, g)
    elif _adopted(sweep, use, reduced, g):
        return
    else:
        sweep.steps.append(Step("fill" if isinstance(g, Literal) else "copy", target, (g,)))


def _adopted(sweep: Sweep, use: Use, reduced: View, g: Operand) -> bool:
    """Let the buffer that holds a cotangent be the one that others are added to, if nothing else reads it."""
    source = use.view.source
    if not isinstance(g, View) or not sweep.only_operand or source in sweep.gradients:
        return False
    fits = g.is_whole() and reduced.is_whole() and g.source.shape == source.shape
    if not fits or g.source.kind != "value" or g.source.batched != source.batched or g.source.dtype != "float":
        return False
    if any(g.source is s for s in sweep.forward_sources) or any(
        isinstance(w, View) and w.source is g.source and s in sweep.open for s, w in sweep.whole.items()
    ):
        return False
    g.source.of = source
    sweep.whole[source] = g
    return True


def _add(sweep: Sweep, target: View, g: Operand) -> None:
    """Add into a view; where its elements coincide (sliding windows), one slice after the other."""
    if not target.overlaps():
        sweep.steps.append(Step("copy", target, (g,), accumulate=True))
        return
    axis = min((a for a, n in enumerate(target.shape) if n > 1), key=lambda a: target.shape[a])
    for i in range(target.shape[axis]):
        at: tuple[int | slice, ...] = (*[slice(None)] * axis, i)
        _add(sweep, target[at], g[at] if isinstance(g, View) else g)


def _in_shape(sweep: Sweep, g: View, shape: tuple[int, ...]) -> View:
    """Return the same elements in another shape, of a copy where it takes one."""
    try:
        return g.reshape(shape)
    except ValueError:
        copy = sweep.new(g.shape, g.source.batched)
        sweep.steps.append(Step("copy", copy.view, (g,)))
        return copy.view.reshape(shape)


# --- one step backwards ------------------------------------------------------------------------------------------


def _backward(sweep: Sweep, k: int, step: Step, g: Operand) -> None:
    if step.op == "matmul":
        _backward_matmul(sweep, k, step, g)
    elif step.op == "sum":
        if (k, 0) in sweep.uses:
            x = step.operands[0]
            assert isinstance(x, View)
            spread = g
            if isinstance(g, View):
                spread = g.reshape((*g.shape, *[1] * (len(x.shape) - len(g.shape)))).broadcast_to(x.shape)
            _contribute(sweep, (k, 0), spread, step.batched)
    elif step.op == "segment_sum":
        if (k, 0) in sweep.uses:
            runs = (_held(sweep, step.target.shape, step.batched, g),)
            _into(sweep, (k, 0), "repeat", step, runs, starts=step.starts, total=step.total)
    elif step.op == "gather":
        _backward_gather(sweep, k, step, g)
    elif step.op == "copy":
        if (k, 0) in sweep.uses:
            _contribute(sweep, (k, 0), g, step.batched)
    else:
        _backward_rule(sweep, k, step, g)


def _held(sweep: Sweep, shape: tuple[int, ...], batched: bool, g: Operand) -> View:
    """Return a cotangent as an array with an axis for samples where there are any, though it may be one number."""
    if isinstance(g, View) and g.batched == batched:
        return g
    held = sweep.new(shape, batched)
    sweep.steps.append(Step("fill" if isinstance(g, Literal) else "copy", held.view, (g,)))
    return held.view


def _into(sweep: Sweep, key: tuple[int, int], op: str, step: Step, operands: tuple[Operand, ...], **more: Any) -> None:
    """Append a step that computes a reading's cotangent, straight into its place where nothing needs summing."""
    use = sweep.uses[key]
    assert isinstance(use.view, View)
    reduced, axes = use.view.unrepeated()
    over_batch = step.batched and not use.view.source.batched
    if not axes and not over_batch and (use.alias or not use.accumulate):
        target = _destination(sweep, use, reduced)
        sweep.steps.append(Step(op, target.reshape(use.view.shape), operands, **more))
        _finish(sweep, use, target)
        return
    result = sweep.new(use.view.squeeze().shape, step.batched)
    sweep.steps.append(Step(op, result.view.reshape(use.view.shape), operands, **more))
    _contribute(sweep, key, result.view, step.batched)


def _backward_rule(sweep: Sweep, k: int, step: Step, g: Operand) -> None:
    """Run the rule's pullback on expressions and flatten what it returns."""
    rule = RULES[step.op]
    operands = [Expr(x.value if isinstance(x, Literal) else x) for x in step.operands]
    z = Expr(step.target)
    cotangent = Expr(g.value if isinstance(g, Literal) and not g.batch_power else g)
    done: dict[Any, Any] = {}
    for i, result in enumerate(rule.bind(z, operands, step.fixed)(cotangent)):
        if (k, i) not in sweep.uses:
            continue
        expr = result if isinstance(result, Expr) else Expr(float(result))
        value = flatten(expr, partial(_emit, sweep, step, (k, i)), done)
        if isinstance(value, float):
            value = Literal(value)
        if value is not None:
            _contribute(sweep, (k, i), value, step.batched)


def _emit(sweep: Sweep, step: Step, key: tuple[int, int], op: str, operands: tuple[Any, ...], last: bool) -> Any:
    """Append one operation of a flattened pullback; None if it went straight to its destination."""
    given = tuple([Literal(x) if isinstance(x, float) else x for x in operands])
    if all(isinstance(x, Literal) for x in given):
        return _folded(sweep, op, given, step)
    batched = any(x.batched for x in given)
    if last and batched == step.batched:
        _into(sweep, key, op, step, given)
        return None
    boolean = op in COMPARISONS
    result = sweep.new(step.target.shape, batched, "bool" if boolean else "float")
    sweep.steps.append(Step(op, result.view, given))
    return result.view


def _folded(sweep: Sweep, op: str, given: tuple[Literal, ...], step: Step) -> Operand:
    """Do arithmetic between numbers now, keeping track of the batch's size."""
    powers = [x.batch_power for x in given]
    if op == "negative":
        return Literal(negated(given[0].value), powers[0])
    if op in ("multiply", "divide"):
        folded = fold(op, given[0].value, given[1].value)
        if folded is not None:
            return Literal(folded, sum(powers) if op == "multiply" else powers[0] - powers[1])
    result = sweep.new(step.target.shape, step.batched)
    sweep.steps.append(Step(op, result.view, given))
    return result.view


def _backward_matmul(sweep: Sweep, k: int, step: Step, g: Operand) -> None:
    """For Z = A @ B.T:  dA = dZ @ B,  dB = dZ.T @ A."""
    a, b = step.operands
    assert isinstance(a, View) and isinstance(b, View)
    dz = _held(sweep, step.target.shape, step.batched, g)
    shape = (*a.shape[:-1], b.shape[-2])
    dz = _in_shape(sweep, dz, shape)
    _backward_factor(sweep, (k, 0), step, dz, b.T)
    _backward_factor(sweep, (k, 1), step, dz.T, a.T)


def _backward_factor(sweep: Sweep, key: tuple[int, int], step: Step, p: View, q: View) -> None:
    """Append ``p @ q.T``, summed over the batch where the factor is shared by it."""
    use = sweep.uses.get(key)
    if use is None:
        return
    assert isinstance(use.view, View)
    if step.batched and not use.view.source.batched and len(p.shape) == 2:
        reduced, axes = use.view.unrepeated()
        operands = (p.T, q.T)
        if not axes and (use.alias or not use.accumulate):
            target = _destination(sweep, use, reduced)
            sweep.steps.append(Step("batch_matmul", target, operands))
            _finish(sweep, use, target)
        else:
            result = sweep.new(use.view.squeeze().shape, False)
            sweep.steps.append(Step("batch_matmul", result.view, operands))
            _contribute(sweep, key, result.view, False)
        return
    _into(sweep, key, "matmul", step, (p, q))


def _backward_gather(sweep: Sweep, k: int, step: Step, g: Operand) -> None:
    use = sweep.uses.get((k, 0))
    if use is None:
        return
    gather = step.operands[0]
    assert isinstance(gather, Gather)
    sweep.scattered.setdefault(use.view.source, []).append((gather, g))
