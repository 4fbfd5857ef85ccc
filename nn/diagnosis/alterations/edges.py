"""What people write in place of one edge of a backward pass: the alterations, the simplest first.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.tanh(x).sum(), [("x", np.array([1.0, 2.0]))])
>>> sweep = Sweep(root, leaves)
>>> edge = sweep.edges[-1]
>>> [a.kind for a in of_edges((edge,), sweep) if a.rank == 1][:3]
['slope-missing', 'value-for-slope', 'slope-at-value']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.primitives import unbroadcast
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.samples import Array

Slope: TypeAlias = Callable[[Edge, Array], Array]
CONFUSED = ("tanh", "sigmoid", "exp", "relu")
FACTORS: dict[str, Callable[[Array], Array]] = {
    "factor-missing": np.ones_like,
    "factor-squared": np.square,
    "factor-unsigned": np.abs,
    "factor-inverted": np.reciprocal,
}
SCALES = ((0.0, "path-missing"), (-1.0, "sign"), (2.0, "doubled"), (0.5, "halved"))


@dataclass(frozen=True, eq=False)
class EdgeAlteration:
    """One change of a reverse sweep.

    Attributes
    ----------
    kind
        The name of the mistake.
    edges, pull
        Where it is, and what is handed on there.
    what
        The array or the number that stands there in place of the right one.
    rank
        How far from the right one it is: of several that fit, those of the least are believed.
    added
        What is added to cotangents beside.
    """

    kind: str
    edges: tuple[Edge, ...]
    pull: Pull
    what: str = ""
    rank: int = 1
    added: Mapping[ArrayStep, Array] = field(default_factory=dict)

    def gradients(self, sweep: Sweep) -> list[Array]:
        """Return the gradients that it leads to."""
        return sweep.altered(dict.fromkeys(self.edges, self.pull), self.added)


def groups(sweep: Sweep) -> list[tuple[Edge, ...]]:
    """Return the edges that are altered together: those of one line of the author's, and each alone."""
    together: dict[object, list[Edge]] = {}
    for edge in sweep.edges:
        together.setdefault((edge.step.op, edge.operand, edge.step.place, _order_in_line(edge)), []).append(edge)
    several = [tuple(edges) for edges in together.values() if len(edges) > 1]
    several += [tuple(step.edges) for step in sweep.steps if step.edges and is_twin(step.edges[0])]
    return several + [(edge,) for edge in sweep.edges]


def is_twin(edge: Edge) -> bool:
    """Whether its step has the same operand twice, as x * x has: to alter one of the two is less simple than both."""
    return len({other.parent for other in edge.step.edges}) < len(edge.step.edges)


def _order_in_line(edge: Edge) -> tuple[str, ...]:
    return tuple(
        x.name if isinstance(x, ArrayStep) else edge.step.constants.get(k, "") for k, x in enumerate(edge.step.operands)
    )


def scaled(edges: tuple[Edge, ...], factor: float, kind: str, what: str = "", rank: int = 0) -> EdgeAlteration:
    """Return edges that hand on a multiple."""
    return EdgeAlteration(kind, edges, lambda edge, g: factor * edge.right(g), what, rank)


