"""Saved networks: what is written is read again, and what is damaged or something else is said."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nn
from nn.__main__ import main
from nn.module import StateError, read_notes
from nn.training.predictions import read_rows
from nn.training.saved import check_replaceable, load


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    rows = [f"{100 * i},{'York' if i % 3 else 'Bath'},{'yes' if i > 15 else 'no'}" for i in range(30)]
    (folder / "train.csv").write_text("income,town,buys\n" + "\n".join(rows))
    command = ["train", "--data", str(folder / "train.csv"), "--save", str(folder / "model"), "--epochs", "3"]
    assert main(command) == 0
    return load(folder / "model"), folder / "model"


def test_a_saved_network_is_the_same_again(trained):
    first, path = trained
    again = load(path)
    X = read_rows(path.with_name("train.csv"), first.schema).X
    np.testing.assert_array_equal(nn.predict(first.model, X), nn.predict(again.model, X))
    assert again.model.scaling is not None
    assert again.model.scaling.inputs is not None
    assert (again.loss, again.schema) == (first.loss, first.schema)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"inputs": 4},
        {"inputs": "x"},
        {"sizes": [32]},
        {"sizes": [10**9, 2]},
        {"sizes": []},
        {"activation": "step"},
        {"schema": None},
        {"schema": {}},
    ],
)
def test_a_description_that_is_damaged(trained, tmp_path, change):
    model = trained[0].model
    notes = json.loads(read_notes(trained[1])["liftgrad"]) | change
    model.save(tmp_path / "model", {"liftgrad": json.dumps(notes)})
    with pytest.raises(StateError, match="model: ") as caught:
        load(tmp_path / "model")
    assert "\n" not in str(caught.value)


def test_files_that_hold_no_network(tmp_path):
    nn.MLP(2, [2]).save(tmp_path / "plain")
    with pytest.raises(StateError, match="holds no network with a description"):
        load(tmp_path / "plain")
    (tmp_path / "text").write_text("x")
    with pytest.raises(StateError, match="is no safetensors file"):
        load(tmp_path / "text")


def test_nothing_is_replaced_unless_that_is_said(trained, tmp_path):
    nn.MLP(2, [2]).save(tmp_path / "plain")
    (tmp_path / "text").write_text("x")
    for path in (trained[1], tmp_path / "plain", tmp_path / "text"):
        with pytest.raises(OSError, match="is there already; --force replaces it"):
            check_replaceable(path)
        check_replaceable(path, force=True)
    for path in (tmp_path / "plain", tmp_path / "text"):
        with pytest.raises(OSError, match="is no saved network of this kind; --force replaces it"):
            check_replaceable(path, resume=True)
    check_replaceable(trained[1], resume=True)
    check_replaceable(tmp_path / "new")
