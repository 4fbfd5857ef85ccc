"""Figures are drawn and written whole, and say which extra they need."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import nn
from engine import MissingExtraError
from nn.training import plot


def test_loss_curves(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    history = nn.fit(nn.MLP(2, [4, 1]), *nn.moons(30), loss="hinge", epochs=3, validation=0.2, progress=False)
    figure = history.plot(tmp_path / "curve.png")
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["loss", "val loss"]
    np.testing.assert_array_equal(lines[0].get_ydata(), [r["loss"] for r in history])
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert [p.name for p in tmp_path.iterdir()] == ["curve.png"]


def test_decision_boundaries(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    X, T = nn.moons(20)
    plot.decision_boundary(nn.MLP(2, [4, 1]), X, T, tmp_path / "moons.svg", cells=10)
    plot.decision_boundary(nn.MLP(2, [4, 3]), X, T, cells=10)
    assert "<svg" in (tmp_path / "moons.svg").read_text()
    with pytest.raises(ValueError, match=r"samples of two features; got X \(20, 3\)"):
        plot.decision_boundary(nn.MLP(3, [1]), np.ones((20, 3)), T)


def test_a_failed_write_leaves_nothing(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(ValueError, match="xyz"):
        plot.loss_curve([{"epoch": 1, "loss": 1.0}], tmp_path / "curve.xyz")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'liftgrad\[plot\]'"):
        plot.loss_curve([])
