"""JAX's devices, and the processes that bring them together.

Training on them is `nn.training.scanned`: a batch is spread over them, each has all parameters, and XLA adds up the
gradients.  Numbers are float64 inside unless asked otherwise, and JAX's own setting is as it was outside.

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

from engine import MissingExtraError

SILENCE = 20  # seconds after which a process counts as gone, where the sums between devices do not fail at once


class DeviceError(RuntimeError):
    """Devices that are not there, or a process that has gone; the message says what to do.

    >>> import nn
    >>> nn.fit(nn.MLP(2, [1]), *nn.moons(4), loss="hinge", backend="jax", devices=0)
    Traceback (most recent call last):
    nn.training.devices.DeviceError: devices=0: use 1 or more, or None for all.
    """


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


def what_has_gone(error: Exception) -> str:
    """Return a sentence on an error of JAX's: that it could not run, or that another process has gone."""
    jax = jax_itself()
    if jax.process_count() == 1:
        return f"JAX could not run a step: {_first_line(error)}"
    return (
        f"process {jax.process_index()} of {jax.process_count()} lost another one: {_first_line(error)} "
        "Start them again with --resume, or one alone: the checkpoint holds the last whole epoch."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") + "."
