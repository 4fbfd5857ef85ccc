"""Checkpoints: all that going on with a training to the same bits needs, and what it was a training of."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_bytes

from nn.files import write_atomically
from nn.module import Module
from nn.optim import Optimizer
from nn.samples import Array
from nn.training.progress import History
from nn.training.scaling import NAMES, Scaling
from nn.training.task import Task

DATA = ("samples", "targets", "validation samples", "names")  # of which a hash is kept
ANEW = "to start anew give another name, or the same one with --force"


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or belongs to another network, optimiser or training."""


def fingerprint(task: Task, strength: float, batch_size: int, seed: int) -> dict[str, str]:
    """Return what a training is of, in words and hashes, so that a checkpoint of another is not gone on with.

    Not in it is what may change on the way: the number of epochs, the learning rate, and what computes the steps.
    """
    model = task.model
    arrays = {name: array.shape for name, array in model.arrays().items()}
    network = repr(model) if type(model).__repr__ is not object.__repr__ else f"{type(model).__qualname__} {arrays}"
    held = "none" if task.held is None else digest(task.held[0], task.held[1].values)
    return {
        "network": network,
        "loss": task.targets.loss,
        "regularisation": repr(float(strength)),
        "batch size": str(batch_size),
        "seed": str(seed),
        "samples": digest(task.X),
        "targets": digest(task.targets.values),
        "validation samples": held,
    }


def digest(*arrays: Array) -> str:
    """Return a hash of arrays: of their shapes, and of their numbers as 64 bits each.

    >>> digest(np.array([1, 2])) == digest(np.array([1.0, 2.0])), digest(np.zeros(2)) == digest(np.zeros((2, 1)))
    (True, False)
    """
    digested = hashlib.sha256()
    for array in arrays:
        digested.update(repr(array.shape).encode())
        digested.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digested.hexdigest()[:32]


def check_unused(path: str | Path | None, *, resume: bool, force: bool) -> None:
    """Refuse to start anew over a checkpoint, unless that is asked for.

    Raises
    ------
    CheckpointError
        If there is one.
    """
    if path is not None and Path(path).exists() and not (resume or force):
        raise CheckpointError(f"{path}: is there already; --resume goes on from it, --force replaces it.")


def save_checkpoint(
    path: str | Path,
    theta: Array,
    best: Array,
    optimizer: Optimizer,
    epoch: int,
    history: Sequence[dict[str, float]],
    scaling: Scaling | None = None,
    run: Mapping[str, str] | None = None,
) -> None:
    """Write all that resuming needs; a checkpoint that is there is replaced only by a whole one."""
    tensors = {"parameters": theta, "best": best, **{f"optimizer.{k}": v for k, v in optimizer.state.items()}}
    tensors |= scaling.arrays() if scaling is not None else {}
    notes = {
        "optimizer": type(optimizer).__name__,
        "steps": str(optimizer.steps),
        "epoch": str(epoch),
        "history": json.dumps(list(history)),
        "run": json.dumps(dict(run or {})),
    }
    write_atomically(path, save_bytes({k: np.ascontiguousarray(v) for k, v in tensors.items()}, notes))


def load_checkpoint(
    path: str | Path, size: int, optimizer: Optimizer, run: Mapping[str, str] | None = None
) -> tuple[Array, Array, int, History]:
    """Return parameters, the best so far, the epoch to go on with, and the history; the optimiser's state is put back.

    Raises
    ------
    CheckpointError
        If it cannot be read, or is of another training than `run`, which is not asked if it is None.
    """
    notes, tensors = _read(path)
    kind = type(optimizer).__name__
    if notes.get("optimizer") != kind:
        raise CheckpointError(
            f"{path}: was made with {notes.get('optimizer')}, not {kind}; resume with the same optimiser."
        )
    _check_size(path, tensors, size)
    theta = tensors.pop("parameters")
    best = tensors.pop("best", theta)
    state = {k.removeprefix("optimizer."): v for k, v in tensors.items() if k not in NAMES}
    for name, array in {"parameters": theta, "best": best, **state}.items():
        if array.shape != (size,) or not np.isfinite(array).all():
            raise CheckpointError(f"{path}: is damaged: {name} must be {size} finite numbers; {ANEW}.")
    steps, epoch, history = _progress(path, notes)
    _check_run(path, notes, run)
    optimizer.state, optimizer.steps = state, steps
    return theta, best, epoch, history


