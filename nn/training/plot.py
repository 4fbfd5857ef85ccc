"""Loss curves and decision boundaries, with matplotlib (extra ``plot``)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import MissingExtraError
from engine.arguments import path as checked_path
from nn.files import write_atomically
from nn.module import Module
from nn.training.outputs import predict


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("Plots need matplotlib: pip install 'liftgrad[plot]'.") from None
    return Figure(figsize=(6.0, 4.0), layout="constrained")


def loss_curve(history: Sequence[dict[str, float]], path: str | Path | None = None) -> Any:
    """Return a figure of the losses over epochs, and of accuracies if there are any."""
    _check(path)
    figure = _figure()
    axes = figure.add_subplot()
    epochs = [record["epoch"] for record in history]
    for key in ("loss", "val_loss"):
        if history and key in history[0]:
            axes.plot(epochs, [record[key] for record in history], label=key.replace("_", " "))
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    shown = [key for key in ("accuracy", "val_accuracy") if history and key in history[0]]
    if shown:
        other = axes.twinx()
        other.set_ylabel("accuracy")
        for key in shown:
            other.plot(epochs, [record[key] for record in history], linestyle="--", label=key.replace("_", " "))
    figure.legend(loc="outside upper center", ncols=4)
    return _written(figure, path)


def decision_boundary(model: Module, X: Any, T: Any, path: str | Path | None = None, cells: int = 200) -> Any:
    """Return a figure of a two-input model's decision and the samples.

    Raises
    ------
    ValueError
        If the samples do not have two features.
    """
    X, T = np.asarray(X, dtype=float), np.asarray(T)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"a decision boundary needs samples of two features; got X {X.shape}.")
    low, high = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
    xs, ys = np.linspace(low[0], high[0], cells), np.linspace(low[1], high[1], cells)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    scores = predict(model, grid)
    decided = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
    figure = _figure()
    axes = figure.add_subplot()
    axes.contourf(xs, ys, decided.reshape(cells, cells), alpha=0.25, cmap="cividis")
    axes.scatter(X[:, 0], X[:, 1], c=T, cmap="cividis", edgecolors="black", s=25)
    return _written(figure, path)


def check_plot(path: str | Path) -> None:
    """Refuse, before there is anything to draw, a file that no curve can be written to.

    Raises
    ------
    ValueError
        If its ending is none that matplotlib writes.
    MissingExtraError
        If matplotlib is not installed.
    """
    checked_path(path, "path", "curve.png")
    known = _figure().canvas.get_supported_filetypes()
    if Path(path).suffix[1:].lower() not in known:
        raise ValueError(f"{path}: a plot ends in one of {', '.join(f'.{ending}' for ending in sorted(known))}.")


def _check(path: Any) -> None:
    if path is not None:
        check_plot(path)


def _written(figure: Any, path: str | Path | None) -> Any:
    """Write a figure to a file, whole or not at all."""
    if path is not None:
        drawn = io.BytesIO()
        figure.savefig(drawn, format=Path(path).suffix[1:].lower() or "png")
        write_atomically(path, drawn.getvalue())
    return figure
