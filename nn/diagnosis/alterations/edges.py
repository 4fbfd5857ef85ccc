"""What people write in place of the edges of a backward pass: the alterations, the simplest first.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.tanh(x).sum(), [("x", np.array([1.0, 2.0]))])
>>> sweep = Sweep(root, leaves)
>>> [a.kind for a in of_edges((sweep.edges[-1],), sweep) if a.rank == 1][:3]
['slope-missing', 'value-for-slope', 'applied-for-slope']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.rules import RULES
from nn.derivatives import ACTIVATIONS
from nn.diagnosis.alterations.alteration import BackwardAlteration, pulling, saving, scaled
from nn.diagnosis.alterations.primitives import unbroadcast
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.variants import Variant, at_one_place, exchanged_axes, products_of, shifts, variant
from nn.samples import Array

CONFUSED = ("tanh", "sigmoid", "exp", "relu")
OF_A_FACTOR: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("missing", np.ones_like),
    ("squared", np.square),
    ("unsigned", np.abs),
    ("inverted", np.reciprocal),
)
OF_THE_RESULT = "of the result"
SCALES = ((0.0, "path-missing"), (-1.0, "sign"), (2.0, "doubled"), (0.5, "halved"))


def of_edges(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what may stand in place of some edges of one kind."""
    for factor, kind in SCALES:
        yield scaled(edges, factor, kind)
    if any((sweep.cotangents[edge.step] != 1.0).any() for edge in edges):
        yield pulling("upstream-missing", edges, lambda edge, g: edge.right(np.ones_like(g)))
    yield from {"local": _local, "product": _product, "move": _move, "sum": _sum}[edges[0].kind](edges, sweep)
    yield from (*_slices(edges), *_results(edges, sweep))


def operand_of(edge: Edge) -> Array:
    """Return the operand that an edge leads to, as wide as its step."""
    return np.broadcast_to(edge.parent.value, edge.step.value.shape)


# --- elementwise ---------------------------------------------------------------------------------------------------


