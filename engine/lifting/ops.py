"""The vocabulary of array operations: what each takes, which shape it gives, and how it is computed.

A step is one of them, with a place for its result. Every rule of the calculus that takes a fixed number of operands is
an operation, element by element; the others are listed here. `Step.wrong` and the interpreter read the same records.

>>> print(operation("matmul").takes, operation("tanh").takes)
('view', 'view') ('view or literal',)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.lifting.quickly_made import quickly_made
from engine.lifting.views import Gather, Indices, Literal, Operand, Shape, View
from engine.rules import RULES

COMPARISONS = ("less", "less_equal", "equal")
KINDS: dict[str, tuple[type, ...]] = {
    "view": (View,),
    "gather": (Gather,),
    "literal": (Literal,),
    "view or literal": (View, Literal),
}


@quickly_made
@dataclass(frozen=True, eq=False)
class Step:
    """One array operation: `target = op(*operands)`, or `target += op(*operands)` where it accumulates.

    Attributes
    ----------
    op, target, operands
        Which operation of this file, where its result goes, and what it reads.
    fixed
        The rule's fixed numbers: an exponent, a slope.
    nodes
        How many scalar operations this is.
    accumulate
        Whether the result is added to what is there.
    starts, total
        Of runs: where each begins in the flat operand, and how long that is.
    axes, over_batch
        Of a sum: over which axes, and whether over the samples as well.
    constant
        Whether no derivative passes.
    asked
        Of a product: which elements of the result somebody reads, where not all are.
    terms
        Of a product: which elements of the first factor are there, where not all are. The others are 0, and what they
        would be multiplied by is no term of any sum: it may be infinite.
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
    constant: bool = False
    asked: Indices | None = None
    terms: Indices | None = None

    @property
    def batched(self) -> bool:
        """Whether the result has a leading batch axis."""
        return self.target.batched

    @property
    def packed(self) -> bool:
        """Whether the result, of all samples, lies without gaps in the order of its axes: what BLAS writes to."""
        return self.target.is_whole() or (not self.batched and self.target.is_contiguous())

    @property
    def counts(self) -> Indices:
        """How long each run is."""
        assert self.starts is not None
        return np.diff(self.starts, append=self.total)

    @property
    def over_samples(self) -> bool:
        """Whether the result is a sum over the samples."""
        return self.over_batch or self.op in ("batch_matmul", "summed_product", "weighted_sum", "scatter")

    def view(self, k: int = 0) -> View:
        """Return an operand that is a view: which operands are, the vocabulary says."""
        x = self.operands[k]
        assert isinstance(x, View), self
        return x

    def gather(self) -> Gather:
        """Return the first operand of a gather or a scatter."""
        x = self.operands[0]
        assert isinstance(x, Gather), self
        return x

    def on(self, target: View, operands: tuple[Operand, ...]) -> Step:
        """Return the same operation on other operands, with its result elsewhere."""
        step = object.__new__(Step)
        held = step.__dict__
        held.update(self.__dict__)
        held["target"], held["operands"] = target, operands
        return step

    def but(self, **changes: Any) -> Step:
        """Return the same step with some of its attributes changed; faster than `dataclasses.replace`."""
        step = object.__new__(Step)
        step.__dict__.update(self.__dict__, **changes)
        return step

    def wrong(self) -> str:
        """Return in what this is no operation of the vocabulary; empty if it is one."""
        known = operation(self.op)
        if known is None:
            return "there is no such operation"
        if len(known.takes) != len(self.operands) or not all(
            isinstance(x, KINDS[kind]) for x, kind in zip(self.operands, known.takes)
        ):
            return f"it takes {', '.join(known.takes)}"
        shape = known.shape(self)
        if _without_ones(shape) != _without_ones(self.target.shape):
            return f"it gives shape {shape}"
        if any(x.batched for x in self.operands) and not self.batched and not self.over_samples:
            return "its result must have an axis for the samples"
        return ""

    def __str__(self) -> str:
        sign = "+=" if self.accumulate else "="
        return f"{self.target} {self.target.shape} {sign} {self.op}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True)
