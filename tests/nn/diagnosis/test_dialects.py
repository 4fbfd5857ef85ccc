"""Courses: what is right by differences of the course's own cost is right, and its classical mistakes have names."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

import nn
from nn.diagnosis.dialects import DIALECTS, PENALTIES

from . import courses
from .courses import CLASSES, DIGITS, ROWS, Nielsen, TwoLayerNet, X, Y


def of_coursera(wrong="", **how):
    parameters = courses.coursera()
    grads = courses.coursera_grads(parameters, X, Y, 0.7, wrong)
    how = {"strength": 0.7, "activation": "tanh", "convention": "coursera"} | how
    return nn.diagnose(parameters, X, Y, grads, **how)


def test_coursera_is_right_by_differences_of_its_cost():
    parameters = courses.coursera()
    grads = courses.coursera_grads(parameters, X, Y, 0.7)
    for name, array in parameters.items():
        by_hand = courses.differences(lambda: courses.coursera_cost(parameters, X, Y, 0.7), array)
        np.testing.assert_allclose(grads[f"d{name}"], by_hand, atol=1e-8)
    said = nn.diagnose(parameters, X, Y, grads, strength=0.7, activation="tanh", convention="coursera")
    assert (said.verdict, [row.parameter for row in said.parameters]) == ("right", ["dW1", "db1", "dW2", "db2"])


@pytest.mark.parametrize("name", ["sign", "no-slope", "slope-at-activation", "penalty-missing", "bias-not-averaged"])
def test_coursera_s_mistakes_are_named(name):
    assert (of_coursera(name).verdict, of_coursera(name).names) == ("named", [name])


def test_a_mistake_is_said_in_the_course_s_symbols():
    said = of_coursera("no-slope").findings[0]
    assert (said.where, said.right) == ("layer 1", "dZ[l] = (W[l+1].T dZ[l+1]) * g'(Z[l])")
    assert of_coursera("bias-not-averaged").findings[0].yours == "db[l] = sum of dZ[l] over samples"


def test_what_is_right_for_the_sum_is_said_so():
    said = of_coursera("no-mean")
    assert (said.verdict, said.ok) == ("other convention", False)
    assert said.conventions[0].startswith("the loss is the sum over the samples")


@pytest.mark.parametrize("held", [list, tuple, dict])
def test_logistic_regression_as_it_is(held):
    w, b = np.linspace(-1, 1, 5)[:, None], 0.3
    model = {"w": w, "b": b} if held is dict else held((w, b))
    assert nn.diagnose(model, X, Y, courses.propagate, convention="coursera").ok
    assert nn.diagnose(model, X, Y, courses.propagate(w, b, X, Y), convention="coursera").ok
    wrong = courses.propagate(w, b, X, Y)[0] | {"db": 8 * courses.propagate(w, b, X, Y)[0]["db"]}
    assert nn.diagnose(model, X, Y, wrong, convention="coursera").names == ["bias-not-averaged"]


def test_nielsen_is_right_by_differences_of_a_sample_s_cost():
    net, x, y = Nielsen(), X[:, :1], DIGITS[:, :1]
    nabla_b, nabla_w = net.backprop(x, y)
    for array, nabla in zip([*net.weights, *net.biases], [*nabla_w, *nabla_b]):
        np.testing.assert_allclose(nabla, courses.differences(lambda: net.cost(x, y), array), atol=1e-8)
    assert nn.diagnose(net, x, y, (nabla_b, nabla_w), convention="nielsen").ok


@pytest.mark.slow
def test_nielsen_of_other_weights_is_wrong():
    net = Nielsen()
    weights = net.weights, net.biases
    said = nn.diagnose(weights, X[:, :6], DIGITS, lambda _w, _b, x, y: net.backprop(x, y), convention="nielsen")
    assert said.verdict == "unnamed"


@pytest.mark.parametrize("name", ["", "no-slope", "sign-propagated"])
def test_nielsen_s_backprop(name):
    net = Nielsen(name)
    before = [w.copy() for w in net.weights]
    said = nn.diagnose(net, X[:, :6], DIGITS, net.backprop, convention="nielsen")
    assert said.names == ([name] if name else [])
    assert said.ok == (not name)
    assert all(np.array_equal(w, old) for w, old in zip(net.weights, before))  # copies were called


@pytest.mark.parametrize("name", shortened(["", "bias-not-averaged", "penalty-sign"], 2))
def test_nielsen_s_updates(name):
    net = Nielsen(name)
    said = nn.diagnose(net, X[:, :6], DIGITS, net.update_mini_batch, lr=0.4, strength=0.5, convention="nielsen")
    assert (said.names, said.ok) == ([name] if name else [], not name)


@pytest.mark.parametrize("half", [0.5, 1.0])
def test_cs231n_both_habits_of_the_penalty_are_told_by_the_loss(half):
    net = TwoLayerNet(half)
    _, grads = net.loss(ROWS, CLASSES, 0.1)
    for name, array in net.params.items():
        by_hand = courses.differences(lambda: net.loss(ROWS, CLASSES, 0.1)[0], array)
        np.testing.assert_allclose(grads[name], by_hand, atol=1e-7)
    assert nn.diagnose(net, ROWS, CLASSES, net.loss, strength=0.1, convention="cs231n").ok
    alone = nn.diagnose(net, ROWS, CLASSES, grads, strength=0.1, convention="cs231n")
    assert alone.conventions == (() if half == 1.0 else ("the penalty is 0.5 * reg * sum(W * W)",))
    mixed = {name: g - 0.1 * net.params[name] * (half == 1.0) * name.startswith("W") for name, g in grads.items()}
    said = nn.diagnose(net, ROWS, CLASSES, (net.loss(ROWS, CLASSES, 0.1)[0], mixed), strength=0.1, convention="cs231n")
    assert said.names == ([] if half == 0.5 else ["penalty-halved"])


@pytest.mark.parametrize("name", ["no-mean", "no-slope", "penalty-missing"])
def test_cs231n_s_mistakes_are_named(name):
    net = TwoLayerNet(wrong=name)
    assert nn.diagnose(net, ROWS, CLASSES, net.loss, strength=0.1, convention="cs231n").names == [name]


def test_the_svm_is_right_by_differences():
    W = np.random.default_rng(0).normal(size=(5, 4))
    loss, dW = courses.svm_loss(W, ROWS, CLASSES, 0.1)
    by_hand = courses.differences(lambda: courses.svm_loss(W, ROWS, CLASSES, 0.1)[0], W)
    np.testing.assert_allclose(dW, by_hand, atol=1e-7)
    how = {"loss": "svm", "strength": 0.1, "convention": "cs231n"}
    assert nn.diagnose(W, ROWS, CLASSES, courses.svm_loss, **how).ok
    assert nn.diagnose(W, ROWS, CLASSES, (loss, dW), **how).ok
    for name in ("no-mean", "penalty-missing"):
        wrong = courses.svm_loss(W, ROWS, CLASSES, 0.1, name)
        assert nn.diagnose(W, ROWS, CLASSES, wrong, **how).names == [name]


def test_torch_s_names_and_slopes():
    torch = pytest.importorskip("torch")
    layers = torch.nn.Linear(5, 4), torch.nn.LeakyReLU(0.2), torch.nn.Linear(4, 2)
    module, targets = torch.nn.Sequential(*layers).double(), np.random.default_rng(0).normal(size=(9, 2))
    torch.nn.functional.mse_loss(module(torch.tensor(ROWS)), torch.tensor(targets)).backward()
    state = {name: p.detach().numpy() for name, p in module.named_parameters()}
    grads = {name: p.grad.numpy() for name, p in module.named_parameters()}
    how = {"loss": "mse", "convention": "torch"}
    said = nn.diagnose(state, ROWS, targets, grads, activation="leaky_relu(0.2)", **how)
    assert (said.ok, said.parameters[2].parameter) == (True, "2.weight")
    other = nn.diagnose(state, ROWS, targets, grads, activation="leaky_relu", **how)
    assert other.conventions == ('the leaky ReLU\'s slope is 0.2 (activation="leaky_relu(0.2)")',)
    model = nn.MLP(5, [4, 2], activation="tanh")

    def gradients(params, X, T):
        layers = {f"layers.{k // 2}.{'Wb'[k % 2]}": params[name] for k, name in enumerate(NAMES)}
        made = nn.matrix.value_and_gradients(layers, X, T, activation="tanh", loss="mse", convention="torch")[1]
        return dict(zip(NAMES, made.values()))

    assert nn.diagnose(model, ROWS, targets, gradients, **how).ok


NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"]


@pytest.mark.parametrize("form", PENALTIES)
def test_a_penalty_is_what_its_text_says(form):
    W, samples = np.array([[1.0, 2.0], [3.0, -4.0]]), 5
    value = eval(form.format(0.3), {"sum": np.sum, "W": W, "m": samples})
    assert 0.5 * PENALTIES[form].l2(0.3, samples) * np.sum(W * W) == pytest.approx(value)


def test_every_dialect_is_complete():
    for dialect in DIALECTS.values():
        assert dialect.layout in nn.matrix.CONVENTIONS
        assert {dialect.penalty, *dialect.habits} <= set(PENALTIES)


def test_a_network_of_values_in_a_course():
    model = nn.MLP(5, [4, 1], activation="tanh", output="sigmoid")
    rows = model.arrays()
    parameters = {
        "W1": rows["layers.0.W"].T,
        "b1": rows["layers.0.b"][:, None],
        "W2": rows["layers.1.W"].T,
        "b2": rows["layers.1.b"][:, None],
    }
    grads = courses.coursera_grads(parameters, X, Y)
    assert nn.diagnose(model, X, Y, grads, convention="coursera").ok
    assert nn.diagnose(model, X, Y, courses.coursera_grads, convention="coursera").ok


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"convention": "keras"}, ValueError, "convention='keras' is not known; use 'rows', .* or 'cs231n'"),
        ({"X": X.T}, ValueError, r"W1 \(4, 5\), .* in coursera X is \(inputs, samples\), and has 8 inputs"),
        (
            {"candidate": [1, 2]},
            ValueError,
            "there are 2 gradients; pass dW1, db1, dW2, db2, in a dictionary or in this",
        ),
        (
            {"candidate": lambda caches, AL: 1},
            TypeError,
            "takes 'caches', and nothing says what that is: pass a function",
        ),
        ({"candidate": lambda parameters, X, Y: None}, TypeError, "returned None, not gradients; .* lr=0.1"),
        ({"candidate": 3.5}, TypeError, "candidate must be a dict of arrays"),
        ({"model": {"Z1": np.ones(3)}}, TypeError, "there are no weights among the parameters"),
        ({"model": object()}, TypeError, "and is an nn.MLP; got an object"),
        ({"output": "softplux"}, ValueError, "output='softplux' is not known"),
        ({"activation": "leaky_relu(x)"}, ValueError, "activation='leaky_relu\\(x\\)' is not known"),
        ({"lr": 0.0}, ValueError, "lr must be a number above 0; got 0.0"),
        ({"loss": "svn"}, ValueError, "loss='svn' is not known"),
        ({"T": Y[:, :3]}, ValueError, "as many targets as samples"),
    ],
)
def test_what_cannot_be_read_is_one_line(change, error, message):
    parameters = courses.coursera()
    given = {"model": parameters, "X": X, "T": Y, "candidate": courses.coursera_grads(parameters, X, Y)}
    given |= {"convention": "coursera", "activation": "tanh"} | change
    with pytest.raises(error, match=message) as raised:
        nn.diagnose(**given)
    assert "\n" not in str(raised.value)


def test_a_missing_and_a_misshapen_gradient_are_said_by_their_own_names():
    parameters = courses.coursera()
    grads = courses.coursera_grads(parameters, X, Y)
    del grads["dW1"]
    said = nn.diagnose(parameters, X, Y, grads | {"db1": np.ones((3, 1))}, convention="coursera", activation="tanh")
    notes = {row.parameter: row.note for row in said.parameters}
    assert (notes["dW1"], notes["db1"]) == ("missing", "has shape (3, 1), not (4, 1)")
    flat = courses.coursera_grads(parameters, X, Y)
    flat["db1"] = flat["db1"].ravel()
    said = nn.diagnose(parameters, X, Y, flat, convention="coursera", activation="tanh")
    assert (said.ok, said.remarks) == (True, ("db1 has shape (4,), not (4, 1): its numbers are compared",))


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_a_sum_over_one_sample_is_a_sum_of_several(factor):
    def nabla(params, x, y):
        W, b = params.values()
        a = 1 / (1 + np.exp(-(W @ x + b)))
        delta = factor * (a - y) * a * (1 - a)
        return [delta @ x.T, delta]

    held = [np.array([[0.3, -0.7, 1.1], [0.2, 0.4, -0.5]]), np.array([[0.1], [-0.2]])]
    x, y = np.array([[0.5], [-1.5], [2.0]]), np.array([[1.0], [0.0]])
    assert nn.diagnose(held, x, y, nabla, convention="nielsen").ok == (factor == 1.0)
