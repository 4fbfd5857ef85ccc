"""Wrong arguments to every public function: what is no use is refused in one clear sentence of ours, in every place.

For each public callable there is one right call; every argument of it is exchanged for things that people pass by
mistake, and neighbours change places.  Clear is what an explicit ``raise`` of ours says in one line that holds nothing
of Python's or NumPy's own sentences.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
import os
import re
import traceback
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import engine
import nn
import viz
from engine.rules import RULES
from nn import matrix, notes, optim

HOME = Path(__file__).resolve().parents[1]
OURS = tuple(str(HOME / package) for package in ("engine", "viz", "nn"))

# --- what is passed by mistake ------------------------------------------------------------------------------------


def unary(x):
    return x


def binary(x, y):
    return x


class Other:
    """Something that knows nothing of numbers."""


WRONG = {
    "None": lambda: None,
    "text": lambda: "text",
    "digits in text": lambda: "3",
    "no text": lambda: "",
    "bytes": lambda: b"x",
    "True": lambda: True,
    "a complex number": lambda: 1j,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "7": lambda: 7,
    "1.5": lambda: 1.5,
    "a huge integer": lambda: 10**400,
    "an empty list": list,
    "a mixed list": lambda: [1, "a"],
    "a list of text": lambda: ["a", "b"],
    "a ragged list": lambda: [[1.0, 2.0], [3.0]],
    "a list of None": lambda: [None, None],
    "a dict": dict,
    "a dict of numbers": lambda: {"a": 1.0},
    "a set": lambda: {1.0, 2.0},
    "an object": Other,
    "a function": lambda: unary,
    "a function of two": lambda: binary,
    "a class": lambda: Other,
    "a generator": lambda: (x for x in (1.0, 2.0)),
    "a matrix": lambda: np.arange(15.0).reshape(5, 3),
    "a vector": lambda: np.arange(5.0),
    "an array of three axes": lambda: np.ones((2, 2, 2)),
    "an empty array": lambda: np.empty((0, 2)),
    "an array of text": lambda: np.array(["a", "b"]),
    "an array of nan": lambda: np.full((4, 2), np.nan),
    "a complex array": lambda: np.ones(2, dtype=complex),
    "an array of objects": lambda: np.array([None, "a"], dtype=object),
    "a NumPy number": lambda: np.float64(0.5),
    "a Value": lambda: engine.Value(0.5, "v"),
    "a network": lambda: nn.MLP(3, [2]),
    "an optimiser": nn.Adam,
    "a program": lambda: engine.lift(unary),
}

# --- what is clear ----------------------------------------------------------------------------------------------

INSIDES = re.compile(
    r"' object is not|object cannot be|has no attribute|unsupported operand|not supported between|broadcast|ufunc"
    r"|unhashable|inhomogeneous|could not convert|cannot be interpreted|NoneType|must be real number|has no len"
    r"|setting an array|positional argument|keyword argument|truth value|ambiguous|invalid literal|not iterable"
    r"|not callable|not subscriptable|unpack|only integer|only length-1|only 0-dim| at 0x|cannot reshape|zero-size"
    r"|matmul|core dimension|index out of|out of bounds|out of range|too large to convert|a bytes-like|__\w+__"
    r"|expected str|must be str|can only concatenate|can't multiply|indices must be|not a valid|not understood"
    r"|do not match|<function|<class|\barray\(\[|dtype\('"
)


def complaint(error):
    """What is wrong with an exception as an answer to a wrong argument; "" where it is clear."""
    said = str(error)
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = frames[-1]
    file = frame.f_code.co_filename
    if f"{os.sep}sklearn{os.sep}" in file:
        return ""  # the estimators' samples and targets are checked by scikit-learn, in its own words
    if file == __file__ and len(frames) > 2:
        return ""  # a function of the caller's, which ours called
    problems = []
    if not file.startswith(OURS) or not linecache.getline(file, line).strip().startswith("raise "):
        where = Path(file).name
        problems.append(f"raised by Python at {where}:{line}")
    found = INSIDES.search(said)
    problems += [f"says {found[0]!r}"] if found else []
    problems += ["has several lines"] * ("\n" in said)
    problems += ["is short"] * (len(said) < 20)
    problems += ["is long"] * (len(said) > 400)
    problems += ["is no TypeError, ValueError, LookupError, OSError or ImportError"] * (
        not isinstance(error, (TypeError, ValueError, LookupError, OSError, ImportError))
    )
    return "; ".join(problems)


def outcome(call, args, named):
    """("works" | "clear" | "unclear", what was said)."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
            warnings.simplefilter("error")
            call(*args, **named)
    except Exception as error:
        wrong = complaint(error)
        text = f"{type(error).__name__}: {error}"
        return ("unclear", f"{text}   [{wrong}]") if wrong else ("clear", text)
    if printed.getvalue():
        return "unclear", f"printed {printed.getvalue()[:60]!r}"
    return "works", ""


