"""The commands of the command line; each takes its options and returns the exit status."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engine
import nn
import viz
import viz.__main__
from nn.command_line import interrupts, problems
from nn.files import OutputError, check_outputs, check_unwritten, write_atomically
from nn.optim import OPTIMIZERS
from nn.training import saved
from nn.training.checkpoint import check_unused, is_checkpoint
from nn.training.devices import join
from nn.training.predictions import agreement, as_csv, predicted, read_rows

ENOUGH = 0.96  # of the digits the demo has not seen


def demo(options: argparse.Namespace) -> int:
    """Train 64-32-10 on real digits, written as neurons of Values; compare its gradients; say how well it reads."""
    began = time.perf_counter()
    picture = Path(options.picture)
    _check_picture(picture)
    data = problems.dataset("digits")
    X_train, T_train, X_test, T_test = nn.split(data.X, data.T, test=0.2, seed=0)
    model = nn.MLP(64, [32, 10], seed=0)
    path = "lifted to matrices" if not options.eager else "one scalar at a time"
    print(f"{len(data.X):,} handwritten digits of 8 x 8 pixels; {model}: {len(model.parameters()):,} Values, {path}")
    epochs = options.epochs or (8 if options.eager else 40)
    rate = nn.Adam(lr=5e-3 if not options.eager else 1e-2)
    nn.fit(model, X_train, T_train, epochs=epochs, batch_size=32, optimizer=rate, lifted=not options.eager)
    reached = nn.accuracy(model, X_test, T_test)
    print(f"test accuracy: {100 * reached:.1f}% of {len(T_test)} digits it has not seen")
    report = nn.compare_gradients(model, X_train[:32], T_train[:32])
    print("\ngradients of a batch of 32, scalar and lifted against the equations by hand:")
    print(report)
    graph = nn.mean_loss(model, X_train[:32], T_train[:32])
    graph.backward()
    try:
        drawn = str(viz.save(graph, picture))
    except viz.RenderError as error:
        drawn = f"not drawn. {error}"
    print(f"\nthe graph of that batch's loss, {engine.graph.count(graph):,} scalar nodes: {drawn}")
    print(f"{time.perf_counter() - began:.1f} s")
    return 0 if report.ok and reached >= ENOUGH else 1


def _check_picture(picture: Path) -> None:
    """Refuse a picture that cannot be written; make the demo's own folder, which git ignores wherever it is."""
    if picture.suffix.lower() not in viz.render.ENDINGS:
        raise ValueError(f"--picture {picture}: pictures end in {', '.join(viz.render.ENDINGS)}.")
    if picture.parent == Path("liftgrad-demo") and not picture.parent.exists():
        try:
            picture.parent.mkdir()
            write_atomically(picture.parent / ".gitignore", b"*\n")
        except OSError as error:
            raise OutputError(f"{picture}: cannot be written ({error}); say where with --picture.") from None
    check_outputs([picture])


def train_network(options: argparse.Namespace) -> int:
    """Train a network on a data set; say what was read, and how well it does."""
    if options.coordinator:
        join(options.coordinator, options.processes, options.process)
    optimizer = OPTIMIZERS[options.optimizer](lr=options.lr)
    first = not options.process  # the first of several processes writes for all
    if first:
        _check_outputs(options)
    problem = _problem(options)
    strength = problems.usual_strength(problem) if options.l2 is None else options.l2
    if first:
        check_outputs([options.checkpoint, options.save, options.plot], problem.data.files)
        print("\n".join(_before_training(options, problem, strength)))
        if options.force and options.checkpoint and not is_checkpoint(options.checkpoint):
            Path(options.checkpoint).unlink(missing_ok=True)
    trained = saved.Saved(problem.model, problem.loss, problem.data.schema)
    metrics = ("accuracy",) if problem.data.schema.classes else None
    fit = _fit_options(options) | {"strength": strength, "loss": problem.loss, "metrics": metrics}
    history = _kept_at_least(
        lambda: nn.fit(problem.model, problem.data.X, problem.T, optimizer=optimizer, **fit), options, trained
    )
    if not first:
        return 0
    if history:
        print(", ".join(f"{k} {v:.4g}" for k, v in _kept(history, options).items()))
    if options.save:
        trained.save(options.save)
        print(f"saved: {options.save} (liftgrad predict {options.save} rows.csv)")
    if options.plot:
        history.plot(options.plot)
    return 0


