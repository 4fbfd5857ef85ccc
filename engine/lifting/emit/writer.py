"""Steps -> source text, for NumPy or for JAX: the lines, and what is computed once and named.

How a library spells an operation is a table, from the operation to what writes it.  There are two: `numpy_text` fills
arrays that were allocated beforehand; in `jax_text` every result is a new array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from engine.lifting.emit.views import tuple_text, view_text
from engine.lifting.exact import Folded, exactly
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View
from engine.watching.origin import CallSite

INLINE = 64  # constants of more elements are handed in rather than written out


@dataclass(frozen=True)
class Library:
    """How an array library spells what steps do.

    Attributes
    ----------
    module
        What the library is called in the text.
    hold
        Return what stands for a view of a source, given the expression for it and the name of its source.
    elements
        Return the expression for a view that steps through its source as no part of it does, with all of its axes.
    store
        Call a function, given its name and arguments, so that its result is where the step wants it.
    operations
        What writes each operation; one that is not there is a function of the library, by its name.
    """

    module: str
    hold: Callable[[Writer, str, Source, str], str]
    elements: Callable[[Writer, View, str], str]
    store: Callable[..., None]  # (writer, step, function, *arguments)
    operations: dict[str, Callable[[Writer, Step], None]]


@dataclass
class Writer:
    """The text being written: lines that are computed once, and those of the function in hand."""

    library: Library
    arrays: dict[Source, Source]  # the result whose array, or variable, each result has
    written: set[str]  # names of `build`, and of what the functions take
    plain: set[float]  # sizes of numbers that are written and stand for themselves
    variables: dict[Source, str] = field(default_factory=dict)  # of arrays of results, and of constants
    build: list[str] = field(default_factory=list)
    body: list[object] = field(default_factory=list)  # of the function being written: lines, once they are text
    chain: tuple[CallSite, ...] | None = None  # of the author's functions whose lines are being written
    hoisted: dict[str, str] = field(default_factory=dict)  # expression -> variable of `build`
    local: dict[str, str] = field(default_factory=dict)  # expression -> variable of the function
    constants: list[np.ndarray] = field(default_factory=list)
    defined: set[Source] = field(default_factory=set)  # results that have been given a value
    scalar_forms: dict[str, str] = field(default_factory=dict)  # a rule -> what the text calls its scalar form
    uses: set[str] = field(default_factory=set)  # modules, functions of ours, and "N", that the text mentions
    within: set[str] = field(default_factory=set)  # its names
    locals: set[str] = field(default_factory=set)  # names within all functions
    numbers: dict[str, int] = field(default_factory=dict)  # name -> how many results there are of it
    ready: dict[str, str] = field(default_factory=dict)  # indices that the backward pass finds computed
    rounded: dict[float, Fraction] = field(default_factory=dict)  # of numbers that stand for a fraction

    def write(self, steps: Sequence[Step]) -> None:
        """Write the lines of some steps into the current function."""
        for step in steps:
            self.announce(step)
            self.library.operations.get(step.op, write_function)(self, step)

    def announce(self, step: Step) -> None:
        """Say which of its author's functions a step is of, where another begins."""
        source = step.target.source
        origin = source.origin or (source.of.origin if source.of else None)
        if origin is not None and origin.chain != self.chain and step.op != "fill":
            self.chain = origin.chain
            self.body.append(f"# {printable(origin.block)}")

    # --- operands --------------------------------------------------------------------------------------------

    def text(self, x: Operand, whole: bool = False) -> str:
        """Return an operand as an expression; `whole` where broadcasting may not stand in for its axes."""
        if isinstance(x, Literal):
            return self.literal(x)
        assert isinstance(x, View)
        name = self.variable(x.source)
        if x.is_whole():
            return name
        expression = view_text(name, x, whole, self.use)
        if expression is None:
            return self.library.elements(self, x, name)
        if whole and any(n > 1 and s == 0 for n, s in zip(x.shape, x.strides)):
            expression = self.call("broadcast_to", expression, self.shape(x))
        return expression if expression in (name, f"{name}.T") else self.library.hold(self, expression, x.source, name)

    def variable(self, source: Source) -> str:
        """Return the name of a source."""
        if source.kind == "constant" and source not in self.variables:
            self.variables[source] = self.constant(source)
        source = self.arrays.get(source, source)
        return self.variables[source] if source.kind in ("value", "constant") else source.name

    def call(self, function: str, *arguments: object) -> str:
        """Return a call of one of the library's functions."""
        return f"{self.use(self.library.module)}.{function}({', '.join(map(str, arguments))})"

    def use(self, name: str) -> str:
        """Return the name of what the text then needs: a module, a function, the number of samples."""
        self.uses.add(name)
        return name

    def lead(self, x: View | Gather | Source) -> list[str]:
        """Return the samples' axis of a shape, for what has one."""
        return [self.use("N")] if x.batched else []

    def shape(self, x: View | Gather | Source) -> str:
        """Return a shape, with the samples' axis."""
        return tuple_text([*self.lead(x), *x.shape])

    def constant(self, source: Source) -> str:
        """Write a constant array into `build`, or take it from `constants` where it is long."""
        name, value = source.name, source.value
        assert value is not None
        if value.size <= INLINE:
            return self.hoist(f"{self.use('np')}.array({array_text(value)}, dtype)", name, name)
        self.constants.append(value)
        return self.hoist(f"constants[{len(self.constants) - 1}].astype(dtype)", name, name)

    def index(self, value: np.ndarray, name: str) -> str:
        """Write an index array into `build`."""
        flat = value.reshape(-1)
        if flat.size > 1 and (np.diff(flat) == flat[1] - flat[0]).all() and flat[1] > flat[0]:
            step = int(flat[1] - flat[0])
            text = f"np.arange({flat[0]}, {flat[-1] + 1}, {step})" if step > 1 or flat[0] else f"np.arange({len(flat)})"
            self.use("np")
            return self.hoist(text if value.ndim == 1 else f"{text}.reshape{tuple_text(value.shape)}", name)
        if value.size <= INLINE:
            return self.hoist(f"{self.use('np')}.array({value.tolist()})", name)
        self.constants.append(value)
        return self.hoist(f"constants[{len(self.constants) - 1}]", name)

    # --- numbers ---------------------------------------------------------------------------------------------

    def literal(self, x: Literal) -> str:
        """Return a number; one that depends on the batch's size is computed once."""
        number = number_text(self.number(x.value))
        if not math.isfinite(x.value):
            self.use("np")
        if not x.batch_power:
            return number
        power = "" if abs(x.batch_power) == 1 else f" ** {abs(x.batch_power)}"
        return self.hoist(f"{number} {'/' if x.batch_power < 0 else '*'} {self.use('N')}{power}", "scale", "scale")

    def number(self, x: float) -> float:
        """Return the float that is written for a number; one that stands for a fraction stands for that alone."""
        if not isinstance(x, Folded):
            return x
        size, fraction = abs(float(x)), abs(exactly(x))
        while size in self.plain or self.rounded.get(size, fraction) != fraction:
            size = math.nextafter(size, math.inf)
        self.rounded[size] = fraction
        return math.copysign(size, x)

    # --- what is computed once -------------------------------------------------------------------------------

    def hoist(self, expression: str, name: str, called: str = "") -> str:
        """Compute an expression once, in `build`."""
        if expression not in self.hoisted:
            fresh = self.hoisted[expression] = self.fresh(called or f"{name}_view")
            self.build.append(f"{fresh} = {expression}")
        return self.hoisted[expression]

    def localise(self, expression: str, name: str) -> str:
        """Compute an expression once a call: it looks at something the caller passed."""
        if expression not in self.local:
            fresh = self._numbered(f"{name}_view{len(self.local) or ''}", self.within)
            self.local[expression] = fresh
            self.within.add(fresh)
            self.locals.add(fresh)
            self.body.append(f"{fresh} = {expression}")
        return self.local[expression]

    def fresh(self, name: str) -> str:
        """Return a name that nothing has yet, and take it."""
        name = self._numbered(name, self.locals)
        self.written.add(name)
        return name

    def _numbered(self, name: str, others: set[str]) -> str:
        """Return a name that is neither taken nor among others: with a number behind it, where it is."""
        candidate, n = name, self.numbers.get(name, 1)
        while candidate in self.written or candidate in others:
            n += 1
            candidate = f"{name}_{n}"
        self.numbers[name] = n
        return candidate

    def finished(self) -> list[object]:
        """Return the lines of the current function, and begin another."""
        lines, self.body, self.local, self.within, self.chain = self.body, [], {}, set(), None
        return lines


