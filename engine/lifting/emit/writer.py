"""Eighth stage: steps -> source text, for NumPy or for JAX.

What is written, and of which views, is decided here once; how a library spells it is its `Backend`.  There are two:
`numpy_text` fills buffers that were allocated beforehand; in `jax_text` every result is a new array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from engine.lifting.emit.views import lead, tuple_text, view_text
from engine.lifting.exact import Folded, exactly
from engine.lifting.external import Named
from engine.lifting.ir import Gather, Indices, Literal, Operand, Source, Step, View

INLINE = 64  # constants of more elements are handed in rather than written out


@dataclass(frozen=True)
class Backend:
    """How an array library spells what steps do.

    Attributes
    ----------
    module
        What the library is called in the text.
    reductions
        Its names for "sum" and "max".
    look
        Return what stands for a view, given the expression for it and the name of its source.
    elements
        Return the expression for a view that steps through its source as no part of it does, with all of its axes.
    place
        Make room for a result ahead of its operands, where the library writes into buffers.
    keep
        Finish a call, which lacks its last parenthesis, so that its result is where the step wants it.
    product
        Write a matrix product of two expressions; said beforehand is whether both are matrices, or one a vector.
    writers
        Operations that it writes in a way of its own.
    """

    module: str
    reductions: dict[str, str]
    look: Callable[[Writer, View, str, str], str]
    elements: Callable[[Writer, View, str], str]
    place: Callable[[Writer, Step, int], None]
    keep: Callable[[Writer, Step, int, str], None]
    product: Callable[[Writer, Step, int, str, str, bool], None]
    writers: dict[str, Callable[[Writer, Step, int], None]]


@dataclass
class Writer:
    """The text being written: lines that are computed once, and those of the function in hand."""

    backend: Backend
    arrays: Sequence[Named]  # the flat vector's, by which views of it are written
    variables: dict[Source, str]
    readers: dict[Source, int]  # when each source is read last, counting steps forward then backward
    build: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)  # of the function being written
    hoisted: dict[str, str] = field(default_factory=dict)  # expression -> variable of `build`
    local: dict[str, str] = field(default_factory=dict)  # expression -> variable of the function
    constants: list[np.ndarray] = field(default_factory=list)
    used: set[Source] = field(default_factory=set)  # parameters and inputs that the function reads or writes
    defined: set[str] = field(default_factory=set)  # results that have been given a value
    strided: bool = False
    erf: bool = False
    written: set[str] = field(default_factory=set)  # names of `build`, and of what the functions take
    locals: set[str] = field(default_factory=set)  # names within the functions
    kept: dict[str, str] = field(default_factory=dict)  # indices that the backward pass finds ready
    plain: set[float] = field(default_factory=set)  # sizes of numbers that are written and stand for themselves
    rounded: dict[float, Fraction] = field(default_factory=dict)  # of numbers that stand for a fraction

    # --- operands --------------------------------------------------------------------------------------------

    def text(self, x: Operand, whole: bool = False) -> str:
        """Return an operand as an expression; `whole` where broadcasting may not stand in for its axes."""
        if isinstance(x, Literal):
            return self.literal(x)
        assert isinstance(x, View)
        view = self.named(x)
        name = self.variable(view.source)
        expression = view_text(name, view, exact=whole)
        if expression is None:
            return self.backend.elements(self, view, name)
        if whole and any(n > 1 and s == 0 for n, s in zip(view.shape, view.strides)):
            shape = tuple_text([*lead(view), *view.shape])
            expression = f"{self.backend.module}.broadcast_to({expression}, {shape})"
        return expression if expression in (name, f"{name}.T") else self.backend.look(self, view, expression, name)

    def named(self, view: View) -> View:
        """Return a view of the flat parameters (or gradients) as one of the named array it lies in."""
        found = self.array(view)
        return view if found is None else View(found[0], view.shape, view.offset - found[1], view.strides)

    def array(self, x: View | Gather) -> tuple[Source, int] | None:
        """Return the named array (or its gradient) that a reading of the flat vector is within, and where it starts."""
        if not is_flat(x.source):
            return None
        low, high = x.span()
        for named in self.arrays:
            p = named.part
            if p.offset <= low and high < p.offset + p.size:
                return (named.gradient if x.source.kind == "gradient" else named.array), p.offset
        return None

    def variable(self, source: Source) -> str:
        """Return the name of a source, noting what the function takes from outside."""
        if source.kind == "constant" and source not in self.variables:
            self.variables[source] = self.constant(source)
        if source.kind in ("value", "constant"):
            return self.variables[source]
        self.used.add(source)
        return source.name

    def constant(self, source: Source) -> str:
        """Write a constant array into `build`, or take it from `constants` where it is long."""
        name = f"c{1 + sum(s.kind == 'constant' for s in self.variables)}"
        value = source.value
        assert value is not None
        if value.size <= INLINE:
            return self.hoist(f"np.array({array_text(value)}, dtype)", name, name)
        self.constants.append(value)
        return self.hoist(f"constants[{len(self.constants) - 1}].astype(dtype)", name, name)

    def index(self, value: np.ndarray, name: str) -> str:
        """Write an index array into `build`."""
        flat = value.reshape(-1)
        if flat.size > 1 and (np.diff(flat) == flat[1] - flat[0]).all() and flat[1] > flat[0]:
            step = int(flat[1] - flat[0])
            text = f"np.arange({flat[0]}, {flat[-1] + 1}, {step})" if step > 1 or flat[0] else f"np.arange({len(flat)})"
            return self.hoist(text if value.ndim == 1 else f"{text}.reshape{tuple_text(value.shape)}", name)
        if value.size <= INLINE:
            return self.hoist(f"np.array({value.tolist()})", name)
        self.constants.append(value)
        return self.hoist(f"constants[{len(self.constants) - 1}]", name)

    def literal(self, x: Literal) -> str:
        """Return a number; one that depends on the batch's size is computed once."""
        number = number_text(self.number(x.value))
        if not x.batch_power:
            return number
        power = "" if abs(x.batch_power) == 1 else f" ** {abs(x.batch_power)}"
        return self.hoist(f"{number} / N{power}" if x.batch_power < 0 else f"{number} * N{power}", "scale", "scale")

    def number(self, x: float) -> float:
        """Return the float that is written for a number; one that stands for a fraction stands for that alone."""
        if not isinstance(x, Folded):
            return x
        size, fraction = abs(float(x)), abs(exactly(x))
        while size in self.plain or self.rounded.get(size, fraction) != fraction:
            size = math.nextafter(size, math.inf)
        self.rounded[size] = fraction
        return math.copysign(size, x)

    def hoist(self, expression: str, name: str, called: str = "") -> str:
        """Compute an expression once, in `build`."""
        if expression not in self.hoisted:
            fresh = self.hoisted[expression] = self.fresh(called or f"{name}_view")
            self.build.append(f"{fresh} = {expression}")
        return self.hoisted[expression]

    def localise(self, expression: str, name: str) -> str:
        """Compute an expression once a call: it looks at something the caller passed."""
        if expression not in self.local:
            fresh = f"{name}_view{len(self.local) or ''}"
            while fresh in self.written or fresh in self.local.values():
                fresh += "_"
            self.local[expression] = fresh
            self.locals.add(fresh)
            self.body.append(f"{fresh} = {expression}")
        return self.local[expression]

    def fresh(self, name: str) -> str:
        """Return a name that nothing has yet, and take it."""
        while name in self.written or name in self.locals:
            name += "_"
        self.written.add(name)
        return name


