"""Epochs on devices: NumPy's records, the same bits where it is resumed, and what is refused and said."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

import engine
import nn
from engine import Value
from nn.training.epochs import TrainingError

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
pytest.importorskip("optax", reason="needs Optax: pip install 'liftgrad[jax]'")

X, T = nn.moons(30, noise=0.1)


class Own(nn.Module):
    """A model of its own kind, which makes a Value anew in every call."""

    def __init__(self):
        self.below, self.above = nn.Layer(2, 4, rng=0), nn.Layer(4, 1, rng=1)

    def __call__(self, x):
        return self.above([engine.sin(a) * Value(3.0) for a in self.below(x)])


def network():
    return nn.MLP(2, [6, 1], activation="tanh", seed=1)


def train(model, backend="jax", epochs=3, **how):
    how = {"loss": "hinge", "batch_size": 8, "progress": False} | ({"devices": 1} if backend == "jax" else {}) | how
    return nn.fit(model, X, T, epochs=epochs, backend=backend, **how)


def state(model):
    return np.array([v.data for v in model.parameters()])


def close(found, want, tolerance=1e-9):
    assert [list(record) for record in found] == [list(record) for record in want]
    for a, b in zip(found, want):
        assert a == pytest.approx(b, rel=tolerance)


@pytest.mark.parametrize("make", shortened([Own, network], 1))
def test_records_and_weights_are_numpys(make):
    how = {"validation": 0.2, "strength": 0.01, "patience": 2}
    numpy, devices = make(), make()
    rate = nn.optim.warmup(nn.optim.cosine(0.1, 12), 4)
    found, want = (
        train(model, backend, optimizer=nn.AdamW(rate), **how)
        for model, backend in ((devices, "jax"), (numpy, "numpy"))
    )
    close(found, want)
    np.testing.assert_allclose(state(devices), state(numpy), rtol=1e-9, atol=1e-12)
    assert found.said == want.said


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_what_is_resumed_comes_to_the_same_bits(tmp_path, dtype):
    whole, resumed, path = network(), network(), tmp_path / "checkpoint"
    how = {"validation": 0.2, "dtype": dtype}
    history = train(whole, epochs=4, optimizer=nn.Adam(0.01), **how)
    train(network(), epochs=2, optimizer=nn.Adam(0.01), checkpoint=path, **how)
    again = train(resumed, epochs=4, optimizer=nn.Adam(0.01), checkpoint=path, resume=True, **how)
    assert (state(whole) == state(resumed)).all()
    assert again == history


def test_an_optimiser_goes_on_where_the_devices_left_it():
    found, want = nn.Adam(0.01), nn.Adam(0.01)
    for optimizer, backend in ((found, "jax"), (want, "numpy")):
        model = network()
        for _ in range(2):
            train(model, backend, optimizer=optimizer)
    assert found.steps == want.steps == 24
    np.testing.assert_allclose(found.state["v"], want.state["v"], rtol=1e-9)


def test_float32_is_said_and_close():
    model, numpy = network(), network()
    history = train(model, dtype="float32")
    assert "the devices compute with float32" in history.said[0]
    close(history, train(numpy, "numpy"), 1e-4)
    assert (state(model) == state(model).astype(np.float32)).all()
    assert (state(model) != state(numpy)).any()
    with pytest.raises(ValueError, match="dtype='float32' is for backend='jax'"):
        train(network(), "numpy", dtype="float32")
    with pytest.raises(ValueError, match="dtype"):
        train(network(), dtype="float16")


def test_whoever_is_told_of_an_epoch_sees_its_weights():
    model, seen = network(), []
    train(model, progress=None, report=lambda line: seen.append(state(model)))
    assert len({tuple(weights) for weights in seen}) == 3
    assert (seen[-1] == state(model)).all()


@pytest.mark.parametrize(
    "how", [{"validation": 0.2}, *(pytest.param(h, marks=pytest.mark.slow) for h in ({}, {"metrics": ()}))]
)
def test_a_training_that_diverges_ends_as_numpys_does(how):
    said, left = [], []
    for backend in ("numpy", "jax"):
        model, optimizer = network(), nn.SGD(lr=1e160)
        with pytest.raises(TrainingError) as error:
            train(model, backend, loss="mse", optimizer=optimizer, **how)
        said.append(str(error.value))
        left.append((optimizer.steps, np.isfinite(state(model)).all()))
    assert said[0].split(" (epoch")[0] == said[1].split(" (epoch")[0]
    assert left[0] == left[1]


def test_an_optimiser_of_somebodys_own_is_refused_before_the_first_step():
    class Mine(nn.SGD):
        pass

    model = network()
    before = state(model)
    with pytest.raises(TypeError, match="Mine has no counterpart in Optax"):
        train(model, optimizer=Mine())
    assert (state(model) == before).all()