def _before_training(options: argparse.Namespace, problem: problems.TrainingProblem, strength: float) -> list[str]:
    """Return what was read, and what is trained on it."""
    size = f"{len(problem.model.parameters()):,} parameters"
    penalty = f" with l2 {strength:.3g}" if strength else ""
    lines = [*problem.data.notes, f"{problem.model}, {size}; loss {problem.loss}{penalty}; {len(problem.T):,} samples"]
    if options.resume and not Path(options.checkpoint).exists():
        lines.append(f"{options.checkpoint}: is not there yet, so there is nothing to go on from: training starts anew")
    return lines


def _kept(history: nn.History, options: argparse.Namespace) -> dict[str, float]:
    """Return the epoch whose weights the network has."""
    if not (options.validation or options.patience):
        return history[-1]
    return min(history, key=lambda record: record.get("val_loss", record["loss"]))


def _problem(options: argparse.Namespace) -> problems.TrainingProblem:
    reading = {name: getattr(options, name) for name in ("target", "header", "missing", "decimal")}
    data = problems.dataset(options.data, options.loss, drop=tuple(options.drop), **reading)
    return problems.problem(
        data, options.loss or problems.SUITS.get(options.data), options.hidden, options.activation, options.seed
    )


def _fit_options(options: argparse.Namespace) -> dict[str, Any]:
    same = {
        name: getattr(options, name) for name in ("epochs", "validation", "patience", "checkpoint", "resume", "seed")
    }
    named = {"batch_size": options.batch, "lifted": not options.eager}
    return same | named | {"backend": options.backend, "devices": options.devices}


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse what could not be written at the end, or would replace what nobody asked to replace."""
    check_outputs([options.checkpoint, options.save, options.plot], [options.data])
    check_unused(options.checkpoint, resume=options.resume, force=options.force)
    saved.check_replaceable(options.save, force=options.force, resume=options.resume)
    if options.plot:
        from nn.training.plot import check_plot

        check_plot(options.plot)


def _kept_at_least(fit: Callable[[], nn.History], options: argparse.Namespace, trained: saved.Saved) -> nn.History:
    """Train; where that is interrupted, save what was learnt, and say where it is."""
    before = [value.data for value in trained.model.parameters()]
    try:
        return fit()
    except KeyboardInterrupt:
        with interrupts.ignored():
            sentences = []
            if options.checkpoint and Path(options.checkpoint).exists():
                sentences.append(f"--resume goes on from {options.checkpoint}, which holds the last whole epoch")
            if options.save and before != [value.data for value in trained.model.parameters()]:
                trained.save(options.save)
                sentences.append(f"what was learnt so far is in {options.save}")
            raise interrupts.Interrupted("; ".join(sentences)) from None


def predict_rows(options: argparse.Namespace) -> int:
    """Write what a trained network makes of the rows of a file: classes with their probabilities, or numbers."""
    trained = saved.load(options.model)
    check_outputs([options.output], [options.model, *([options.rows] if Path(options.rows).is_file() else [])])
    check_unwritten(options.output, force=options.force)
    rows = read_rows(options.rows, trained.schema, options.header, options.decimal)
    print("\n".join(rows.notes), file=sys.stderr)
    header, table = predicted(trained, rows.X)
    text = as_csv(header, table)
    if options.output:
        write_atomically(options.output, text.encode("utf-8"))
    else:
        print(text, end="")
    if rows.targets is not None:
        print(agreement(trained, table, rows.targets), file=sys.stderr)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print scalar, lifted and hand-derived gradients side by side; status 1 if any differ."""
    problem = _problem(options)
    if options.load:
        problem.model.load(options.load)
    rows = slice(0, options.batch)
    X, T, l2 = problem.data.X[rows], problem.T[rows], options.l2 or 0.0
    report = nn.compare_gradients(problem.model, X, T, problem.loss, strength=l2)
    print(report)
    return 0 if report.ok else 1


def draw(options: argparse.Namespace) -> int:
    """Evaluate an expression, print its value and gradients, and draw its graph."""
    return viz.__main__.main(options.rest, prog="liftgrad draw")
