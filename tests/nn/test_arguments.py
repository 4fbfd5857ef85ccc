"""Wrong arguments: one sentence that says what was given and what to pass, nothing of Python's or NumPy's insides."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pytest

import nn
from engine.arguments import described
from nn import optim

X, T = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 2
CURVE = optim.cosine(0.1, 10)

WRONG = [  # of every kind that is passed by mistake
    None, True, -1, 0, 1.5, -0.5, np.nan, np.inf, "adam", "", b"x", [], {}, (1, 2, 3), {1}, object(), print, X, T[:0],
    nn.MLP(2, [2]), nn.Adam, nn.Adam(), CURVE, np.float64(0.3), 2 + 1j,
]  # fmt: skip


def network():
    return nn.MLP(2, [2])


def fit(**options):
    return nn.fit(network(), X, T, **{"epochs": 1, "progress": False, **options})


RATES = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0}
CALLS = {  # what is called, with what is right: in order, and by name
    "MLP": (nn.MLP, [2, [3, 2]], {"activation": "relu", "output": "identity", "init": "auto", "seed": 0}),
    "Layer": (nn.Layer, [2, 2], {"activation": "relu", "init": "auto", "rng": 0}),
    "Embedding": (nn.Embedding, [2, 2], {"scale": 1.0, "rng": 0}),
    "a network": (lambda x: network()(x), [[1.0, 2.0]], {}),
    "fit": (partial(nn.fit, epochs=1, progress=False), [network(), X, T], {"loss": "cross_entropy"}),
    "fit's numbers": (fit, [], {"epochs": 1, "batch_size": 4, "strength": 0.0, "patience": None, "seed": 0}),
    "fit's choices": (fit, [], {"optimizer": None, "validation": 0.0, "metrics": (), "lifted": True}),
    "fit's flags": (fit, [], {"restore_best": True, "standardise": None, "resume": False}),
    "fit's places": (fit, [], {"checkpoint": None, "backend": "numpy", "devices": None, "report": None}),
    "accuracy": (nn.accuracy, [network(), X, T, "cross_entropy"], {}),
    "label_accuracy": (nn.label_accuracy, [network(), X, np.eye(2)[T]], {}),
    "r2": (nn.r2, [network(), X, X], {}),
    "evaluate": (nn.evaluate, [network(), X, T, "cross_entropy"], {}),
    "mean_loss": (nn.mean_loss, [network(), X, T, "cross_entropy"], {}),
    "predict": (nn.predict, [network(), X], {}),
    "compare_gradients": (nn.compare_gradients, [network(), X, T, "cross_entropy"], {}),
    "split": (nn.split, [X, T, 0.25, 0], {}),
    "moons": (nn.moons, [10, 0.1, 0], {}),
    "SGD": (nn.SGD, [0.1], {"momentum": 0.9, "weight_decay": 0.0}),
    "Adam": (nn.Adam, [], RATES),
    "AdamW": (nn.AdamW, [], RATES),
    "a step": (lambda values: nn.SGD(0.1).step(values), [network().parameters()], {}),
    "step_decay": (optim.step_decay, [0.1, 5, 0.5], {}),
    "cosine": (optim.cosine, [0.1, 5, 0.0], {}),
    "linear": (optim.linear, [0.1, 5, 0.0], {}),
    "warmup": (optim.warmup, [CURVE, 5], {}),
    "seed": (nn.seed, [3], {}),
    "mse": (nn.mse, [[1.0], [2.0]], {}),
    "cross_entropy": (nn.cross_entropy, [[1.0, 2.0], 1], {}),
    "hinge": (nn.hinge, [[1.0], [1.0]], {}),
    "binary_cross_entropy": (nn.binary_cross_entropy, [[1.0], [1.0]], {}),
    "l2": (nn.l2, [[1.0, 2.0], 0.1], {}),
    "save": (lambda path: network().save(path), ["model.safetensors"], {}),
    "load": (lambda path: network().load(path), ["model.safetensors"], {}),
    "load_state_dict": (lambda state: network().load_state_dict(state), [network().state_dict()], {}),
    "arrays": (lambda what: network().arrays(what), ["data"], {}),
}  # fmt: skip

INSIDES = (
    "object is not", "has no attribute", "unsupported operand", "not supported between", "broadcast", "ufunc",
    "unhashable", "inhomogeneous", "could not convert", "cannot be interpreted", "NoneType", "must be real number",
    "has no len", "operands", "setting an array", "positional argument", "truth value", "invalid literal", "__",
    "not iterable", "not callable", "unpack", "only integer", "only length-1", "0x7", "reshape", "zero-size",
)  # fmt: skip


def cases():
    """One wrong argument at a time, and arguments in another order."""
    for name, (call, right, named) in CALLS.items():
        for wrong in WRONG:
            for place in range(len(right)):
                yield name, call, [*right[:place], wrong, *right[place + 1 :]], named
            for key in named:
                yield name, call, right, named | {key: wrong}
        for order in itertools.islice(itertools.permutations(right), 1, 24):
            yield name, call, order, named
        for order in itertools.islice(itertools.permutations(named.values()), 1, 24):
            yield name, call, right, dict(zip(named, order))


def unclear(name, call, arguments, named):
    """How a call was refused, if that is not in one clear sentence; what is done without an error is not asked."""
    try:
        call(*arguments, **named)
    except Exception as error:
        text = str(error)
        problems = [part for part in INSIDES if part in text]
        problems += ["several lines"] * ("\n" in text) + ["short"] * (len(text) < 12)
        if problems or isinstance(error, (AttributeError, KeyError)):
            given = [*map(described, arguments), *(f"{key}={described(x)}" for key, x in named.items())]
            return f"{name}({', '.join(given)}): {type(error).__name__}: {text} {problems}"
    return ""


@pytest.mark.filterwarnings("ignore")
def test_wrong_arguments_are_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = [unclear(*case) for case in cases()]
    assert len(found) > 2500
    assert "\n".join(text for text in found if text) == ""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.MLP(3, 8), r"sizes=8: give the neurons of every layer as a list, such as \[16, 10\]"),
        (lambda: nn.MLP(3, [8.0]), "sizes are whole numbers; got 8.0"),
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
            "patience=-3 is the epochs without progress .*; use 1 or more",
        ),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, strength=-1), "strength=-1 must be 0 or more"),
        (
            lambda: nn.fit(nn.MLP(2, [2]), X, T, epochs=1.5),
            "epochs=1.5 is the passes over the data; use a whole number",
        ),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, devices=2), "devices=2 is for backend='jax'"),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, resume=True), "resume=True goes on from a checkpoint: pass checkpoint="),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, checkpoint="nowhere/x"), "there is no folder nowhere"),
        (lambda: nn.fit(nn.MLP(2, [2]), X, T, report=3), "report=3: pass a function of one line"),
        (lambda: optim.warmup(CURVE, 0), "steps=0 is the steps of the rise; use 1 or more"),
        (lambda: optim.warmup(0.1, 5), r"schedule=0.1: pass a schedule, such as cosine\(0.1, 1000\)"),
        (lambda: nn.Adam(betas=1.5), r"betas=1.5 must be two numbers from 0 to less than 1"),
        (lambda: nn.SGD(momentum=1.0), "momentum=1.0 must be from 0 to less than 1"),
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
