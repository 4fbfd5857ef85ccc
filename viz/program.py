"""A lifted program as boxes: its inputs, its parameters and its array operations, with shapes.

>>> import engine
>>> program = engine.lift(lambda x: engine.tanh(x[0] * x[1]))
>>> _ = program([0.5, 2.0])
>>> [box.kind for box in read_program(program).boxes][-1]
'result'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from engine.watching import Origin
from viz.fold.cone import cones
from viz.numbers import plural

Reading: TypeAlias = tuple[str, "int | str"]  # ("step", a result's number), ("input", name) or ("parameter", name)
LINES = 12  # of one box: what computes a softmax or a norm
PRODUCTS = ("matmul", "batch_matmul")


@dataclass(frozen=True)
class ProgramBox:
    """An input, a parameter, an array operation or some of them, and how many scalar nodes it stands for."""

    name: str
    titles: tuple[str, ...]
    kind: str
    shape: str
    full_name: str = ""
    operands: tuple[str, ...] = ()
    nodes: int = 0
    product: bool = False
    arrays: int = 1
    origin: Origin | None = None

    @property
    def is_step(self) -> bool:
        """Whether it is computed, and not given."""
        return self.kind in ("operation", "result")

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said under the titles."""
        several = plural(self.arrays, "operation" if self.is_step else "array") if self.arrays > 1 else ""
        nodes = plural(self.nodes, "scalar node") if self.nodes else ""
        lines = (self.full_name, several, self.shape, nodes)
        if len(self.titles) > 1:
            return (", ".join(line for line in lines if line),)
        return tuple(line for line in lines if line)


@dataclass(frozen=True)
class Sheet:
    """The boxes of a program, operands first."""

    boxes: tuple[ProgramBox, ...]

    @cached_property
    def in_cones(self) -> tuple[ProgramBox, ...]:
        """Boxes in which lines are together that serve one result."""
        return _in_cones(self.boxes)

    def folded(self, limit: int) -> tuple[ProgramBox, ...]:
        """Return at most about `limit` boxes: lines that serve one result together, then neighbours in one."""
        boxes = self.in_cones
        if len(boxes) <= limit:
            return boxes
        leaves = [[box] for box in boxes if not box.is_step]
        steps = [[box] for box in boxes if box.is_step]
        room = max(limit - len(leaves), limit // 2)
        return _merged([*_runs(leaves, limit - room), *_runs(steps, room)])


def read_program(program: Any) -> Sheet:
    """Read a program's records; what it does not use is left out."""
    steps = tuple(program.steps)
    leaves = _leaves(program, {reading for step in steps for reading in step.reads})
    boxes = list(leaves.values())
    writers: dict[Reading, tuple[str, ...]] = {reading: (box.name,) for reading, box in leaves.items()}
    for step in steps:
        result: Reading = ("step", step.result)
        operands = tuple(dict.fromkeys(name for reading in step.reads for name in writers.get(reading, ())))
        shape = shape_text(step.shape, step.batched)
        box = ProgramBox(
            "", (step.text,), "operation", shape, "", operands, step.nodes, step.op in PRODUCTS, origin=step.origin
        )
        before = () if result in step.reads else writers.get(result, ())  # other parts of the same array
        if writers.get(result, ())[-1:] == (boxes[-1].name,):
            boxes[-1] = _same_result(boxes[-1], box, step.continuation)
            before = before[:-1]
        else:
            boxes.append(replace(box, name=f"a{len(boxes)}"))
        writers[result] = (*before, boxes[-1].name)
    boxes[-1] = replace(boxes[-1], kind="result")
    return Sheet(tuple(boxes))


def _leaves(program: Any, read: set[Reading]) -> dict[Reading, ProgramBox]:
    """Return the boxes of inputs and parameters that are read, by role and name."""
    traces = getattr(program, "traces", None)
    variables = {
        p.name: p.variable for p in (traces.parameters.arrays if traces else ())
    }  # the formulas say W1 for layers.0.W
    boxes: dict[Reading, ProgramBox] = {}
    for role, arrays in (("input", program.inputs), ("parameter", program.parameters)):
        for array, shape in arrays.items():
            if (role, array) in read:
                title = variables.get(array, array) if role == "parameter" else array
                full_name = "" if title == array else array
                boxes[role, array] = ProgramBox(f"a{len(boxes)}", (title,), role, shape_text(shape, False), full_name)
    return boxes


def _same_result(first: ProgramBox, then: ProgramBox, continuation: str) -> ProgramBox:
    """Return one box for two operations in a row that write to one array: on one line, or a line each."""
    titles = (*first.titles[:-1], first.titles[-1] + continuation) if continuation else (*first.titles, *then.titles)
    operands = dict.fromkeys([*first.operands, *[x for x in then.operands if x != first.name]])
    return replace(
        then,
        name=first.name,
        titles=titles if len(titles) <= LINES else _ends(titles),
        operands=tuple(operands),
        nodes=first.nodes + then.nodes,
        product=first.product or then.product,
    )


def _ends(titles: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{titles[0]} … {titles[-1]}",)


def shape_text(shape: tuple[int, ...], batched: bool) -> str:
    """Return a shape as it is read aloud.

    >>> shape_text((64, 32), False), shape_text((10,), True), shape_text((), False)
    ('64 × 32', 'N × 10', 'scalar')
    """
    return " × ".join(["N"] * batched + [str(n) for n in shape]) or "scalar"


def _in_cones(boxes: tuple[ProgramBox, ...]) -> tuple[ProgramBox, ...]:
    """Join lines that serve one result. A product begins a box of its own, with its activation."""
    place = {box.name: i for i, box in enumerate(boxes)}
    users: list[list[int]] = [[] for _ in boxes]
    for i, box in enumerate(boxes):
        for operand in box.operands:
            users[place[operand]].append(i)

    def joins(i: int, cone: list[int]) -> bool:
        box, reader = boxes[i], boxes[cone[0]]
        if not box.is_step or any(boxes[j].product for j in cone) or len(cone) == LINES:
            return False
        return not box.product or (len(cone) == 1 and reader.operands == (box.name,) and reader.shape == box.shape)

    return _merged([[boxes[i] for i in cone] for cone in cones(users, joins)])


def _runs(groups: list[list[ProgramBox]], room: int) -> list[list[ProgramBox]]:
    """Put neighbours together, as many as leave at most `room` boxes."""
    each = -(-len(groups) // max(room, 1))
    return [[box for group in groups[i : i + each] for box in group] for i in range(0, len(groups), max(each, 1))]


def _merged(groups: list[list[ProgramBox]]) -> tuple[ProgramBox, ...]:
    """Return one box for each group of boxes."""
    owner = {box.name: f"a{i}" for i, group in enumerate(groups) for box in group}
    return tuple([_merge(group, owner) for group in groups])


def _merge(group: list[ProgramBox], owner: dict[str, str]) -> ProgramBox:
    last, name = group[-1], owner[group[-1].name]
    operands = tuple(dict.fromkeys(owner[x] for box in group for x in box.operands if owner[x] != name))
    if len(group) == 1:
        return replace(last, name=name, operands=operands)
    titles = tuple(title for box in group for title in box.titles)
    arrays = 1
    if len(titles) > LINES or not last.is_step:
        titles, arrays = _ends(titles), sum(box.arrays for box in group)
    return ProgramBox(
        name, titles, last.kind, last.shape if last.is_step else "", "", operands, sum(b.nodes for b in group),
        any(b.product for b in group), arrays,
    )  # fmt: skip
