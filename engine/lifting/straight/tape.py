"""Trace -> Tape: the scalar operations as arrays of numbers, in the order in which their author computed them.

An author's loop is then a sequence of operations that repeats, which a walk of the graph from its end may not be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.lifting.exact import told_apart
from engine.lifting.ir import Trace
from engine.lifting.views import Indices


class Kind(NamedTuple):
    """What operations have in common: the rule, how many operands, its fixed numbers as `told_apart` has them."""

    op: str
    arity: int
    key: tuple[tuple[float, float], ...] = ()

    @property
    def fixed(self) -> tuple[float, ...]:
        """The rule's fixed numbers."""
        return tuple([x for x, _ in self.key])


@dataclass(frozen=True, eq=False)
class Tape:
    """Operations in the order of their execution; every number has a slot.

    Attributes
    ----------
    kinds, codes
        The different operations, and which of them each one is.
    starts, reads
        Where each operation's operands begin among all, and the slot of each operand.
    cells, inputs, constants
        The first slots: the flat vector's, those of each input's elements, and the different plain numbers. The
        operations' own follow, in their order.
    roots
        The slots of the value and of the guards' conditions.
    """

    kinds: Sequence[Kind]
    codes: Indices
    starts: Indices
    reads: Indices
    cells: int
    inputs: Sequence[int]
    constants: npt.NDArray[np.float64]
    roots: Indices

    @property
    def leaves(self) -> int:
        """How many slots lie before those of the operations."""
        return self.cells + sum(self.inputs) + len(self.constants)

    @property
    def literals(self) -> dict[int, str]:
        """What is written for each constant that can be written: by its slot."""
        first = self.cells + sum(self.inputs)
        return {first + k: repr(x) for k, x in enumerate(self.constants.tolist()) if math.isfinite(x)}


def tape(trace: Trace, places: Indices, cells: int, inputs: Sequence[int]) -> Tape:
    """Write a trace down as arrays.

    Parameters
    ----------
    trace
        What is to be computed.
    places, cells
        The cell of each parameter in the flat vector, and how many cells that has.
    inputs
        How many elements each input array has.
    """
    kinds, codes = _coded(trace)
    arity, operands = trace.arity, trace.reads
    order = np.flatnonzero(arity)
    if len(trace.births) == len(order):
        order = order[np.argsort(trace.births, kind="stable")]
    slots, constants = _leaf_slots(trace, places, cells, inputs)
    slots[order] = cells + sum(inputs) + len(constants) + np.arange(len(order))
    counts = arity[order]
    starts = np.cumsum(counts) - counts
    first = (np.cumsum(arity) - arity)[order]
    reads = slots[operands[np.repeat(first - starts, counts) + np.arange(len(operands))]]
    return Tape(kinds, codes[order], starts, reads, cells, inputs, constants, slots[trace.roots])


def _coded(trace: Trace) -> tuple[list[Kind], Indices]:
    """Return the different operations, and which of them each node is; a leaf is one without operands."""
    keys: list[tuple[Any, ...]] = list(zip(trace.ops, trace.arity.tolist()))
    for i, numbers in trace.fixed.items():
        keys[i] = (*keys[i], told_apart(numbers))
    number = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return [Kind(*key) for key in number], np.fromiter(map(number.__getitem__, keys), np.int64, len(keys))


def _leaf_slots(
    trace: Trace, places: Indices, cells: int, inputs: Sequence[int]
) -> tuple[Indices, npt.NDArray[np.float64]]:
    """Return the slot of each leaf (of no other node yet), and the different constants, 0.0 another than -0.0."""
    slots = np.zeros(len(trace.ops), np.int64)
    nodes = np.fromiter(trace.leaves, np.int64, len(trace.leaves))
    roles, positions, arguments, values = zip(*trace.leaves.values())
    role, position = np.array(roles), np.array(positions, np.int64)
    first = cells + np.cumsum([0, *inputs])
    parameters, elements = role == "parameter", role == "input"
    slots[nodes[parameters]] = places[position[parameters]]
    slots[nodes[elements]] = first[np.array(arguments)[elements]] + position[elements]
    plain = role == "constant"
    bits, which = np.unique(np.array(values, float)[plain].view(np.int64), return_inverse=True)
    slots[nodes[plain]] = first[-1] + which.reshape(-1)
    return slots, bits.view(float)