def of_edges(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield what may stand in place of some edges of one kind."""
    for factor, kind in SCALES:
        yield scaled(edges, factor, kind)
    arriving = [sweep.cotangents[edge.step] for edge in edges]
    if any((g != 1.0).any() for g in arriving):
        yield EdgeAlteration("upstream-missing", edges, lambda edge, g: edge.right(np.ones_like(g)))
    if edges[0].kind == "local":
        yield from _slopes(edges)
        if any((g > 0).any() and (g <= 0).any() for g in arriving):
            yield _local("mask-of-error", edges, lambda e, g: (g > 0).astype(float))
            yield _local("mask-of-error", edges, lambda e, g: e.saved * (g > 0), "", 2)
        yield from _axes(edges)
    if edges[0].kind == "product":
        yield from _factors(edges)
    if len(edges) == 1:
        yield from _exchanged(edges[0], sweep)


def _local(kind: str, edges: tuple[Edge, ...], slope: Slope, what: str = "", rank: int = 1) -> EdgeAlteration:
    """Return elementwise edges with another slope, a function of the edge and of what arrives."""
    return EdgeAlteration(kind, edges, lambda edge, g: edge.pull(g, slope(edge, g)), what, rank)


def operand_of(edge: Edge) -> Array:
    """Return the operand that an edge leads to, as wide as its step."""
    return np.broadcast_to(edge.parent.value, edge.step.value.shape)


def _slopes(edges: tuple[Edge, ...]) -> Iterator[EdgeAlteration]:
    """Yield elementwise edges with another local derivative."""
    if len(edges[0].step.operands) == 1:
        yield from _unary_slopes(edges)
    else:
        is_number = all(np.ptp(edge.saved) == 0.0 for edge in edges)
        yield _local("factor-missing", edges, lambda e, g: np.ones_like(e.saved), rank=int(not is_number))
    if set(np.unique(edges[0].saved)) <= {0.0, 1.0}:
        yield _local("mask-inverted", edges, lambda e, g: 1.0 - e.saved)
    for n in (-2, -1, 1, 2):
        power = f"**{n}" if n != 1 else ""
        times_operand, times_value = partial(_times_operand, n=n), partial(_times_value, n=n)
        yield _local("slope-times-operand", edges, times_operand, power, 1 + (n != 1))
        yield _local("slope-times-value", edges, times_value, power, 1 + (n != 1))
    yield _local("slope-inverted", edges, lambda e, g: 1.0 / e.saved)
    yield _local("slope-squared", edges, lambda e, g: e.saved**2)
    yield _local("slope-unsigned", edges, lambda e, g: np.abs(e.saved))


def _times_operand(edge: Edge, g: Array, n: int) -> Array:
    return np.asarray(edge.saved * (operand_of(edge) ** float(n)))


def _times_value(edge: Edge, g: Array, n: int) -> Array:
    return np.asarray(edge.saved * (edge.step.value ** float(n)))


def _of_another(edge: Edge, g: Array, rule: str, at_value: bool) -> Array:
    return slope_of(rule, edge.step.value if at_value else operand_of(edge))


def _is(edge: Edge, g: Array, array: Array) -> Array:
    return array


def _inverse(edge: Edge, g: Array, array: Array) -> Array:
    return 1.0 / array


def _times(edge: Edge, g: Array, array: Array) -> Array:
    return np.asarray(edge.saved * array)


def _with_factor(edge: Edge, g: Array, factor: Array) -> Array:
    return edge.pull(g, factor)


def _with_changed_factor(edge: Edge, g: Array, change: Callable[[Array], Array]) -> Array:
    return edge.pull(g, change(edge.saved))


def _with_axes_exchanged(edge: Edge, g: Array, a: int, b: int) -> Array:
    return edge.pull(g, edge.saved.swapaxes(a, b))


def _from(edge: Edge, g: Array, array: Array) -> Array:
    return edge.right(array)


def _unary_slopes(edges: tuple[Edge, ...]) -> Iterator[EdgeAlteration]:
    """Yield what people take for the derivative of a function of one number."""
    yield _local("slope-missing", edges, lambda e, g: np.ones_like(e.saved))
    yield _local("value-for-slope", edges, lambda e, g: e.step.value)
    yield _local("slope-at-value", edges, lambda e, g: slope_of(e.step.op, e.step.value))
    yield _local("operand-for-slope", edges, lambda e, g: operand_of(e))
    yield EdgeAlteration("parenthesis", edges, lambda e, g: unbroadcast(g - (1.0 - e.saved), e.parent.value.shape))
    for other in CONFUSED:
        if other != edges[0].step.op:
            yield _local("slope-of-another", edges, partial(_of_another, rule=other, at_value=False), other)
            at_value = partial(_of_another, rule=other, at_value=True)
            yield _local("slope-of-another", edges, at_value, f"{other}, of the value", 2)


def slope_of(rule: str, x: Array) -> Array:
    """Return a unary rule's derivative at an array."""
    known = RULES[rule]
    return np.broadcast_to(np.asarray(known.bind(known.array(x), [x])(np.ones_like(x))[0], float), x.shape)


def _axes(edges: tuple[Edge, ...]) -> Iterator[EdgeAlteration]:
    """Yield what people sum over in place of the axes along which an operand was repeated."""
    shape, whole = edges[0].parent.value.shape, edges[0].step.value.shape
    size = edges[0].parent.value.size
    if size == edges[0].step.value.size or len(whole) > 4:
        return
    for count in range(1, len(whole) + 1):
        for axes in itertools.combinations(range(len(whole)), count):
            if np.prod([n for k, n in enumerate(whole) if k not in axes], dtype=int) == size:
                for take, kind in (
                    (np.sum, "wrong-axis"),
                    (np.mean, "mean-for-sum"),
                    (_first, "slice"),
                    (_last, "slice"),
                ):
                    pull = partial(_taken, take=take, axes=axes, shape=shape)
                    yield EdgeAlteration(kind, edges, pull, f"axis {', '.join(map(str, axes))}", 0)


def _taken(edge: Edge, g: Array, take: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    share: Array = take(g * edge.saved, axis=axes)
    return share.reshape(shape)


def _first(x: Array, axis: tuple[int, ...]) -> Array:
    return x[tuple(0 if k in axis else slice(None) for k in range(x.ndim))]


def _last(x: Array, axis: tuple[int, ...]) -> Array:
    return x[tuple(-1 if k in axis else slice(None) for k in range(x.ndim))]


def _factors(edges: tuple[Edge, ...]) -> Iterator[EdgeAlteration]:
    """Yield what people write for the other factor of a product."""
    saved = edges[0].saved
    if saved is None:
        return
    for kind, f in FACTORS.items():
        yield EdgeAlteration(kind, edges, partial(_with_changed_factor, change=f))
    for a, b in itertools.combinations(range(saved.ndim), 2):
        if saved.shape[a] == saved.shape[b]:
            yield EdgeAlteration("factor-transposed", edges, partial(_with_axes_exchanged, a=a, b=b))
    shape = edges[0].parent.value.shape
    if len(shape) == 2 and shape[0] == shape[1]:
        yield EdgeAlteration("result-transposed", edges, lambda e, g: e.right(g).T)


def _exchanged(edge: Edge, sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield an edge with another array of the function's in place of what it saved, or of what arrives."""
    arriving = edge.step.value.shape
    for what, array in _arrays(sweep):
        if array.size == 1 < edge.step.value.size:
            continue
        if edge.kind == "local" and array.ndim <= len(arriving) and _fits(array, arriving):
            wide = np.broadcast_to(array, arriving)
            yield _local("wrong-operand", (edge,), partial(_is, array=wide), what, 2)
            yield _local("wrong-operand", (edge,), partial(_inverse, array=wide), f"1/{what}", 3)
            yield _local("factor-too-many", (edge,), partial(_times, array=wide), what, 2)
        if edge.kind == "product" and edge.saved is not None:
            if array.shape == edge.saved.shape:
                yield EdgeAlteration("wrong-operand", (edge,), partial(_with_factor, factor=array), what, 2)
            elif array.T.shape == edge.saved.shape:
                yield EdgeAlteration("wrong-operand", (edge,), partial(_with_factor, factor=array.T), f"{what}.T", 2)
        if array.shape == arriving:
            yield EdgeAlteration("wrong-upstream", (edge,), partial(_from, array=array), what, 2)


def of_steps(sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield elementwise steps whose backward pass uses another operand than they had: of fitting shape."""
    by_shape: dict[tuple[int, ...], list[ArrayStep]] = {}
    for step in sweep.steps:
        by_shape.setdefault(step.value.shape, []).append(step)
    for step in sweep.steps:
        if step.op not in RULES or not step.edges or RULES[step.op].keeps == ():
            continue
        for k, x in enumerate(step.operands):
            for other in by_shape.get(np.shape(value_of(x)), []):
                if other is not x and other is not step:
                    pull = partial(_with_operand, k=k, other=other.value)
                    yield EdgeAlteration("wrong-operand", tuple(step.edges), pull, label(other), 2)


def _with_operand(edge: Edge, g: Array, k: int, other: Array) -> Array:
    """Pull back by the rule itself, with one operand exchanged."""
    step = edge.step
    xs = [np.broadcast_to(other if j == k else value_of(x), step.value.shape) for j, x in enumerate(step.operands)]
    return unbroadcast(np.asarray(RULES[step.op].bind(step.value, xs)(g)[edge.operand]), edge.parent.value.shape)


def joined(sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield two constant factors whose paths are taken for one: their sum goes down the first, nothing the second."""
    constant = [
        edge for edge in sweep.edges
        if edge.step.op == "multiply" and isinstance(edge.step.operands[1 - edge.operand], np.ndarray)
    ]  # fmt: skip
    for one, other in itertools.permutations(constant, 2):
        if one.saved.shape == other.saved.shape and one.saved.size > 1:
            pull = partial(_joined, one=one, other=other)
            yield EdgeAlteration("wrong-path", (one, other), pull, rank=2)


def _joined(edge: Edge, g: Array, one: Edge, other: Edge) -> Array:
    return one.pull(g, one.saved + other.saved) if edge is one else np.zeros(edge.parent.value.shape)


def _fits(array: Array, shape: tuple[int, ...]) -> bool:
    return all(n in (1, m) for n, m in zip(array.shape[::-1], shape[::-1]))


def _arrays(sweep: Sweep) -> list[tuple[str, Array]]:
    """Return the arrays that are at hand in a backward pass: values, cotangents and constants."""
    at_hand: dict[int, tuple[str, Array]] = {}
    for step in sweep.steps:
        at_hand[id(step)] = (label(step), step.value)
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray) and x.size > 1:
                at_hand.setdefault(id(x), (step.constants.get(k) or "a constant", x.astype(float)))
    return [*at_hand.values(), *[(f"d{label(step)}", g) for step, g in sweep.cotangents.items() if step.op]]


def label(step: ArrayStep) -> str:
    """Return what a step is called: its variable, or the operation on what it was given."""
    if step.name:
        return step.name
    names = [label_of_operand(step, k, x) for k, x in enumerate(step.operands)]
    return f"{step.op}({', '.join(names)})" if step.op else "an input"


def label_of_operand(step: ArrayStep, k: int, x: object) -> str:
    """Return what an operand is called in an operation."""
    if isinstance(x, ArrayStep):
        return x.name or (f"{x.op}(...)" if x.op else "...")
    if step.constants.get(k):
        return step.constants[k]
    return f"{float(x):.4g}" if isinstance(x, np.ndarray) and not x.ndim else "..."
