import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.exchanged import MOST_PARTS, at_hand, exchanged, of_leaves, of_parts, values
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X, W = np.random.default_rng(2).normal(size=(2, 4, 4))


def f(x):
    h = np.tanh(x)
    return (W * h).sum() + np.sqrt((h * h).sum(axis=0) + 1.0).sum()


SWEEP = Sweep(*record(f, [("x", X)]))


def test_arrays_at_hand_have_names():
    assert {"x", "h", "dh", "W"} <= {name for name, _ in at_hand(SWEEP)}


def test_a_derivative_with_another_variable():
    (edge,) = [edge for edge in SWEEP.edges if edge.step.op == "tanh"]
    made = {a.name: SWEEP.altered(a.pulls)[0] for a in exchanged((edge,), SWEEP) if a.pulls}
    g = W + np.tanh(X) / np.sqrt((np.tanh(X) ** 2).sum(axis=0) + 1.0)
    np.testing.assert_allclose(made["wrong-operand", "W"], g * W, rtol=1e-12)
    np.testing.assert_allclose(made["factor-too-many", "h"], g * (1 - np.tanh(X) ** 2) * np.tanh(X), rtol=1e-12)
    np.testing.assert_allclose(made["wrong-upstream", "x"], X * (1 - np.tanh(X) ** 2), rtol=1e-12)


def test_parts_exchanged_have_one_anothers_gradients_and_repeated_ones_both():
    x = np.arange(1.0, 7.0)
    sweep = Sweep(*record(lambda x: (np.exp(0.1 * x[:3]) * x[3:] ** 2).sum(), [("x", x)]))
    first, second = 0.1 * np.exp(0.1 * x[:3]) * x[3:] ** 2, 2.0 * np.exp(0.1 * x[:3]) * x[3:]
    gradients = {(a.kind, a.what): sweep.altered(a.pulls)[0] for a in of_parts(sweep)}
    want = {
        ("parts-exchanged", "number 1 and number 2"): [second, first],
        ("part-repeated", "number 1 and number 2"): [first, first],
        ("part-repeated", "number 2 and number 1"): [second, second],
    }
    assert gradients.keys() == want.keys()
    for key, parts in want.items():
        np.testing.assert_allclose(gradients[key], np.concatenate(parts), rtol=1e-14)


def test_gates_that_are_split_from_one_array_are_its_parts_at_each_time():
    def gates(w):
        h = np.ones(2)
        for row in X[:3]:
            forget, update = np.split(row @ w, 2)
            h = h * forget + np.tanh(update)
        return h.sum()

    sweep = Sweep(*record(gates, [("w", W)]))
    (alteration,) = [a for a in of_parts(sweep) if a.kind == "parts-exchanged"]
    assert len(alteration.edges) == 2 * 3
    right, wrong = sweep.altered({})[0], sweep.altered(alteration.pulls)[0]
    np.testing.assert_allclose(wrong, np.roll(right, 2, axis=1), rtol=1e-14)


@pytest.mark.parametrize(
    ("parts", "count"),
    [([slice(0, 3), slice(2, 5)], 0), ([slice(0, 3), slice(3, 5)], 0), ([[k] for k in range(10)], MOST_PARTS)],
    ids=["that overlap", "of two lengths", "of which there are many"],
)
def test_parts(parts, count):
    sweep = Sweep(
        *record(lambda x: sum((k + 1.0) * x[part].sum() for k, part in enumerate(parts)), [("x", np.ones(10))])
    )
    kinds = [a.kind for a in of_parts(sweep)]
    assert kinds.count("parts-exchanged") == count * (count - 1) // 2
    assert kinds.count("part-repeated") == count * (count - 1)


def test_a_whole_gradient_is_any_array_of_its_shape_but_what_comes_on_the_way():
    sweep = Sweep(*record(f, [("x", X)]))
    gradients = {a.what: sweep.altered(a.pulls)[0] for a in of_leaves(sweep) if a.kind == "wrong-gradient"}
    assert {"x", "h", "W"} <= gradients.keys()
    assert "dh" not in gradients
    for what, array in {"x": X, "h": np.tanh(X), "W": W}.items():
        np.testing.assert_array_equal(gradients[what], array)


@pytest.mark.parametrize("x", [np.array(2.0), np.array([1.0, 2.0])])
def test_two_numbers_are_too_few_to_be_taken_for_another_array(x):
    sweep = Sweep(*record(lambda x: (np.tanh(x) * x).sum(), [("x", x)]))
    assert list(of_leaves(sweep)) == []


