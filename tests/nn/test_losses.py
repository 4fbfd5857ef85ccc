"""Losses of one sample on Values, against PyTorch as recorded, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nn
from engine import Value
from nn.losses import LOSSES, loss_named, weights_of

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())


@pytest.mark.parametrize("case", RECORDED["losses"], ids=lambda c: c["loss"])
def test_values_and_gradients_agree_with_pytorch(case):
    total, gradient = 0.0, []
    for z, t in zip(RECORDED["Z"], case["T"]):
        values = [Value(x) for x in z]
        loss = LOSSES[case["loss"]](values, t) * 0.25
        loss.backward()
        total += loss.data
        gradient.append([v.grad for v in values])
    assert total == pytest.approx(case["value"], rel=1e-12)
    np.testing.assert_allclose(gradient, case["gradient"], rtol=1e-12, atol=1e-16)


def test_cross_entropy_is_stable_for_any_scores():
    z = [Value(1e300), Value(-1e300), Value(0.0)]
    loss = nn.cross_entropy(z, 1)
    loss.backward()
    assert loss.data == 2e300
    assert [v.grad for v in z] == [1.0, -1.0, 0.0]


@pytest.mark.parametrize("t", [1.0, np.float64(1.0), Value(1.0)])
def test_a_class_is_an_integer(t):
    with pytest.raises(TypeError, match="integer class or one probability per score"):
        nn.cross_entropy([0.0, 0.0], t)


def test_a_class_that_is_not_there():
    with pytest.raises(IndexError, match=r"cross_entropy: class 2 is outside the 2 scores; classes go from 0\."):
        nn.cross_entropy([0.0, 0.0], 2)


@pytest.mark.parametrize("name", ["mse", "half_mse", "hinge", "binary_cross_entropy"])
def test_one_target_an_output(name):
    with pytest.raises(
        ValueError, match=f"{'mse' if name == 'half_mse' else name} needs one target per output; got 2 outputs and 1"
    ):
        LOSSES[name]([0.0, 0.0], 1.0)


def test_l2_and_its_weights():
    w = [Value(3.0), Value(4.0)]
    nn.l2(w, 0.1).backward()
    assert [v.grad for v in w] == pytest.approx([0.3, 0.4])
    assert len(weights_of(nn.MLP(2, [3, 1]))) == 2 * 3 + 3


def test_losses_by_name():
    assert loss_named("mse") is nn.mse
    with pytest.raises(ValueError, match="loss='l1' is not known; use one of mse,"):
        loss_named("l1")


def test_the_mean_loss_of_a_batch():
    model = nn.MLP(2, [3, 2], seed=1)
    X, T = np.ones((3, 2)), np.array([0, 1, 1])
    loss = nn.mean_loss(model, X, T, strength=0.2)
    each = [nn.cross_entropy(model(list(x)), int(t)).data for x, t in zip(X, T)]
    squares = sum(v.data**2 for v in weights_of(model))
    assert loss.data == pytest.approx(np.mean(each) + 0.1 * squares)


@pytest.mark.parametrize(
    ("loss", "targets", "message"),
    [
        ("cross_entropy", [0.5, 1.0], r"takes integer classes from 0, .*; got 0.5 at \[0\]"),
        ("cross_entropy", [0, -1], r"got -1 at \[1\]"),
        ("cross_entropy", [[0.5, 0.5], [1.5, -0.5]], r"probabilities from 0 to 1; got 1.5 at \[1, 0\]"),
        ("hinge", [1, 0], r"targets of -1 and 1; got 0 at \[1\]"),
        ("binary_cross_entropy", [1.0, -1.0], r"targets from 0 to 1; got -1.0 at \[1\]"),
        ("mse", [1.0, np.nan], r"finite targets; got nan at \[1\]"),
        ("absolute", [1.0], "loss='absolute' is not known"),
    ],
)
def test_targets_that_a_loss_does_not_mean(loss, targets, message):
    with pytest.raises(ValueError, match=message):
        nn.losses.check_targets(targets, loss)
