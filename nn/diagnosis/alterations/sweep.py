"""The reverse sweep over recorded steps, and what an alteration of it changes.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: (x * x).sum(), [("x", np.array([1.0, 2.0]))])
>>> sweep = Sweep(root, leaves)
>>> sweep.gradients[0].tolist()
[2.0, 4.0]
>>> one = sweep.edges[-1]
>>> sweep.altered({one: lambda edge, g: 0.0 * edge.right(g)})[0].tolist()
[1.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.samples import Array

CANCELLED = 1e-12
Pull: TypeAlias = Callable[[Edge, Array], Array]
"""What an altered edge hands on, of the cotangent that arrives."""


class Sweep:
    """A recorded function differentiated backward.

    Attributes
    ----------
    root, leaves
        Where it begins, with cotangents of 1, and by what it differentiates.
    steps
        In the order in which it visits them.
    cotangents
        Of every step.
    edges
        All of them, from the root on.
    arriving
        The edges that lead to a step.
    """

    def __init__(self, root: ArrayStep, leaves: Sequence[ArrayStep]) -> None:
        self.root, self.leaves = root, list(leaves)
        self.steps = _visited(root)
        self.place = {step: k for k, step in enumerate(self.steps)}
        self.edges = [edge for step in self.steps for edge in step.edges]
        self.arriving: dict[ArrayStep, list[Edge]] = {}
        for edge in self.edges:
            self.arriving.setdefault(edge.parent, []).append(edge)
        self.cotangents = self._pulled({root: np.ones(root.value.shape)}, {})

    def without_shifts(self) -> Sweep:
        """Return the sweep without the edges of extremes whose cotangent cancels: a softmax's shift is a constant."""
        shifts = [step for step in self.steps if step.op in ("max", "amax", "min", "amin") and self._cancels(step)]
        for step in shifts:
            step.edges = []
        return Sweep(self.root, self.leaves) if shifts else self

    def _cancels(self, step: ArrayStep) -> bool:
        above = [float(np.abs(self.cotangents[edge.step]).max(initial=0.0)) for edge in self.arriving.get(step, [])]
        return bool(np.abs(self.cotangents[step]).max(initial=0.0) <= CANCELLED * max(above, default=0.0))

    @property
    def gradients(self) -> list[Array]:
        """The right gradient by each leaf."""
        return self._of_leaves(self.cotangents)

    def _of_leaves(self, cotangents: Mapping[ArrayStep, Array]) -> list[Array]:
        return [np.asarray(cotangents.get(leaf, np.zeros(leaf.value.shape))) for leaf in self.leaves]

    def _pulled(self, seeds: Mapping[ArrayStep, Array], altered: Mapping[Edge, Pull]) -> dict[ArrayStep, Array]:
        """Return what the seeds, and altered edges, add to each cotangent."""
        sums = dict(seeds)
        firsts = {edge.step for edge in altered}
        begin = min((self.place[step] for step in (*seeds, *firsts)), default=len(self.steps))
        for step in self.steps[begin:]:
            g = sums.get(step)
            if g is None and step not in firsts:
                continue
            for edge in step.edges:
                share = self._share(edge, g, altered.get(edge))
                if share is not None:
                    before = sums.get(edge.parent)
                    sums[edge.parent] = share if before is None else before + share
        return sums

    def _share(self, edge: Edge, g: Array | None, pull: Pull | None) -> Array | None:
        if pull is None:
            return None if g is None else edge.right(g)
        arriving = self.cotangents[edge.step]
        share = np.asarray(pull(edge, arriving if g is None else arriving + g), float)
        return np.broadcast_to(share, edge.parent.value.shape) - edge.right(arriving)

    def altered(self, pulls: Mapping[Edge, Pull], added: Mapping[ArrayStep, Array] | None = None) -> list[Array]:
        """Return the gradients where some edges hand on something else, and something is added to some cotangents."""
        with np.errstate(all="ignore"):
            changes = self._of_leaves(self._pulled(added or {}, pulls))
        return [right + change for right, change in zip(self.gradients, changes)]

    def flow(self, edges: Sequence[Edge]) -> list[Array]:
        """Return what comes to the leaves through some edges."""
        without = self.altered({edge: lambda edge, g: np.zeros(edge.parent.value.shape) for edge in edges})
        return [right - rest for right, rest in zip(self.gradients, without)]


def _visited(root: ArrayStep) -> list[ArrayStep]:
    """Return the steps under a root, each before its operands."""
    ordered: list[ArrayStep] = []
    seen: set[ArrayStep] = set()
    pending = [(root, False)]
    while pending:
        step, is_done = pending.pop()
        if is_done:
            ordered.append(step)
        elif step not in seen:
            seen.add(step)
            pending.append((step, True))
            pending.extend((edge.parent, False) for edge in step.edges)
    return ordered[::-1]
