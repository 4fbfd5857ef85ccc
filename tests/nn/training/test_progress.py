"""What a training says while it runs: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import numpy as np

import nn
from nn.training.progress import Progress

QUIET = {"progress": False, "loss": "hinge", "batch_size": 16}


def data(n=60, seed=0):
    return nn.moons(n, noise=0.1, seed=seed)


def network():
    return nn.MLP(2, [8, 1], activation="tanh", seed=1)


def rough():
    X, T = data()
    return X * np.array([1.0, 5000.0]) + 70.0, T


def test_at_most_twenty_lines_and_the_last():
    lines = []
    show = Progress(50, True, lines.append)
    for epoch in range(1, 51):
        show({"epoch": epoch, "loss": 1.0})
    assert (len(lines), lines[-1]) == (25, "epoch 50/50: loss 1")


def test_plain_lines_where_there_is_no_terminal(capsys):
    lines = []
    nn.fit(network(), *data(), epochs=40, loss="hinge", report=lines.append)
    assert len(lines) == 20
    assert lines[-1].startswith("epoch 40/40: loss ")
    nn.fit(network(), *data(), epochs=1, loss="hinge")
    assert "epoch 1/1: loss" in capsys.readouterr().out
    nn.fit(network(), *data(), epochs=1, **QUIET)
    assert capsys.readouterr().out == ""


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    nn.fit(network(), *data(), epochs=2, loss="hinge")
    assert "2/2" in capsys.readouterr().err


def test_a_bar_is_not_torn_by_what_is_said(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    nn.fit(network(), *rough(), epochs=2, loss="hinge")
    assert "inputs standardised" in capsys.readouterr().err
