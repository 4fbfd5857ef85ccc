"""Training: mini-batches, progress, metrics, early stopping, checkpoints that resume to the same bits.

A training step is ``step(theta, X, T) -> (loss, gradient)`` on flat vectors; the lifted program is one, the eager
scalar engine another, and nothing else here knows which.

>>> from nn import MLP, SGD, moons
>>> X, T = moons(40, seed=1)
>>> network = MLP(2, [8, 1], activation="tanh", seed=1)
>>> history = fit(network, X, T, loss="hinge", epochs=30, batch_size=10, optimizer=SGD(lr=0.2), progress=False)
>>> history[0]["loss"] > history[-1]["loss"], len(history)
(True, 30)
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_bytes
from tqdm import tqdm

import engine
from engine.lift.registry import Registry
from nn import matrix
from nn.devices import leads, spread_step
from nn.losses import check_targets, mean_loss, sample_loss
from nn.module import Module, write_atomically
from nn.neuron import MLP
from nn.optim import Adam, Optimizer

Array: TypeAlias = npt.NDArray[Any]
Step: TypeAlias = Callable[[Array, Array, Array], tuple[float, Array]]


class TrainingError(FloatingPointError):
    """The loss is no longer a number; the message says at which step, and with which learning rate."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or belongs to another network or optimiser."""


class History(list[dict[str, float]]):
    """One dict an epoch: ``epoch``, ``loss``, metrics, and with validation ``val_loss`` and its metrics."""

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the curves with matplotlib (extra ``plot``); write them to `path` if given."""
        from nn.plot import loss_curve

        return loss_curve(self, path)


# --- steps ------------------------------------------------------------------------------------------------------


def lifted_step(model: Module, loss: str, strength: float, registry: Registry, verify: bool | str = True) -> Step:
    """Return the training step of the lifted program."""
    program = engine.lift(sample_loss(model, loss, strength), batch=True, parameters=registry.values, verify=verify)

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        value, gradient = program.value_and_grad(X, T, parameters=theta)
        assert gradient.parameters is not None
        return value, gradient.parameters

    return step


def eager_step(model: Module, loss: str, strength: float, registry: Registry) -> Step:
    """Return the training step of the scalar engine: the whole batch as one graph of Values."""

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        registry.write(theta)
        model.zero_grad()
        value = mean_loss(model, X, T, loss, strength)
        value.backward()
        return value.data, np.array([v.grad for v in registry.values])

    return step


# --- looking at a network ----------------------------------------------------------------------------------------


def predict(model: Module, X: Array) -> Array:
    """Return the outputs for every sample, (N, C): by the matrix path for an MLP, else by the scalar engine."""
    X = np.asarray(X, dtype=float)
    if isinstance(model, MLP):
        kinds = [model.activation] * (len(model.layers) - 1) + [model.output]
        return matrix.forward(model.arrays(), X, kinds)[1][-1]
    return np.array([[float(v) for v in model(list(x))] for x in X.tolist()])


def accuracy(model: Module, X: Array, T: Array, loss: str = "cross_entropy") -> float:
    """Return the part of samples classified rightly: the highest score, or for one output its side of the border.

    >>> network = MLP(1, [1])
    >>> network.load_state_dict({"layers.0.W": np.ones((1, 1)), "layers.0.b": np.zeros(1)})
    >>> accuracy(network, np.array([[2.0], [-1.0]]), np.array([1.0, 1.0]), "hinge")
    0.5
    """
    scores, T = predict(model, X), np.asarray(T)
    if loss == "cross_entropy" or (T.ndim == 2 and T.shape[1] > 1 and ((T > 0).sum(axis=1) == 1).all()):
        right = scores.argmax(axis=1) == (T if T.ndim == 1 else T.argmax(axis=1))
        return float(right.mean())
    wanted = T.reshape(scores.shape) > (0.0 if loss == "hinge" else 0.5)
    threshold = 0.5 if loss in ("mse", "half_mse") else 0.0
    return float(((scores > threshold) == wanted).mean())


def evaluate(model: Module, X: Array, T: Array, loss: str) -> float:
    """Return the mean loss by the matrix path's losses."""
    scores = predict(model, X)
    t = matrix.targets(np.asarray(T), scores.shape[1], loss)
    return float(matrix.LOSSES[loss].values(scores, t).mean())


# --- checkpoints ---------------------------------------------------------------------------------------------------


