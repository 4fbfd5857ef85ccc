"""What passes between the stages of lifting: one frozen type a stage, each printable and checkable.

    Trace    every scalar operation, in creation order                     (record)
    Normal   chains of additions as n-ary sums of products and terms       (normalise)
    Groups   operations of equal signature together                        (group)
    Layout   groups as arrays, operands as views, gathers and constants;   (arrange, contract)
             groups of dots as matrix products
    Steps    one array operation after another, forward or backward        (arrange, adjoint)

What may exist after each stage is what its `check` allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.value import Value

Indices: TypeAlias = npt.NDArray[np.int64]
COMPARISONS = ("less", "less_equal", "equal")


class Leaf(NamedTuple):
    """A node without operands: a plain number, a captured Value, or an element of an input."""

    role: str  # "constant", "parameter" or "input"
    position: int = 0  # among the parameters, or within its input array
    argument: int = 0  # which input array
    value: float = 0.0


@dataclass(frozen=True)
class Trace:
    """Every scalar operation in creation order: operation names, operand numbers, leaves, results."""

    ops: list[str]
    operands: list[tuple[int, ...]]
    fixed: dict[int, tuple[float, ...]]
    leaves: dict[int, Leaf]
    parameters: tuple[Value, ...]
    roots: list[int]
    labels: dict[int, str]

    def check(self) -> None:
        """Operands come before what uses them; leaves, and only leaves, have none."""
        for i, operands in enumerate(self.operands):
            if any(j >= i for j in operands) or (not operands) != (i in self.leaves):
                raise AssertionError(f"Trace: node {i} ({self.ops[i]}) reads {operands}.\n{self}")

    def __str__(self) -> str:
        return "\n".join(f"{i}: {self._said(i)}" for i in range(len(self.ops)))

    def _said(self, i: int) -> str:
        if i in self.leaves:
            leaf = self.leaves[i]
            return (
                f"constant {leaf.value:g}"
                if leaf.role == "constant"
                else f"{leaf.role} {self.labels.get(i, '')}".strip()
            )
        return " ".join(map(str, (self.ops[i], *self.operands[i])))


@dataclass(frozen=True)
class Sum:
    """An n-ary sum: products left * right, and plain terms where right is -1."""

    left: list[int]
    right: list[int]

    def __str__(self) -> str:
        return " + ".join(str(a) if b < 0 else f"{a} * {b}" for a, b in zip(self.left, self.right))


@dataclass(frozen=True)
class Normal:
    """A Trace whose additions are n-ary sums; operations that a sum absorbed are gone (`None`)."""

    trace: Trace
    items: list[Sum | tuple[int, ...] | None]  # a sum, the operands of another operation, or nothing

    def check(self) -> None:
        """No operation reads one that a sum absorbed."""
        for i, item in enumerate(self.items):
            reads = item if isinstance(item, tuple) else (*item.left, *item.right) if item else ()
            for j in reads:
                if j >= 0 and self.items[j] is None:
                    raise AssertionError(f"Normal: {i} reads {j}, which a sum absorbed.\n{self}")

    def __str__(self) -> str:
        said = {
            i: item if isinstance(item, Sum) else self.trace._said(i)
            for i, item in enumerate(self.items)
            if item is not None
        }
        return "\n".join(f"{i}: {text}" for i, text in said.items())


@dataclass(frozen=True)
class Group:
    """Scalar operations of one signature: one array operation."""

    op: str  # a rule's name, "sum", or a leaf's role
    fixed: tuple[float, ...]
    members: list[int]
    classes: tuple[tuple[int, int], ...] = ()  # of a sum: groups of (left, right), right -1 for plain terms

    def reads(self) -> str:
        """Return what a sum's terms are made of, as text."""
        terms = [f"g{left}" if right < 0 else f"g{left} * g{right}" for left, right in self.classes]
        return f" of {' and '.join(terms)}" if terms else ""


