"""A lifted program as boxes: its inputs, its parameters and its array operations, with shapes.

>>> import engine
>>> program = engine.lift(lambda x: engine.tanh(x[0] * x[1]))
>>> _ = program([0.5, 2.0])
>>> [box.kind for box in read_program(program).boxes][-1]
'result'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from viz.style import plural


@dataclass(frozen=True)
class Sheet:
    """The boxes of a program, operands first."""

    boxes: tuple[ProgramBox, ...]

    def folded(self, limit: int) -> tuple[ProgramBox, ...]:
        """Return at most about `limit` boxes: neighbouring operations, and neighbouring leaves, become one box."""
        if len(self.boxes) <= limit:
            return self.boxes
        leaves = [box for box in self.boxes if not box.step]
        steps = [box for box in self.boxes if box.step]
        room = max(limit - len(leaves), limit // 2)
        kept = [*_runs(leaves, limit - room), *_runs(steps, room)]
        owner = {box.name: i for i, run in enumerate(kept) for box in run}
        return tuple(_merged(run, i, owner) for i, run in enumerate(kept))


@dataclass(frozen=True)
class ProgramBox:
    """An input, a parameter or an array operation, and how many scalar nodes it stands for."""

    name: str
    title: str
    lines: tuple[str, ...]
    kind: str
    operands: tuple[str, ...] = ()
    nodes: int = 0
    step: bool = False


def read_program(program: Any) -> Sheet:
    """Read a program's records; what it does not use is left out."""
    steps = tuple(program.steps)
    names: dict[str, str] = {}
    arrays_of = getattr(getattr(program, "registry", None), "arrays", ())
    variables: dict[str, str] = {p.name: p.variable for p in arrays_of}  # the formulas say W1 for layers.0.W
    boxes: list[ProgramBox] = []
    used = {operand for step in steps for operand in step.operands}
    for what, arrays in (("input", program.inputs), ("parameter", program.parameters)):
        for array, shape in arrays.items():
            if array in used and array not in names:
                names[array] = f"a{len(boxes)}"
                title, shown = variables.get(array, array), shape_text(shape, False)
                lines = (shown,) if title == array else (array, shown)
                boxes.append(ProgramBox(names[array], title, lines, what))
    leaves = len(boxes)
    for step in steps:
        operands = tuple(dict.fromkeys(names[name] for name in step.operands if name in names))
        batched = bool(getattr(step, "batched", False))
        box = ProgramBox("", step.text, (shape_text(step.shape, batched),), "operation", operands, step.nodes)
        if len(boxes) > leaves and names.get(step.name) == boxes[-1].name:  # z1 = z1 + b1 after z1 = x @ W1
            box = _joined(boxes.pop(), box, step.name)
        else:
            names[step.name] = f"a{len(boxes)}"
            box = replace(box, name=names[step.name])
        boxes.append(box)
    boxes[leaves:] = [
        replace(box, lines=(*box.lines, *([plural(box.nodes, "scalar node")] if box.nodes else [])), step=True)
        for box in boxes[leaves:]
    ]
    boxes[-1] = replace(boxes[-1], kind="result")
    return Sheet(tuple(boxes))


def _joined(first: ProgramBox, then: ProgramBox, name: str) -> ProgramBox:
    """Return one box for an operation and another on its result, in place."""
    start = f"{name} = {name} "
    title = f"{first.title} {then.title[len(start) :]}" if then.title.startswith(start) else then.title
    operands = dict.fromkeys([*first.operands, *[x for x in then.operands if x != first.name]])
    return replace(then, name=first.name, title=title, operands=tuple(operands), nodes=first.nodes + then.nodes)


def shape_text(shape: tuple[int, ...], batched: bool) -> str:
    """Return a shape as it is read aloud.

    >>> shape_text((64, 32), False), shape_text((10,), True), shape_text((), False)
    ('64 × 32', 'N × 10', 'scalar')
    """
    return " × ".join(["N"] * batched + [str(n) for n in shape]) or "scalar"


def _runs(boxes: list[ProgramBox], room: int) -> list[list[ProgramBox]]:
    each = -(-len(boxes) // max(room, 1))
    return [boxes[i : i + each] for i in range(0, len(boxes), max(each, 1))]


def _merged(run: list[ProgramBox], number: int, owner: dict[str, int]) -> ProgramBox:
    operands = dict.fromkeys(f"r{owner[name]}" for box in run for name in box.operands if owner[name] != number)
    if len(run) == 1:
        box = run[0]
        return ProgramBox(f"r{number}", box.title, box.lines, box.kind, tuple(operands), box.nodes)
    nodes = sum(box.nodes for box in run)
    what = plural(len(run), "operation" if run[0].step else "array")
    held = (f"{run[0].title} … {run[-1].title}", *([plural(nodes, "scalar node")] if nodes else []))
    return ProgramBox(f"r{number}", what, held, run[-1].kind, tuple(operands), nodes)
