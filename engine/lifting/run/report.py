"""What a program says of itself: its steps as records, its counts, and its lines as matrix formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.lifting.emit.formulas import formula, transposition
from engine.lifting.external import Named
from engine.lifting.ir import Steps
from engine.lifting.passes.join_parameters import Block, join_parameters
from engine.lifting.passes.products import products
from engine.lifting.passes.split_parameters import split_parameters
from engine.lifting.verify.verify import Proof
from engine.lifting.views import Gather, Literal, Operand, View


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
    """

    name: str
    op: str
    text: str
    shape: tuple[int, ...]
    batched: bool
    operands: tuple[str, ...]
    nodes: int


@dataclass(frozen=True)
class Stats:
    """Counts: scalar nodes, forward and backward array operations, bytes of buffers a sample, seconds to lift.

    `proof` says what was proven of the program, at how many points and in which time.
    """

    scalar_nodes: int
    array_operations: int
    backward_operations: int
    bytes: int
    seconds: float
    declined: tuple[str, ...] = ()
    proof: Proof = field(default_factory=Proof)

    def __str__(self) -> str:
        return (
            f"{self.scalar_nodes:,} scalar nodes -> {self.array_operations} array operations forward, "
            f"{self.backward_operations} backward, lifted in {self.seconds:.3f} s, {self.proof}"
        )


def shown(steps: Steps, arrays: Sequence[Named]) -> Steps:
    """Return the steps as people read them: products by their kind, parameters under their arrays' names.

    What reads several arrays at once, as queries, keys and values that are one product, reads ``[wq, wk, wv]``.
    """
    blocks = join_parameters(steps, arrays, set())
    return products(split_parameters(steps, [_listed(block) for block in blocks]), for_blas=False)


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
    return tuple(
        [
            StepRecord(
                step.target.source.name,
                step.op,
                formula(as_read, behind=transposition),
                step.target.source.shape,
                step.batched,
                tuple(dict.fromkeys([name for x in step.operands for name in reads(x, arrays)])),
                step.nodes,
            )
            for step, as_read in zip(steps.forward, read.forward)
        ]
    )


def reads(x: Operand, arrays: Sequence[Named]) -> list[str]:
    """Return the names of what an operand reads: a result, parameters by their full names, the input that chooses."""
    if isinstance(x, Literal):
        return []
    chosen = [x.chosen.source.name] if isinstance(x, Gather) and x.chosen else []
    if x.source.kind != "parameters":
        return [x.source.name, *chosen]
    first, last = x.span() if isinstance(x, View) else (int(x.index.min()), int(x.index.min()))
    parts = [named.part for named in arrays]
    return [*[p.name for p in parts if first < p.offset + p.size and p.offset <= last], *chosen]
