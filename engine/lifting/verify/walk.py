"""The scalar trace by levels, over any kind of number: the simplest lifting there is, which proofs compare with.

Nodes of equal height, operation and number of operands are computed together, by the rules and nothing else: an array
of operands in, an array of results out; in reverse each operand's cotangent goes to a place of its own, where what
reads one node lies together and is summed. The numbers are an array of (nodes, samples), of floats or of a field.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import calls
from engine.lifting.exact import told_apart
from engine.lifting.ir import Trace
from engine.lifting.views import Indices
from engine.rules import RULES

KNOWN = frozenset(RULES)
EXPONENTIAL = frozenset(
    (
        "exp",
        "expm1",
        "sinh",
        "cosh",
        "tanh",
        "sin",
        "cos",
        "tan",
        "sigmoid",
        "softplus",
        "logaddexp",
        "logsumexp",
        "erf",
    )
)  # of these, the rules that read an exponent in their value or their derivative


@dataclass(frozen=True)
class Together:
    """Nodes that are computed together: nodes `start` to `stop` of a plan."""

    op: str
    fixed: tuple[float, ...]
    start: int
    stop: int
    operands: Indices  # (nodes, operands): which nodes they read
    places: Indices  # (nodes, operands): where the cotangents of these go


@dataclass(frozen=True)
class Plan:
    """A trace's nodes, numbered so that what is computed together lies together, leaves first.

    Attributes
    ----------
    number
        The new number of each node of the trace.
    groups
        What is computed, in order.
    readings
        For each node, where the cotangents that it gets begin; and their number at the end.
    seeds
        For each root, the place of its own cotangent; then of what nobody reads.
    leaves
        How many nodes are leaves.
    constants
        The numbers of the leaves that are plain numbers, and these.
    parameters
        The numbers of the captured Values, and their positions in the trace.
    inputs
        Of each input array that is read: the numbers of its elements, and their positions in it.
    """

    number: Indices
    groups: tuple[Together, ...]
    readings: Indices
    seeds: Indices
    leaves: int
    constants: tuple[Indices, npt.NDArray[np.float64]]
    parameters: tuple[Indices, Indices]
    inputs: Mapping[int, tuple[Indices, Indices]]


def plan(trace: Trace) -> Plan:
    """Put a trace's nodes into the order in which they are computed."""
    ordered = _by_height(trace)
    nodes = np.array([*trace.leaves, *chain.from_iterable([m for _, m in ordered])], dtype=np.int64)
    number = np.empty(len(nodes), np.int64)
    number[nodes] = np.arange(len(nodes))
    read = chain.from_iterable([trace.operands[i] for _, m in ordered for i in m])
    reads = number[np.fromiter(chain(read, trace.roots), np.int64)]
    unread = np.flatnonzero(np.bincount(reads, minlength=len(nodes)) == 0)
    reads = np.append(reads, unread)  # each node has a reading, if only one that hands back nothing
    place = np.empty(len(reads), np.int64)
    place[np.argsort(reads, kind="stable")] = np.arange(len(reads))
    readings = np.concatenate([[0], np.cumsum(np.bincount(reads, minlength=len(nodes)))])
    groups = []
    at, start = 0, len(trace.leaves)
    for (_, op, key, arity), m in ordered:
        part, shape, numbers = slice(at, at + len(m) * arity), (len(m), arity), tuple([x for x, _ in key])
        groups.append(
            Together(op, numbers, start, start + len(m), reads[part].reshape(shape), place[part].reshape(shape))
        )
        at, start = part.stop, start + len(m)
    return Plan(number, tuple(groups), readings, place[at:], len(trace.leaves), *_leaves(trace))


def _by_height(trace: Trace) -> list[tuple[Any, list[int]]]:
    """Return the operations that can be computed together, with what they have in common; operands' come first."""
    height = [0] * len(trace.ops)
    members: dict[Any, list[int]] = defaultdict(list)
    fixed = trace.fixed.get
    for i, (op, operands) in enumerate(zip(trace.ops, trace.operands)):
        if operands:
            h = height[i] = 1 + max([height[j] for j in operands])
            key = (h, op, told_apart(fixed(i, ())), len(operands))
            members[key].append(i)
    return sorted(members.items(), key=lambda item: item[0][0])