# --- what is called, each with what is right --------------------------------------------------------------------------

X, T = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 2
SIGNS = 2.0 * T - 1.0
ARITY = {name: len(rule.operands) + len(rule.fixed) for name, rule in RULES.items()}
UNARY = [*[name for name, n in ARITY.items() if n == 1], "absolute", "gelu", "silu"]
BINARY = [name for name, n in ARITY.items() if n == 2]
OPERATORS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "%": lambda a, b: a % b, "//": lambda a, b: a // b,
    "**": lambda a, b: a**b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, "==": lambda a, b: a == b,
}  # fmt: skip


def product(x):
    return x[0] * x[1]


def of_two(x, y):
    return x * y


def value():
    return engine.Value(0.5, "x")


def graph():
    x = value()
    root = engine.tanh(x * 2.0)
    root.backward()
    return root


def network():
    return nn.MLP(2, [3, 2])


def trained():
    model = network()
    model.scaling = nn.Scaling(SCALE, None)
    return model


@cache
def a_program():
    w = [engine.Value(0.1, "w[0]"), engine.Value(0.2, "w[1]")]

    def loss(x, t):
        return (engine.dot(w, x) - t) ** 2

    program = engine.lift(loss, batch=True, parameters=w)
    program.value_and_grad(X, SIGNS)
    return program


@cache
def classifier():
    return nn.MLPClassifier(max_iter=1).fit(X, T)


def layer():
    """The smallest network: what is done with what it takes for a gradient takes little time."""
    return nn.MLP(2, [2])


def by_hand(model=network):
    return matrix.value_and_gradients(model().arrays(), X, T)[1]


class Line(nn.Module):
    """A module of its author's."""

    def __init__(self):
        self.w = engine.Value(0.5, "w")

    def __call__(self, x):
        return [self.w * x[0]]


PARAMS = {"layers.0.W": np.ones((2, 3)), "layers.0.b": np.zeros(3)}
A, W, B, DELTA = np.ones((4, 2)), np.ones((2, 3)), np.zeros(3), np.ones((4, 3))


def silent(line):
    """What training would print."""


def asserted(forward, backward, x, seed):
    """The assertion of a test, of which it is no matter here whether it holds."""
    with contextlib.suppress(AssertionError):
        nn.assert_gradients(forward, backward, x, seed=seed)


TRAINING = {"epochs": 1, "progress": False, "report": silent}

