"""Groups -> Steps: every group is an array, and every operand a view of an earlier one.

A group's members are put in the order in which they read their operands, so the program does not depend on the author's
loops. Sums are laid out in `sums`, choices in `choose`; `layout` holds what they build together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.lifting.ir import COUNTLESS, Group, Groups, Members, Steps, Trace
from engine.lifting.passes.choose import largest_constant, maxima, select
from engine.lifting.passes.fronts import operands_by_place, sums_by_place
from engine.lifting.passes.layout import GroupOperand, LayoutBuilder
from engine.lifting.passes.repeated_layouts import RepeatedLayouts
from engine.lifting.passes.sums import log_sum_exp, sums
from engine.lifting.views import Indices, Operand, Source, View


def arrange(
    groups: Groups, leaves: dict[int, Source], choosing: dict[Source, Source], cells: Indices, *, gaps: bool = True
) -> Steps:
    """Lay out every group.

    Parameters
    ----------
    groups
        Operations of equal signature.
    leaves
        The source of each group of parameters or inputs.
    choosing
        The source of the integers that an input is, where it chooses from tables.
    cells
        Where each parameter of the trace lies in the flat vector.
    gaps
        Whether the rows of a product may have gaps, zeros that are no terms: the text is to see to it that nothing
        infinite is multiplied by them.
    """
    trace = groups.normal.trace
    count = len(trace.ops)
    builder = LayoutBuilder(groups, choosing, np.zeros(count, dtype=np.int64), np.zeros(count), dict(leaves), gaps=gaps)
    members: dict[Source, Members] = {}
    repeated = RepeatedLayouts()
    for number, group in enumerate(groups.groups):
        if group.op in ("constant", "parameter", "input"):
            read = [trace.leaves[i] for i in group.members]
            positions = np.array([leaf.position for leaf in read])
            builder.position[group.members] = cells[positions] if group.op == "parameter" else positions
            builder.constants[group.members] = [leaf.value for leaf in read]
        else:
            begun = len(builder.steps)
            builder.place(number, group, _laid_out(builder, group, repeated))
            for step in builder.steps[begun:]:
                source = step.target.source
                members.setdefault(source, Members(group.members, source is builder.source[number]))
    roots = [_value(builder, trace), *_elements(builder, trace.roots[trace.results :])]
    return Steps(builder.steps, roots, declined=tuple(builder.declined), members=members)


def _laid_out(builder: LayoutBuilder, group: Group, repeated: RepeatedLayouts) -> GroupOperand:
    """Lay out a group; where that takes long, and depends on what it reads alone, as one that reads alike."""
    if group.mixed and group.op not in COUNTLESS:
        return sums_by_place(builder, group) if group.op == "sum" else _by_places(builder, group)
    arrangement = ARRANGEMENTS.get(group.op, _elementwise)
    if len(group.members) == 1 or arrangement not in (sums, _elementwise):
        return arrangement(builder, group)
    return repeated.arrange(builder, group, arrangement)


def _value(builder: LayoutBuilder, trace: Trace) -> Operand:
    """Return the value; several results as a view of all."""
    if trace.results == 1:
        return next(_elements(builder, trace.roots[:1]))
    results = np.array(trace.roots[: trace.results])
    return builder.as_view(builder.in_memory(builder.operand(results)), (len(results),))


def _elements(builder: LayoutBuilder, nodes: Sequence[int]) -> Iterator[Operand]:
    """Yield each of some nodes by itself."""
    for node, of, at in zip(nodes, builder.of[nodes].tolist(), builder.position[nodes].tolist()):
        source = builder.source_of(of, False)
        if source is None:
            yield builder.constant(builder.constants[node : node + 1].reshape(()))
        else:
            yield View(source, (), at, ())


def _by_places(builder: LayoutBuilder, group: Group) -> GroupOperand:
    return builder.element_by_element(group.op, operands_by_place(builder, group), group.fixed, len(group.members))


def _elementwise(builder: LayoutBuilder, group: Group) -> GroupOperand:
    operands = builder.operands(group)
    columns = [builder.operand(operands[:, k]) for k in range(operands.shape[1])]
    return builder.element_by_element(group.op, columns, group.fixed, len(group.members))


ARRANGEMENTS = {"sum": sums, "logsumexp": log_sum_exp, "shift": largest_constant, "largest": maxima, "select": select}
