"""Eighth stage: steps -> NumPy source text.  The text is the program: what `Program.source()` shows is what runs.

The module that is written has one function, ``build(N, dtype, constants)``.  It allocates a buffer for every result and
returns ``forward`` and ``backward``, which fill them; nothing is allocated while they run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.lift.ir import Gather, Literal, Operand, Source, Step, View
from engine.lift.names import Parameter
from engine.lift.text import tuple_text, view_text

INLINE = 64  # constants of more elements are handed in rather than written out
INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
}

STRIDED = '''

def strided(x, offset, shape, strides):
    """Element (i, j, ...) is x.flat[offset + i * strides[0] + j * strides[1] + ...]."""
    x = x.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(x, shape, [s * x.itemsize for s in strides])
'''


@dataclass
class Writer:
    """The text being written: the lines of `build`, `forward` and `backward`."""

    parameters: Sequence[Parameter]
    variables: dict[Source, str]
    readers: dict[Source, int]  # when each source is read last, counting steps forward then backward
    build: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)  # of the function being written
    hoisted: dict[str, str] = field(default_factory=dict)  # expression -> variable of `build`
    local: dict[str, str] = field(default_factory=dict)  # expression -> variable of the function
    constants: list[np.ndarray] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # parameters and inputs that the function reads or writes
    strided: bool = False
    erf: bool = False
    written: set[str] = field(default_factory=set)
    kept: dict[str, str] = field(default_factory=dict)  # indices that the backward pass finds ready

    # --- operands --------------------------------------------------------------------------------------------

    def text(self, x: Operand, whole: bool = False) -> str:
        """Return an operand as an expression; `whole` where broadcasting may not stand in for its axes."""
        if isinstance(x, Literal):
            return self.literal(x)
        assert isinstance(x, View)
        view = self.named(x)
        name = self.variable(view.source)
        expression = view_text(name, view, exact=whole)
        if whole and any(n > 1 and s == 0 for n, s in zip(view.shape, view.strides)):
            shape = tuple_text([*(["N"] if view.batched else []), *view.shape])
            expression = f"np.broadcast_to({expression}, {shape})"
        self.strided = self.strided or "strided(" in expression
        if expression in (name, f"{name}.T"):
            return expression
        if view.source.kind == "value":
            return self.hoist(expression, name)
        if view.source.kind == "constant":
            return self.hoist(expression, name)
        return self.localise(expression, name)

    def named(self, view: View) -> View:
        """Return a view of the flat parameters (or gradients) as one of the named array it lies in."""
        if view.source.kind not in ("parameters", "gradient") or not self.parameters:
            return view
        if view.source.kind == "gradient" and not view.source.name.startswith("d_theta"):
            return view
        at = view.positions()
        low, high = int(at.min()), int(at.max())
        for p in self.parameters:
            if p.offset <= low and high < p.offset + p.size:
                source = self.array(p, view.source)
                return View(source, view.shape, view.offset - p.offset, view.strides)
        return view

    def array(self, p: Parameter, flat: Source) -> Source:
        """Return the source that stands for a named array of parameters or of gradients."""
        prefix = "d" if flat.kind == "gradient" else ""
        for source, name in self.variables.items():
            if name == prefix + p.variable and source.kind == "parameter":
                return source
        source = p.source(prefix)
        self.variables[source] = prefix + p.variable
        return source

    def variable(self, source: Source) -> str:
        """Return the name of a source, noting what the function takes from outside."""
        if source.kind == "constant" and source not in self.variables:
            self.variables[source] = self.constant(source)
        name = self.variables[source]
        if source.kind in ("parameter", "parameters", "gradient", "input", "index"):
            self.used.add(name)
        return name

    def constant(self, source: Source) -> str:
        """Write a constant array into `build`, or take it from `constants` where it is long."""
        name = f"c{len(self.constants) + 1 + sum(v.startswith('c') for v in self.hoisted.values())}"
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
        number = number_text(x.value)
        if not x.batch_power:
            return number
        power = "" if abs(x.batch_power) == 1 else f" ** {abs(x.batch_power)}"
        return self.hoist(f"{number} / N{power}" if x.batch_power < 0 else f"{number} * N{power}", "scale", "scale")

    def hoist(self, expression: str, name: str, exactly: str = "") -> str:
        """Compute an expression once, in `build`."""
        if expression not in self.hoisted:
            fresh = exactly or f"{name}_view"
            while fresh in self.written:
                fresh += "_"
            self.written.add(fresh)
            self.hoisted[expression] = fresh
            self.build.append(f"{fresh} = {expression}")
        return self.hoisted[expression]

    def localise(self, expression: str, name: str) -> str:
        """Compute an expression once a call: it looks at something the caller passed."""
        if expression not in self.local:
            fresh = f"{name}_view{len(self.local) or ''}"
            self.local[expression] = fresh
            self.body.append(f"{fresh} = {expression}")
        return self.local[expression]

    def keep(self, fixed: str, moved: str, gather: Gather, name: str) -> str:
        """Compute the index of a gather in the forward pass, and keep it for the backward pass."""
        key = f"{fixed} + {moved}"
        if key not in self.kept:
            shape = tuple_text([*(["N"] if gather.batched else []), *gather.shape])
            self.kept[key] = self.hoist(f"np.empty({shape}, np.int64)", name, self.fresh(name))
            self.body.append(f"np.add({fixed}, {moved}, out={self.kept[key]})")
        return self.kept[key]

    def fresh(self, name: str) -> str:
        """Return a name that `build` does not have yet."""
        while name in self.written:
            name += "_"
        return name

    # --- buffers ---------------------------------------------------------------------------------------------

    def target(self, step: Step, now: int) -> str:
        """Return where a step writes, allocating a buffer at the first write."""
        source = step.target.source
        if source.kind == "value" and source not in self.variables:
            reused = self.reusable(step, now)
            self.variables[source] = reused or self.allocate(source)
        return self.text(step.target, whole=True)

    def reusable(self, step: Step, now: int) -> str | None:
        """Return an operand's buffer that nobody reads again, if the result can take its place."""
        source = step.target.source
        if step.op not in IN_PLACE or not step.target.is_whole():
            return None
        for x in step.operands[1:] if step.op == "where" else step.operands:  # a condition is read last
            if (
                isinstance(x, View)
                and x.source.kind == "value"
                and x.is_whole()
                and (x.source.shape, x.source.batched, x.source.dtype) == (source.shape, source.batched, source.dtype)
                and self.readers[x.source] == now
                and self.final_name(source) is None
            ):
                return self.variables[x.source]
        return None

    def final_name(self, source: Source) -> str | None:
        """Return the name of a source that must keep its own buffer: an activation, for instance."""
        return source.name if source.name.startswith("a") else None

    def allocate(self, source: Source) -> str:
        """Write the allocation of a buffer into `build`."""
        name = source.name
        while name in self.written:
            name += "_"
        self.written.add(name)
        kind = {"float": "dtype", "bool": "bool", "int": "np.int64"}[source.dtype]
        shape = tuple_text([*(["N"] if source.batched else []), *source.shape])
        self.build.append(f"{name} = np.empty({shape}, {kind})")
        return name


