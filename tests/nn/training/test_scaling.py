"""Standardising: the numbers, when it is needed, and what is kept with a network, in a file and through pickle."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import engine
import nn
from nn.module import StateError
from nn.training.scaling import Scaling, Standard, is_moderate

ROUGH = np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 500.0, 1e-3] + [0.0, 1e4, 3.0]


def state(model):
    return {name: array.tolist() for name, array in model.state_dict().items()}


@given(arrays(float, (7, 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False)))  # a deviation may be less yet
def test_columns_have_mean_0_and_deviation_1_or_are_constant(X):
    standard = Standard.of(X)
    Z = standard.apply(X)
    for column, z in zip(X.T, Z.T):
        assert abs(z.mean()) < 1e-6
        assert z.std() == pytest.approx(1.0, rel=1e-6) or np.ptp(column) <= 1e-12 * np.abs(column).max()
    np.testing.assert_allclose(standard.undo(Z), X, rtol=1e-12, atol=1e-6)


@given(arrays(float, 3, elements=st.floats(-1e3, 1e3)))
def test_one_sample_is_standardised_as_many_are(x):
    standard = Standard.of(ROUGH)
    z = standard.apply_to_sample(x.tolist())
    np.testing.assert_array_equal(z, standard.apply(x[None, :])[0])
    np.testing.assert_array_equal(standard.undo_for_sample(z), standard.undo(np.array(z)[None, :])[0])


@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e300])
def test_no_unit_overflows(unit):
    X = np.array([[1.0], [2.0], [4.0]]) * unit
    np.testing.assert_allclose(Standard.of(X).apply(X), Standard.of(X / unit).apply(X / unit), rtol=1e-12)


def test_a_constant_column_becomes_0_even_where_its_mean_rounds():
    X = np.full((1000, 1), 0.1)
    assert Standard.of(X).deviation == (1.0,)
    assert np.abs(Standard.of(X).apply(X)).max() < 1e-15


def test_targets_share_a_deviation_so_that_their_squared_error_stays_the_same():
    T = np.array([[0.0, 100.0], [4.0, 300.0], [8.0, 200.0]])
    standard = Standard.of_targets(T)
    Y = T + np.array([[1.0, -5.0], [0.5, 2.0], [0.0, 9.0]])
    error = ((standard.apply(Y) - standard.apply(T)) ** 2).mean()
    assert error * Scaling(None, standard).unit_of_loss == pytest.approx(((Y - T) ** 2).mean(), rel=1e-12)
    kept = Standard.of_targets(T, shifted=False)
    assert kept.mean == (0.0, 0.0)
    assert kept.deviation[0] == pytest.approx(np.sqrt((T**2).mean()))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n", [8, 40, 300])
def test_what_is_standardised_is_moderate(seed, n):
    rng = np.random.default_rng(seed)
    assert is_moderate(rng.normal(size=(n, 4)))
    assert is_moderate(rng.uniform(size=(n, 4)))
    X = rng.normal(size=(n, 4)) * 50 + 7
    assert is_moderate(Standard.of(X).apply(X))


@pytest.mark.parametrize(
    ("X", "moderate"),
    [
        (nn.digits()[0] / 16.0, True),
        (nn.digits()[0], False),
        (nn.moons(50)[0], True),
        (nn.xor()[0], True),
        (ROUGH, False),
        (np.random.default_rng(0).normal(size=(50, 2)) * [1.0, 1e-3], False),
        (np.random.default_rng(0).normal(size=(50, 2)) * 0.04, False),
        (np.array([[2000.0], [2001.0]]), False),
        (np.ones((5, 2)) * 1e6, True),  # constant: nothing to learn from, however large
        (np.eye(30), True),
        (np.zeros((0, 3)), True),
    ],
)
def test_what_is_moderate(X, moderate):
    assert is_moderate(X) is moderate


def trained(X=ROUGH, T=None, loss="cross_entropy", **how):
    T = np.arange(len(X)) % 2 if T is None else T
    model = nn.MLP(X.shape[1], [4, 2 if loss == "cross_entropy" else 1], seed=1)
    nn.fit(model, X, T, loss=loss, epochs=2, progress=False, **how)
    return model


def test_a_network_takes_samples_as_they_are_on_every_path():
    model = trained(T=ROUGH[:, 1] * 3.0 + 50.0, loss="mse")
    assert model.scaling.inputs is not None
    assert model.scaling.targets is not None
    want = nn.predict(model, ROUGH)
    np.testing.assert_allclose([[v.data for v in model(x)] for x in ROUGH.tolist()], want, rtol=1e-12)
    program = engine.lift(lambda x: model(x)[0], batch=True, reduction="none")
    np.testing.assert_allclose(program(ROUGH), want[:, 0], rtol=1e-12)
    bare = model.unscaled()
    Z = nn.predict(bare, model.scaling.inputs.apply(ROUGH))
    np.testing.assert_allclose(model.scaling.targets.undo(Z), want, rtol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_gradients_of_a_network_that_standardises_are_compared_and_diagnosed_as_it_trains(loss):
    T = None if loss == "cross_entropy" else ROUGH[:, 1]
    model = trained(T=T, loss=loss)
    T = np.arange(50) % 2 if T is None else T
    assert nn.compare_gradients(model, ROUGH, T, loss).ok
    _, Z, targets = model.as_trained(ROUGH, T)
    by_hand = nn.matrix.value_and_gradients(model.arrays(), Z, targets, loss=loss)[1]
    assert nn.diagnose(model, ROUGH, T, by_hand, loss).ok
    if loss == "cross_entropy":
        nn.mean_loss(model, ROUGH, T, loss).backward()
        for name, gradient in model.arrays("grad").items():
            np.testing.assert_allclose(gradient, by_hand[name], rtol=1e-9, atol=1e-12)


def test_the_scaling_is_in_the_saved_file_and_in_a_pickle(tmp_path):
    model = trained(T=ROUGH[:, 1], loss="mse")
    model.save(tmp_path / "m", {"target": "price"})
    loaded = nn.MLP(3, [4, 1])
    loaded.load(tmp_path / "m")
    assert loaded.scaling == model.scaling
    assert nn.module.read_notes(tmp_path / "m") == {"target": "price"}
    for other in (loaded, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(nn.predict(other, ROUGH), nn.predict(model, ROUGH))
    copy = nn.MLP(3, [4, 1])
    copy.load_state_dict(model.state_dict())
    assert copy.scaling == model.scaling


def test_a_state_without_scaling_takes_it_away(tmp_path):
    model, raw = trained(), nn.MLP(3, [4, 2], seed=1)
    raw.save(tmp_path / "raw")
    model.load(tmp_path / "raw")
    assert model.scaling == Scaling()
    assert state(model) == state(raw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scaling.inputs.mean": np.ones(2)}, "must both be there, one number per column each"),
        ({"scaling.inputs.mean": np.array([np.nan, 0.0, 0.0])}, "must be finite"),
        ({"scaling.inputs.deviation": np.zeros(3)}, "must be finite, and scaling.inputs.deviation positive"),
        (
            {"scaling.inputs.mean": np.ones(5), "scaling.inputs.deviation": np.ones(5)},
            "the scaling is of 5 inputs, the network has 3",
        ),
        (
            {"scaling.targets.mean": np.ones(5), "scaling.targets.deviation": np.ones(5)},
            "the scaling is of 5 targets, the network has 2",
        ),
    ],
)
def test_a_scaling_that_does_not_fit_is_refused_whole(change, message):
    model = trained()
    before = state(model)
    moved = {name: array + 1.0 for name, array in model.arrays().items()}
    with pytest.raises(StateError, match=message):
        model.load_state_dict(model.state_dict() | moved | change)
    assert state(model) == before


def test_a_module_that_does_not_standardise_takes_no_scaling():
    layer = nn.Layer(3, 2)
    with pytest.raises(StateError, match="scaling.inputs.mean is unknown"):
        layer.load_state_dict(layer.state_dict() | Scaling(Standard.of(ROUGH)).arrays())


def test_what_is_said():
    said = Scaling(Standard((1.0, 2.0), (1.0, 1.0)), Standard((3.0,), (4.0,))).sentences()
    assert said[0] == "inputs standardised: each of 2 columns to mean 0 and deviation 1, kept with the network"
    assert said[1].startswith("targets standardised: less 3, over 4;")
    assert Scaling().sentences() == []