@dataclass(frozen=True)
class Groups:
    """All groups, operands before users; `of[i]` is the group of node i (-1 where it was absorbed)."""

    normal: Normal
    groups: list[Group]
    of: list[int]

    def check(self) -> None:
        """A group reads earlier groups only."""
        for g, group in enumerate(self.groups):
            for i in group.members:
                item = self.normal.items[i]
                reads = item if isinstance(item, tuple) else (*item.left, *item.right) if item else ()
                if any(self.of[j] >= g for j in reads if j >= 0):
                    raise AssertionError(f"Groups: group {g} ({group.op}) reads a later group.\n{self}")

    def __str__(self) -> str:
        return "\n".join(f"g{k}: {len(g.members)} x {g.op}{g.reads()}" for k, g in enumerate(self.groups))


@dataclass(eq=False)
class Source:
    """Something that holds an array: a parameter, an input, a constant, or the result of a step.

    `shape` is that of one sample; a batched source has one more, leading axis. Names are chosen last, and say nothing.
    """

    name: str
    shape: tuple[int, ...]
    kind: (
        str  # "value", "constant", "input", "index"; "parameters", "parameter"; "gradient" (flat), "slot" (an input's)
    )
    batched: bool = False
    value: npt.NDArray[Any] | None = None  # of a constant
    dtype: str = "float"  # "float", "bool" or "int"
    role: str = ""  # "z" of a pre-activation, "a" of an activation
    of: Source | None = None  # what this is the cotangent of
    follows: Source | None = None  # what this is a sum of, on the same line: z1 = X @ W1 + b1

    @property
    def size(self) -> int:
        """Number of elements of one sample."""
        return math.prod(self.shape)

    def whole(self) -> View:
        """Return the view of everything, as it lies."""
        return View(self, self.shape, 0, contiguous(self.shape))


@dataclass(frozen=True, eq=False)
class View:
    """A strided look at a source: element (i, j, ...) is at offset + i * strides[0] + j * strides[1] + ..."""

    source: Source
    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        _inside(self)

    @property
    def batched(self) -> bool:
        """Whether there is a leading batch axis."""
        return self.source.batched

    def positions(self) -> Indices:
        """Return the flat position in the source of every element, in this view's shape."""
        at = np.full(self.shape, self.offset, dtype=np.int64)
        for axis, (size, stride) in enumerate(zip(self.shape, self.strides)):
            steps = np.arange(size, dtype=np.int64) * stride
            at += steps.reshape([-1 if a == axis else 1 for a in range(len(self.shape))])
        return at

    def span(self) -> tuple[int, int]:
        """Return the first and last element of the source that this reaches."""
        ends = [stride * (n - 1) for n, stride in zip(self.shape, self.strides)]
        return self.offset + sum(e for e in ends if e < 0), self.offset + sum(e for e in ends if e > 0)

    def is_whole(self) -> bool:
        """Whether this is all of the source, in its own shape."""
        return (
            self.shape == self.source.shape
            and self.offset == 0
            and all(n == 1 or a == b for n, a, b in zip(self.shape, self.strides, contiguous(self.shape)))
        )

    @property
    def T(self) -> View:
        """The view with its last two axes exchanged."""
        shape = (*self.shape[:-2], self.shape[-1], self.shape[-2])
        return View(self.source, shape, self.offset, (*self.strides[:-2], self.strides[-1], self.strides[-2]))

    def is_transposed(self) -> bool:
        """Whether the last axis is the slower one in the source."""
        return min(self.shape[-2:]) > 1 and abs(self.strides[-1]) > abs(self.strides[-2])

    def squeeze(self, axis: int) -> View:
        """Return this without an axis of length one."""
        axis %= len(self.shape)
        shape, strides = ((*v[:axis], *v[axis + 1 :]) for v in (self.shape, self.strides))
        return View(self.source, shape, self.offset, strides)

    def reshape(self, shape: tuple[int, ...]) -> View:
        """Return this with axes of length one where `shape` has them."""
        strides = iter([s for n, s in zip(self.shape, self.strides) if n > 1])
        return View(self.source, shape, self.offset, tuple([next(strides) if n > 1 else 0 for n in shape]))

    def __str__(self) -> str:
        return self.source.name if self.is_whole() else f"{self.source.name}[{self.offset}; {self.strides}]"


