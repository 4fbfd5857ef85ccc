"""Samples on devices: all at once, or a portion at a time where there is no room; the training is the same."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.epochs import TrainingError

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
pytest.importorskip("optax", reason="needs Optax: pip install 'liftgrad[jax]'")

from nn.training.mesh import Mesh  # noqa: E402
from nn.training.placed import SHARE, Placed  # noqa: E402

X, T = np.arange(20.0).reshape(10, 2), np.arange(10)
SAMPLE = X[:1].nbytes


@pytest.fixture
def cramped(monkeypatch):
    """Devices with room for seven samples, and their share of what else there is."""
    monkeypatch.setattr(Mesh, "room", lambda mesh: 7 * SAMPLE * SHARE)


def taken(placed, order, size):
    """Return the samples of each batch, in the order in which they are taken."""
    batches = []
    for (x, t), of in placed.batches(order, size):
        assert np.asarray(x).tolist() == X[np.asarray(t)].tolist()
        for rows, n in zip(of.rows, of.sizes):
            batches.append(np.asarray(t)[rows[:n]].tolist())
    return batches


def test_with_room_all_samples_are_placed_once():
    placed = Placed(X, T, Mesh.of(1))
    assert placed.is_whole
    assert [np.asarray(x).tolist() for x in placed.portions()] == [X.tolist()]
    assert taken(placed, T[::-1].copy(), 4) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 9, 20])
def test_without_room_the_batches_are_the_same(cramped, size):
    placed = Placed(X, T, Mesh.of(1))
    assert placed.at_once == 7
    order = np.random.default_rng(0).permutation(10)
    assert taken(placed, order, size) == [order[k : k + size].tolist() for k in range(0, 10, size)]
    assert np.concatenate(list(placed.portions())).tolist() == X.tolist()


def test_a_device_that_holds_less_than_a_sample_takes_one(monkeypatch):
    monkeypatch.setattr(Mesh, "room", lambda mesh: 1)
    assert Placed(X, T, Mesh.of(1)).at_once == 1


@pytest.mark.slow
@pytest.mark.parametrize("validation", [0.0, 0.3])
def test_a_training_without_room_is_the_same(cramped, validation, monkeypatch):
    points, labels = nn.moons(30, noise=0.1)
    histories, weights = [], []
    for room in (7 * SAMPLE * SHARE, None):
        monkeypatch.setattr(Mesh, "room", lambda mesh, room=room: room)
        model = nn.MLP(2, [6, 1], activation="tanh", seed=1)
        how = {"loss": "hinge", "epochs": 3, "batch_size": 4, "validation": validation, "progress": False}
        histories.append(nn.fit(model, points, labels, backend="jax", devices=1, **how))
        weights.append([v.data for v in model.parameters()])
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-12)
    for few, whole in zip(*histories):
        assert few == pytest.approx(whole, rel=1e-12)


def test_a_training_without_room_that_diverges_goes_back_to_its_step(cramped):
    points, labels = nn.moons(30, noise=0.1)
    optimizer = nn.SGD(lr=1e160)
    how = {"loss": "mse", "batch_size": 4, "backend": "jax", "devices": 1, "progress": False}
    with pytest.raises(TrainingError, match="at step 1 "):
        nn.fit(nn.MLP(2, [6, 1], seed=1), points, labels, optimizer=optimizer, **how)
    assert optimizer.steps == 1