# name -> () -> (what is called, right arguments in order, right arguments by name)
CALLS = {
    **{f"engine.{n}": lambda n=n: (getattr(engine, n), [0.5], {}) for n in UNARY},
    **{f"engine.{n}": lambda n=n: (getattr(engine, n), [0.5, 0.5], {}) for n in BINARY},
    **{f"engine.{n} of a Value": lambda n=n: (getattr(engine, n), [value(), 0.5], {}) for n in BINARY},
    **{f"engine.{n} of arrays": lambda n=n: (getattr(engine, n), [np.ones(3), np.ones(3)], {}) for n in BINARY},
    "engine.clip": lambda: (engine.clip, [0.5, 0.0, 1.0], {}),
    "engine.clip of a Value": lambda: (engine.clip, [value(), 0.0, 1.0], {}),
    "engine.where": lambda: (engine.where, [True, 1.0, 2.0], {}),
    "engine.where of Values": lambda: (engine.where, [True, value(), value()], {}),
    "engine.select": lambda: (engine.select, [[1.0, 2.0], 1], {}),
    "engine.dot": lambda: (engine.dot, [[1.0, 2.0], [3.0, 4.0], 1.0], {}),
    "engine.dot of Values": lambda: (engine.dot, [[value(), value()], [3.0, 4.0], value()], {}),
    "engine.shift": lambda: (engine.shift, [[1.0, 2.0]], {}),
    **{f"engine.{n}": lambda n=n: (getattr(engine, n), [[1.0, 2.0]], {}) for n in ("largest", "smallest")},
    "engine.total": lambda: (engine.total, [[1.0, 2.0]], {}),
    "engine.array": lambda: (engine.array, [[[1.0, 2.0], [3.0, 4.0]]], {}),
    "engine.softmax": lambda: (engine.softmax, [[1.0, 2.0]], {}),
    "engine.logsumexp": lambda: (engine.logsumexp, [[1.0, 2.0]], {}),
    "engine.Parameters": lambda: (engine.Parameters, [[value(), value()]], {}),
    "engine.zero_grad": lambda: (engine.zero_grad, [[value()]], {}),
    "engine.find_nan": lambda: (engine.find_nan, [graph()], {}),
    "engine.Label": lambda: (engine.Label, ["W.0", "W", (0,)], {}),
    "engine.lift": lambda: (
        engine.lift, [product], {"batch": True, "reduction": "mean", "parameters": [value()], "dtype": np.float64}
    ),
    "engine.lift of a graph": lambda: (engine.lift, [graph()], {}),
    "engine.grad": lambda: (lambda f, n, x: engine.grad(f, n)(x), [unary, 0, 2.0], {}),
    "engine.grad of two": lambda: (lambda n, x, y: engine.grad(of_two, n)(x, y), [(0, 1), 2.0, 3.0], {}),
    "engine.value_and_grad": lambda: (lambda f, n, x: engine.value_and_grad(f, n)(x), [unary, 0, 2.0], {}),
    "engine.jacobian": lambda: (lambda f, n, x: engine.jacobian(f, n)(x), [unary, 0, [2.0, 3.0]], {}),
    "engine.hessian": lambda: (lambda f, n, x: engine.hessian(f, n)(x), [product, 0, [2.0, 3.0]], {}),
    "engine.vjp": lambda: (lambda f, x, g: engine.vjp(f, x)[1](g), [unary, [2.0, 3.0], [1.0, 0.0]], {}),
    "engine.jvp": lambda: (engine.jvp, [of_two, (2.0, 3.0), (1.0, 0.0)], {}),
    "engine.hvp": lambda: (engine.hvp, [product, [2.0, 3.0], [1.0, 0.0]], {}),
    "engine.check_gradients": lambda: (engine.check_gradients, [product, [2.0, 3.0]], {"step": 1e-6, "rtol": 1e-6}),
    "Value": lambda: (engine.Value, [0.5, "x"], {}),
    "Value.backward": lambda: (graph().backward, [1.0], {}),
    "Value.backward of a leaf": lambda: (value().backward, [1.0], {}),
    "Value.constant": lambda: (engine.Value.constant, [1.0], {}),
    "Value.data": lambda: (lambda x: setattr(value(), "data", x), [1.0], {}),
    "Value.label": lambda: (lambda x: setattr(value(), "label", x), ["x"], {}),
    **{f"Value {sign}": lambda f=f: (lambda b: f(value(), b), [2.0], {}) for sign, f in OPERATORS.items()},
    **{f"{sign} Value": lambda f=f: (lambda a: f(a, value()), [2.0], {}) for sign, f in OPERATORS.items()},
    "Value.clip": lambda: (value().clip, [0.0, 1.0], {}),
    "Value.maximum": lambda: (value().maximum, [1.0], {}),
    "Value.leaky_relu": lambda: (value().leaky_relu, [0.1], {}),
    "Value.power_constant": lambda: (value().power_constant, [2.0], {}),
    "Value.dot": lambda: (engine.Value.dot, [[value(), 1.0]], {}),
    "program": lambda: (a_program(), [X, SIGNS], {"parameters": np.ones(2)}),
    "program.value_and_grad": lambda: (
        a_program().value_and_grad, [X, SIGNS], {"parameters": np.ones(2), "wrt": "parameters", "out": np.ones(2)}
    ),
    "program.push": lambda: (a_program().push, [np.ones(2)], {}),
    "program.to_jax": lambda: (a_program().to_jax, [], {"gradients": "lifted", "wrt": "parameters"}),
    "a program for one": lambda: (engine.lift(product).value_and_grad, [[2.0, 3.0]], {"wrt": "inputs"}),
    "viz.draw": lambda: (
        viz.draw, [graph()], {"grad": True, "collapse": "auto", "direction": "LR", "derivatives": False}
    ),
    "viz.draw_dot": lambda: (viz.draw_dot, [graph()], {"format": "svg", "rankdir": "LR"}),
    "viz.save": lambda: (viz.save, [graph(), "picture.dot"], {"direction": "LR"}),
    "viz.svg": lambda: (viz.svg, [graph()], {"direction": "LR"}),
    "viz.explore": lambda: (viz.explore, [graph(), "page.html"], {}),
    "nn.MLP": lambda: (nn.MLP, [2, [3, 2]], {"activation": "relu", "output": "identity", "init": "auto", "seed": 0}),
    "nn.Layer": lambda: (nn.Layer, [2, 2], {"activation": "relu", "init": "auto", "rng": 0, "name": "hidden"}),
    "nn.Neuron": lambda: (nn.Neuron, [[0.5, -0.5], 0.1, "tanh"], {}),
    "nn.Embedding": lambda: (nn.Embedding, [3, 2], {"scale": 1.0, "rng": 0, "name": "tokens"}),
    "a network": lambda: (network(), [[1.0, 2.0]], {}),
    "a layer": lambda: (nn.Layer(2, 2), [[1.0, 2.0]], {}),
    "a neuron": lambda: (nn.Neuron([0.5, -0.5]), [[1.0, 2.0]], {}),
    "an embedding": lambda: (nn.Embedding(3, 2), [1], {}),
    "arrays": lambda: (network().arrays, ["data"], {}),
    "load_state_dict": lambda: (network().load_state_dict, [network().state_dict()], {}),
    "load_state_dict's arrays": lambda: (
        lambda w, b: nn.MLP(2, [3]).load_state_dict({"layers.0.W": w, "layers.0.b": b}), [W, B], {}
    ),
    "save": lambda: (network().save, ["model.safetensors", {"by": "me"}], {}),
    "load": lambda: (network().load, ["other.safetensors"], {}),
    "as_trained": lambda: (trained().as_trained, [X, T], {}),
    "nn.fit": lambda: (nn.fit, [network(), X, T], TRAINING | {"loss": "cross_entropy", "seed": 0, "metrics": ()}),
    "nn.fit's numbers": lambda: (
        lambda **how: nn.fit(network(), X, T, **{"progress": False, **how}), [],
        {"epochs": 1, "batch_size": 4, "strength": 0.0, "patience": None, "validation": 0.0},
    ),
    "nn.fit's choices": lambda: (
        lambda **how: nn.fit(network(), X, T, **TRAINING, **how), [],
        {"optimizer": None, "restore_best": True, "standardise": None, "resume": False, "lifted": True},
    ),
    "nn.fit's places": lambda: (
        lambda **how: nn.fit(network(), X, T, **{"epochs": 1, **how}), [],
        {"checkpoint": None, "backend": "numpy", "devices": None, "progress": False, "report": silent},
    ),
    "nn.fit of a module": lambda: (nn.fit, [Line(), X, SIGNS], TRAINING | {"loss": "mse"}),
    "nn.predict": lambda: (nn.predict, [network(), X], {}),
    "nn.accuracy": lambda: (nn.accuracy, [network(), X, T, "cross_entropy"], {}),
    "nn.label_accuracy": lambda: (nn.label_accuracy, [network(), X, np.eye(2)[T], "mse"], {}),
    "nn.r2": lambda: (nn.r2, [network(), X, X], {}),
    "nn.evaluate": lambda: (nn.evaluate, [network(), X, T, "cross_entropy"], {}),
    "nn.mean_loss": lambda: (nn.mean_loss, [network(), X, T, "cross_entropy", 0.1], {}),
    "nn.sample_loss": lambda: (nn.sample_loss, [network(), "cross_entropy", 0.1], {}),
    "nn.mse": lambda: (nn.mse, [[1.0, 2.0], [2.0, 0.5]], {}),
    "nn.half_mse": lambda: (nn.half_mse, [[1.0], [2.0]], {}),
    "nn.hinge": lambda: (nn.hinge, [[0.5], [1.0]], {}),
    "nn.binary_cross_entropy": lambda: (nn.binary_cross_entropy, [[0.5], [1.0]], {}),
    "nn.cross_entropy": lambda: (nn.cross_entropy, [[1.0, 2.0], 1], {}),
    "nn.l2": lambda: (nn.l2, [[1.0, 2.0], 0.1], {}),
    "nn.compare_gradients": lambda: (
        nn.compare_gradients, [network(), X, T, "cross_entropy"], {"strength": 0.0, "candidate": by_hand()}
    ),
    "nn.compare_gradients' candidate": lambda: (
        lambda w: nn.compare_gradients(network(), X, T, candidate=by_hand() | {"layers.0.W": w}), [np.ones((2, 3))], {}
    ),
    "nn.diagnose": lambda: (
        nn.diagnose, [network(), X, T, by_hand(), "cross_entropy"],
        {"strength": 0.0, "reduction": "mean", "convention": "rows", "previous": (network().arrays(), X, T)},
    ),
    "nn.diagnose in a course": lambda: (
        nn.diagnose,
        [list(layer().arrays().values()), X, T, list(by_hand(layer).values()), "cross_entropy"],
        {"strength": 0.0, "convention": "cs231n", "activation": "relu", "output": "softmax", "lr": None},
    ),
    "nn.diagnose's candidate": lambda: (
        lambda w: nn.diagnose(layer(), X, T, by_hand(layer) | {"layers.0.W": w}), [np.ones((2, 2))], {}
    ),
    "nn.diagnose's function": lambda: (
        lambda g: nn.diagnose(layer(), X, T, lambda params, X, T: g), [by_hand(layer)], {}
    ),
    "nn.diagnose_function": lambda: (nn.diagnose_function, [product, [2.0, 3.0], [3.0, 2.0]], {}),
    "nn.assert_gradients": lambda: (
        asserted,
        [lambda x: x * x, lambda dout, x: 2.0 * x * dout, np.array([1.0, -2.0])], {"seed": 0},
    ),
    "nn.check_backward": lambda: (
        lambda forward, backward, x, seed: nn.check_backward(forward, backward, x, seed=seed),
        [lambda x: x * x, lambda dout, x: 2.0 * x * dout, np.array([1.0, -2.0])], {"seed": 0},
    ),
    "nn.digits": lambda: (nn.digits, [], {}),
    "nn.xor": lambda: (nn.xor, [], {}),
    "nn.moons": lambda: (nn.moons, [10, 0.1, 0], {}),
    "nn.split": lambda: (nn.split, [X, T, 0.25, 0], {}),
    "nn.csv": lambda: (
        nn.csv, ["table.csv", "t"], {"header": True, "missing": None, "drop": ("b",), "decimal": "."}
    ),
    "nn.mnist": lambda: (nn.mnist, ["digits", "t10k"], {}),
    "nn.seed": lambda: (nn.seed, [3], {}),
    "nn.SGD": lambda: (nn.SGD, [0.1], {"momentum": 0.9, "nesterov": True, "weight_decay": 0.0}),
    "nn.Adam": lambda: (nn.Adam, [0.1], {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0}),
    "nn.AdamW": lambda: (nn.AdamW, [0.1], {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0}),
    "Adam's betas": lambda: (lambda a, b: nn.Adam(betas=(a, b)), [0.9, 0.99], {}),
    "a step": lambda: (nn.SGD().step, [network().parameters()], {}),
    "an update": lambda: (nn.Adam().update, [np.ones(3), np.ones(3)], {}),
    "a claim": lambda: (nn.Adam().claim, [network().parameters()], {}),
    "a schedule's rate": lambda: (lambda rate: nn.SGD(lambda step: rate).update(np.ones(2), np.ones(2)), [0.1], {}),
    "step_decay": lambda: (optim.step_decay, [0.1, 5, 0.5], {}),
    "cosine": lambda: (optim.cosine, [0.1, 5, 0.0], {}),
    "linear": lambda: (optim.linear, [0.1, 5, 0.0], {}),
    "warmup": lambda: (optim.warmup, [optim.cosine(0.1, 5), 5], {}),
    "a schedule": lambda: (optim.cosine(0.1, 5), [3], {}),
    "nn.Scaling": lambda: (lambda X, T: nn.Scaling(SCALE, SCALE).apply(X, T), [X, X], {}),
    "nn.Scaling's parts": lambda: (nn.Scaling, [SCALE, SCALE], {}),
    "Scaling.from_arrays": lambda: (
        lambda m, d: nn.Scaling.from_arrays({"scaling.inputs.mean": m, "scaling.inputs.deviation": d}),
        [np.zeros(2), np.ones(2)], {},
    ),
    "nn.History": lambda: (nn.History, [[{"epoch": 1.0, "loss": 0.5}]], {}),
    "History.plot": lambda: (nn.History([{"epoch": 1.0, "loss": 0.5}]).plot, ["curve.png"], {}),
    "Targets.read": lambda: (nn.Targets.read, [T, "cross_entropy", 2], {"samples": 12, "what": "T"}),
    "Targets.like": lambda: (nn.Targets.read(T, "cross_entropy", 2).like, [T, 12, "T"], {}),
    "Targets.take": lambda: (nn.Targets.read(T, "cross_entropy", 2).take, [np.array([0, 1])], {}),
    "Targets.check_learnable": lambda: (nn.Targets.read(T, "cross_entropy", 2).check_learnable, ["identity"], {}),
    "MLPClassifier": lambda: (
        lambda X, y, **how: nn.MLPClassifier(**{"max_iter": 1, "random_state": 0, **how}).fit(X, y), [X, T],
        {"hidden_layer_sizes": (3,), "activation": "relu", "solver": "adam", "alpha": 0.1, "batch_size": 8},
    ),
    "MLPClassifier's numbers": lambda: (
        lambda **how: nn.MLPClassifier(**how).fit(X, T), [],
        {
            "learning_rate_init": 0.1, "max_iter": 1, "random_state": 0, "early_stopping": True,
            "validation_fraction": 0.2, "n_iter_no_change": 2,
        },
    ),
    "MLPClassifier.predict": lambda: (classifier().predict, [X], {}),
    "MLPRegressor": lambda: (lambda X, y: nn.MLPRegressor(max_iter=1).fit(X, y), [X, SIGNS], {}),
    "matrix.sigmoid": lambda: (matrix.sigmoid, [A], {}),
    "matrix.softmax": lambda: (matrix.softmax, [A, -1], {}),
    "matrix.one_hot": lambda: (matrix.one_hot, [T, 2], {}),
    "matrix.targets": lambda: (matrix.targets, [T, 2, "cross_entropy"], {}),
    "matrix.pre_activation": lambda: (matrix.pre_activation, [A, W, B], {}),
    "matrix.output_delta": lambda: (matrix.output_delta, [DELTA, DELTA, DELTA, "mse", "tanh", 0.25], {}),
    "matrix.propagate": lambda: (matrix.propagate, [DELTA, W, A, A, "relu"], {}),
    "matrix.bias_gradient": lambda: (matrix.bias_gradient, [DELTA], {}),
    "matrix.weight_gradient": lambda: (matrix.weight_gradient, [A, DELTA], {}),
    "matrix.regularisation": lambda: (matrix.regularisation, [W, 0.1], {}),
    "matrix.regularisation_gradient": lambda: (matrix.regularisation_gradient, [W, 0.1], {}),
    "matrix.to_rows": lambda: (matrix.to_rows, [PARAMS, "torch"], {}),
    "matrix.from_rows": lambda: (matrix.from_rows, [PARAMS, "torch"], {}),
    "matrix.samples_as_rows": lambda: (matrix.samples_as_rows, [A, "columns"], {}),
    "matrix.depth": lambda: (matrix.depth, [PARAMS], {}),
    "matrix.forward": lambda: (matrix.forward, [PARAMS, A, ["tanh"]], {}),
    "matrix.value_and_gradients": lambda: (
        matrix.value_and_gradients, [PARAMS, A, np.array([0, 1, 2, 0])],
        {
            "activation": "relu", "output": "identity", "loss": "cross_entropy", "reduction": "mean", "l2": 0.0,
            "convention": "rows",
        },
    ),
    "matrix.value_and_gradients' parameters": lambda: (
        lambda w, b: matrix.value_and_gradients({"layers.0.W": w, "layers.0.b": b}, A, DELTA), [W, B], {}
    ),
    "notes.single_sample_gradients": lambda: (
        notes.single_sample_gradients, [[W], [B], np.ones(2), np.ones(3), "tanh", "mse"], {}
    ),
    "notes.neuron_gradient": lambda: (notes.neuron_gradient, [np.ones(2), 0.5], {}),
    "notes.neuron_gradient_of_many_inputs": lambda: (notes.neuron_gradient_of_many_inputs, [A, np.ones(4)], {}),
    "notes.softmax_loss_loop": lambda: (notes.softmax_loss_loop, [W, A, np.array([0, 1, 2, 0]), 0.1], {}),
    "notes.softmax_loss_vectorized": lambda: (
        notes.softmax_loss_vectorized, [W, A, np.array([0, 1, 2, 0]), 0.1], {}
    ),
    "notes.relu_softmax_gradients": lambda: (
        notes.relu_softmax_gradients, [[W.T], [B], A, np.array([0, 1, 2, 0])], {}
    ),
    "notes.sigmoid_mse_output_gradients": lambda: (
        notes.sigmoid_mse_output_gradients, [np.ones(2), np.ones((3, 2)), B, np.ones(3)], {}
    ),
}  # fmt: skip
SCALE = nn.training.scaling.Standard((0.0, 0.0), (1.0, 2.0))