def scaling_of(path: str | Path, model: Module) -> Scaling:
    """Return how the training that wrote a checkpoint standardised its samples.

    Raises
    ------
    CheckpointError
        If it cannot be read, or is of a network of other sizes.
    """
    tensors, size = _read(path)[1], len(model.parameters())
    _check_size(path, tensors, size)
    try:
        scaling = Scaling.from_arrays(tensors)
    except ValueError as error:
        raise CheckpointError(f"{path}: is no readable checkpoint ({error}).") from None
    try:
        model.check_scaling(scaling)
    except ValueError as error:
        raise CheckpointError(f"{path}: was made with another network: {error}") from None
    return scaling


def check_own(path: str | Path) -> None:
    """Refuse to replace a file that is no checkpoint.

    Raises
    ------
    CheckpointError
        If there is one.
    """
    if Path(path).exists() and not is_checkpoint(path):
        raise CheckpointError(
            f"{path}: is there, and is no checkpoint that can be read; give another name, or remove it."
        )


def is_checkpoint(path: str | Path) -> bool:
    """Return whether a file is a checkpoint, of whatever training."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            return {"optimizer", "epoch"} <= set(file.metadata() or {})
    except (OSError, SafetensorError, ValueError, TypeError):
        return False


def _check_size(path: str | Path, tensors: Mapping[str, Array], size: int) -> None:
    theta = tensors.get("parameters", np.empty(0))
    if theta.shape != (size,):
        raise CheckpointError(f"{path}: holds {theta.size} parameters; the network has {size}.")


def _read(path: str | Path) -> tuple[dict[str, str], dict[str, Array]]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            notes = file.metadata() or {}
            return notes, {key: file.get_tensor(key).astype(float) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: is no readable checkpoint ({error}).") from None


def _progress(path: str | Path, notes: Mapping[str, str]) -> tuple[int, int, History]:
    """Return how many steps and epochs were made, and the history."""
    try:
        steps, epoch, history = int(notes["steps"]), int(notes["epoch"]), json.loads(notes["history"])
        whole = steps >= 0 and epoch >= 0 and isinstance(history, list) and len(history) <= epoch
        if not whole or not all(_is_record(record) for record in history):
            raise ValueError
    except (KeyError, ValueError, TypeError):
        raise CheckpointError(f"{path}: is damaged: it does not say how far it came; {ANEW}.") from None
    return steps, epoch, History(history)


def _is_record(record: Any) -> bool:
    if not isinstance(record, dict) or not {"epoch", "loss"} <= set(record):
        return False
    return all(isinstance(v, (int, float)) and not math.isnan(v) for v in record.values())


def _check_run(path: str | Path, notes: Mapping[str, str], run: Mapping[str, str] | None) -> None:
    """Refuse the checkpoint of another training, naming what is different."""
    if run is None:
        return
    try:
        made_of = json.loads(notes.get("run", "{}"))
        different = [name for name, value in run.items() if made_of.get(name) != value]
    except (ValueError, AttributeError):
        raise CheckpointError(f"{path}: is damaged: it does not say what it is a training of; {ANEW}.") from None
    for name in different:
        if name in DATA:
            raise CheckpointError(f"{path}: was made with other {name}; resume with the same data; {ANEW}.")
        was = made_of.get(name, "something unknown")
        raise CheckpointError(f"{path}: was made with {name} {was}, not {run[name]}; resume with the same; {ANEW}.")