def _leaves(trace: Trace) -> tuple[Any, Any, Any]:
    """Return a trace's constants, parameters and inputs; leaves are numbered as the trace lists them."""
    constants: tuple[list[int], list[float]] = ([], [])
    parameters: tuple[list[int], list[int]] = ([], [])
    inputs: dict[int, tuple[list[int], list[int]]] = {}
    for number, (role, position, argument, value) in enumerate(trace.leaves.values()):
        if role == "constant":
            constants[0].append(number)
            constants[1].append(value)
        else:
            numbers, positions = parameters if role == "parameter" else inputs.setdefault(argument, ([], []))
            numbers.append(number)
            positions.append(position)
    return (
        (np.array(constants[0], np.int64), np.array(constants[1], float)),
        (np.array(parameters[0], np.int64), np.array(parameters[1], np.int64)),
        {k: (np.array(numbers), np.array(positions)) for k, (numbers, positions) in inputs.items()},
    )


def forward(plan: Plan, V: Any) -> None:
    """Fill the array of values, whose leaves are there already."""
    for group in plan.groups:
        special = _FORWARD.get(group.op)
        if special:
            V[group.start : group.stop] = special(V, group)
        else:
            xs = [V[x] for x in group.operands.T]
            V[group.start : group.stop] = RULES[group.op].array(*xs, *group.fixed)


def backward(plan: Plan, values: Any, C: Any, seed: Any, roots: int = 1) -> Any:
    """Return the cotangents of the leaves.

    Parameters
    ----------
    plan, values
        Of all nodes.
    C
        Zeros, one for every reading. No exponent reads a cotangent, so these may be a field's shallow numbers.
    seed, roots
        Of the first root, or of so many; guards' conditions have none.
    """
    shallow = getattr(values, "shallow", values)
    C[plan.seeds[:roots]] = seed
    for group in reversed(plan.groups):
        V = values if group.op in EXPONENTIAL or group.op not in KNOWN else shallow
        g = _summed(plan, C, group.start, group.stop)
        special = _BACKWARD.get(group.op)
        if special:
            special(V, C, group, g)
        elif RULES[group.op].differentiable:
            xs = [V[x] for x in group.operands.T]
            cotangents = RULES[group.op].bind(V[group.start : group.stop], xs, group.fixed)(g)
            for places, c in zip(group.places.T, cotangents):
                if c.__class__ is not float or c != 0.0:
                    C[places] = c
    return _summed(plan, C, 0, plan.leaves)


def tangents(plan: Plan, values: Any, T: Any) -> None:
    """Fill the array of tangents, those of the leaves are there already, by each rule's partial derivatives.

    Parameters
    ----------
    plan, values
        Of all nodes.
    T
        Zeros but for the leaves; as cotangents are, these may be a field's shallow numbers.
    """
    shallow = getattr(values, "shallow", values)
    for group in plan.groups:
        V = values if group.op in EXPONENTIAL or group.op not in KNOWN else shallow
        special = _TANGENTS.get(group.op)
        if special:
            T[group.start : group.stop] = special(V, T, group)
        elif RULES[group.op].differentiable:
            xs = [V[x] for x in group.operands.T]
            partials = RULES[group.op].bind(V[group.start : group.stop], xs, group.fixed)(1.0)
            terms = [d * T[x] for d, x in zip(partials, group.operands.T)]
            T[group.start : group.stop] = sum(terms[1:], terms[0])


def _summed(plan: Plan, C: Any, start: int, stop: int) -> Any:
    """Return the sums of the cotangents of some nodes."""
    readings = plan.readings[start : stop + 1]
    first, last = int(readings[0]), int(readings[-1])
    if last - first == stop - start:
        return C[first:last]
    return np.add.reduceat(C[first:last], readings[:-1] - first, 0)


# --- operations of any number of operands ----------------------------------------------------------------------


def _dot(V: Any, group: Together) -> Any:
    X = V[group.operands]
    half = X.shape[1] // 2
    z = np.add.reduce(X[:, :half] * X[:, half : 2 * half], 1)
    return (z + 0.0) + X[:, -1] if X.shape[1] % 2 else z + 0.0  # a sum starts from 0.0, also where it is of -0.0


def _total(V: Any, group: Together) -> Any:
    return np.add.reduce(V[group.operands], 1) + 0.0


def _shift(V: Any, group: Together) -> Any:
    return np.maximum.reduce(V[group.operands], 1)


def _largest(V: Any, group: Together) -> Any:
    return _shift(V, group) + 0.0