def cases(name):
    """Yield a call with one thing wrong, and calls with two neighbours the wrong way round; each with what was done."""
    _, right, named = CALLS[name]()
    for place in range(len(right)):
        for thing, make in WRONG.items():
            call, args, by_name = CALLS[name]()
            args[place] = make()
            yield f"{thing} for argument {place}", call, args, by_name
    for key in named:
        for thing, make in WRONG.items():
            call, args, by_name = CALLS[name]()
            yield f"{thing} for {key}", call, args, by_name | {key: make()}
    for place in range(len(right) - 1):
        call, args, by_name = CALLS[name]()
        args[place], args[place + 1] = args[place + 1], args[place]
        yield f"arguments {place} and {place + 1} exchanged", call, args, by_name


def prepare():
    """Write the files that are read, into the current folder."""
    Path("table.csv").write_text("a,b,t\n1,2,0\n3,4,1\n5,7,1\n", encoding="utf-8")
    network().save("other.safetensors")
    Path("digits").mkdir()
    for name, head, size in (("images-idx3", (2051, 2, 2, 2), 8), ("labels-idx1", (2049, 2), 2)):
        numbers = np.array(head, dtype=">i4").tobytes() + bytes(size)
        Path("digits", f"t10k-{name}-ubyte").write_bytes(numbers)