class Op:
    """One array operation.

    Attributes
    ----------
    takes
        The kind of each operand, of `KINDS`.
    shape
        Return the shape of one sample's result, but for axes of length one; a step whose operands do not go together
        gets a shape that no target has.
    compute
        Return the result over arrays of any kind of numbers, with a leading axis for samples where operands have it.
    """

    takes: tuple[str, ...]
    shape: Callable[[Step], Shape]
    compute: Callable[..., Any]


NO_SHAPE: Shape = (0, -1)


def operation(name: str) -> Op | None:
    """Return the operation of that name; NumPy's own functions are some, since rules may be made of them."""
    rule, ufunc = RULES.get(name), getattr(np, name, None)
    if name not in OPS and rule is None and isinstance(ufunc, np.ufunc) and ufunc.nout == 1:
        return Op(
            ("view or literal",) * ufunc.nin, _elementwise, lambda step, *xs: ufunc(*xs)
        )  # of a rule's array form
    if name in OPS or rule is None or rule.variadic:
        return OPS.get(name)
    array = rule.array
    return Op(("view or literal",) * len(rule.operands), _elementwise, lambda step, *xs: array(*xs, *step.fixed))


def _without_ones(shape: Shape) -> Shape:
    return tuple([n for n in shape if n != 1])


# --- shapes --------------------------------------------------------------------------------------------------------


def _elementwise(step: Step) -> Shape:
    shapes = {_without_ones(x.shape) for x in step.operands if isinstance(x, View)}
    return step.target.shape if shapes <= {_without_ones(step.target.shape)} else NO_SHAPE


def _reduced(step: Step) -> Shape:
    shape = step.operands[0].shape
    axes = [a % len(shape) for a in step.axes] if shape else []
    return tuple([n for a, n in enumerate(shape) if a not in axes])


def _runs(step: Step) -> Shape:
    return (len(step.counts),) if step.operands[0].shape == (step.total,) else NO_SHAPE


def _repeated(step: Step) -> Shape:
    return (step.total,) if _without_ones(step.operands[0].shape) in ((), (len(step.counts),)) else NO_SHAPE


def _matmul(step: Step) -> Shape:
    a, b = step.operands[0].shape, step.operands[1].shape
    return (*a[:-1], b[-2]) if (*a[:-2], a[-1]) == (*b[:-2], b[-1]) else NO_SHAPE


def _batch_matmul(step: Step) -> Shape:
    p, q = step.operands[0].shape, step.operands[1].shape
    return (p[1], q[1]) if len(p) == len(q) == 2 and p[0] == q[0] else NO_SHAPE


def _outer(step: Step) -> Shape:
    try:
        return np.broadcast_shapes(step.operands[0].shape, step.operands[1].shape)
    except ValueError:
        return NO_SHAPE


def _ones_product(step: Step) -> Shape:
    return _reduced(step) if len(step.axes) + step.over_batch == 1 else NO_SHAPE


def _product(step: Step) -> Shape:
    """A @ B as `np.matmul` has it: a vector is a row on the left, a column on the right."""
    a, b = step.operands[0].shape, step.operands[1].shape
    if not a or not b or (a[-1] != b[-2] if len(b) > 1 else a[-1] != b[0]) or a[:-2] != b[:-2]:
        return NO_SHAPE
    return (*a[:-1], *b[-1:]) if len(b) > 1 else a[:-1]


def _ragged_product(step: Step) -> Shape:
    says_which = step.terms is not None and step.terms.shape == step.operands[0].shape
    return _product(step) if says_which else NO_SHAPE


def _scatter(step: Step) -> Shape:
    gather, g = step.operands
    goes_together = isinstance(g, Literal) or _without_ones(g.shape) == _without_ones(gather.shape)
    inside = isinstance(gather, Gather) and gather.source is step.target.source and step.target.is_whole()
    told = step.accumulate or step.gather().distinct
    return step.target.shape if goes_together and inside and told else NO_SHAPE