@dataclass(frozen=True, eq=False)
class Gather:
    """Elements of a source picked by an index array; `table` says how an integer input moves the index.

    Element m is at index[m] + stride * chosen[m], where `chosen` is a view of an integer input.
    """

    source: Source
    shape: tuple[int, ...]
    index: Indices
    chosen: View | None = None
    stride: int = 0
    distinct: bool = False  # whether no two elements can be the same
    reach: int = 0  # how far `chosen` can move an element from its index

    def __post_init__(self) -> None:
        _inside(self)

    def span(self) -> tuple[int, int]:
        """Return the first and last element of the source that this can reach."""
        return int(self.index.min()) + min(0, self.reach), int(self.index.max()) + max(0, self.reach)

    @property
    def batched(self) -> bool:
        """Whether there is a leading batch axis."""
        return self.source.batched or (self.chosen is not None and self.chosen.batched)

    def __str__(self) -> str:
        return f"{self.source.name}[gather]"


@dataclass(frozen=True)
class Literal:
    """One number, written out; `batch_power` 1 or -1 multiplies or divides it by the batch's size."""

    value: float
    batch_power: int = 0
    batched: bool = False
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        base = repr(self.value)
        return base if not self.batch_power else f"{base} / N" if self.batch_power < 0 else f"{base} * N"


Operand: TypeAlias = "View | Gather | Literal"


def _inside(x: View | Gather) -> None:
    """Refuse what reaches outside its source: no text is written that could read or write there."""
    low, high = x.span()
    if math.prod(x.shape) and not 0 <= low <= high < x.source.size:
        raise IndexError(
            f"A view of {x.source.name} reaches from element {low} to {high} of {x.source.size}. "
            "This is an error in liftgrad; please report it with the function that was lifted."
        )


@dataclass(frozen=True)
class Product:
    """A (blocks, n, k) and B (blocks, m, k) index arrays; element `e` of the group is at `place[e]` of A @ B.T."""

    rows: Indices
    columns: Indices
    place: Indices
    complete: bool


@dataclass(eq=False)
class Step:
    """One array operation: `target = op(*operands)`, element by element unless the op says otherwise.

    op: a rule's name; "matmul" (A (..., n, k), B (..., m, k) -> A @ B.T); "batch_matmul" (P (n, m), Q (n, k) -> P.T @ Q
    summed over the batch); "sum" over `axes` and, with `over_batch`, the batch; "max" over the last axis;
    "segment_sum", "segment_max" over runs of the flat operand that begin at `starts`; "repeat", each element as often
    as its run is long; "gather"; "scatter" (a gather's places, then what goes there); "copy"; "fill".
    """

    op: str
    target: View
    operands: tuple[Operand, ...]
    fixed: tuple[float, ...] = ()
    nodes: int = 0
    accumulate: bool = False
    starts: Indices | None = None
    total: int = 0
    axes: tuple[int, ...] = (-1,)
    over_batch: bool = False
    constant: bool = field(default=False)  # no derivative passes (the shift of a log-sum-exp)

    @property
    def batched(self) -> bool:
        """Whether the result has a leading batch axis."""
        return self.target.batched

    def __str__(self) -> str:
        sign = "+=" if self.accumulate else "="
        return f"{self.target} {self.target.shape} {sign} {self.op}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True)
class Layout:
    """The forward program: array operations, and where the results are."""

    steps: list[Step]
    sources: list[Source]
    roots: list[Operand]
    guards: int = 0
    declined: Sequence[str] = ()

    def check(self) -> None:
        """Every source is written before it is read, and views stay inside their sources."""
        written = {s for s in self.sources if s.kind != "value"}
        for k, step in enumerate(self.steps):
            for x in step.operands:
                if isinstance(x, Literal):
                    continue
                if x.source not in written:
                    near = "\n".join(map(str, self.steps[max(0, k - 5) : k + 5]))
                    raise AssertionError(f"Layout: step {k} reads {x.source.name} before it is written.\n{near}")
                at = x.positions() if isinstance(x, View) else x.index
                if at.size and (at.min() < 0 or at.max() >= x.source.size):
                    raise AssertionError(f"Layout: step {k} reads outside {x.source.name}: {step}")
            written.add(step.target.source)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in elements, of a C-ordered array.

    >>> contiguous((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return tuple(strides)