def normalised(x, gamma):
    xc = x - x.mean(axis=1, keepdims=True)
    std = np.sqrt((xc**2).mean(axis=1, keepdims=True) + 0.1)
    return gamma * xc / std, (xc, std, gamma)


def normalised_backward(dout, cache):
    xc, std, gamma = cache
    g = dout * gamma
    return (g - g.mean(axis=1, keepdims=True) - xc / std) / std, (dout * xc / std).sum(axis=0)


def unit(x, gamma):
    size = np.sqrt((x * x).sum(axis=1, keepdims=True) + 0.1)
    return gamma * x / size, (x, size, gamma)


def unit_backward(dout, cache):
    x, size, gamma = cache
    return dout * gamma / size - x / size**2, (dout * x / size).sum(axis=0)


@pytest.mark.parametrize(
    ("forward", "backward", "said"),
    [(normalised, normalised_backward, "-x.shape[1] * 1/std"), (unit, unit_backward, "-1 * 1/size")],
)
def test_what_stands_for_the_gradient_of_a_norm(forward, backward, said):
    (finding,) = nn.check_backward(forward, backward, X[:, :3], np.array([0.5, -1.2, 2.0])).findings
    assert finding.name == "wrong-upstream" and f"stands `{said}`" in finding.sentence


def recurrent(x, w):
    h, states = np.zeros((2, 3)), []
    for t in range(4):
        h = np.tanh(x[t] @ w + h)
        states.append(h)
    return np.stack(states), (x, w, states)


def gated(x, w):
    h, states = np.zeros((2, 3)), []
    for t in range(4):
        h = h * 0.5 + np.exp(-x[t] @ w)
        states.append(h)
    return np.stack(states), (x, w, states)


def recurrent_backward(dout, cache):
    x, w, states = cache
    dx, dw, dh = np.zeros_like(x), np.zeros_like(w), np.zeros((2, 3))
    for t in reversed(range(4)):
        dz = (dh + dout[t - 1]) * (1.0 - states[t] ** 2)
        dx[t], dw, dh = dz @ w.T, dw + x[t].T @ dz, dz
    return dx, dw


def gated_backward(dout, cache):
    x, w, _ = cache
    dx, dw, dh = np.zeros_like(x), np.zeros_like(w), np.zeros((2, 3))
    for t in reversed(range(4)):
        dh = dh + dout[t - 1]
        dz = -dh * np.exp(-x[t] @ w)
        dx[t], dw, dh = dz @ w.T, dw + x[t].T @ dz, 0.5 * dh
    return dx, dw


def test_a_sum_whose_share_is_multiplied_with_an_array_as_wide_as_what_was_summed():
    def softmax(x):
        e = np.exp(x)
        return e / e.sum(axis=1, keepdims=True)

    def backward(d, x):
        p = softmax(x)
        return p * d - p * p * (p * d).sum(axis=1, keepdims=True)

    diagnosis = nn.check_backward(softmax, backward, X)
    assert diagnosis.names == ["factor-too-many"] and "the share of `e` in `sum(e)`" in str(diagnosis)


PENALISED = np.random.default_rng(4)
ROWS, Y, V = PENALISED.normal(size=(7, 4)), PENALISED.normal(size=7), PENALISED.normal(size=4)


def residuals(w):
    return np.sum((ROWS @ w - Y) ** 2)


@pytest.mark.parametrize("strength", [0.1, -0.37, 2.0])
def test_a_penalty_of_the_gradient_alone_has_a_name(strength):
    said = nn.diagnose_function(residuals, V, lambda w: 2 * ROWS.T @ (ROWS @ w - Y) + strength * w)
    assert said.names == ["term-added"] and "* x" in said.findings[0].sentence + said.findings[0].found


def test_a_derivative_of_another_step_that_is_there_already_has_a_name():
    logp = np.log(np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]))
    kept = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    said = nn.check_backward(lambda lp: -np.sum(lp * kept), lambda dout, lp: dout * (np.exp(lp) - kept), logp)
    assert said.names == ["term-added"] and "exp(lp)" in said.findings[0].sentence


def test_noise_is_no_term():
    noise = PENALISED.normal(size=4)
    said = nn.diagnose_function(residuals, V, lambda w: 2 * ROWS.T @ (ROWS @ w - Y) + 0.1 * noise)
    assert "term-added" not in said.names


def test_a_line_that_joins_more_each_time():
    def f(x):
        seen, total = [], 0.0
        for row in x:
            seen.append(np.tanh(row))
            total = total + np.stack(seen).sum()
        return total

    x = np.random.default_rng(6).normal(size=(3, 4))
    at_each = values(Sweep(*record(f, [("x", x)])), 3)
    assert at_each and {len(arrays) for _, arrays in at_each} == {3}