def printable(text: str) -> str:
    """Return a text as a line of a program can hold it: a label, a function's name or a file's may hold anything."""
    return "".join([c if c.isprintable() and c not in '"\\' else " " for c in text])


def plain_numbers(steps: Steps) -> set[float]:
    """Return the sizes of all numbers that are written as they were given."""
    operands = [x for step in (*steps.forward, *steps.backward) for x in step.operands]
    sizes = {abs(x.value) for x in operands if isinstance(x, Literal) and not isinstance(x.value, Folded)}
    for source in steps.constants:
        if source.value is not None:
            sizes.update(np.abs(source.value).reshape(-1).tolist())
    return sizes


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


# --- what both libraries write alike -----------------------------------------------------------------------------

NAMES = {"abs": "absolute"}  # where NumPy's function is not called as the rule


def write_function(w: Writer, step: Step) -> None:
    """Write a call of the library's function of that name, element by element."""
    w.library.store(w, step, NAMES.get(step.op, step.op), *[w.text(x) for x in step.operands])


def reduced_axes(step: Step) -> list[int]:
    """Return the axes of the operand, the batch's included, that a step reduces."""
    x = step.view()
    axes = [a % len(x.shape) + x.batched for a in step.axes]
    return [0, *axes] if step.over_batch else axes


def reduced(w: Writer, step: Step) -> str:
    """Return what a step reduces, and along which axes, as arguments."""
    axes = reduced_axes(step)
    return f"{w.text(step.operands[0], whole=True)}, {axes[0] if len(axes) == 1 else tuple_text(axes)}"


def rows_of_all(w: Writer, v: View) -> str:
    """Return (N, n, k) rows as an (N * n, k) matrix."""
    rows, k = v.shape
    if v.batched and rows == 1:
        return w.text(v.squeeze(0), whole=True)
    n, text = w.use("N"), w.text(v, whole=v.batched)
    if not v.batched:
        text = w.call("broadcast_to", text, tuple_text([n, rows, k]))
    text = f"{text}.reshape({n} * {rows}, {k})"
    return w.library.hold(w, text, v.source, w.variable(v.source)) if v.batched and _is_own(v) else text


def _is_own(v: View) -> bool:
    """Whether a view is a result's whole array, which does not change its place from call to call."""
    return v.source.kind == "value" and v.is_whole()
