"""Training on JAX's devices: a batch is spread over them, each has all parameters, and XLA adds up the gradients.

The optimiser stays in NumPy, on one vector, so that a seed gives the same losses and a checkpoint is the same file
whatever trained it.  Numbers are float64 inside, and JAX's own setting is as it was outside.

    liftgrad train --backend jax
    liftgrad train --backend jax --coordinator localhost:7000 --processes 2 --process 0    and, elsewhere, 1
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from engine import MissingExtraError
from nn.module import Module
from nn.samples import Array
from nn.training.steps import Step, constants_of, program_of

SILENCE = 20  # seconds after which a process counts as gone, where the sums between devices do not fail at once


class DeviceError(RuntimeError):
    """Devices that are not there, or a process that has gone; the message says what to do.

    >>> import nn
    >>> nn.fit(nn.MLP(2, [1]), *nn.moons(4), loss="hinge", backend="jax", devices=0)
    Traceback (most recent call last):
    nn.training.devices.DeviceError: devices=0: use 1 or more, or None for all.
    """


def spread_step(
    model: Module,
    loss: str,
    strength: float,
    example: tuple[Array, Array],
    devices: Any = None,
    verify: bool | str = True,
) -> Step:
    """Return the training step of the lifted program as JAX runs it.

    Parameters
    ----------
    model, loss, strength
        As for NumPy's step.
    example
        One sample and its target, from which the program is made.
    devices
        How many of each process's devices to use, or a list of devices; by default all there are.
    verify
        As in `engine.lift`.

    Raises
    ------
    DeviceError
        If there are no such devices, or (from the step) if one of several processes has gone.
    MissingExtraError
        If JAX is not installed.
    """
    chosen, jax = chosen_devices(devices), jax_itself()
    program, size = program_of(model, loss, strength, verify), len(model.parameters())
    constants = constants_of(program, size, example)
    function = program.to_jax()
    mesh = jax.sharding.Mesh(np.array(chosen), ("samples",))
    run, spread, everywhere = _compiled(jax, mesh, function)
    most = 0

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        nonlocal most
        _check_tables(function.limits, X, T)
        most = max(most, len(X))
        X, T, weights = padded(X, T, -(-most // mesh.size) * mesh.size)
        with double_precision():
            placed = [_placed(jax, x, spread) for x in (X, T, weights)]
            try:
                value, gradient = run(_placed(jax, np.concatenate([theta, constants]), everywhere), *placed)
                return float(value), np.array(gradient)[:size]
            except jax.errors.JaxRuntimeError as error:
                raise DeviceError(_what_has_gone(jax, error)) from None

    return step


def _compiled(jax: Any, mesh: Any, function: Any) -> tuple[Any, Any, Any]:
    """Return the program as it runs on a mesh of devices, and where samples and parameters lie there."""
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("samples"))
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    run = jax.jit(
        lambda theta, X, T, weights: function(theta, X, T, weights=weights),
        in_shardings=(everywhere, spread, spread, spread),
        out_shardings=everywhere,
    )
    return run, spread, everywhere


def padded(X: Array, T: Array, size: int) -> tuple[Array, Array, Array]:
    """Return a batch of `size` samples, and a weight for each: what is added weighs nothing.

    >>> padded(np.array([[1.0], [2.0]]), np.array([0, 1]), 3)[1:]
    (array([0, 1, 0]), array([1., 1., 0.]))
    """
    rows = np.concatenate([np.arange(len(X)), np.zeros(size - len(X), dtype=np.int64)])
    return X[rows], T[rows], (np.arange(size) < len(X)).astype(float)


def join(coordinator: str, processes: int, process: int) -> None:
    """Become one of several processes, on one machine or many, that train together.

    Parameters
    ----------
    coordinator
        Host and port at which process 0 is reached, the same for all; it listens there and nowhere else, so that
        ``localhost`` is this machine's alone.
    processes, process
        How many there are, and which of them this is, from 0 on.

    Raises
    ------
    DeviceError
        If they do not find one another.
    """
    jax = jax_itself()
    if not 0 <= process < processes:
        raise DeviceError(f"process={process} of {processes}: processes are numbered from 0 to {processes - 1}.")
    check_address(coordinator, here=process == 0)
    options = {"heartbeat_timeout_seconds": SILENCE, "coordinator_bind_address": coordinator}  # not every address
    known = inspect.signature(jax.distributed.initialize).parameters
    try:
        jax.distributed.initialize(coordinator, processes, process, **{k: v for k, v in options.items() if k in known})
    except (RuntimeError, ValueError) as error:
        raise DeviceError(
            f"process {process} of {processes} could not join at {coordinator} ({_first_line(error)}); start all of "
            "them, with the same coordinator."
        ) from None


def check_address(coordinator: str, *, here: bool) -> None:
    """Refuse what is no host and port, and where process 0 runs one at which this machine cannot listen.

    Parameters
    ----------
    coordinator
        Host and port, such as ``localhost:7000`` or ``[::1]:7000``.
    here
        Whether this process is to listen there.

    Raises
    ------
    DeviceError
        If it is none, or taken, or another machine's.
    """
    host, colon, port = coordinator.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise DeviceError(f"coordinator {coordinator!r} is no host:port; give one such as localhost:7000.")
    if not here:
        return
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(address)
    except OSError as error:
        raise DeviceError(
            f"process 0 cannot listen at {coordinator} ({error.strerror}); give a free port of this machine."
        ) from None


def leave(status: int) -> None:
    """End this process at once, if it is one of several: an ordinary exit would wait for those that have gone."""
    jax = sys.modules.get("jax")
    if jax is not None and jax.process_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def leads() -> bool:
    """Whether this is the process that writes: the only one, or the first of several."""
    return bool(jax_itself().process_index() == 0)


def chosen_devices(devices: int | Sequence[Any] | None) -> list[Any]:
    """Return JAX's devices: so many of each process, or those given, or all.

    Raises
    ------
    DeviceError
        If a process has fewer, or none is asked for.
    """
    if isinstance(devices, int) and devices < 1:
        raise DeviceError(f"devices={devices}: use 1 or more, or None for all.")
    jax = jax_itself()
    if devices is None:
        return list(jax.devices())
    if not isinstance(devices, int):
        return list(devices)
    chosen: list[Any] = []
    for process in range(jax.process_count()):
        there = [d for d in jax.devices() if d.process_index == process]
        if len(there) < devices:
            raise DeviceError(
                f"devices={devices}: there are {len(there)} ({there[0].platform}). For more on one CPU, set "
                f"XLA_FLAGS=--xla_force_host_platform_device_count={devices}."
            )
        chosen += there[:devices]
    return chosen


def double_precision() -> AbstractContextManager[Any]:
    """Return a context in which JAX computes in float64; outside, its setting is the caller's."""
    jax = jax_itself()
    at = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")  # older versions
    context: AbstractContextManager[Any] = at.enable_x64(True)
    return context