# --- results -------------------------------------------------------------------------------------------------------


def _sum(step: Step, x: Any) -> Any:
    return np.sum(x, axis=_axes(step))


def _max(step: Step, x: Any) -> Any:
    return np.max(x, axis=_axes(step))


def _axes(step: Step) -> tuple[int, ...]:
    """Return the axes of the operand, the batch's included, that a step reduces."""
    x = step.operands[0]
    axes = [a % len(x.shape) + x.batched for a in step.axes]
    return (0, *axes) if step.over_batch else tuple(axes)


def _products(step: Step, p: Any, q: Any) -> Any:
    return np.matmul(np.swapaxes(p, -1, -2), q).sum(axis=0)


OPS: dict[str, Op] = {
    # A (..., n, k), B (..., m, k)  ->  A @ B.T (..., n, m)
    "matmul": Op(("view", "view"), _matmul, lambda step, a, b: np.matmul(a, np.swapaxes(b, -1, -2))),
    # P (n, m), Q (n, k)  ->  P.T @ Q (m, k), summed over the samples
    "batch_matmul": Op(("view", "view"), _batch_matmul, _products),
    # products by their kind, as `products` leaves them: A @ B, where vectors have one axis
    "outer": Op(("view", "view"), _outer, lambda step, a, b: a * b),
    "product": Op(("view", "view"), _product, lambda step, a, b: np.matmul(a, b)),
    "batched_product": Op(("view", "view"), _product, lambda step, a, b: np.matmul(a, b)),
    "ragged_product": Op(("view", "view"), _ragged_product, lambda step, a, b: np.matmul(a, b)),
    "summed_product": Op(("view", "view"), _batch_matmul, _products),
    "weighted_sum": Op(("view", "view"), lambda step: step.operands[1].shape, lambda step, p, q: np.matmul(p, q)),
    "ones_product": Op(("view",), _ones_product, _sum),
    # over `axes`, and over the samples with `over_batch`
    "sum": Op(("view",), _reduced, _sum),
    "max": Op(("view",), _reduced, _max),
    # over runs of the flat operand, and back: each element as often as its run is long
    "segment_sum": Op(("view",), _runs, lambda step, x: np.add.reduceat(x, step.starts, axis=-1)),
    "segment_max": Op(("view",), _runs, lambda step, x: np.maximum.reduceat(x, step.starts, axis=-1)),
    "repeat": Op(("view",), _repeated, lambda step, x: np.repeat(x, step.counts, axis=-1)),
    # elements at places, and to the same places what is added or, where none are the same, put there
    "gather": Op(("gather",), lambda step: step.operands[0].shape, lambda step, x: x),
    "scatter": Op(("gather", "view or literal"), _scatter, lambda step, places, g: g),
    "copy": Op(("view or literal",), _elementwise, lambda step, x: x),
    "fill": Op(("literal",), _elementwise, lambda step, x: x),
}


def checked_steps(steps: Sequence[Step], written: set[Any]) -> None:
    """Refuse a step that is none of the vocabulary, or that reads what nothing has written.

    Parameters
    ----------
    steps
        In order.
    written
        Sources that are there before.

    Raises
    ------
    AssertionError
        With the five steps before and after.
    """
    for k, step in enumerate(steps):
        read = [source for x in step.operands for source in x.sources]
        unwritten = [s.name for s in (*read, *(step.target.sources if step.accumulate else ())) if s not in written]
        wrong = step.wrong() or (f"it reads {unwritten[0]} before it is written" if unwritten else "")
        if wrong:
            near = "\n".join(map(str, steps[max(0, k - 5) : k + 6]))
            raise AssertionError(f"Step {k}, {step}: {wrong}.\n{near}")
        written.add(step.target.source)