def is_flat(source: Source) -> bool:
    """Whether this is the flat vector of parameters, or its gradient."""
    return source.kind in ("parameters", "gradient")


def plain_numbers(steps: Iterable[Step], sources: Iterable[Source]) -> set[float]:
    """Return the sizes of all numbers that are written as they were given."""
    found = {
        abs(x.value) for s in steps for x in s.operands if isinstance(x, Literal) and not isinstance(x.value, Folded)
    }
    for source in sources:
        if source.kind == "constant" and source.value is not None:
            found.update(np.abs(source.value).reshape(-1).tolist())
    return found


def write_steps(writer: Writer, steps: Sequence[Step], first: int, only: set[int] | None = None) -> None:
    """Write the lines of some steps into the writer's current function."""
    for k, step in enumerate(steps):
        if only is not None and k not in only:
            continue
        (writer.backend.writers.get(step.op) or _WRITERS.get(step.op, _write_ufunc))(writer, step, first + k)


def _write_ufunc(w: Writer, step: Step, now: int) -> None:
    operands = [w.text(x) for x in step.operands]
    name = {"abs": "absolute"}.get(step.op, step.op)
    w.backend.keep(w, replace(step, accumulate=False), now, f"{w.backend.module}.{name}({', '.join(operands)}")


def write_sum(w: Writer, step: Step, now: int) -> None:
    """Write a sum, or the largest, over some axes."""
    axes = reduced_axes(step)
    axis = axes[0] if len(axes) == 1 else tuple_text(axes)
    text = w.text(step.operands[0], whole=True)
    w.backend.keep(w, step, now, f"{w.backend.reductions[step.op]}({text}, {axis}")


def reduced_axes(step: Step) -> list[int]:
    """Return the axes of the operand, the batch's included, that a step reduces."""
    x = step.operands[0]
    assert isinstance(x, View)
    axes = [a % len(x.shape) for a in step.axes]
    if x.batched:
        axes = [a + 1 for a in axes]
    return [0, *axes] if step.over_batch else axes


# --- matrix products -------------------------------------------------------------------------------------------


def turned(v: View) -> View:
    """Transpose the last two axes of a view."""
    shape = (*v.shape[:-2], v.shape[-1], v.shape[-2])
    return View(v.source, shape, v.offset, (*v.strides[:-2], v.strides[-1], v.strides[-2]))


