"""The five notes as printed, against differences: each test backs one row of nn/notes.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nn

ROWS = (Path(nn.__file__).parent / "notes.md").read_text(encoding="utf-8")


def slope(f, x, h=1e-6):
    """Central differences: a truth that shares nothing with any derivation."""
    x = np.asarray(x, dtype=float)
    g = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        g[i] = (f(up) - f(down)) / (2 * h)
    return g


def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def close(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, atol=1e-8)


Z = np.array([0.3, -0.8, 1.1, 0.2])
T = np.array([0.0, 1.0, 0.0, 0.0])


def softmax_entropy(z):
    return -(T * np.log(softmax(z))).sum()


def test_000_the_softmax_derivation_lost_its_minus():
    a, truth = softmax(Z), slope(softmax_entropy, Z)
    printed = ((T / a) * a * (np.eye(4).T - a[:, None])).sum(axis=1)
    assert close(printed, -truth)
    assert close(a - T, truth)


def test_000_the_derivation_of_bp2_has_the_slope_twice():
    rng = np.random.default_rng(0)
    z, w = rng.normal(size=3), rng.normal(size=(3, 2))
    truth = slope(lambda z: (0.5 * (np.tanh(z) @ w) ** 2).sum(), z)
    s, delta = 1 - np.tanh(z) ** 2, np.tanh(z) @ w
    printed = ((w * s[:, None]) @ delta) * s
    assert not close(printed, truth)
    assert close((w @ delta) * s, truth)


def test_000_the_mean_moved_into_the_delta_must_leave_bp3b():
    z = np.random.default_rng(1).normal(size=(2, 5))
    truth = slope(lambda b: (0.5 * (z + b[:, None]) ** 2).sum() / 5, np.zeros(2))
    delta = z / 5
    assert not close(delta @ np.ones(5) / 5, truth)
    assert close(delta @ np.ones(5), truth)


def test_001_the_sum_runs_over_classes_not_samples():
    samples, right = 2, softmax_entropy(Z)
    assert not np.isclose(-np.log(np.exp(Z[1]) / np.exp(Z)[:samples].sum()), right)
    assert np.isclose(-np.log(np.exp(Z[1]) / np.exp(Z)[: len(Z)].sum()), right)


def test_001_the_loss_exponentiates_scores_not_softmax_outputs():
    f = softmax(Z)
    assert not np.isclose(-np.log(np.exp(f[1]) / np.exp(f).sum()), softmax_entropy(Z))


def test_001_the_gradient_subtracts_from_probabilities_not_from_scores():
    truth = slope(softmax_entropy, Z)
    assert not close(Z - T, truth)
    assert close(softmax(Z) - T, truth)


def test_001_steps_one_after_another_are_not_the_sum_of_their_gradients():
    x, y = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    w = 0.5
    for k in range(2):
        w -= 0.1 * slope(lambda w, k=k: 0.5 * (w * x[k] - y[k]) ** 2, w)
    assert not np.isclose(w, 0.5 - 0.1 * slope(lambda w: 0.5 * ((w * x - y) ** 2).sum(), 0.5))


def test_001_a_negative_weight_inverts_and_does_not_cut_off():
    assert np.isclose(slope(lambda x: np.tanh(-2.0 * x), 0.1), -2 * (1 - np.tanh(0.2) ** 2))


def exponentials_as_printed(scores):
    scores = np.exp(scores)
    scores /= np.sum(scores, axis=1).reshape(len(scores), -1)
    return scores


def test_001_the_code_overflows():
    large = np.array([[1000.0, 0.0]])
    with pytest.warns(RuntimeWarning):
        printed = exponentials_as_printed(large)
    assert np.isnan(printed).any()
    assert close(exponentials_as_printed(large - large.max(axis=1, keepdims=True)), np.array([[1.0, 0.0]]))


def test_001_the_commented_shift_cannot_run_and_is_wrong_where_square():
    with pytest.raises(ValueError, match="broadcast"):
        np.zeros((3, 4)) - np.max(np.zeros((3, 4)), axis=1)
    square = np.array([[0.0, 2.0], [5.0, 1.0]])
    assert not close(softmax(square - np.max(square, axis=1)), softmax(square))
    assert close(softmax(square - np.max(square, axis=1, keepdims=True)), softmax(square))


def test_002_delta_transposed_times_a_column_has_no_shape():
    W, x, c = np.ones((3, 2)), np.array([[0.4], [-0.7]]), np.array([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="mismatch"):
        c.T @ x
    assert close(c.T @ x.T, slope(lambda W: (c @ W @ x).item(), W))


def test_003_the_layer_with_a_row_bias_is_a_square():
    W, out, b = np.ones((3, 2)), np.ones((1, 2)), np.zeros((1, 3))
    assert (W @ out.T + b).shape == (3, 3)
    assert (out @ W.T + b).shape == (1, 3)


def test_003_the_corner_of_the_softmax_jacobian():
    a = softmax(Z)
    truth = slope(lambda z: softmax(z)[-1], Z)[-1]
    assert not np.isclose(-a[-1] * a[-1] - a[-1] ** 2, truth)
    assert np.isclose(a[-1] - a[-1] ** 2, truth)


def test_003_the_jacobian_prints_r22_for_r21():
    jacobian = np.array([slope(lambda z, i=i: softmax(z)[i], Z) for i in range(4)])
    assert not np.isclose(jacobian[1, 1], jacobian[1, 0])


def test_003_the_delta_subtracts_the_target_not_one():
    truth = slope(softmax_entropy, Z)
    assert not close(softmax(Z) - 1, truth)
    assert close(softmax(Z) - T, truth)


def test_003_boolean_one_hot_rows_cannot_be_negated():
    y = np.array([0, 2])
    rows = y[:, np.newaxis] == np.arange(3)
    with pytest.raises(TypeError, match="boolean"):
        -rows / np.ones((2, 3))
    assert close(-(rows / 0.5), -rows.astype(float) / 0.5)


def test_003_a_label_equal_to_the_number_of_classes_has_no_row():
    assert not (np.array([3])[:, None] == np.arange(3)).any()


def test_003_e_is_the_gradient_by_outputs_and_then_by_z():
    assert not close(-T / softmax(Z), slope(softmax_entropy, Z))


@pytest.mark.parametrize("line", ["P = np.matmul(D.T * O_{n-1})/N", "def relu(0):\n    return 0", "0 = 1*(0>0)"])
def test_003_code_that_does_not_parse(line):
    with pytest.raises(SyntaxError):
        compile(line, "note 003", "exec")


def test_003_matmul_of_one_product():
    D, out = np.ones((5, 3)), np.ones((5, 2))
    with pytest.raises(ValueError, match="broadcast"):
        np.matmul(D.T * out)
    assert (D.T @ out / 5).shape == (3, 2)


def test_003_relu_edits_its_argument():
    out = np.array([-1.0, 2.0])
    kept = out.copy()
    out[out < 0] = 0
    out[out > 0] = 1
    assert not close(out, kept)


def test_003_the_slopes_of_relu_are_a_vector_not_a_matrix():
    delta, slopes = np.ones((4, 3)), np.ones((4, 3))
    with pytest.raises(ValueError, match="mismatch"):
        delta @ slopes
    assert close(delta * slopes, np.array([d @ np.diag(s) for d, s in zip(delta, slopes)]))


RNG = np.random.default_rng(4)
A0, W4, B4, Y4 = RNG.normal(size=3), RNG.normal(size=(2, 3)), RNG.normal(size=2), RNG.normal(size=2)
A4 = sigmoid(W4 @ A0 + B4)
DELTA4 = (A4 - Y4) / 2 * A4 * (1 - A4)


def cost(W, b):
    return ((Y4 - sigmoid(W @ A0 + b)) ** 2).sum() / 4


def test_004_one_output_is_one_term_of_the_sum():
    truth = slope(lambda a: ((Y4 - a) ** 2).sum() / 4, A4)
    assert not close(np.full(2, (A4 - Y4).sum() / 2), truth)
    assert close((A4 - Y4) / 2, truth)


def test_004_the_sum_spoils_the_delta_and_the_bias():
    truth = slope(lambda b: cost(W4, b), B4)
    assert not close((A4 - Y4).sum() / 2 * A4 * (1 - A4), truth)
    assert close(DELTA4, truth)


def test_004_the_weights_with_the_sum_and_in_the_transposed_form():
    truth = slope(lambda W: cost(W, B4), W4)
    assert not close(np.outer((A4 - Y4).sum() / 2 * A4 * (1 - A4), A0), truth)
    assert close(np.outer(A0, DELTA4).T, truth)
    assert np.outer(A0, DELTA4).shape != truth.shape


def test_004_the_output_layer_sums_over_hidden_neurons_not_inputs():
    inputs = 2
    assert not close(W4[:, :inputs] @ A0[:inputs] + B4, W4 @ A0 + B4)


def test_every_row_of_the_table_names_a_test_that_exists_and_every_test_has_a_row():
    named = {cell.strip(" `") for row in ROWS.splitlines() if "`test_00" in row for cell in row.split("|")[-2:-1]}
    assert named == {name for name in globals() if name.startswith("test_00")}