IN_PLACE = {
    "add", "subtract", "multiply", "divide", "negative", "exp", "log", "sqrt", "square", "reciprocal", "tanh",
    "where", "maximum", "minimum", "abs", "sin", "cos", "expm1", "log1p", "power",
}  # fmt: skip


def write_steps(writer: Writer, steps: Sequence[Step], first: int, only: set[int] | None = None) -> None:
    """Write the lines of some steps into the writer's current function."""
    for k, step in enumerate(steps):
        if only is not None and k not in only:
            continue
        _WRITERS.get(step.op, _write_ufunc)(writer, step, first + k)


def _write_ufunc(w: Writer, step: Step, now: int) -> None:
    operands = [w.text(x) for x in step.operands]
    if step.op == "erf":
        w.erf = True
        w.body.append(f"np.copyto({w.target(step, now)}, erf({operands[0]}))")
        return
    name = {"abs": "absolute"}.get(step.op, step.op)
    w.body.append(f"np.{name}({', '.join(operands)}, out={w.target(step, now)})")


def _write_where(w: Writer, step: Step, now: int) -> None:
    condition, x, y = step.operands
    texts = [w.text(v) for v in (condition, x, y)]
    target = w.target(step, now)
    if isinstance(x, View) and w.variables.get(x.source) == target and texts[1] == target:
        if texts[2] != target:
            w.body.append(f"np.copyto({target}, {texts[2]}, where=np.logical_not({texts[0]}))")
        return
    if texts[2] != target:
        w.body.append(f"np.copyto({target}, {texts[2]})")
    if isinstance(x, Literal):
        w.body.append(f"{target}[{_as_bool(condition, texts[0])}] = {texts[1]}")
    else:
        w.body.append(f"np.copyto({target}, {texts[1]}, where={_as_bool(condition, texts[0])})")


def _as_bool(condition: Operand, text: str) -> str:
    return text if isinstance(condition, View) and condition.source.dtype == "bool" else f"np.not_equal({text}, 0.0)"


def _write_copy(w: Writer, step: Step, now: int) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"np.copyto({w.target(step, now)}, {x})")


def _write_fill(w: Writer, step: Step, now: int) -> None:
    x = w.text(step.operands[0])
    w.body.append(f"{w.target(step, now)}.fill({x})")