def without(v: View, axis: int) -> View:
    """Drop an axis of length one."""
    axis %= len(v.shape)
    return View(v.source, v.shape[:axis] + v.shape[axis + 1 :], v.offset, v.strides[:axis] + v.strides[axis + 1 :])


def _write_matmul(w: Writer, step: Step, now: int) -> None:
    """A @ B.T, written so that the result lies as its place does and one row stays a vector."""
    a, b = step.operands
    assert isinstance(a, View) and isinstance(b, View)
    n, m = a.shape[-2], b.shape[-2]
    target = full(step.target, (*a.shape[:-2], n, m))
    if step.target.source not in w.variables and step.target.source.kind == "value":
        w.backend.place(w, step, now)
    if lies_turned(target):
        a, b, target = b, a, turned(target)
        n, m = m, n
    b = turned(b)
    plain = len(a.shape) == 2
    if a.shape[-1] == 1:  # an outer product, or a vector times a number
        if n == 1:
            a, b, target = without(a, -1), without(b, -2), without(target, -2)
        elif m == 1:
            a, b, target = without(a, -1), without(b, -1), without(target, -1)
        left, right = w.text(a, whole=True), w.text(b, whole=True)
        place = Step(step.op, target, (), accumulate=step.accumulate)
        w.backend.keep(w, place, now, f"{w.backend.module}.multiply({left}, {right}")
        return
    if plain and n == 1 and not b.batched:
        a, target = without(a, 0), without(target, 0)
        if m == 1:
            b, target = without(b, 1), without(target, 0)
    elif plain and m == 1 and not b.batched:
        b, target = without(b, 1), without(target, 1)
    left, right = w.text(a, whole=True), w.text(b, whole=True)
    place = Step(step.op, target, (), accumulate=step.accumulate)
    w.backend.product(w, place, now, left, right, _is_plain(a) and _is_plain(b))


def _is_plain(v: View) -> bool:
    """Whether a view is a matrix, or a vector that multiplies one: what `ndarray.dot` takes."""
    return len(v.shape) + v.batched == 2


def full(v: View, shape: tuple[int, ...]) -> View:
    """Return the view with axes of length one where `shape` has them."""
    strides = iter([s for n, s in zip(v.shape, v.strides) if n > 1])
    return View(v.source, shape, v.offset, tuple(next(strides) if n > 1 else 0 for n in shape))


def lies_turned(v: View) -> bool:
    """Whether the last axis of a view is the slower one in its source."""
    return v.shape[-1] > 1 and v.shape[-2] > 1 and abs(v.strides[-1]) > abs(v.strides[-2])


def write_batch_matmul(w: Writer, step: Step, now: int) -> None:
    """P.T @ Q, where the rows of all samples are one long axis."""
    p, q = step.operands
    assert isinstance(p, View) and isinstance(q, View)
    target = full(step.target, (p.shape[-1], q.shape[-1]))
    w.backend.place(w, step, now)
    if lies_turned(target):
        p, q, target = q, p, turned(target)
    place = Step(step.op, target, (), accumulate=step.accumulate)
    w.backend.product(w, place, now, f"{_long(w, p)}.T", _long(w, q), True)


def _long(w: Writer, v: View) -> str:
    """Return (N, n, k) rows as an (N * n, k) matrix."""
    rows, k = v.shape
    if not v.batched:
        return f"{w.backend.module}.broadcast_to({w.text(v)}, (N, {rows}, {k})).reshape(N * {rows}, {k})"
    if rows == 1:
        return w.text(without(v, 0), whole=True)
    text = w.text(v, whole=True)
    if v.source.kind == "value" and v.is_whole():
        return w.backend.look(w, v, f"{text}.reshape(N * {rows}, {k})", w.variables[v.source])
    return f"{text}.reshape(N * {rows}, {k})"


# --- gathers ---------------------------------------------------------------------------------------------------


def gathered(w: Writer, gather: Gather) -> tuple[Source, Indices]:
    """Return the array that is gathered from, and the index of each element in it (before anything is chosen)."""
    found = w.array(gather)
    return (gather.source, gather.index) if found is None else (found[0], gather.index - found[1])


def array_text(value: np.ndarray) -> str:
    """Return an array's numbers as nested lists that evaluate to the very same floats."""
    if value.ndim == 0:
        return number_text(float(value))
    return f"[{', '.join(array_text(v) for v in value)}]"


def number_text(x: float) -> str:
    """Return a float as Python writes it, with NumPy's names for what is not finite."""
    if x != x:
        return "np.nan"
    return repr(x) if abs(x) != float("inf") else "np.inf" if x > 0 else "-np.inf"


_WRITERS: dict[str, Callable[[Writer, Step, int], None]] = {
    "sum": write_sum,
    "max": write_sum,
    "matmul": _write_matmul,
    "batch_matmul": write_batch_matmul,
}
