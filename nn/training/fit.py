"""Training: mini-batches, progress, metrics, early stopping, checkpoints that resume to the same bits.

What moves is one vector (`nn.training.vector`): on the host by a step per batch (`nn.training.stepped`), on JAX's
devices by a compiled scan per epoch (`nn.training.scanned`). Values are written when somebody can look.

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
from typing import Any

from engine.arguments import described, number, truth, whole
from engine.collector import collector_paused
from nn.module import Module
from nn.optim import Adam, Optimizer
from nn.training.checkpoint import scaling_of
from nn.training.devices import leads
from nn.training.epochs import Epochs
from nn.training.forward import outputs_at
from nn.training.keeper import Keeper
from nn.training.mesh import Mesh
from nn.training.outputs import check_columns, check_model, columns_of
from nn.training.progress import History, Progress
from nn.training.scanned import ScannedEpochs
from nn.training.stepped import SteppedEpochs
from nn.training.steps import check_backend, eager_step, lifted_step
from nn.training.task import Task
from nn.training.vector import ParameterVector


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
    dtype: str = "float64",
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
        Passes over the data, samples per step (the last may have fewer), and the optimiser (default `Adam(lr=1e-2)`).
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
    dtype
        What they compute with: "float64", or "float32", which is said.
    verify
        How the matrix program is compared with its scalars before it trains, as in `engine.lift`.
    progress
        A progress bar: by default on a terminal, with plain lines elsewhere; False for silence.
    report
        Where plain lines go; by default they are printed.

    Returns
    -------
    History
        One dict per epoch; ``history.said`` holds what was decided.

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
    choices = {"restore_best": restore_best, "resume": resume, "lifted": lifted}
    _check_choices(optimizer, checkpoint, report, **choices, standardise=standardise, progress=progress)
    check_backend(lifted, backend, devices, dtype)
    columns = _columns(model, X, validation)
    source = checkpoint if resume and checkpoint is not None and Path(checkpoint).exists() else None
    scaling = scaling_of(source, model) if source is not None else None
    how: dict[str, Any] = {"validation": validation, "metrics": metrics, "standardise": standardise}
    task = Task.read(model, X, T, loss, scaling=scaling, seed=seed, **how)
    with collector_paused():
        vector = ParameterVector(model)
    of_task = task, optimizer or Adam(lr=1e-2), vector, batch_size, seed, patience
    training = _training(of_task, strength, lifted, verify, None if backend == "numpy" else Mesh.of(devices, dtype))
    leading = backend == "numpy" or leads()
    keeper = Keeper(training, strength, source, checkpoint if leading else None)
    show = Progress(epochs, progress if leading else False, _shown_values(training, report))
    with keeper.alone():
        left = _begin(training, keeper, epochs)
        model.scaling = task.scaling if model.standardises else None
        model.trained_on = columns
        _run(training, keeper, left, restore_best, show)
    return training.history


def _training(of_task: Any, strength: float, lifted: bool, verify: bool | str, mesh: Mesh | None) -> Epochs:
    """Return the training of a task: by the scalar engine, or by the matrix program, in NumPy or on JAX's devices."""
    task, _, vector = of_task[:3]
    strength /= task.scaling.unit_of_loss
    if mesh is not None:
        return ScannedEpochs(*of_task, mesh=mesh, strength=strength, verify=verify)
    what = task.model, task.targets.loss, strength
    step = lifted_step(*what, verify, vector.layout) if lifted else eager_step(*what)
    return SteppedEpochs(*of_task, step=step, outputs=outputs_at(task.model, vector, lifted, verify))


def _begin(training: Epochs, keeper: Keeper, epochs: int) -> range:
    """Take up a checkpoint, or write the first; return the epochs that are left, and note what is said of them."""
    start, is_over = keeper.begin()
    optimizer, resumed = training.optimizer, keeper.source is not None
    sentences = training.sentences() + (_nothing_left(start, epochs) if resumed else ())
    left = range(epochs if is_over else start, epochs)
    optimizer.claim(training.parameters.values)
    if not resumed:
        optimizer.check_unspent()
    if training.best.patience is None:  # else nobody knows how many steps there will be
        sentences += _of_schedule(optimizer, left, -(-len(training.task.X) // training.batch_size))
    training.task = replace(training.task, said=training.task.said + sentences)
    if not resumed:
        keeper.keep(0)
    return left


def _run(training: Epochs, keeper: Keeper, epochs: range, restore_best: bool, show: Progress) -> None:
    """Run the epochs that are left, and leave the last parameters, or the best, in their Values."""

    def say(sentence: str) -> None:
        training.history.said.append(sentence)
        show.say(sentence)

    for sentence in training.task.said:
        say(sentence)
    try:
        for epoch in epochs:
            record = training.run(epoch)
            show(record)
            is_over = training.see(record)
            keeper.keep(epoch + 1)
            if is_over:
                break
        if sentence := training.end(restore_best):
            say(sentence)
    finally:
        training.write()
        show.close()


def _shown_values(training: Epochs, report: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """Return a report before which the Values are written, since whoever is told may look at them."""
    if report is None:
        return None

    def told(line: str) -> None:
        training.write()
        report(line)

    return told


def _columns(model: Module, X: Any, validation: Any) -> tuple[str, ...] | None:
    """Return the columns that a model is trained on from now on; refuse frames that have others."""
    check_columns(model.trained_on, X)
    columns = model.trained_on or columns_of(X)
    if isinstance(validation, (tuple, list)) and validation:
        check_columns(columns, validation[0], "validation X")
    return columns


def _nothing_left(start: int, epochs: int) -> tuple[str, ...]:
    """Return what is to be said where a checkpoint has come as far as is asked for, or further."""
    if start < epochs:
        return ()
    return (f"the checkpoint has made {start:,} epochs, so nothing is left to do for epochs={epochs}",)


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
        truth(choice, name, none=name in ("standardise", "progress"))
    if choices["resume"] and checkpoint is None:
        raise ValueError("resume=True goes on from a checkpoint: pass checkpoint=, the file that holds it.")