def _local(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield elementwise edges with another local derivative."""
    if len(edges[0].step.operands) == 1:
        yield from _unary_slopes(edges)
    elif edges[0].step.op not in ("add", "subtract"):
        kind, what = ("upstream-missing", OF_THE_RESULT) if _weighs(edges[0], sweep) else ("factor-missing", "")
        if all(np.ptp(edge.saved) == 0.0 for edge in edges):
            yield saving(kind, edges, lambda e: np.ones_like(e.saved), what, rank=0)
            yield saving("factor-exchanged", edges, lambda e: np.ones_like(e.saved))
        elif not np.array_equal(np.unique(edges[0].saved), (0.0, 1.0)):  # which are masks, left out below
            yield saving(kind, edges, lambda e: np.ones_like(e.saved), what)
    yield from _masks(edges)
    for n in (-2, -1, 1, 2):
        power = f"**{n}" if n != 1 else ""
        yield saving("slope-times-operand", edges, partial(_times_operand, n=n), power, 1 + (n != 1))
        yield saving("slope-times-value", edges, partial(_times_value, n=n), power, 1 + (n != 1))
    for kind, change in OF_A_FACTOR[1:]:
        yield saving(f"slope-{kind}", edges, partial(_changed, change=change))
    if any((g > 0).any() and (g < 0).any() for g in (sweep.cotangents[edge.step] for edge in edges)):
        yield pulling("mask-of-error", edges, lambda e, g: e.pull(g, (g > 0).astype(float)))
        yield pulling("mask-of-error", edges, lambda e, g: e.pull(g, e.saved * (g > 0)), "", 2)
    yield from (*_axes(edges), *_neighbours(edges), *_products(edges, sweep, "elementwise-for-product"))


def _weighs(edge: Edge, sweep: Sweep) -> bool:
    """Whether a step weighs the function's result with what arrives there, and nothing else: sum(result * dout)."""
    root = sweep.root
    is_last = edge.step is root or (root.op == "sum" and root.operands[0] is edge.step)
    return is_last and edge.step.op == "multiply" and len(edge.step.edges) == 1


def _masks(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield a local derivative of two values, one of them 0, the wrong way round, left out, or without the other."""
    if len(np.unique(edges[0].saved)) == 2 and (edges[0].saved == 0.0).any():
        yield saving("mask-inverted", edges, lambda e: np.max(e.saved) - e.saved)
        yield saving("mask-missing", edges, lambda e: np.full(e.saved.shape, np.max(e.saved)))
        yield saving("scale-missing", edges, lambda e: (e.saved != 0.0).astype(float))


def _times_operand(edge: Edge, n: int) -> Array:
    return np.asarray(edge.saved * (operand_of(edge) ** float(n)))


def _times_value(edge: Edge, n: int) -> Array:
    return np.asarray(edge.saved * (edge.step.value ** float(n)))


def _changed(edge: Edge, change: Callable[[Array], Array]) -> Array:
    return change(edge.saved)


def _unary_slopes(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield what people take for the derivative of a function of one number."""
    yield saving("slope-missing", edges, lambda e: np.ones_like(e.saved))
    yield saving("value-for-slope", edges, lambda e: e.step.value)
    if edges[0].step.op in RULES:
        yield saving("applied-for-slope", edges, lambda e: RULES[e.step.op].array(e.step.value))
    yield saving("slope-at-value", edges, lambda e: slope_of(e.step.op, e.step.value))
    yield saving("operand-for-slope", edges, operand_of)
    for text, formula in OF_THE_VALUE.items() if edges[0].step.op in WRITTEN_WITH_VALUE else ():
        yield saving("slope-formula", edges, partial(_by_formula, formula=formula), text, 2)
    yield pulling("parenthesis", edges, lambda e, g: unbroadcast(g - (1.0 - e.saved), e.parent.value.shape))
    for other in CONFUSED:
        if other != edges[0].step.op:
            yield saving("slope-of-another", edges, partial(_of_another, rule=other), other)
            yield saving("slope-of-another", edges, partial(_at_value, rule=other), f"{other}, of the value", 2)


WRITTEN_WITH_VALUE = ("tanh", "sigmoid")
OF_THE_VALUE: dict[str, Callable[[Array], Array]] = {
    "1 - a": lambda a: 1.0 - a,
    "1 + a": lambda a: 1.0 + a,
    "a**2": np.square,
    "-a**2": lambda a: -a * a,
    "-a": np.negative,
    "1 + a**2": lambda a: 1.0 + a * a,
    "1 - a**2": lambda a: 1.0 - a * a,
    "a * (1 + a)": lambda a: a * (1.0 + a),
    "a * (1 - a)": lambda a: a * (1.0 - a),
    "a * (1 - a**2)": lambda a: a * (1.0 - a * a),
}
"""What people write for a derivative that is a formula of the value."""


def _by_formula(edge: Edge, formula: Callable[[Array], Array]) -> Array:
    return formula(edge.step.value)


def _of_another(edge: Edge, rule: str) -> Array:
    return slope_of(rule, operand_of(edge))


def _at_value(edge: Edge, rule: str) -> Array:
    return slope_of(rule, edge.step.value)


def slope_of(rule: str, x: Array) -> Array:
    """Return a unary rule's derivative, or an activation's, at an array."""
    if rule not in RULES:
        return ACTIVATIONS[rule].derivative(x, ACTIVATIONS[rule].f(x))
    known = RULES[rule]
    return np.broadcast_to(np.asarray(known.bind(known.array(x), [x])(np.ones_like(x))[0], float), x.shape)


def _axes(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield what people sum over in place of the axes along which an operand was repeated."""
    shape, whole = edges[0].parent.value.shape, edges[0].step.value.shape
    size = edges[0].parent.value.size
    if size == edges[0].step.value.size or len(whole) > 4:
        return
    for count in range(1, len(whole) + 1):
        for axes in itertools.combinations(range(len(whole)), count):
            if np.prod([n for k, n in enumerate(whole) if k not in axes], dtype=int) == size:
                text = f"axis {', '.join(map(str, axes))}"
                for take, kind in (
                    (np.sum, "wrong-axis"),
                    (np.mean, "mean-for-sum"),
                    (_first, "slice"),
                    (_last, "slice"),
                ):
                    yield pulling(kind, edges, partial(_taken, take=take, axes=axes, shape=shape), text, 0)


def _taken(edge: Edge, g: Array, take: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    share: Array = take(g * edge.saved, axis=axes)
    return share.reshape(shape)


def _first(x: Array, axis: tuple[int, ...]) -> Array:
    return x[tuple(0 if k in axis else slice(None) for k in range(x.ndim))]


def _last(x: Array, axis: tuple[int, ...]) -> Array:
    return x[tuple(-1 if k in axis else slice(None) for k in range(x.ndim))]


# --- products, sums, moves -----------------------------------------------------------------------------------------


def _product(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what people write for the other factor of a product."""
    if edges[0].saved is None:
        return
    yield from _masks(edges) if len(edges[0].step.operands) == 1 else ()
    for kind, change in OF_A_FACTOR:
        yield saving(f"factor-{kind}", edges, partial(_changed, change=change))
    if edges[0].step.op in ("max", "amax", "min", "amin"):
        yield saving("ties-in-full", edges, lambda e: (e.saved != 0.0).astype(float))
    yield saving("own-value-for-factor", edges, _own_value)
    for what, _ in exchanged_axes(edges[0].saved):
        kind = "factor-transposed" if "exchanged" in what else "factor-rearranged"
        yield saving(kind, edges, partial(_variant, of=exchanged_axes, what=what), what, 1 + ("exch" not in what))
    for what, _ in shifts(edges[0].saved):
        yield saving("factor-off-by-one", edges, partial(_variant, of=shifts, what=what), what, 2)
    if all(sweep.cotangents[edge.step].shape == edge.parent.value.shape for edge in edges):
        yield pulling("factor-missing", edges, lambda edge, g: g)
    yield from (*_neighbours(edges), *_products(edges, sweep, "order-of-product"))


def _neighbours(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield the edges of a loop, each with what the one before or after it saved."""
    if len(edges) > 1 and len({np.shape(edge.saved) for edge in edges}) == 1:
        for text, order in (("of the time after", edges), ("of the time before", edges[::-1])):
            saved = {edge: other.saved for edge, other in zip(order[1:], order)}
            yield saving("factor-off-by-one", edges, partial(of_another_time, saved=saved, end=1.0), text, 2)
            without = partial(of_another_time, saved=saved, end=0.0)
            yield saving("factor-off-by-one", edges, without, f"{text}, none at the end", 2)


def of_another_time(edge: Edge, saved: Mapping[Edge, Array], end: float) -> Array:
    """Return what another run of a line saved, or at the end of the loop a multiple of its own."""
    return saved[edge] if edge in saved else end * edge.saved


def _own_value(edge: Edge) -> Array:
    return np.broadcast_to(edge.parent.value, np.shape(edge.saved))


def _variant(edge: Edge, of: Callable[[Array], Iterator[Variant]], what: str) -> Array:
    if not isinstance(edge.saved, np.ndarray):
        raise ValueError("this step keeps something else than an array there")
    return variant(of, edge.saved, what)


def _products(edges: tuple[Edge, ...], sweep: Sweep, kind: str) -> Iterator[BackwardAlteration]:
    """Yield other products of the same two arrays."""
    edge = edges[0]
    for what, product in products_of(sweep.cotangents[edge.step], edge.saved, edge.parent.value.shape):
        yield pulling(kind, edges, partial(_multiplied, product=product), what, 2)


def _multiplied(edge: Edge, g: Array, product: Callable[[Array, Array], Array]) -> Array:
    return product(g, edge.saved)


def _sum(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield a sum whose cotangent is not repeated: only the first or the last of what was summed has it."""
    for number, text in ((0, "first"), (-1, "last")):
        yield pulling("slice", edges, partial(_at_end, number=number), f"the {text} alone", 2)


def _at_end(edge: Edge, g: Array, number: int) -> Array:
    share = np.zeros(edge.parent.value.shape)
    repeated = [k for k, n in enumerate(edge.step.value.shape) if n != share.shape[k]] or [0]
    place = (slice(None),) * repeated[0] + (number,)
    share[place] = edge.right(g)[place]
    return share


def _move(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield moves that are undone in another way: assigned where several come back to one place, or reshaped."""
    if any(len(np.unique(edge.saved[1])) < len(edge.saved[1]) for edge in edges):
        yield pulling("overwritten", edges, _assigned)
        yield pulling("mean-for-sum", edges, _averaged, "of what comes to each place", 1)
    if edges[0].step.value.size == edges[0].parent.value.size:
        yield pulling("reshaped", edges, lambda e, g: g.reshape(e.parent.value.shape))
        yield pulling("reshaped", edges, lambda e, g: g.T.reshape(e.parent.value.shape), "transposed", 2)
        yield pulling("reshaped", edges, lambda e, g: g.reshape(e.parent.value.shape, order="F"), "columns first", 2)
    if edges[0].step.op == "pad":
        yield pulling("padding-counted", edges, lambda e, g: g[tuple(map(slice, e.parent.value.shape))])
    yield from _strides(edges)


def _assigned(edge: Edge, g: Array) -> Array:
    share = np.zeros(edge.parent.value.size)
    share[edge.saved[1]] = np.ravel(g)[edge.saved[0]]
    return share.reshape(edge.parent.value.shape)


def _averaged(edge: Edge, g: Array) -> Array:
    counts = np.bincount(edge.saved[1], minlength=edge.parent.value.size).reshape(edge.parent.value.shape)
    return np.asarray(edge.right(g) / np.maximum(counts, 1))


def _strides(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield windows of a loop that are put back as if the stride were 1."""
    stride, back = without_stride(edges)
    if stride > 1:
        yield pulling("stride-missing", edges, partial(_put_at, to=back), str(stride), 1)


def without_stride(edges: Sequence[Edge]) -> tuple[int, dict[Edge, Array]]:
    """Return the largest stride of the windows of a loop, and how far each is moved where there is none."""
    firsts = np.array([np.unravel_index(e.saved[1][0], e.parent.value.shape) for e in edges if e.saved[1].size], int)
    if len(firsts) < 2 or len(firsts) < len(edges) or not firsts.size:
        return 1, {}
    begins = firsts - firsts.min(axis=0)
    strides = np.maximum(np.gcd.reduce(begins, axis=0), 1)
    return int(strides.max()), dict(zip(edges, begins // strides - begins))


def _put_at(edge: Edge, g: Array, to: dict[Edge, Array]) -> Array:
    return np.roll(edge.right(g), to[edge], tuple(range(edge.parent.value.ndim)))


# --- what an edge hands on, as a whole -----------------------------------------------------------------------------


def _results(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what arrives at an operand moved by one, with axes exchanged, or wrong at one place only."""
    share = sweep.shares[edges[0]]
    for of, kind in ((shifts, "off-by-one"), (exchanged_axes, "result-transposed")):
        for what, _ in of(share):
            yield pulling(kind, edges, partial(_result, of=of, what=what), what, 2 - ("exchanged" in what))
    if share.ndim > 1 and share.size < 5000:
        for what, _ in at_one_place(share):
            for factor, kind in SCALES[:3]:
                yield pulling(kind, edges, partial(_only_at, what=what, factor=factor), f"at {what}", 2)


def _slices(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield the first or the last place alone, along an axis of what arrives, where several are summed."""
    shape = edges[0].step.value.shape
    if edges[0].kind != "sum" and any(edge.step.value.shape != shape for edge in edges):
        return
    for axis, n in enumerate(shape if edges[0].kind in ("move", "product") else ()):
        for text, number in (("first", 0), ("last", -1)) if n > 1 else ():
            pull = partial(_one_place, axis=axis, number=number)
            yield pulling("slice", edges, pull, f"the {text} alone along axis {axis} of what arrives", 2)


def _one_place(edge: Edge, g: Array, axis: int, number: int) -> Array:
    share, place = np.zeros(g.shape), (slice(None),) * axis + (number,)
    share[place] = g[place]
    return edge.right(share)


def _result(edge: Edge, g: Array, of: Callable[[Array], Iterator[Variant]], what: str) -> Array:
    return variant(of, np.asarray(edge.right(g)), what)


def _only_at(edge: Edge, g: Array, what: str, factor: float) -> Array:
    share = edge.right(g)
    return np.asarray(share * (1.0 + (factor - 1.0) * variant(at_one_place, share, what)))
