"""What training, networks and optimisers say of wrong arguments; is it clear? asks `tests/test_arguments.py`."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import optim

X, T = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 2
CURVE = optim.cosine(0.1, 10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.MLP(3, 8), r"sizes=8: give the neurons of every layer as a list, such as \[16, 10\]"),
        (lambda: nn.MLP(3, [8.0]), "neurons .* must be a whole number of at least 1; got 8.0"),
        (
            lambda: nn.fit(nn.MLP(2, [2]), X, T, optimizer="adam"),
            r"optimizer='adam' is no optimiser; .* nn.Adam\(lr=0.01\)",
        ),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, optimizer=nn.Adam), "optimizer=the class Adam is no optimiser"),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, metrics="accuracy"), r"metrics='accuracy': pass a tuple of names"),
        (lambda: nn.fit(X, T, nn.MLP(2, [2])), r"the model comes first, fit\(model, X, T\), .* got an array of shape"),
        (lambda: nn.fit(nn.MLP, X, T), "got the class MLP, not one of its networks"),
        (lambda: nn.accuracy(X, T, nn.MLP(2, [2])), r"the model comes first, accuracy\(model, X, T\)"),
        (
            lambda: nn.fit(nn.MLP(2, [2]), X, T, patience=-3),
            r"patience \(the epochs without progress .*\) must be a whole number of at least 1; got -3",
        ),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, strength=-1), "strength must be a number of at least 0; got -1"),
        (
            lambda: nn.fit(nn.MLP(2, [2]), X, T, epochs=1.5),
            r"epochs \(the passes over the data\) must be a whole number of at least 0; got 1.5",
        ),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, devices=2), "devices=2 is for backend='jax'"),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, resume=True), "resume=True goes on from a checkpoint: pass checkpoint="),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, checkpoint="nowhere/x"), "there is no folder nowhere"),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, report=3), "report=3: pass a function of one line"),
        (
            lambda: optim.warmup(CURVE, 0),
            r"steps \(the steps of the rise\) must be .* of at least 1; got 0",
        ),
        (lambda: optim.warmup(0.1, 5), r"schedule=0.1: pass a schedule, such as cosine\(0.1, 1000\)"),
        (lambda: nn.Adam(betas=1.5), r"betas must be two numbers from 0 to less than 1, .*; got 1.5"),
        (lambda: nn.SGD(momentum=1.0), "momentum must be a number of at least 0 and below 1; got 1.0"),
        (
            lambda: nn.MLP(2, [2])(X),
            r"one sample of 2 numbers; got an array of shape \(12, 2\): nn.predict\(model, X\)",
        ),
        (lambda: nn.MLP(1, [2])(3.0), r"takes a list of 1 numbers; got 3.0: pass \[x\]"),
    ],
)
def test_what_is_said(call, message):
    with pytest.raises((TypeError, ValueError, OSError), match=message):
        call()
