"""Training: mini-batches, progress, metrics, early stopping, checkpoints that resume to the same bits.

A training step is ``step(theta, X, T) -> (loss, gradient)`` on flat vectors (`nn.training.steps`,
`nn.training.devices`), and nothing here knows which.

>>> from nn import MLP, SGD, moons
>>> X, T = moons(40, seed=1)
>>> network = MLP(2, [8, 1], activation="tanh", seed=1)
>>> history = fit(network, X, T, loss="hinge", epochs=30, batch_size=10, optimizer=SGD(lr=0.2), progress=False)
>>> history[0]["loss"] > history[-1]["loss"], len(history)
(True, 30)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

from engine.arguments import described, number, truth, whole
from engine.lifting.run.parameters import Registry
from nn.module import Module
from nn.optim import Adam, Optimizer
from nn.training.checkpoint import CheckpointError as CheckpointError
from nn.training.checkpoint import check_own, fingerprint, load_checkpoint, save_checkpoint, scaling_of
from nn.training.devices import leads, spread_step
from nn.training.epochs import Best, Epochs
from nn.training.epochs import TrainingError as TrainingError
from nn.training.locks import only_writer
from nn.training.metrics import accuracy as accuracy
from nn.training.metrics import evaluate as evaluate
from nn.training.outputs import check_columns, check_model, columns_of
from nn.training.outputs import predict as predict
from nn.training.progress import History as History
from nn.training.progress import Progress
from nn.training.steps import Step, eager_step, lifted_step
from nn.training.task import Task

Array: TypeAlias = npt.NDArray[Any]


def fit(
    model: Module,
    X: Any,
    T: Any,
    *,
    loss: str = "cross_entropy",
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Optimizer | None = None,
    strength: float = 0.0,
    validation: float | tuple[Any, Any] = 0.0,
    metrics: Sequence[str] | None = None,
    patience: int | None = None,
    restore_best: bool = True,
    standardise: bool | None = None,
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
        Samples as rows (N, D), and targets: arrays, lists, or frames and series of pandas. What targets a loss means,
        and how they are measured, is `nn.training.targets`.
    loss
        A name from `nn.losses`.
    epochs, batch_size, optimizer
        Passes over the data, samples a step (the last may have fewer), and the optimiser (default `Adam(lr=1e-2)`).
    strength
        Of 0.5 * strength * sum(W * W), over weights and not biases.
    validation
        A fraction of the samples to hold out, or a pair ``(X, T)``.
    metrics
        Names from `nn.training.metrics`; by default what suits the loss ("r2" for squared errors, else an accuracy).
    patience
        Stop when the validation loss (without validation the loss) has not fallen for so many epochs.
    restore_best
        Whether the parameters of the epoch with the lowest validation loss come back at the end.
    standardise
        Whether an `MLP` standardises its inputs, and for squared errors its targets: by default where they are not of
        a moderate scale. It keeps the scaling (``model.scaling``), in its saved file as well, takes samples as they
        are, and gives results in the targets' units.
    checkpoint
        Where to keep a checkpoint after every epoch. Another one is replaced; a file that is none is refused.
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
        One dict an epoch; ``history.said`` holds what was decided.

    Raises
    ------
    TypeError, ValueError
        Before the first step, if an argument is none of what it may be, or the network cannot learn from such data.
    TrainingError
        If the loss becomes NaN or infinite.
    DeviceError
        If there are no such devices, or one of several processes has gone.
    KeyboardInterrupt
        As it came; the model holds the latest parameters, and the checkpoint the last whole epoch.

    """
    check_model(model, "fit(model, X, T)")
    _check_numbers(epochs, batch_size, strength, patience, seed)
    _check_choices(optimizer, checkpoint, report, restore_best=restore_best, resume=resume, lifted=lifted)
    for name, choice in (("standardise", standardise), ("progress", progress)):
        truth(choice, name, none=True)
    check_columns(model.trained_on, X)
    columns = model.trained_on or columns_of(X)
    if isinstance(validation, (tuple, list)) and validation:
        check_columns(columns, validation[0], "validation X")
    resumed = checkpoint if resume and checkpoint is not None and Path(checkpoint).exists() else None
    scaling = scaling_of(resumed, model) if resumed is not None else None
    how: dict[str, Any] = {"validation": validation, "metrics": metrics}
    task = Task.read(model, X, T, loss, **how, standardise=standardise, scaling=scaling, seed=seed)
    optimizer = optimizer or Adam(lr=1e-2)
    registry = Registry(model.parameters())
    example, unit = (task.X[:1], task.targets.values[:1]), task.scaling.unit_of_loss
    step = _step(task.model, loss, strength / unit, registry, example, lifted, backend, devices, verify)
    first = backend == "numpy" or leads()  # the first of several processes writes for all
    if first and checkpoint is not None:
        check_own(checkpoint)
    run = fingerprint(task, strength, batch_size, seed)
    training = Epochs(task, step, optimizer, registry, batch_size, seed)
    with only_writer(checkpoint if first else None):
        best, start = Best(patience, training.theta), 0
        if resumed is not None:
            training.theta, kept, start, training.history = load_checkpoint(resumed, registry.size, optimizer, run)
            optimizer.owner = None  # its state is the checkpoint's now
            task = replace(task, said=task.said + _nothing_left(start, epochs))
            if best.replay(training.history, kept):
                start = epochs
        optimizer.claim(registry.values)
        if resumed is None:
            optimizer.check_unspent()
        if patience is None:  # else nobody knows how many steps there will be
            steps = -(-len(task.X) // batch_size)
            task = replace(task, said=task.said + _of_schedule(optimizer, range(start, epochs), steps))
        training.task = task
        model.scaling = task.scaling if model.standardises else None
        model.trained_on = columns

        def keep(epoch: int) -> None:
            if checkpoint is not None and first:
                theta, history = training.theta, training.history
                save_checkpoint(checkpoint, theta, best.theta, optimizer, epoch, history, task.scaling, run)

        if resumed is None:
            keep(0)
        _go_on(
            training,
            best,
            range(start, epochs),
            restore_best,
            Progress(epochs, progress if first else False, report),
            keep,
        )
    return training.history


def _go_on(
    training: Epochs, best: Best, epochs: range, restore_best: bool, show: Progress, keep: Callable[[int], None]
) -> None:
    """Run the epochs that are left, and leave the last parameters, or the best, in their Values."""
    task, history = training.task, training.history
    for sentence in task.said:
        history.said.append(sentence)
        show.say(sentence)
    try:
        for epoch in epochs:
            record = training.run(epoch)
            show(record)
            stop = best.see(record, training.theta)
            keep(epoch + 1)
            if stop:
                break
        if restore_best and (task.held is not None or best.patience is not None):
            training.theta = best.theta
            if best.epoch < len(history):
                what = "loss" if task.held is None else "val_loss"
                history.said.append(
                    f"the weights of epoch {best.epoch} come back: {what} {best.lowest:.4g}, the lowest"
                )
                show.say(history.said[-1])
    finally:
        training.registry.write(training.theta)
        show.close()


def _nothing_left(made: int, epochs: int) -> tuple[str, ...]:
    """Return what is to be said where a checkpoint has come as far as is asked for, or further."""
    if made < epochs:
        return ()
    return (f"the checkpoint has made {made:,} epochs, so nothing is left to do for epochs={epochs}",)


def _of_schedule(optimizer: Optimizer, epochs: range, steps: int) -> tuple[str, ...]:
    """Return what is to be said of a schedule that ends before the training does."""
    end = optimizer.stops_after(len(epochs) * steps)
    if end is None:
        return ()
    which = f"step {optimizer.steps + end:,} on, in epoch {epochs[end // steps] + 1:,} of {epochs.stop:,}"
    return (f"the schedule is shorter than the training: its learning rate is 0 from {which}, and nothing moves then",)


def _check_numbers(epochs: Any, batch_size: Any, strength: Any, patience: Any, seed: Any) -> None:
    whole(epochs, "epochs", "the passes over the data", least=0)
    whole(batch_size, "batch_size", "the samples of a step", least=1)
    whole(seed, "seed", "the seed of the shuffling", least=0)
    number(strength, "strength", least=0.0)
    if patience is not None:
        whole(patience, "patience", "the epochs without progress before stopping", least=1)


def _check_choices(optimizer: Any, checkpoint: Any, report: Any, **choices: Any) -> None:
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer={described(optimizer)} is no optimiser; pass one, such as nn.Adam(lr=0.01).")
    if checkpoint is not None and not isinstance(checkpoint, (str, Path)):
        raise TypeError(f"checkpoint={described(checkpoint)}: pass the path of a file.")
    if checkpoint is not None and not Path(checkpoint).parent.is_dir():
        raise FileNotFoundError(f"checkpoint={str(checkpoint)!r}: there is no folder {Path(checkpoint).parent}.")
    if report is not None and not callable(report):
        raise TypeError(f"report={described(report)}: pass a function of one line, such as print.")
    for name, choice in choices.items():
        truth(choice, name)
    if choices["resume"] and checkpoint is None:
        raise ValueError("resume=True goes on from a checkpoint: pass checkpoint=, the file that holds it.")


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
    if not isinstance(backend, str):
        raise TypeError(f"backend={described(backend)} is not known; use 'numpy', or 'jax' with lifted=True.")
    if devices is not None and backend != "jax":
        raise ValueError(f"devices={described(devices)} is for backend='jax'; pass that as well, or leave it out.")
    if backend not in ("numpy", "jax") or (backend == "jax" and not lifted):
        wrong = f"backend={backend!r} is not known" if lifted else "the scalar engine has no backend='jax'"
        raise ValueError(f"{wrong}; use 'numpy', or 'jax' with lifted=True.")
    if backend == "jax":
        return spread_step(model, loss, strength, registry, example, devices, verify)
    if not lifted:
        return eager_step(model, loss, strength, registry)
    return lifted_step(model, loss, strength, registry, verify)
