"""What a program says of itself: its steps as records, its counts, and its lines as matrix formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.lifting.external import Named
from engine.lifting.ir import Gather, Literal, Operand, Source, Step, View
from engine.lifting.verify.verify import Proof


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
    """

    name: str
    op: str
    text: str
    shape: tuple[int, ...]
    batched: bool
    operands: tuple[str, ...]
    nodes: int
    result: int
    reads: tuple[tuple[str, int | str], ...]
    continuation: str = ""


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


SYMBOLS = {"add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / ", "less": " < ", "less_equal": " <= "}


def with_names(step: Step, arrays: Sequence[Named]) -> Step:
    """Return the step with views of the flat vector, and of its gradient, called by their arrays: W1, b1, dW1."""
    target = _with_name(step.target, arrays)
    assert isinstance(target, View)
    return replace(step, target=target, operands=tuple([_with_name(x, arrays) for x in step.operands]))


def _with_name(x: Operand, arrays: Sequence[Named]) -> Operand:
    if isinstance(x, Literal) or x.source.kind not in ("parameters", "gradient"):
        return x
    spanned = [a.gradient if x.source.kind == "gradient" else a.array for a in _spanned(x, arrays)]
    if not spanned:
        return x
    name = spanned[0].name if len(spanned) == 1 else f"[{', '.join([s.name for s in spanned])}]"
    return replace(x, source=replace(x.source, name=name))


def _spanned(x: View | Gather, arrays: Sequence[Named]) -> list[Named]:
    """Return the arrays that a view of the flat vector reaches over (queries, keys and values), or a gather's first."""
    first, last = x.span() if isinstance(x, View) else (int(x.index.min(initial=0)),) * 2
    return [a for a in arrays if first < a.part.offset + a.part.size and a.part.offset <= last]


def records(steps: Sequence[Step], arrays: Sequence[Named] = ()) -> tuple[StepRecord, ...]:
    """Return the steps as records; operands that are parameters go by their full names."""
    full = {named.array.name: named.part.name for named in arrays}
    results: dict[Source, int] = {}
    for step in steps:
        results.setdefault(_first(step.target.source), len(results))
    return tuple([_record(step, full, results) for step in steps])


def _record(step: Step, full: Mapping[str, str], results: Mapping[Source, int]) -> StepRecord:
    named = tuple(dict.fromkeys(full.get(name, name) for x in step.operands for name in reads(x)))
    readings = tuple(dict.fromkeys(reading for x in step.operands for reading in _readings(x, full, results)))
    return StepRecord(
        step.target.source.name, step.op, formula(step), step.target.source.shape, step.batched, named, step.nodes,
        results[_first(step.target.source)], readings, _continuation(step),
    )  # fmt: skip


def _first(source: Source) -> Source:
    """Return the first of the results on one line: X @ W1 of z1 = X @ W1 + b1."""
    while source.follows is not None:
        source = source.follows
    return source


def _readings(x: Operand, full: Mapping[str, str], results: Mapping[Source, int]) -> Iterator[tuple[str, int | str]]:
    """Yield what an operand reads, by role and number or name."""
    if isinstance(x, Literal):
        return
    if x.source.kind in ("parameters", "parameter"):
        yield from (("parameter", full.get(name, name)) for name in x.source.name.strip("[]").split(", "))
    elif _first(x.source) in results:
        yield "step", results[_first(x.source)]
    elif x.source.kind in ("input", "index"):
        yield "input", x.source.name
    if isinstance(x, Gather) and x.chosen is not None:
        yield "input", x.chosen.source.name


def _continuation(step: Step) -> str:
    """Return " + b1" for z1 = z1 + b1, which follows z1 = X @ W1 on its line."""
    followed = step.target.source.follows
    if followed is None or step.op != "add":
        return ""
    added = [x for x in step.operands if isinstance(x, Literal) or x.source is not followed]
    return f" + {term(added[0])}" if len(added) == 1 else ""


def reads(x: Operand) -> tuple[str, ...]:
    """Return the names of what an operand reads: its source or sources, and the input that chooses from it."""
    if isinstance(x, Literal):
        return ()
    sources = tuple(x.source.name.strip("[]").split(", "))
    return (*sources, x.chosen.source.name) if isinstance(x, Gather) and x.chosen else sources


def formula(step: Step) -> str:
    """Return a step as a line of mathematics: ``z1 = X @ W1``."""
    texts = [term(x) for x in step.operands]
    if step.op == "matmul":
        right = f"{texts[1]}.T" if not texts[1].endswith(".T") else texts[1][:-2]
        body = f"{texts[0]} @ {right}"
    elif step.op == "batch_matmul":
        left = f"{texts[0]}.T" if not texts[0].endswith(".T") else texts[0][:-2]
        body = f"{left} @ {texts[1]}"
    elif step.op == "sum":
        over = ", over samples" if step.over_batch else ""
        body = f"sum({texts[0]}{over})"
    elif step.op in SYMBOLS and len(texts) == 2:
        body = SYMBOLS[step.op].join(texts)
    elif step.op == "copy":
        body = texts[0]
    elif step.op == "power_constant":
        body = f"{texts[0]} ** {step.fixed[0]:g}"
    else:
        body = f"{step.op}({', '.join([*texts, *[f'{n:g}' for n in step.fixed]])})"
    return f"{term(step.target)} {'+=' if step.accumulate else '='} {body}"


def term(x: View | Gather | Literal) -> str:
    """Return an operand with a mark where it is turned or picked from."""
    if isinstance(x, Literal):
        return str(x)
    if isinstance(x, Gather):
        index = "..." if x.chosen is None else x.chosen.source.name
        return f"{x.source.name}[{index}]"
    turned = (
        len(x.shape) == 2 and x.shape[0] > 1 and x.shape[1] > 1 and x.strides[0] < x.strides[1] and x.strides[0] > 0
    )
    return x.source.name + (".T" if turned else "")
