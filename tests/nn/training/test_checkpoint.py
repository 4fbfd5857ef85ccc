"""Checkpoints: of which training they are, and what is damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as save_bytes

import nn
from nn.training.checkpoint import CheckpointError, check_unused, digest, load_checkpoint, scaling_of

X, T = nn.moons(40, seed=1)


def train(path, epochs, X=X, T=T, activation="tanh", hidden=4, seed=0, **how):
    how = {"loss": "hinge", "batch_size": 16, "seed": 0, "optimizer": nn.Adam(lr=0.01)} | how
    model = nn.MLP(2, [hidden, 1], activation=activation, seed=seed)
    return nn.fit(model, X, T, epochs=epochs, checkpoint=path, progress=False, **how)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X + 1e-12}, "was made with other samples"),
        ({"X": X[::-1]}, "was made with other samples"),
        ({"X": X[10:30], "T": T[10:30]}, "was made with other samples"),
        ({"T": -T}, "was made with other targets"),
        ({"loss": "mse"}, "was made with loss hinge, not mse"),
        ({"activation": "relu"}, r"was made with network MLP\(2, \[4, 1\], activation='tanh'.*not .*'relu'"),
        ({"hidden": 5}, "holds 17 parameters; the network has 21"),
        ({"seed": 1}, None),  # the network's weights are the checkpoint's
        ({"batch_size": 8}, "was made with batch size 16, not 8"),
        ({"strength": 0.1}, r"was made with regularisation 0.0, not 0.1"),
        ({"validation": 0.25}, "was made with other (samples|targets|validation samples)"),
        ({"optimizer": nn.SGD()}, "was made with Adam, not SGD"),
        ({"optimizer": nn.Adam(lr=0.02)}, None),  # another learning rate goes on
        ({"lifted": False}, None),
    ],
)
def test_only_the_same_training_is_gone_on_with(tmp_path, change, message):
    path = tmp_path / "checkpoint"
    train(path, 1)
    content = path.read_bytes()
    if message is None:
        assert len(train(path, 2, resume=True, **change)) == 2
    else:
        with pytest.raises(CheckpointError, match=message):
            train(path, 2, resume=True, **change)
        assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([5, 3, 1], "was made with another network: the scaling is of 2 inputs, the network has 5"),  # 22 parameters
        ([3, 4, 1], "holds 22 parameters; the network has 21"),
        ([2, 2, 4], "holds 22 parameters; the network has 18"),
    ],
)
def test_data_of_another_width_is_another_training(tmp_path, sizes, message):
    """Whether the number of parameters is the same or not, and whatever is standardised."""
    rng, path = np.random.default_rng(0), tmp_path / "checkpoint"
    how = {"loss": "mse", "epochs": 2, "checkpoint": path, "progress": False}
    scale = rng.normal(size=(20, 9)) * 100.0
    nn.fit(nn.MLP(2, [4, 2]), scale[:, :2], scale[:, :2], **how)
    n, *layers = sizes
    with pytest.raises(CheckpointError, match=message):
        nn.fit(nn.MLP(n, layers), scale[:, :n], scale[:, : layers[-1]], resume=True, **how)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", b"\0" * 100])
def test_a_file_that_is_no_checkpoint_is_never_replaced(tmp_path, content):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"data.csv: is there, and is no checkpoint that can be read"):
        train(path, 1)
    nn.MLP(2, [3]).save(tmp_path / "model")
    with pytest.raises(CheckpointError, match="model: is there, and is no checkpoint"):
        train(tmp_path / "model", 1)
    assert path.read_bytes() == content
    train(tmp_path / "c", 1)
    train(tmp_path / "c", 1, seed=5)  # one's own is replaced


def test_the_seed_of_the_shuffling_is_the_trainings(tmp_path):
    path = tmp_path / "checkpoint"
    model = nn.MLP(2, [4, 1])
    nn.fit(model, X, T, loss="hinge", epochs=1, checkpoint=path, seed=3, progress=False)
    with pytest.raises(CheckpointError, match="was made with seed 3, not 4"):
        nn.fit(model, X, T, loss="hinge", epochs=2, checkpoint=path, seed=4, resume=True, progress=False)


def written(path, tensors=None, **notes):
    size = 17
    given = {"optimizer": "Adam", "steps": "1", "epoch": "1", "history": '[{"epoch": 1, "loss": 0.5}]', "run": "{}"}
    arrays = {"parameters": np.zeros(size), "best": np.zeros(size)} | (tensors or {})
    words = {k: v for k, v in (given | notes).items() if v is not None}
    path.write_bytes(save_bytes({k: v for k, v in arrays.items() if v is not None}, words))


@pytest.mark.parametrize(
    ("tensors", "notes", "message"),
    [
        ({"parameters": np.full(17, np.nan)}, {}, "is damaged: parameters must be 17 finite numbers"),
        ({"best": np.zeros(3)}, {}, "is damaged: best must be 17 finite numbers"),
        ({"optimizer.m": np.zeros(3)}, {}, "is damaged: m must be 17 finite numbers"),
        ({"parameters": None}, {}, "holds 0 parameters; the network has 17"),
        ({}, {"steps": None}, "is damaged: it does not say how far it came"),
        ({}, {"steps": "x"}, "is damaged: it does not say how far it came"),
        ({}, {"epoch": "-1"}, "is damaged: it does not say how far it came"),
        ({}, {"history": None}, "is damaged: it does not say how far it came"),
        ({}, {"history": "["}, "is damaged: it does not say how far it came"),
        ({}, {"history": '[{"epoch": 1}]'}, "is damaged: it does not say how far it came"),
        ({}, {"history": '[{"epoch": 1, "loss": "x"}]'}, "is damaged: it does not say how far it came"),
        ({}, {"history": '[{"epoch": 1, "loss": NaN}]'}, "is damaged: it does not say how far it came"),
        ({}, {"history": "7"}, "is damaged: it does not say how far it came"),
        ({}, {"run": "["}, "is damaged: it does not say what it is a training of"),
        ({}, {"run": "7"}, "is damaged: it does not say what it is a training of"),
        ({}, {"run": None}, "was made with network something unknown"),
        ({"scaling.inputs.mean": np.zeros(2)}, {}, "is no readable checkpoint"),
    ],
)
def test_damaged_checkpoints_are_one_line(tmp_path, tensors, notes, message):
    path = tmp_path / "checkpoint"
    written(path, tensors, **notes)
    with pytest.raises(CheckpointError, match=message) as caught:
        train(path, 2, resume=True)
    assert "\n" not in str(caught.value)


@given(st.data())
def test_any_damage_is_an_error_of_its_own(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("checkpoints") / "checkpoint"
    written(path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw))
    try:
        load_checkpoint(path, 17, nn.Adam())
        scaling_of(path, nn.MLP(2, [4, 1]))
    except CheckpointError:
        pass


def test_an_optimiser_is_as_it_was_where_a_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    written(path, {"optimizer.m": np.ones(17), "optimizer.v": np.ones(17)})
    optimizer = nn.Adam()
    with pytest.raises(CheckpointError):
        load_checkpoint(path, 17, optimizer, {"seed": "1"})
    assert (optimizer.steps, optimizer.state) == (0, {})
    load_checkpoint(path, 17, optimizer)
    assert (optimizer.steps, sorted(optimizer.state)) == (1, ["m", "v"])


def test_digests_see_shapes_and_every_bit():
    x = np.arange(6.0)
    assert digest(x) == digest(x.copy()) == digest(np.arange(6))
    assert len({digest(x), digest(x.reshape(2, 3)), digest(np.nextafter(x, 9)), digest(x[:5]), digest(x, x)}) == 5


def test_a_checkpoint_is_replaced_only_if_that_is_said(tmp_path):
    path = tmp_path / "checkpoint"
    check_unused(path, resume=False, force=False)
    check_unused(None, resume=False, force=False)
    path.write_text("x")
    with pytest.raises(CheckpointError, match="is there already; --resume goes on from it, --force replaces it"):
        check_unused(path, resume=False, force=False)
    check_unused(path, resume=True, force=False)
    check_unused(path, resume=False, force=True)


def test_what_a_checkpoint_says_is_json(tmp_path):
    path = tmp_path / "checkpoint"
    train(path, 1)
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as file:
        run = json.loads(file.metadata()["run"])
    assert run["loss"] == "hinge"
    assert len(run["samples"]) == 32
