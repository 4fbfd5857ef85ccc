"""What passes between the stages of lifting: one frozen type per stage, each printable and checkable.

    Trace    every scalar operation, operands first                        (record)
    Normal   chains of additions as n-ary sums of products and terms       (normalise)
    Groups   operations of equal signature together                        (group)
    Steps    one array operation after another: operands as views,         (arrange, contract)
             dots as matrix products; then their adjoints as well          (differentiate)

What may exist after each stage is what its `check` allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import chain, count, islice, repeat
from operator import is_
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.lifting.ops import Step, checked_steps
from engine.lifting.views import Gather, Indices, Operand, Source, View
from engine.value import Value


class Leaf(NamedTuple):
    """A node without operands: a plain number, a captured Value, or an element of an input."""

    role: str  # "constant", "parameter" or "input"
    position: int = 0  # among the parameters, or within its input array
    argument: int = 0  # which input array
    value: float = 0.0


ZERO = Leaf("constant", value=0.0)
CHAINS = frozenset(("add", "subtract", "total"))  # operations of which several are one sum
COUNTLESS = frozenset(("logsumexp", "shift", "largest", "select"))  # any number of operands, which does not count


@dataclass(frozen=True)
class Trace:
    """Every scalar operation, operands first: operation names, operand numbers, leaves, results."""

    ops: list[str]
    operands: list[tuple[int, ...]]
    fixed: dict[int, tuple[float, ...]]
    leaves: dict[int, Leaf]
    parameters: tuple[Value, ...]
    roots: list[int]
    labels: dict[int, str]
    signed: frozenset[int] = frozenset()  # sums whose zeros' signs matter: these stay as they are, element by element
    results: int = 1  # how many of the roots are what the function returns; the others are guards' conditions
    births: Sequence[float] = ()  # of the operations, leaves left out: in which order their author computed them

    def __getstate__(self) -> dict[str, Any]:
        """Pickle what was recorded, without the arrays that are made of it."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @cached_property
    def reads(self) -> Indices:
        """All operands, one node's after the other's."""
        return np.fromiter(chain.from_iterable(self.operands), np.int64)

    @cached_property
    def arity(self) -> Indices:
        """How many operands each node has."""
        return np.fromiter(map(len, self.operands), np.int64, len(self.operands))

    @cached_property
    def owners(self) -> Indices:
        """The node that each of all operands is of."""
        return np.repeat(np.arange(len(self.ops)), self.arity)

    @cached_property
    def uses(self) -> Indices:
        """How often each node is read."""
        return np.bincount(self.reads, minlength=len(self.ops))

    @cached_property
    def readers(self) -> Indices:
        """The last node that reads each node; -1 where none does."""
        readers = np.full(len(self.ops), -1)
        readers[self.reads] = self.owners
        return readers

    @cached_property
    def inner(self) -> npt.NDArray[np.bool_]:
        """Which operations of chains are read once, so that they may be parts of a longer one."""
        inner: npt.NDArray[np.bool_] = self.are(*CHAINS) & (self.uses == 1)
        inner[[*self.roots, *self.signed]] = False
        return inner

    @cached_property
    def heights(self) -> Indices:
        """How many operations come one after the other before each result, a chain counting as one."""
        return np.array(heights(self.operands, self.inner.tolist()))

    @cached_property
    def zeros(self) -> frozenset[int]:
        """The leaves that are zeros of either sign."""
        return frozenset([i for i, leaf in self.leaves.items() if leaf == ZERO])

    @cached_property
    def fixed_keys(self) -> dict[int, tuple[int, ...]]:
        """Each operation's fixed numbers, bit by bit: 0.0 is another than -0.0."""
        numbers = np.fromiter(chain.from_iterable(self.fixed.values()), float).view(np.int64).tolist()
        bits = iter(numbers)
        return {i: tuple(islice(bits, len(fixed))) for i, fixed in self.fixed.items()}

    @cached_property
    def kinds(self) -> dict[str, int]:
        """A number for each operation that there is, by its name."""
        return self._kinds_and_codes[0]

    @cached_property
    def codes(self) -> Indices:
        """The number of each node's operation, as `kinds` has it."""
        return self._kinds_and_codes[1]

    @cached_property
    def _kinds_and_codes(self) -> tuple[dict[str, int], Indices]:
        kinds: defaultdict[str, int] = defaultdict(count().__next__)  # the first time that an operation is asked for
        codes = np.fromiter(map(kinds.__getitem__, self.ops), np.int64, len(self.ops))
        return dict(kinds), codes

    def are(self, *ops: str) -> npt.NDArray[np.bool_]:
        """Return which nodes are of some operations."""
        wanted = np.array([op in ops for op in self.kinds], bool)
        return wanted[self.codes]

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


