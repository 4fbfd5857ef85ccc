"""What a program says of itself: its steps as records, its counts, and its lines as matrix formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from engine.lifting.emit.captions import formula, operand_text, transposition
from engine.lifting.external import Named
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.join_parameters import Block, join_parameters
from engine.lifting.passes.products import products
from engine.lifting.passes.split_parameters import Parts, split_parameters
from engine.lifting.verify.verify import Proof
from engine.lifting.views import Gather, Literal, Operand, Source, View
from engine.watching import Origin

Reading: TypeAlias = "tuple[str, int | str]"


@dataclass(frozen=True)
class StepRecord:
    """One array operation, for tables and pictures.

    Attributes
    ----------
    name, op, text
        What the result is called, the operation, and the operation as a formula.
    shape
        Of the result, for one sample.
    batched
        Whether there is a leading batch axis.
    operands
        Names of what it reads.
    nodes
        How many scalar nodes it stands for.
    result
        The number of the array that it writes to; steps that add to one array, or fill its parts, have the same.
    reads
        What it reads: ("step", the number of a result), ("input", its name) or ("parameter", its full name).
    continuation
        How the line of the operation before goes on with this one, as in ``z1 = X @ W1 + b1``; "" if it does not.
    origin
        Its author's variable, functions and line; None where nothing is known of them.
    """

    name: str
    op: str
    text: str
    shape: tuple[int, ...]
    batched: bool
    operands: tuple[str, ...]
    nodes: int
    result: int
    reads: tuple[Reading, ...]
    continuation: str = ""
    origin: Origin | None = None


@dataclass(frozen=True)
class Stats:
    """Counts: scalar nodes, forward and backward array operations, bytes of buffers a sample, seconds to lift.

    Of loops over floats (`in_loops`) it is the lines of these that compute something, which have no arrays.

    `proof` says what was proven of the program, at how many points and in which time; `unlifted_calls` how many calls
    went ways that are not compiled, which the scalar engine answered.
    """

    scalar_nodes: int
    array_operations: int
    backward_operations: int
    bytes: int
    seconds: float
    declined: tuple[str, ...] = ()
    proof: Proof = field(default_factory=Proof)
    unlifted_calls: int = 0
    in_loops: bool = False

    def __str__(self) -> str:
        kind = "lines of loops over floats" if self.in_loops else "array operations"
        answered = f", {self.unlifted_calls:,} calls answered by the scalar engine" if self.unlifted_calls else ""
        return (
            f"{self.scalar_nodes:,} scalar nodes -> {self.array_operations} {kind} forward, "
            f"{self.backward_operations} backward, lifted in {self.seconds:.3f} s, {self.proof}{answered}"
        )


def shown(steps: Steps, arrays: Sequence[Named]) -> Steps:
    """Return the steps as people read them: products by their kind, parameters under their arrays' names.

    What reads several arrays at once, as queries, keys and values that are one product, reads ``[wq, wk, wv]``; what
    reads one reads that alone. Gradients are written together or each by itself, not both.
    """
    blocks = join_parameters(steps, arrays, set())
    parts = Parts(arrays)
    forward, backward = ([_read_alone(step, parts) for step in part] for part in (steps.forward, steps.backward))
    steps = replace(steps, forward=forward, backward=backward)
    return products(split_parameters(steps, [_listed(block) for block in blocks]), for_blas=False)


def _read_alone(step: Step, parts: Parts) -> Step:
    operands = tuple(
        [x if isinstance(x, Literal) or x.source.kind != "parameters" else parts.in_array(x) for x in step.operands]
    )
    return step.on(step.target, operands)


def _listed(block: Block) -> Named:
    if len(block.members) == 1:
        return block.whole
    array, gradient = (
        replace(source, name=f"[{', '.join([getattr(named, what).name for named in block.members])}]")
        for what, source in (("array", block.whole.array), ("gradient", block.whole.gradient))
    )
    return Named(block.whole.part, array, gradient)


def records(steps: Steps, read: Steps, arrays: Sequence[Named]) -> tuple[StepRecord, ...]:
    """Return the forward steps as records; operands that are parameters go by their full names.

    Parameters
    ----------
    steps, read
        The steps, and how people read them, from `shown`.
    arrays
        The named arrays.
    """
    results: dict[Source, int] = {}
    for step in steps.forward:
        results.setdefault(_first(step.target.source), len(results))
    return tuple([_record(step, as_read, arrays, results) for step, as_read in zip(steps.forward, read.forward)])


def _record(step: Step, as_read: Step, arrays: Sequence[Named], results: Mapping[Source, int]) -> StepRecord:
    target = step.target.source
    readings = dict.fromkeys([reading for x in step.operands for reading in _readings(x, arrays, results)])
    return StepRecord(
        target.name, step.op, formula(as_read, behind=transposition), target.shape, step.batched,
        tuple(dict.fromkeys([name for x in step.operands for name in reads(x, arrays)])), step.nodes,
        results[_first(target)], tuple(readings), _continuation(as_read), target.origin,
    )  # fmt: skip


def _first(source: Source) -> Source:
    """Return the first of the results on one line: X @ W1 of z1 = X @ W1 + b1."""
    while source.follows is not None:
        source = source.follows
    return source


def _readings(x: Operand, arrays: Sequence[Named], results: Mapping[Source, int]) -> list[Reading]:
    """Return what an operand reads, by role and number or name."""
    if isinstance(x, Literal):
        return []
    chosen: list[Reading] = [("input", x.chosen.source.name)] if isinstance(x, Gather) and x.chosen else []
    if x.source.kind == "parameters":
        return [*[("parameter", name) for name in _parameters_read(x, arrays)], *chosen]
    first = _first(x.source)
    return [("step", results[first]) if first in results else ("input", x.source.name), *chosen]


def _continuation(step: Step) -> str:
    """Return " + b1" for z1 = z1 + b1, which follows z1 = X @ W1 on its line."""
    followed = step.target.source.follows
    if followed is None or step.op != "add":
        return ""
    added = [x for x in step.operands if isinstance(x, Literal) or x.source is not followed]
    return f" + {operand_text(added[0], transposition)}" if len(added) == 1 else ""


def reads(x: Operand, arrays: Sequence[Named]) -> list[str]:
    """Return the names of what an operand reads: a result, parameters by their full names, the input that chooses."""
    if isinstance(x, Literal):
        return []
    chosen = [x.chosen.source.name] if isinstance(x, Gather) and x.chosen else []
    if x.source.kind != "parameters":
        return [x.source.name, *chosen]
    return [*_parameters_read(x, arrays), *chosen]


def _parameters_read(x: View | Gather, arrays: Sequence[Named]) -> list[str]:
    """Return the full names of the parameters that an operand of the flat vector reads."""
    first, last = x.span() if isinstance(x, View) else (int(x.index.min()), int(x.index.min()))
    parts = [named.part for named in arrays]
    return [p.name for p in parts if first < p.offset + p.size and p.offset <= last]
