"""Checkpoints: all that resuming needs, so that an interrupted training goes on to the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_bytes

from nn.module import write_atomically
from nn.optim import Optimizer
from nn.progress import History
from nn.scaling import NAMES, Scaling

Array: TypeAlias = npt.NDArray[Any]


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or belongs to another network or optimiser."""


def save_checkpoint(
    path: str | Path,
    theta: Array,
    best: Array,
    optimizer: Optimizer,
    epoch: int,
    history: History,
    scaling: Scaling | None = None,
) -> None:
    """Write all that resuming needs; a checkpoint that is there is replaced only by a whole one."""
    tensors = {"parameters": theta, "best": best, **{f"optimizer.{k}": v for k, v in optimizer.state.items()}}
    tensors |= scaling.arrays() if scaling is not None else {}
    notes = {
        "optimizer": type(optimizer).__name__,
        "steps": str(optimizer.steps),
        "epoch": str(epoch),
        "history": json.dumps(list(history)),
    }
    write_atomically(path, save_bytes({k: np.ascontiguousarray(v) for k, v in tensors.items()}, notes))


def load_checkpoint(path: str | Path, size: int, optimizer: Optimizer) -> tuple[Array, Array, int, History]:
    """Return parameters, the best so far, the epoch to go on with, and the history; the optimiser's state is put back.

    Raises
    ------
    CheckpointError
        If it cannot be read or belongs to something else.
    """
    tensors, notes = _read(path)
    kind = type(optimizer).__name__
    if notes.get("optimizer") != kind:
        raise CheckpointError(
            f"{path}: was made with {notes.get('optimizer')}, not {kind}; resume with the same optimiser."
        )
    theta = tensors.pop("parameters", np.empty(0))
    best = tensors.pop("best", theta)
    if theta.shape != (size,):
        raise CheckpointError(f"{path}: holds {theta.size} parameters; the network has {size}.")
    optimizer.state = {k.removeprefix("optimizer."): v for k, v in tensors.items() if k not in NAMES}
    optimizer.steps = int(notes["steps"])
    return theta, best, int(notes["epoch"]), History(json.loads(notes["history"]))


def scaling_of(path: str | Path) -> Scaling:
    """Return how the training that wrote a checkpoint standardised its samples.

    Raises
    ------
    CheckpointError
        If it cannot be read.
    """
    try:
        return Scaling.from_arrays(_read(path)[0])
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{path}: is no readable checkpoint ({error}).") from None


def _read(path: str | Path) -> tuple[dict[str, Array], dict[str, str]]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            tensors = {key: file.get_tensor(key).copy() for key in file.keys()}  # noqa: SIM118 - not a mapping
            return tensors, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: is no readable checkpoint ({error}).") from None
