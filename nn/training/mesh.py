"""Devices that share a batch: each has all parameters and all samples, and computes its part of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.samples import Array
from nn.training.devices import DeviceError, chosen_devices, double_precision, jax_itself, what_has_gone


@dataclass(frozen=True)
class Mesh:
    """Devices, and the type of the numbers that they compute with.

    Attributes
    ----------
    devices
        JAX's mesh of them, with one axis, ``samples``.
    dtype
        float64 or float32.
    """

    devices: Any
    dtype: Any

    @classmethod
    def of(cls, devices: Any, dtype: Any = np.float64) -> Mesh:
        """Return the mesh of so many devices of each process, or of a list, or of all.

        Raises
        ------
        DeviceError
            If there are no such devices.
        MissingExtraError
            If JAX is not installed.
        """
        chosen, jax = chosen_devices(devices), jax_itself()
        return cls(jax.sharding.Mesh(np.array(chosen), ("samples",)), np.dtype(dtype))

    @property
    def size(self) -> int:
        """How many devices there are."""
        return int(self.devices.size)

    def sharding(self, *axes: Any) -> Any:
        """Return where an array lies whose axes are spread as they are named; without names, all of it everywhere."""
        jax = jax_itself()
        return jax.sharding.NamedSharding(self.devices, jax.sharding.PartitionSpec(*axes))

    def place(self, x: Array, *axes: Any) -> Any:
        """Put an array on the devices, floats in their type; of several processes, each puts its own part there."""
        jax, sharding = jax_itself(), self.sharding(*axes)
        x = x.astype(self.dtype, copy=False) if x.dtype.kind == "f" else x
        if jax.process_count() == 1:
            return jax.device_put(x, sharding)
        return jax.make_array_from_callback(x.shape, sharding, lambda index: x[index])

    def handed(self, x: Array, *axes: Any) -> Any:
        """Return an array for a compiled function to take, spread as in `place`; a single device takes it as it is."""
        return x if self.size == 1 and jax_itself().process_count() == 1 else self.place(x, *axes)

    def room(self) -> int | None:
        """Return how many bytes the fullest device has left; None where it cannot tell, as the host."""
        stats = [device.memory_stats() for device in self.devices.local_devices]
        known = [s["bytes_limit"] - s["bytes_in_use"] for s in stats if s and "bytes_limit" in s]
        return min(known, default=None)

    def shared(self, x: Any) -> Any:
        """Return an array of which, within a compiled function, each device computes some rows."""
        return x if self.size == 1 else jax_itself().lax.with_sharding_constraint(x, self.sharding("samples"))

    def everywhere(self, x: Any) -> Any:
        """Return an array that, within a compiled function, each device has all of."""
        return x if self.size == 1 else jax_itself().lax.with_sharding_constraint(x, self.sharding())

    def padded(self, rows: Array) -> Array:
        """Return rows, along the last axis, of a number that the devices divide: what is added is row 0."""
        more = -rows.shape[-1] % self.size
        return np.concatenate([rows, np.zeros((*rows.shape[:-1], more), dtype=rows.dtype)], axis=-1)

    def jit(self, function: Any) -> Any:
        """Return a function compiled, whose results lie everywhere."""
        return jax_itself().jit(function, out_shardings=self.sharding())

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Have JAX know float64 for as long as the context lasts, and its errors be ours.

        Raises
        ------
        DeviceError
            If JAX cannot run what is in it, or another process has gone.
        """
        jax = jax_itself()
        with double_precision():
            try:
                yield
            except jax.errors.JaxRuntimeError as error:
                raise DeviceError(what_has_gone(error)) from None
