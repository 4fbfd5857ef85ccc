"""Samples on JAX's devices: all of them from the beginning, or a portion at a time where there is no room for all.

A portion is samples for whole batches, in the order in which they are taken: the steps are the same, and only the
transfers more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from nn.samples import Array
from nn.training.mesh import Mesh
from nn.training.scan import Batches

SHARE = 4  # of a device's room: a portion takes one, while the next may be on its way; steps have the others


class Placed:
    """Samples and targets, as the devices hold them.

    Attributes
    ----------
    X, T
        On the host.
    at_once
        How many samples the devices hold at a time.
    """

    def __init__(self, X: Array, T: Array, mesh: Mesh) -> None:
        self.X, self.T, self._mesh = X, T, mesh
        room = mesh.room()
        bytes_each = max(1, X[:1].size * mesh.dtype.itemsize)
        self.at_once = len(X) if room is None else min(len(X), max(1, room // SHARE // bytes_each))

    @property
    def is_whole(self) -> bool:
        """Whether the devices have room for all samples."""
        return self.at_once == len(self.X)

    @cached_property
    def samples(self) -> tuple[Any, Any]:
        """All samples and targets, on the devices."""
        return self._mesh.place(self.X), self.targets()

    def targets(self) -> Any:
        """Return all targets, on the devices."""
        return self._mesh.place(self.T)

    def batches(self, order: Array, size: int) -> Iterator[tuple[tuple[Any, Any], Batches]]:
        """Yield samples on the devices, and the batches that are taken from them: of an order, all in all."""
        if self.is_whole:
            yield self.samples, Batches.of(order, size, self._mesh)
            return
        several = max(1, self.at_once // size) * size
        for begin in range(0, len(order), several):
            rows = order[begin : begin + several]
            samples = self._mesh.place(self.X[rows]), self._mesh.place(self.T[rows])
            yield samples, Batches.of(np.arange(len(rows)), size, self._mesh)

    def portions(self) -> Iterator[Any]:
        """Yield the samples, in their order, as many as there is room for at a time."""
        if self.is_whole:
            yield self.samples[0]
            return
        for begin in range(0, len(self.X), self.at_once):
            yield self._mesh.place(self.X[begin : begin + self.at_once])