def _write_sum(w: Writer, step: Step, now: int) -> None:
    x = step.operands[0]
    assert isinstance(x, View)
    n = len(x.shape)
    axes = [a % n for a in step.axes]
    if x.batched:
        axes = [a + 1 for a in axes]
    if step.over_batch:
        axes = [0, *axes]
    if step.op == "sum" and len(axes) == 1 and not step.accumulate and _summed_by_ones(w, step, x, axes[0], now):
        return
    function = "np.maximum.reduce" if step.op == "max" else "np.add.reduce"
    axis = axes[0] if len(axes) == 1 else tuple_text(axes)
    _accumulated(w, step, now, f"{function}({w.text(x, whole=True)}, {axis}")


def _summed_by_ones(w: Writer, step: Step, x: View, axis: int, now: int) -> bool:
    """Write the sum over the first or last axis of a matrix as its product with ones, which BLAS does much faster."""
    shape = [*(["N"] if x.batched else []), *x.shape]
    if len(shape) != 2 or not w.named(step.target).is_whole():
        return False
    text, target = w.text(x, whole=True), w.target(step, now)
    length = shape[axis]
    ones = w.hoist(f"np.ones({length}, dtype)", f"ones_{length}", f"ones_{length}")
    if axis == 0:
        w.body.append(f"{ones}.dot({text}, {target})  # the sum over {'samples' if x.batched else 'rows'}")
    else:
        w.body.append(f"{text}.dot({ones}, {target})  # the sum of each row")
    return True


def _accumulated(w: Writer, step: Step, now: int, call: str) -> None:
    """Finish a call that takes `out=`; where its result is added, it is added."""
    target = w.target(step, now)
    if step.accumulate:
        w.body.append(f"{target} += {call})" if target.isidentifier() else f"np.add({target}, {call}), out={target})")
    else:
        w.body.append(f"{call}, out={target})")


def _write_segments(w: Writer, step: Step, now: int) -> None:
    assert step.starts is not None
    x = step.operands[0]
    axis = 1 if x.batched else 0
    if step.op == "repeat":
        counts = np.diff(np.append(step.starts, step.total))
        index = w.index(np.repeat(np.arange(len(counts)), counts), "runs")
        w.body.append(f"{w.text(x)}.take({index}, {axis}, {w.target(step, now)}, 'clip')")
        return
    starts = w.index(step.starts, "starts")
    function = "np.maximum" if step.op == "segment_max" else "np.add"
    w.body.append(f"{function}.reduceat({w.text(x, whole=True)}, {starts}, {axis}, out={w.target(step, now)})")


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
    target = _full(step.target, (*a.shape[:-2], n, m))
    if step.target.source not in w.variables and step.target.source.kind == "value":
        w.target(step, now)
    if _lies_turned(target):
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
        _accumulated(w, Step(step.op, target, (), accumulate=step.accumulate), now, f"np.multiply({left}, {right}")
        return
    if plain and n == 1 and not b.batched:
        a, target = without(a, 0), without(target, 0)
        if m == 1:
            b, target = without(b, 1), without(target, 0)
    elif plain and m == 1 and not b.batched:
        b, target = without(b, 1), without(target, 1)
    left, right = w.text(a, whole=True), w.text(b, whole=True)
    place = w.text(target)
    if not step.accumulate and w.named(target).is_whole() and place.isidentifier() and _is_plain(a) and _is_plain(b):
        w.body.append(f"{left}.dot({right}, {place})")
        return
    call = f"np.matmul({left}, {right}"
    _accumulated(w, Step(step.op, target, (), accumulate=step.accumulate), now, call)


def _is_plain(v: View) -> bool:
    """Whether a view is a matrix, or a vector that multiplies one: what `ndarray.dot` takes."""
    return len(v.shape) + v.batched == 2


def _full(v: View, shape: tuple[int, ...]) -> View:
    """Return the view with axes of length one where `shape` has them."""
    strides = iter([s for n, s in zip(v.shape, v.strides) if n > 1])
    return View(v.source, shape, v.offset, tuple(next(strides) if n > 1 else 0 for n in shape))


def _lies_turned(v: View) -> bool:
    return v.shape[-1] > 1 and v.shape[-2] > 1 and abs(v.strides[-1]) > abs(v.strides[-2])


def _write_batch_matmul(w: Writer, step: Step, now: int) -> None:
    """P.T @ Q, where the rows of all samples are one long axis."""
    p, q = step.operands
    assert isinstance(p, View) and isinstance(q, View)
    target = _full(step.target, (p.shape[-1], q.shape[-1]))
    w.target(step, now)
    if _lies_turned(target):
        p, q, target = q, p, turned(target)
    if p.shape == (1, 1) and p.batched and q.batched and abs(target.strides[-1]) == 1 and not step.accumulate:
        left, right = w.text(without(without(p, 0), 0), whole=True), w.text(without(q, 0), whole=True)
        w.body.append(f"{right}.T.dot({left}, {w.text(without(target, 0))})")
        return
    left, right = _long(w, p), _long(w, q)
    where = w.text(target)
    if not step.accumulate and w.named(target).is_whole() and where.isidentifier():
        w.body.append(f"{left}.T.dot({right}, {where})")
        return
    place = Step(step.op, target, (), accumulate=step.accumulate)
    _accumulated(w, place, now, f"np.matmul({left}.T, {right}")


