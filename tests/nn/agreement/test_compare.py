"""The comparison agrees where gradients agree, and catches what is off by one part in a thousand million."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from nn import matrix
from nn.agreement.units import rounding_units
from nn.neuron import ACTIVATIONS

RNG = np.random.default_rng(0)


def batch(n, d, c, loss, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, rng.integers(0, c, n) if loss == "cross_entropy" else np.sign(rng.normal(size=(n, c)))


@pytest.mark.parametrize("loss", matrix.LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_scalar_lifted_and_hand_derived_agree(activation, loss):
    model = nn.MLP(6, [5, 4, 3], activation=activation, seed=2)
    X, T = batch(7, 6, 3, loss)
    T = (T > 0).astype(float) if loss == "binary_cross_entropy" else T
    report = nn.compare_gradients(model, X, T, loss, strength=0.05)
    assert report.ok, str(report)
    assert {row.path for row in report.rows} == {"scalar", "lifted"}
    assert len(report.rows) == 12
    assert all(v.grad == 0.0 for v in model.parameters())


@settings(max_examples=15)
@given(
    st.integers(1, 9),
    st.lists(st.integers(1, 6), min_size=2, max_size=5),
    st.sampled_from(list(ACTIVATIONS)),
    st.integers(0, 99),
)
def test_random_networks_agree(n, sizes, activation, seed):
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, output="identity", seed=seed)
    X, T = batch(n, sizes[0], sizes[-1], "cross_entropy", seed)
    assert nn.compare_gradients(model, X, T).ok


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_every_single_entry_off_by_a_thousand_millionth_is_caught(activation):
    model = nn.MLP(5, [4, 3], activation=activation, seed=4)
    X, T = batch(8, 5, 3, "cross_entropy")
    _, right = matrix.value_and_gradients(model.arrays(), X, T, activation=activation)
    assert nn.compare_gradients(model, X, T, candidate=right).ok
    for name, array in right.items():
        for place in np.ndindex(array.shape):
            if array[place] == 0.0:
                continue
            wrong = {k: v.copy() for k, v in right.items()}
            wrong[name][place] *= 1.0 + 1e-9
            report = nn.compare_gradients(model, X, T, candidate=wrong)
            failed = [row for row in report.rows if not row.ok]
            assert [(row.parameter, row.worst, row.verdict) for row in failed] == [(name, place, "DIFFERS")]


@pytest.fixture(scope="module")
def trained():
    X, T = nn.digits()
    model = nn.MLP(64, [32, 10], seed=0)
    nn.fit(model, X / 16.0, T, epochs=20, optimizer=nn.Adam(lr=5e-3), progress=False)
    return model, X[:32] / 16.0, T[:32]


@pytest.mark.slow
def test_in_a_trained_network_all_entries_but_those_declared_unresolved_are_caught(trained):
    model, X, T = trained
    _, right = matrix.value_and_gradients(model.arrays(), X, T)
    report = nn.compare_gradients(model, X, T)
    assert report.ok
    unresolved = sum(row.unresolved for row in report.rows if row.path == "scalar")
    units = rounding_units(model.arrays(), X, T, "relu", "identity", "cross_entropy")
    allowed = report.rows[0].allowed
    entries = [(name, tuple(place)) for name in right for place in np.argwhere(right[name] != 0.0)]
    hidden = {(k, at) for k, at in entries if 1e-9 * abs(right[k][at]) <= allowed * units[k][at]}
    assert len(hidden) == unresolved < 0.03 * len(entries)
    for name, place in entries[::3]:
        wrong = right | {name: right[name].copy()}
        wrong[name][place] *= 1.0 + 1e-9
        passed = nn.compare_gradients(model, X, T, candidate=wrong).ok
        assert not passed or (name, place) in hidden
    assert f"in {unresolved} of 2,410 entries terms cancel" in str(report) or not unresolved


@pytest.mark.parametrize("loss", matrix.LOSSES)
@settings(max_examples=5)
@given(
    st.integers(1, 12),
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.sampled_from(list(ACTIVATIONS)),
    st.sampled_from(["identity", "tanh", "sigmoid"]),
    st.sampled_from([0.1, 1.0, 10.0]),
    st.integers(0, 99),
)
def test_saturated_and_badly_scaled_networks_raise_no_false_alarm(loss, n, sizes, activation, output, size, seed):
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, output=output, seed=seed)
    rng = np.random.default_rng(seed)
    for v in model.parameters():
        v.data = size * v.data + 0.1 * rng.normal()
    X, T = batch(n, sizes[0], sizes[-1], loss, seed)
    T = (T > 0).astype(float) if loss == "binary_cross_entropy" else T
    assert nn.compare_gradients(model, size * X, T, loss, strength=0.1).ok


def test_a_candidate_with_a_missing_name_a_wrong_shape_or_nan():
    model = nn.MLP(3, [2])
    X, T = batch(4, 3, 2, "cross_entropy")
    _, right = matrix.value_and_gradients(model.arrays(), X, T)
    assert "missing" in str(nn.compare_gradients(model, X, T, candidate={"layers.0.W": right["layers.0.W"]}))
    turned = nn.compare_gradients(model, X, T, candidate=right | {"layers.0.W": right["layers.0.W"].T})
    assert "has shape (2, 3)" in str(turned)
    nan = nn.compare_gradients(model, X, T, candidate=right | {"layers.0.b": np.array([np.nan, 0.0])})
    assert not nan.ok


def test_shapes_that_do_not_fit():
    model = nn.MLP(3, [2])
    with pytest.raises(ValueError, match=r"takes samples of 3 numbers; got X \(4, 2\)"):
        nn.compare_gradients(model, np.ones((4, 2)), np.zeros(4, dtype=int))
    with pytest.raises(ValueError, match="as many targets as samples, and at least one; got 4 and 3"):
        nn.compare_gradients(model, np.ones((4, 3)), np.zeros(3, dtype=int))


def test_gradients_already_in_the_model_are_left_as_they_were():
    model = nn.MLP(3, [2])
    for v in model.parameters():
        v.grad = 7.0
    nn.compare_gradients(model, *batch(4, 3, 2, "cross_entropy"))
    assert {v.grad for v in model.parameters()} == {7.0}


@pytest.mark.parametrize("activation", ["relu", "softplus", "silu", "gelu"])
def test_numbers_that_underflow_raise_no_false_alarm(activation):
    model = nn.MLP(3, [1, 8], activation=activation, output="sigmoid", seed=90)
    rng = np.random.default_rng(90)
    for v in model.parameters():
        v.data = 10.0 * v.data + 0.1 * rng.normal()
    X, T = batch(3, 3, 8, "binary_cross_entropy", 90)
    assert nn.compare_gradients(model, 10.0 * X, (T > 0).astype(float), "binary_cross_entropy", strength=0.1).ok
