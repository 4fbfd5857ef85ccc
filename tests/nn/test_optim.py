"""Optimisers follow their PyTorch counterparts for twenty steps; schedules too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nn
from engine import Value
from nn import optim

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())
A, C = np.array(RECORDED["A"]), np.array(RECORDED["c"])


def gradient(x):
    return A @ x - C + np.cos(x)


def options(case):
    given = dict(case["options"])
    if "betas" in given:
        given["betas"] = tuple(given["betas"])
    return given


@pytest.mark.parametrize("case", RECORDED["runs"], ids=lambda c: f"{c['name']} {c['options']}")
def test_twenty_steps_agree_with_pytorch(case):
    optimizer = getattr(optim, case["name"])(**options(case))
    theta = np.array(RECORDED["start"])
    for want in case["trajectory"]:
        optimizer.update(theta, gradient(theta))
        np.testing.assert_allclose(theta, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", RECORDED["runs"][::3], ids=lambda c: c["name"])
def test_values_are_stepped_as_vectors_are(case):
    optimizer = getattr(optim, case["name"])(**options(case))
    values = [Value(x) for x in RECORDED["start"]]
    for want in case["trajectory"]:
        for value, g in zip(values, gradient(np.array([v.data for v in values]))):
            value.grad = float(g)
        optimizer.step(values)
        np.testing.assert_allclose([v.data for v in values], want, rtol=1e-12, atol=1e-12)


def test_schedules_agree_with_pytorch():
    for k, want in enumerate(RECORDED["schedules"]["step_decay"]):
        assert optim.step_decay(0.3, 5, 0.5)(k) == pytest.approx(want, rel=1e-14)
    for k, want in enumerate(RECORDED["schedules"]["cosine"]):
        assert optim.cosine(0.3, 19, 0.01)(k) == pytest.approx(want, rel=1e-12)


def test_a_schedule_is_asked_for_every_step():
    optimizer = nn.SGD(lr=optim.linear(1.0, 4))
    theta = np.array([0.0])
    for want in (-1.0, -1.75, -2.25, -2.5, -2.5):
        optimizer.update(theta, np.array([1.0]))
        assert theta[0] == want


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"lr=0.0 must be positive"):
        nn.SGD(lr=0.0)
    with pytest.raises(ValueError, match="lr=nan must be positive"):
        nn.Adam(lr=float("nan"))
    with pytest.raises(ValueError, match="nesterov=True needs momentum"):
        nn.SGD(lr=0.1, nesterov=True)
    with pytest.raises(TypeError, match="Optimizer defines no update"):
        optim.Optimizer(0.1).update(np.ones(1), np.ones(1))
