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


def test_parameters_without_names_are_refused():
    with pytest.raises(KeyError, match=r"no parameter 'layers\.0\.W'"):
        matrix.depth({"W1": np.ones((2, 2))})


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
    assert seen == {"nn.matrix", "nn.derivatives", "nn.leaky", "nn.shapes", "nn.samples", "engine.arguments"}
