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


def demo(given: argparse.Namespace) -> int:
    """Train 64-32-10 on real digits, written as neurons of Values; compare its gradients; say how well it reads."""
    began = time.perf_counter()
    picture = Path(given.picture)
    _check_picture(picture)
    data = problems.dataset("digits")
    X_train, T_train, X_test, T_test = nn.split(data.X, data.T, test=0.2, seed=0)
    model = nn.MLP(64, [32, 10], seed=0)
    path = "lifted to matrices" if not given.eager else "one scalar at a time"
    print(f"{len(data.X):,} handwritten digits of 8 x 8 pixels; {model}: {len(model.parameters()):,} Values, {path}")
    epochs = given.epochs or (8 if given.eager else 40)
    rate = nn.Adam(lr=5e-3 if not given.eager else 1e-2)
    nn.fit(model, X_train, T_train, epochs=epochs, batch_size=32, optimizer=rate, lifted=not given.eager)
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


def train_network(given: argparse.Namespace) -> int:
    """Train a network on a data set; say what was read, and how well it does."""
    if given.coordinator:
        join(given.coordinator, given.processes, given.process)
    optimizer = OPTIMIZERS[given.optimizer](lr=given.lr)
    first = not given.process  # the first of several processes writes for all
    if first:
        _check_outputs(given)
    problem = _problem(given)
    strength = problems.usual_strength(problem) if given.l2 is None else given.l2
    if first:
        check_outputs([given.checkpoint, given.save, given.plot], problem.data.files)
        print("\n".join(_before_training(given, problem, strength)))
        if given.force and given.checkpoint and not is_checkpoint(given.checkpoint):
            Path(given.checkpoint).unlink(missing_ok=True)
    trained = saved.Saved(problem.model, problem.loss, problem.data.schema)
    metrics = ("accuracy",) if problem.data.schema.classes else None
    fit = _fit_options(given) | {"strength": strength, "loss": problem.loss, "optimizer": optimizer, "metrics": metrics}
    history = _kept_at_least(lambda: nn.fit(problem.model, problem.data.X, problem.T, **fit), given, trained)
    if not first:
        return 0
    if history:
        print(", ".join(f"{k} {v:.4g}" for k, v in _kept(history, given).items()))
    if given.save:
        trained.save(given.save)
        print(f"saved: {given.save} (liftgrad predict {given.save} rows.csv)")
    if given.plot:
        history.plot(given.plot)
    return 0


def _before_training(given: argparse.Namespace, problem: problems.TrainingProblem, strength: float) -> list[str]:
    """Return what was read, and what is trained on it."""
    size = f"{len(problem.model.parameters()):,} parameters"
    penalty = f" with l2 {strength:.3g}" if strength else ""
    lines = [*problem.data.notes, f"{problem.model}, {size}; loss {problem.loss}{penalty}; {len(problem.T):,} samples"]
    if given.resume and not Path(given.checkpoint).exists():
        lines.append(f"{given.checkpoint}: is not there yet, so there is nothing to go on from: training starts anew")
    return lines


def _kept(history: nn.History, given: argparse.Namespace) -> dict[str, float]:
    """Return the epoch whose weights the network has."""
    if not (given.validation or given.patience):
        return history[-1]
    return min(history, key=lambda record: record.get("val_loss", record["loss"]))


def _problem(given: argparse.Namespace) -> problems.TrainingProblem:
    reading = {name: getattr(given, name) for name in ("target", "header", "missing", "decimal")}
    data = problems.dataset(given.data, given.loss, drop=tuple(given.drop), **reading)
    return problems.problem(
        data, given.loss or problems.SUITS.get(given.data), given.hidden, given.activation, given.seed
    )


def _fit_options(given: argparse.Namespace) -> dict[str, Any]:
    same = {name: getattr(given, name) for name in ("epochs", "validation", "patience", "checkpoint", "resume", "seed")}
    named = {"batch_size": given.batch, "lifted": not given.eager}
    return same | named | {"backend": given.backend, "devices": given.devices}


def _check_outputs(given: argparse.Namespace) -> None:
    """Refuse what could not be written at the end, or would replace what nobody asked to replace."""
    check_outputs([given.checkpoint, given.save, given.plot], [given.data])
    check_unused(given.checkpoint, resume=given.resume, force=given.force)
    saved.check_replaceable(given.save, force=given.force, resume=given.resume)
    if given.plot:
        from nn.training.plot import check_plot

        check_plot(given.plot)


def _kept_at_least(fit: Callable[[], nn.History], given: argparse.Namespace, trained: saved.Saved) -> nn.History:
    """Train; where that is interrupted, save what was learnt, and say where it is."""
    before = [value.data for value in trained.model.parameters()]
    try:
        return fit()
    except KeyboardInterrupt:
        with interrupts.ignored():
            kept = []
            if given.checkpoint and Path(given.checkpoint).exists():
                kept.append(f"--resume goes on from {given.checkpoint}, which holds the last whole epoch")
            if given.save and before != [value.data for value in trained.model.parameters()]:
                trained.save(given.save)
                kept.append(f"what was learnt so far is in {given.save}")
            raise interrupts.Interrupted("; ".join(kept)) from None


def predict_rows(given: argparse.Namespace) -> int:
    """Write what a trained network makes of the rows of a file: classes with their probabilities, or numbers."""
    trained = saved.load(given.model)
    check_outputs([given.output], [given.model, *([given.rows] if Path(given.rows).is_file() else [])])
    check_unwritten(given.output, force=given.force)
    rows = read_rows(given.rows, trained.schema, given.header, given.decimal)
    print("\n".join(rows.notes), file=sys.stderr)
    header, table = predicted(trained, rows.X)
    text = as_csv(header, table)
    if given.output:
        write_atomically(given.output, text.encode("utf-8"))
    else:
        print(text, end="")
    if rows.targets is not None:
        print(agreement(trained, table, rows.targets), file=sys.stderr)
    return 0


def compare(given: argparse.Namespace) -> int:
    """Print scalar, lifted and hand-derived gradients side by side; status 1 if any differ."""
    problem = _problem(given)
    if given.load:
        problem.model.load(given.load)
    rows = slice(0, given.batch)
    X, T, l2 = problem.data.X[rows], problem.T[rows], given.l2 or 0.0
    report = nn.compare_gradients(problem.model, X, T, problem.loss, strength=l2)
    print(report)
    return 0 if report.ok else 1


def draw(given: argparse.Namespace) -> int:
    """Evaluate an expression, print its value and gradients, and draw its graph."""
    return viz.__main__.main(given.rest, prog="liftgrad draw")
