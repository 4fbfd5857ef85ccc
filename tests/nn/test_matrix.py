"""The equations by hand: against PyTorch as recorded, against differences, and against each other's conventions."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from nn import matrix

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())
RNG = np.random.default_rng(0)


def params(sizes, seed=0):
    rng = np.random.default_rng(seed)
    made = {}
    for layer, (d, c) in enumerate(zip(sizes, sizes[1:])):
        made[f"layers.{layer}.W"] = rng.normal(size=(d, c)) / np.sqrt(d)
        made[f"layers.{layer}.b"] = rng.normal(size=c) * 0.1
    return made


@pytest.mark.parametrize("case", RECORDED["networks"], ids=lambda c: c["activation"])
def test_networks_agree_with_pytorch(case):
    names = ["layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"]
    given = dict(zip(names, map(np.array, case["params"])))
    value, got = matrix.value_and_gradients(
        given, np.array(case["X"]), np.array(case["T"]), activation=case["activation"], l2=0.01
    )
    assert value == pytest.approx(case["value"], rel=1e-14)
    for name, want in zip(names, case["gradients"]):
        np.testing.assert_allclose(got[name], want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", RECORDED["losses"], ids=lambda c: c["loss"])
def test_losses_agree_with_pytorch(case):
    Z = np.array(RECORDED["Z"])
    t = matrix.targets(np.array(case["T"]), 3, case["loss"])
    loss = matrix.LOSSES[case["loss"]]
    assert loss.values(Z, t).mean() == pytest.approx(case["value"], rel=1e-14)
    np.testing.assert_allclose(loss.derivative(Z, t) / len(Z), case["gradient"], rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("loss", matrix.LOSSES)
@pytest.mark.parametrize("output", matrix.ACTIVATIONS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_every_loss_and_activation_against_differences(loss, output, reduction):
    X, p = RNG.normal(size=(5, 4)), params([4, 6, 3])
    T = RNG.integers(0, 3, 5) if loss == "cross_entropy" else np.sign(RNG.normal(size=(5, 3)))
    options = {"activation": output, "output": output, "loss": loss, "reduction": reduction, "l2": 0.1}
    _, got = matrix.value_and_gradients(p, X, T, **options)
    h = 1e-6
    for name, array in p.items():
        for place in list(np.ndindex(array.shape))[::5]:
            shifted = []
            for d in (h, -h):
                q = {k: v.copy() for k, v in p.items()}
                q[name][place] += d
                shifted.append(matrix.value_and_gradients(q, X, T, **options)[0])
            assert got[name][place] == pytest.approx((shifted[0] - shifted[1]) / (2 * h), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_the_three_conventions_are_one_mathematics(loss):
    X, rows = RNG.normal(size=(5, 4)), params([4, 6, 3])
    T = RNG.integers(0, 3, 5) if loss == "cross_entropy" else RNG.normal(size=(5, 3))
    value, want = matrix.value_and_gradients(rows, X, T, loss=loss)
    torch = {k: v.T if v.ndim == 2 else v for k, v in rows.items()}
    value_torch, got = matrix.value_and_gradients(torch, X, T, loss=loss, convention="torch")
    value_columns, columns = matrix.value_and_gradients(rows, X.T, T.T, loss=loss, convention="columns")
    assert value == value_torch == value_columns
    for name in rows:
        assert got[name].shape == torch[name].shape
        np.testing.assert_array_equal(got[name].T if got[name].ndim == 2 else got[name], want[name])
        np.testing.assert_array_equal(columns[name], want[name])
    with pytest.raises(ValueError, match="convention='keras' is not known"):
        matrix.value_and_gradients(rows, X, T, loss=loss, convention="keras")


def test_note_000_single_samples_add_up_to_the_batch():
    X, p = RNG.normal(size=(5, 4)), params([4, 6, 3])
    T = RNG.normal(size=(5, 3))
    _, want = matrix.value_and_gradients(p, X, T, activation="tanh", output="tanh", loss="half_mse")
    weights, biases = [p["layers.0.W"], p["layers.1.W"]], [p["layers.0.b"], p["layers.1.b"]]
    each = [matrix.single_sample_gradients(weights, biases, x, t, "tanh", "half_mse") for x, t in zip(X, T)]
    for layer in range(2):
        np.testing.assert_allclose(
            np.mean([dW[layer] for dW, _ in each], axis=0), want[f"layers.{layer}.W"], rtol=1e-13
        )
        np.testing.assert_allclose(
            np.mean([db[layer] for _, db in each], axis=0), want[f"layers.{layer}.b"], rtol=1e-13
        )


def test_note_001_one_neuron_is_a_column_of_the_layer():
    X, dy = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 3))
    dW = matrix.weight_gradient(X, dy)
    for j in range(3):
        np.testing.assert_allclose(matrix.neuron_gradient_of_many_inputs(X, dy[:, j]), dW[:, j], rtol=1e-14)
        added = sum(matrix.neuron_gradient(X[k], dy[k, j]) for k in range(5))
        np.testing.assert_allclose(added, dW[:, j], rtol=1e-13)


def test_note_001_loop_and_vectorized_softmax_loss_agree():
    W, X, y = RNG.normal(size=(4, 3)), RNG.normal(size=(7, 4)), RNG.integers(0, 3, 7)
    loop, dW_loop = matrix.softmax_loss_loop(W, X, y, 0.3)
    value, dW = matrix.softmax_loss_vectorized(W, X, y, 0.3)
    assert loop == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(dW_loop, dW, rtol=1e-12)
    layer = {"layers.0.W": W, "layers.0.b": np.zeros(3)}
    general, gradients = matrix.value_and_gradients(layer, X, y, l2=0.3)
    assert general == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(gradients["layers.0.W"], dW, rtol=1e-13)


@pytest.mark.parametrize("size", [1.0, 1e3, 1e5, 1e300])
def test_softmax_loss_is_finite_for_any_scores(size):
    W, X, y = RNG.normal(size=(4, 3)) * size, np.ones((2, 4)), np.array([0, 2])
    for f in (matrix.softmax_loss_loop, matrix.softmax_loss_vectorized):
        value, dW = f(W, X, y, 0.0)
        assert np.isfinite(value)
        assert np.isfinite(dW).all()


def test_note_003_recursion_with_its_one_hot_code():
    p = params([4, 6, 5, 3])
    X, y = RNG.normal(size=(5, 4)), RNG.integers(0, 3, 5)
    weights = [p[f"layers.{k}.W"].T for k in range(3)]
    dW, db = matrix.relu_softmax_gradients(weights, [p[f"layers.{k}.b"] for k in range(3)], X, y)
    _, want = matrix.value_and_gradients(p, X, y)
    for k in range(3):
        np.testing.assert_allclose(dW[k].T, want[f"layers.{k}.W"], rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(db[k], want[f"layers.{k}.b"], rtol=1e-12, atol=1e-16)
    assert matrix.one_hot(np.array([1]), 3).dtype == float


def test_note_004_output_layer():
    W, b, a, y = RNG.normal(size=(3, 4)), RNG.normal(size=3), RNG.normal(size=4), RNG.normal(size=3)
    delta, dW, db = matrix.sigmoid_mse_output_gradients(a, W, b, y)
    layer = {"layers.0.W": W.T, "layers.0.b": b}
    _, want = matrix.value_and_gradients(layer, a[None, :], y[None, :], output="sigmoid", loss="half_mse")
    np.testing.assert_allclose(dW.T, want["layers.0.W"], rtol=1e-13)
    np.testing.assert_allclose(db, want["layers.0.b"], rtol=1e-13)
    np.testing.assert_allclose(delta, db)


def test_targets_outside_the_classes_and_parameters_without_names_are_refused():
    with pytest.raises(IndexError, match="class 3 is outside 0 to 2"):
        matrix.targets(np.array([0, 3]), 3, "cross_entropy")
    with pytest.raises(IndexError, match="class -1 is outside"):
        matrix.targets(np.array([0, -1]), 3, "cross_entropy")
    with pytest.raises(KeyError, match=r"no parameter 'layers\.0\.W'"):
        matrix.depth({"W1": np.ones((2, 2))})
    assert matrix.targets(np.array([1.0, 2.0]), 1, "mse").shape == (2, 1)


def test_the_matrix_path_calls_nothing_of_the_engine():
    """Neither itself nor through what it imports: what it shares with the engine looks at arguments alone."""
    waiting, seen = ["nn.matrix"], set()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        tree = ast.parse(Path(f"{module.replace('.', '/')}.py").read_text())
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        waiting += [m for m in imported - seen if m and m.split(".")[0] in ("engine", "nn", "viz")]
    assert seen == {"nn.matrix", "nn.shapes", "nn.samples", "engine.arguments"}