def heights(operands: Sequence[Sequence[int]], free: Iterable[bool] = repeat(False)) -> list[int]:
    """Return how many operations come one after the other before each result, those left out that are free."""
    height: list[int] = []
    height_of = height.__getitem__
    for xs, is_free in zip(operands, free):
        if len(xs) == 2:  # most have two
            x, y = height[xs[0]], height[xs[1]]
            highest = x if x > y else y
        else:
            highest = max(map(height_of, xs)) if xs else -1
        height.append(highest if is_free else highest + 1)
    return height


ADDED, TAKEN = -1, -2  # in place of a right factor: plain terms


@dataclass(frozen=True)
class Sum:
    """An n-ary sum: products left * right, and plain terms where right is ADDED; where it is TAKEN, terms taken off."""

    left: list[int]
    right: list[int]

    def __str__(self) -> str:
        return " + ".join({ADDED: f"{a}", TAKEN: f"-{a}"}.get(b, f"{a} * {b}") for a, b in zip(self.left, self.right))


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
        texts = {
            i: item if isinstance(item, Sum) else self.trace._said(i)
            for i, item in enumerate(self.items)
            if item is not None
        }
        return "\n".join(f"{i}: {text}" for i, text in texts.items())


@dataclass(frozen=True)
class Group:
    """Scalar operations of one signature: one array operation."""

    op: str  # a rule's name, "sum", or a leaf's role
    fixed: tuple[float, ...]
    members: list[int]
    classes: tuple[tuple[int, int], ...] = ()  # of a sum: groups of (left, right), right -1 for plain terms
    mixed: bool = False  # whether operands at one place are of several groups; of sums, every term has its place

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


@dataclass(frozen=True)
class Product:
    """A (blocks, n, k) and B (blocks, m, k) index arrays; element `e` of the group is at `place[e]` of A @ B.T.

    Where an element of A is -1 there is none: no term of its row.
    """

    rows: Indices
    columns: Indices
    place: Indices


class Members(NamedTuple):
    """The scalar operations that a result stands for, and whether it is their result or a part of their work."""

    nodes: Sequence[int]
    whole: bool


@dataclass(frozen=True)
class Steps:
    """Array operations, forward and then backward, where the results are, and what was no matrix product and why."""

    forward: Sequence[Step]
    roots: Sequence[Operand]  # the value, or a view of all results, then the conditions of guards
    backward: Sequence[Step] = ()
    declined: Sequence[str] = ()
    members: Mapping[Source, Members] = field(default_factory=dict, repr=False)  # of results, as they were laid out

    @property
    def sources(self) -> list[Source]:
        """Everything that the steps read or write."""
        steps = (*self.forward, *self.backward)
        operands = [x for step in steps for x in (*step.operands, step.target)]
        return list(dict.fromkeys([source for x in operands for source in x.sources]))

    @property
    def constants(self) -> list[Source]:
        """The constant arrays that the steps read."""
        read = [source for step in (*self.forward, *self.backward) for x in step.operands for source in x.sources]
        return list(dict.fromkeys([source for source in read if source.kind == "constant"]))

    def with_sources(self, instead: Mapping[Source, Source]) -> Steps:
        """Return the same steps with other sources in the places of some."""
        if not instead:
            return self
        forward, backward = (list(with_sources(part, instead)) for part in (self.forward, self.backward))
        roots = [with_source(x, instead) for x in self.roots]
        members = {instead.get(source, source): of for source, of in self.members.items()}
        return replace(self, forward=forward, backward=backward, roots=roots, members=members)

    def check(self) -> None:
        """Every step is an operation of the vocabulary, on what was written before."""
        checked_steps((*self.forward, *self.backward), {s for s in self.sources if s.kind != "value"})

    def __str__(self) -> str:
        parts = ["\n".join(map(str, steps)) for steps in (self.forward, self.backward) if steps]
        return "\n\n".join(parts)


def with_sources(steps: Iterable[Step], instead: Mapping[Source, Source]) -> Iterator[Step]:
    """Yield the same steps with other sources in the places of some."""
    for step in steps:
        operands = tuple([with_source(x, instead) for x in step.operands])
        target = with_source(step.target, instead)
        if target is step.target and all(map(is_, operands, step.operands)):
            yield step
        else:
            assert isinstance(target, View)
            yield step.on(target, operands)


def with_source(x: Operand, instead: Mapping[Source, Source]) -> Operand:
    """Return an operand with another source, if there is one for its own."""
    if isinstance(x, View):
        source = instead.get(x.source)
        return x if source is None else x.on(source)
    if isinstance(x, Gather) and any(source in instead for source in x.sources):
        chosen = None if x.chosen is None else with_source(x.chosen, instead)
        assert chosen is None or isinstance(chosen, View)
        return replace(x, source=instead.get(x.source, x.source), chosen=chosen)
    return x