def _long(w: Writer, v: View) -> str:
    """Return (N, n, k) rows as an (N * n, k) matrix."""
    rows, k = v.shape
    if not v.batched:
        return f"np.broadcast_to({w.text(v)}, (N, {rows}, {k})).reshape(N * {rows}, {k})"
    if rows == 1:
        return w.text(without(v, 0), whole=True)
    text = w.text(v, whole=True)
    if v.source.kind == "value" and v.is_whole():
        return w.hoist(f"{text}.reshape(N * {rows}, {k})", w.variables[v.source])
    return f"{text}.reshape(N * {rows}, {k})"


# --- gathers ---------------------------------------------------------------------------------------------------


def _write_gather(w: Writer, step: Step, now: int) -> None:
    gather = step.operands[0]
    assert isinstance(gather, Gather)
    source, index = _places(w, gather)
    w.body.append(f"{source}.take({index}, None, {w.target(step, now)}, 'clip')")


def _places(w: Writer, gather: Gather) -> tuple[str, str]:
    """Return the flat array that is gathered from, and the index into it."""
    source = w.named(View(gather.source, gather.shape, 0, (0,) * len(gather.shape))).source
    offset = 0
    if gather.source.kind in ("parameters", "gradient") and w.parameters:
        low, high = _reach(gather)
        for p in w.parameters:
            if p.offset <= low and high < p.offset + p.size:
                source, offset = w.array(p, gather.source), p.offset
                break
        else:
            source = gather.source
    name = w.variable(source)
    base = gather.index - offset
    rows = ""
    if gather.source.batched:
        axes = ", ".join([":"] + ["None"] * len(gather.shape))
        rows = f"np.arange(N) * {source.size}"
        rows = w.hoist(f"({rows})[{axes}]" if gather.shape else rows, f"{name}_row")
    if gather.chosen is None:
        index = w.index(base, f"{name}_at")
        flat = w.hoist(f"{rows} + {index}", f"{name}_places") if rows else index
        return _flat(w, source, name), flat
    chosen = w.text(gather.chosen)
    moved = chosen if gather.stride == 1 else f"{gather.stride} * {chosen}"
    if gather.index.any() and not (base == 0).all():
        fixed = w.index(base, f"{name}_at") if base.size > 1 else str(int(base.flat[0]))
        fixed = w.hoist(f"{rows} + {fixed}", f"{name}_first") if rows else fixed
    else:
        fixed = rows
    if not fixed or not gather.chosen.is_whole():
        return _flat(w, source, name), w.localise(f"{fixed} + {moved}" if fixed else moved, f"{name}_i")
    return _flat(w, source, name), w.keep(fixed, moved, gather, f"{name}_i")


def _reach(gather: Gather) -> tuple[int, int]:
    """Return the lowest and highest element that a gather can touch."""
    return int(gather.index.min()) + min(0, gather.reach), int(gather.index.max()) + max(0, gather.reach)


def _flat(w: Writer, source: Source, name: str) -> str:
    if len(source.shape) + source.batched == 1:
        return name
    if source.kind in ("value", "constant"):
        return w.hoist(f"{name}.reshape(-1)", f"{name}_flat")
    return w.localise(f"{name}.reshape(-1)", f"{name}_flat")


def _write_scatter(w: Writer, step: Step, now: int) -> None:
    """Add to the places that a gather read; where places can coincide, each gets its sum."""
    gather, g = step.operands
    assert isinstance(gather, Gather)
    source, index = _places(w, gather)
    shared = ((gather.chosen is not None and gather.chosen.batched) or g.batched) and not gather.source.batched
    if gather.distinct and not shared:
        if isinstance(g, Literal) and g.value < 0:
            w.body.append(f"{source}[{index}] -= {w.text(Literal(-g.value, g.batch_power))}")
        else:
            w.body.append(f"{source}[{index}] += {w.text(g)}")
    else:
        w.body.append(f"np.add.at({source}, {index}, {w.text(g)})")


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
    "where": _write_where,
    "copy": _write_copy,
    "fill": _write_fill,
    "sum": _write_sum,
    "max": _write_sum,
    "segment_sum": _write_segments,
    "segment_max": _write_segments,
    "repeat": _write_segments,
    "matmul": _write_matmul,
    "batch_matmul": _write_batch_matmul,
    "gather": _write_gather,
    "scatter": _write_scatter,
}