# --- the tests ---------------------------------------------------------------------------------------------------

NONSENSE = {  # what is of use nowhere but where it is named
    "bytes", "a complex number", "a list of text", "a list of None", "a set", "an object", "a class",
    "an array of text", "a complex array", "an array of objects", "an optimiser",
}  # fmt: skip
OF_USE = {
    "engine.lift": {"a class"},  # which may be called with numbers, as a function is
    "engine.lift of a graph": {"a class"},
    "warmup": {"a class"},
    "nn.fit": {"a class"},
    "nn.fit of a module": {"a class"},
    "nn.fit's places": {"a class"},
    "nn.fit's choices": {"an optimiser"},
    "Value ==": NONSENSE,  # is equal to no Value, as everywhere in Python
    "== Value": NONSENSE,
    "as_trained": NONSENSE,  # targets that are not standardised stay what they are
    "nn.diagnose's candidate": NONSENSE,  # the diagnosis says that it holds no numbers
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of its own, with the files that are read."""
    monkeypatch.chdir(tmp_path)
    prepare()


@pytest.mark.parametrize("name", CALLS)
def test_wrong_arguments_are_refused_in_one_clear_sentence(name, place):
    if name == "program.to_jax":
        pytest.importorskip("jax", reason="JAX is not installed")
    if name == "History.plot":
        importlib.import_module("matplotlib.figure")  # while what it says of its own imports is no error
    call, args, named = CALLS[name]()
    assert outcome(call, args, named) == ("works", "")
    unclear = []
    for what, call, args, named in cases(name):
        came, said = outcome(call, args, named)
        if came == "unclear":
            unclear.append(f"{what}: {said}")
        if came == "works" and what.partition(" for ")[0] in NONSENSE - OF_USE.get(name, set()):
            unclear.append(f"{what}: accepted")
    assert "\n".join(unclear) == ""


def test_every_public_name_is_called():
    taken = set(CALLS) | {"nn.Module", "nn.Report", "nn.Diagnosis", "nn.Targets", "engine.Condition"}
    taken |= {"engine.Value", "engine.provenance"}  # Value is called "Value" above; the others take no arguments
    for package in (engine, viz, nn):
        for name in package.__all__:
            found = getattr(package, name)
            if not (isinstance(found, type) and issubclass(found, Exception)):
                assert f"{package.__name__}.{name}" in taken


def test_there_are_thousands_of_calls():
    per_argument = len(WRONG)
    made = sum((len(right) + len(named)) * per_argument for _, right, named in (make() for make in CALLS.values()))
    assert made > 15_000