def jax_itself() -> Any:
    """Return JAX.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module("jax")
    except ImportError:
        raise MissingExtraError("Training on devices needs JAX: pip install 'liftgrad[jax]'.") from None


def _placed(jax: Any, x: Array, sharding: Any) -> Any:
    """Put an array on the devices; of several processes, each puts its own part there."""
    if jax.process_count() == 1:
        return jax.device_put(x, sharding)
    return jax.make_array_from_callback(x.shape, sharding, lambda index: x[index])


def _check_tables(limits: dict[int, int], *arrays: Array) -> None:
    """Refuse a class that is no class of the network's: on a device it could only give NaN."""
    for argument, limit in limits.items():
        x = arrays[argument]
        if x.min() < 0 or x.max() >= limit:
            bad = x[(x < 0) | (x >= limit)].flat[0]
            raise IndexError(f"{bad} is outside a table of {limit} entries (0 to {limit - 1}).")


def _what_has_gone(jax: Any, error: Exception) -> str:
    if jax.process_count() == 1:
        return f"JAX could not run a step: {_first_line(error)}"
    return (
        f"process {jax.process_index()} of {jax.process_count()} lost another one: {_first_line(error)} "
        "Start them again with --resume, or one alone: the checkpoint holds the last whole epoch."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") + "."