def _logsumexp(V: Any, group: Together) -> Any:
    X = V[group.operands]
    m = np.maximum.reduce(X, 1)
    return np.log(np.add.reduce(np.exp(X - m[:, None]), 1)) + m


def _select(V: Any, group: Together) -> Any:
    return V[_chosen(V, group)]


def _chosen(V: Any, group: Together) -> tuple[Indices, Indices]:
    """Return which node each select reads for each sample, as an index of (nodes, samples)."""
    which, samples = _which(V, group)
    return group.operands[np.arange(len(which))[:, None], which], samples


def _which(V: Any, group: Together) -> tuple[Indices, Indices]:
    index = whole_numbers(V[group.operands[:, -1]])
    return index, np.arange(index.shape[1])


def whole_numbers(x: Any) -> Indices:
    """Return integer inputs as what chooses; they are the same at all points of a field."""
    d: Any = x.d[0, ..., 0] if hasattr(x, "d") else x
    index: Indices = d.astype(np.int64)
    return index


def _dot_back(V: Any, C: Any, group: Together, g: Any) -> None:
    X = V[group.operands]
    half = X.shape[1] // 2
    C[group.places[:, :half]] = g[:, None] * X[:, half : 2 * half]
    C[group.places[:, half : 2 * half]] = g[:, None] * X[:, :half]
    if X.shape[1] % 2:
        C[group.places[:, -1]] = g


def _total_back(V: Any, C: Any, group: Together, g: Any) -> None:
    C[group.places] = g[:, None]


def _logsumexp_back(V: Any, C: Any, group: Together, g: Any) -> None:
    """The rule of `engine.rules`, its list of operands as an axis."""
    e = np.exp(V[group.operands] - V[group.start : group.stop][:, None])
    C[group.places] = (g / np.add.reduce(e, 1))[:, None] * e


def _largest_back(V: Any, C: Any, group: Together, g: Any) -> None:
    """The rule of `engine.choices`, its list of operands as an axis."""
    below = V[group.operands] < V[group.start : group.stop][:, None]
    share = g / np.add.reduce(calls.where(below, 0.0, 1.0), 1)
    C[group.places] = calls.where(below, 0.0, share[:, None])


def _select_back(V: Any, C: Any, group: Together, g: Any) -> None:
    which, samples = _which(V, group)
    C[group.places[np.arange(len(which))[:, None], which], samples] = g


def _dot_tangents(V: Any, T: Any, group: Together) -> Any:
    X, d = V[group.operands], T[group.operands]
    half = X.shape[1] // 2
    moved = d[:, :half] * X[:, half : 2 * half] + X[:, :half] * d[:, half : 2 * half]
    z = np.add.reduce(moved, 1)
    return z + d[:, -1] if X.shape[1] % 2 else z


def _total_tangents(V: Any, T: Any, group: Together) -> Any:
    return np.add.reduce(T[group.operands], 1)


def _logsumexp_tangents(V: Any, T: Any, group: Together) -> Any:
    e = np.exp(V[group.operands] - V[group.start : group.stop][:, None])
    return np.add.reduce(e * T[group.operands], 1) / np.add.reduce(e, 1)


def _largest_tangents(V: Any, T: Any, group: Together) -> Any:
    below = V[group.operands] < V[group.start : group.stop][:, None]
    moved = np.add.reduce(calls.where(below, 0.0, T[group.operands]), 1)
    return moved / np.add.reduce(calls.where(below, 0.0, 1.0), 1)


def _select_tangents(V: Any, T: Any, group: Together) -> Any:
    return T[_chosen(V, group)]


_TANGENTS: dict[str, Callable[[Any, Any, Together], Any]] = {
    "dot": _dot_tangents,
    "total": _total_tangents,
    "largest": _largest_tangents,
    "logsumexp": _logsumexp_tangents,
    "select": _select_tangents,
}
_FORWARD: dict[str, Callable[[Any, Together], Any]] = {
    "dot": _dot,
    "total": _total,
    "shift": _shift,
    "largest": _largest,
    "logsumexp": _logsumexp,
    "select": _select,
}
_BACKWARD: dict[str, Callable[[Any, Any, Together, Any], None]] = {
    "dot": _dot_back,
    "total": _total_back,
    "largest": _largest_back,
    "logsumexp": _logsumexp_back,
    "select": _select_back,
}
