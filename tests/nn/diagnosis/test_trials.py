"""A gradient function is tried on several problems."""

from __future__ import annotations

import numpy as np

import nn
from nn import matrix
from nn.diagnosis.equations import Problem
from nn.diagnosis.trials import SIZE_FIXED, diagnose_gradients

RNG = np.random.default_rng(5)
X, T = RNG.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 1])


def network(**options):
    return nn.MLP(4, [5, 3], **{"activation": "tanh", "seed": 3} | options)


def test_a_function_is_tried_on_data_that_tells_mistakes_apart():
    """A square gradient that is transposed may also be reshaped: only other widths can tell."""
    model = nn.MLP(4, [4, 4], activation="tanh")

    def turned(params, X, T):
        made = dict(matrix.value_and_gradients(params, X, T, activation="tanh")[1])
        return made | {"layers.0.W": made["layers.0.W"].T}

    numbers = nn.diagnose(model, X, T, turned(model.arrays(), X, T))
    assert numbers.verdict == "ambiguous"
    assert nn.diagnose(model, X, T, turned).names == ["weights-transposed"]

    def own_widths_only(params, X, T):
        assert params["layers.0.W"].shape == (4, 4)
        return turned(params, X, T)

    assert nn.diagnose(model, X, T, own_widths_only).verdict == "ambiguous"


def test_a_function_whose_factor_follows_the_batch():
    model = nn.MLP(4, [5, 3], activation="tanh")
    batch = slice(0, 3)  # 3 samples and 3 classes: on these the factor could be either

    def summed(params, X, T):
        return matrix.value_and_gradients(params, X, T, activation="tanh", reduction="sum")[1]

    assert nn.diagnose(model, X[batch], T[batch], summed).names == ["no-mean"]


def test_a_function_that_keeps_state_between_calls():
    total = {}

    def gradients(params, X, T):
        for name, value in matrix.value_and_gradients(params, X, T, activation="tanh")[1].items():
            total[name] = total.get(name, 0.0) + value
        return total

    said = nn.diagnose(network(), X, T, gradients)
    assert said.names == ["accumulated"]
    assert any(
        remark.startswith("right on this data, but not with other parameters and inputs") for remark in said.remarks
    )


def test_a_function_that_keeps_stale_activations():
    kept = {}

    def gradients(params, X, T):
        rows = Problem(params, X, matrix.one_hot(T, 3), ("tanh", "identity"), "cross_entropy", 1.0 / len(X))
        zs, acts = kept.setdefault(X.shape, rows.forward)
        delta = (matrix.softmax(zs[1]) - rows.t) / len(X)
        below = delta @ params["layers.1.W"].T * (1.0 - acts[1] ** 2)
        made = {"layers.1.W": acts[1].T @ delta, "layers.1.b": delta.sum(axis=0)}
        return made | {"layers.0.W": acts[0].T @ below, "layers.0.b": below.sum(axis=0)}

    assert nn.diagnose(network(), X, T, gradients).names == ["stale-activations"]


def test_a_function_that_edits_its_arguments():
    def gradients(params, X, T):
        made = matrix.value_and_gradients(params, X, T, activation="tanh")[1]
        X -= 1.0
        return made

    said = nn.diagnose(network(), X.copy(), T, gradients)
    assert said.ok
    assert said.remarks == ("the function changes its argument X: copy it first",)


def test_columns_get_their_arguments_as_columns():
    seen = {}

    def gradients(params, X, T):
        seen.setdefault("shapes", (params["layers.0.W"].shape, X.shape, T.shape))
        return {}

    problem = Problem.random((4, 5, 3), samples=6)
    assert diagnose_gradients(problem, gradients, "columns", classes=False).verdict == "unnamed"
    assert seen["shapes"] == ((4, 5), (4, 6), (3, 6))


def test_a_number_of_samples_that_is_built_in_is_a_remark():
    model, X = nn.MLP(3, [4, 2], activation="tanh"), np.random.default_rng(0).normal(size=(6, 3))

    def gradients(params, X, T):
        right = matrix.value_and_gradients(params, X, T, activation="tanh", reduction="sum")[1]
        return {name: x / 6 for name, x in right.items()}

    diagnosis = nn.diagnose(model, X, np.array([0, 1, 1, 0, 1, 0]), gradients)
    assert (diagnosis.ok, diagnosis.remarks) == (True, (SIZE_FIXED,))
    assert nn.diagnose(model, X[:5], np.array([0, 1, 1, 0, 1]), gradients).names == ["wrong-count"]