def save_checkpoint(
    path: str | Path, theta: Array, best: Array, optimizer: Optimizer, epoch: int, history: History
) -> None:
    """Write all that resuming needs; a checkpoint that is there is replaced only by a whole one."""
    tensors = {"parameters": theta, "best": best, **{f"optimizer.{k}": v for k, v in optimizer.state.items()}}
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
    try:
        with safe_open(str(path), framework="numpy") as file:
            notes = file.metadata() or {}
            tensors = {key: file.get_tensor(key).copy() for key in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: is no readable checkpoint ({error}).") from None
    kind = type(optimizer).__name__
    if notes.get("optimizer") != kind:
        raise CheckpointError(
            f"{path}: was made with {notes.get('optimizer')}, not {kind}; resume with the same optimiser."
        )
    theta = tensors.pop("parameters", np.empty(0))
    best = tensors.pop("best", theta)
    if theta.shape != (size,):
        raise CheckpointError(f"{path}: holds {theta.size} parameters; the network has {size}.")
    optimizer.state = {k.removeprefix("optimizer."): v for k, v in tensors.items()}
    optimizer.steps = int(notes["steps"])
    return theta, best, int(notes["epoch"]), History(json.loads(notes["history"]))


# --- fit ----------------------------------------------------------------------------------------------------------


def fit(
    model: Module,
    X: Array,
    T: Array,
    *,
    loss: str = "cross_entropy",
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Optimizer | None = None,
    strength: float = 0.0,
    validation: float | tuple[Array, Array] = 0.0,
    metrics: Sequence[str] = ("accuracy",),
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    lifted: bool = True,
    backend: str = "numpy",
    devices: Any = None,
    verify: bool | str = True,
    progress: bool | None = None,
    report: Callable[[str], None] | None = None,
) -> History:
    """Train a model on samples and leave the result in its Values.

    Parameters
    ----------
    model
        A `Module` that is called with one sample.
    X, T
        Samples as rows, and targets.
    loss
        A name from `nn.losses`.
    epochs, batch_size, optimizer
        Passes over the data, samples a step (the last may have fewer), and the optimiser (default `Adam(lr=1e-2)`).
    strength
        Of 0.5 * strength * sum(W * W), over weights and not biases.
    validation
        A fraction of the samples to hold out, or a pair ``(X, T)``.
    metrics
        "accuracy", or nothing.
    patience
        Stop when the validation loss has not fallen for so many epochs, and take back the best parameters.
    checkpoint
        Where to keep a checkpoint after every epoch.
    resume
        Whether to go on from the checkpoint if it exists, to the same bits.
    seed
        Of the shuffling, which for each epoch is the same however often training was interrupted.
    lifted
        Whether the matrix program trains, or the scalar engine.
    backend
        "numpy", or "jax" (extra ``jax``): the matrix program on JAX's devices, each batch spread over them.
    devices
        How many of them (of each process) or a list; by default all.
    verify
        How the matrix program is compared with its scalars before it trains, as in `engine.lift`.
    progress
        A progress bar: by default on a terminal, with plain lines elsewhere; False for silence.
    report
        Where plain lines go; by default they are printed.

    Returns
    -------
    History
        One dict an epoch.

    Raises
    ------
    TrainingError
        If the loss becomes NaN or infinite.
    DeviceError
        If there are no such devices, or one of several processes has gone.
    KeyboardInterrupt
        As it came; the model holds the latest parameters, and the checkpoint the last whole epoch.

    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} is the samples of a step; use 1 or more.")
    check_targets(T, loss)
    X, T, held = _held_out(np.asarray(X, dtype=float), np.asarray(T), validation, seed)
    optimizer = optimizer or Adam(lr=1e-2)
    registry = Registry(model.parameters())
    step = _step(model, loss, strength, registry, (X[:1], T[:1]), lifted, backend, devices, verify)
    first = backend == "numpy" or leads()
    kept_at = checkpoint if first else None  # the first of several processes writes for all
    theta, start, history = registry.read(), 0, History()
    best = _Best(patience, theta)
    if resume and checkpoint is not None and Path(checkpoint).exists():
        theta, kept, start, history = load_checkpoint(checkpoint, registry.size, optimizer)
        if best.replay(history, kept):
            theta, start = best.theta, epochs
    elif kept_at is not None:
        save_checkpoint(kept_at, theta, best.theta, optimizer, 0, history)
    show = _Progress(epochs, progress if first else False, report)
    try:
        for epoch in range(start, epochs):
            order = np.random.default_rng([seed, epoch]).permutation(len(X))
            record = {"epoch": epoch + 1, "loss": _epoch(step, theta, X, T, order, batch_size, optimizer, epoch)}
            registry.write(theta)
            record |= _measured(model, X, T, loss, metrics, held)
            history.append(record)
            show(record)
            stop = best.see(record, theta)
            if kept_at is not None:
                save_checkpoint(kept_at, theta, best.theta, optimizer, epoch + 1, history)
            if stop:
                theta = best.theta
                break
    finally:
        registry.write(theta)
        show.close()
    return history


def _step(
    model: Module,
    loss: str,
    strength: float,
    registry: Registry,
    example: tuple[Array, Array],
    lifted: bool,
    backend: str,
    devices: Any,
    verify: bool | str,
) -> Step:
    if backend not in ("numpy", "jax") or (backend == "jax" and not lifted):
        wrong = f"backend={backend!r} is not known" if lifted else "the scalar engine has no backend='jax'"
        raise ValueError(f"{wrong}; use 'numpy', or 'jax' with lifted=True.")
    if backend == "jax":
        return spread_step(model, loss, strength, registry, example, devices, verify)
    if lifted:
        return lifted_step(model, loss, strength, registry, verify)
    return eager_step(model, loss, strength, registry)


def _epoch(
    step: Step, theta: Array, X: Array, T: Array, order: Array, batch_size: int, optimizer: Optimizer, epoch: int
) -> float:
    """Run one epoch and return its mean loss."""
    total = 0.0
    for begin in range(0, len(order), batch_size):
        rows = order[begin : begin + batch_size]
        value, gradient = step(theta, X[rows], T[rows])
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {optimizer.steps} (epoch {epoch + 1}), learning rate "
                f"{optimizer.learning_rate():g}; lower the learning rate, or look for a log or a division of zero."
            )
        optimizer.update(theta, gradient)
        total += value * len(rows)
    return total / len(order)


def _held_out(
    X: Array, T: Array, validation: float | tuple[Array, Array], seed: int
) -> tuple[Array, Array, tuple[Array, Array] | None]:
    if len(X) != len(T) or not len(X):
        raise ValueError(f"fit needs as many targets as samples, and at least one; got {len(X)} and {len(T)}.")
    if isinstance(validation, tuple):
        return X, T, (np.asarray(validation[0], dtype=float), np.asarray(validation[1]))
    if not 0.0 <= validation < 1.0:
        raise ValueError(f"validation={validation} is a fraction of the samples; use 0 to less than 1.")
    n = round(validation * len(X))
    if not n:
        return X, T, None
    order = np.random.default_rng([seed, 2**31]).permutation(len(X))
    return X[order[n:]], T[order[n:]], (X[order[:n]], T[order[:n]])


def _measured(
    model: Module, X: Array, T: Array, loss: str, metrics: Sequence[str], held: tuple[Array, Array] | None
) -> dict[str, float]:
    found: dict[str, float] = {}
    for metric in metrics:
        if metric != "accuracy":
            raise ValueError(f"metric {metric!r} is not known; use 'accuracy'.")
        found["accuracy"] = accuracy(model, X, T, loss)
        if held is not None:
            found["val_accuracy"] = accuracy(model, *held, loss)
    if held is not None:
        found["val_loss"] = evaluate(model, *held, loss)
    return found


class _Best:
    """The lowest loss seen, its parameters, and how long ago that was."""

    def __init__(self, patience: int | None, theta: Array) -> None:
        self.patience, self.lowest, self.waited = patience, math.inf, 0
        self.theta = theta.copy()

    def replay(self, history: History, theta: Array) -> bool:
        """Note the epochs of a checkpoint, whose best parameters are `theta`; return whether patience had run out."""
        return any([self.see(record, theta) for record in history][-1:])

    def see(self, record: dict[str, float], theta: Array) -> bool:
        """Note an epoch; return whether patience has run out."""
        loss = record.get("val_loss", record["loss"])
        if loss < self.lowest:
            self.lowest, self.waited, self.theta = loss, 0, theta.copy()
        else:
            self.waited += 1
        return self.patience is not None and self.waited >= self.patience


class _Progress:
    """A bar on a terminal, a line an epoch (at most twenty) elsewhere."""

    def __init__(self, epochs: int, wanted: bool | None, report: Callable[[str], None] | None) -> None:
        terminal = sys.stderr.isatty() and report is None
        self.every = max(1, epochs // 20)
        self.epochs = epochs
        self.bar = tqdm(total=epochs, unit="epoch") if wanted is not False and terminal else None
        self.report = report or print if wanted is not False else None

    def __call__(self, record: dict[str, float]) -> None:
        numbers = ", ".join(f"{k} {v:.4g}" for k, v in record.items() if k != "epoch")
        if self.bar is not None:
            self.bar.n = int(record["epoch"])
            self.bar.set_postfix_str(numbers)
        elif self.report is not None and (record["epoch"] % self.every == 0 or record["epoch"] == self.epochs):
            self.report(f"epoch {int(record['epoch'])}/{self.epochs}: {numbers}")

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()
