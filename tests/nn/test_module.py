"""State in and out, on disk and off, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from engine import Label, Parameters, Value
from nn.module import StateError, laid_out, write_atomically


class Mixed(nn.Module):
    def __init__(self):
        self.scale = Value(2.0)
        self.parts = {"a": Value(1.0), "b": [nn.Neuron([1.0, 2.0])]}
        self.note = "not a parameter"


def test_parameters_are_found_in_lists_dicts_and_modules():
    names = [name for name, _ in Mixed().named_parameters()]
    assert names == ["scale", "parts.a", "parts.b.0.w.0", "parts.b.0.w.1", "parts.b.0.b"]


def test_zero_grad():
    m = Mixed()
    (m.scale * 3.0).backward()
    assert m.scale.grad == 3.0
    m.zero_grad()
    assert m.scale.grad == 0.0


@pytest.mark.parametrize("make", [Mixed, lambda: nn.MLP(3, [4, 2], seed=1)])
def test_a_state_comes_back(make, tmp_path):
    a, b = make(), make()
    for v in a.parameters():
        v.data = v.data * 1.5 + 0.25
    b.load_state_dict(a.state_dict())
    assert [v.data for v in a.parameters()] == [v.data for v in b.parameters()]
    a.save(tmp_path / "state.safetensors")
    c = make()
    c.load(tmp_path / "state.safetensors")
    assert [v.data for v in a.parameters()] == [v.data for v in c.parameters()]
    assert [p.name for p in tmp_path.iterdir()] == ["state.safetensors"]


def test_a_state_that_does_not_fit_is_refused_whole():
    model = nn.MLP(3, [4, 2])
    before = [v.data for v in model.parameters()]
    state = {k: v + 1.0 for k, v in model.state_dict().items()}
    with pytest.raises(StateError, match=r"layers\.1\.b is missing"):
        model.load_state_dict({k: v for k, v in state.items() if k != "layers.1.b"})
    with pytest.raises(StateError, match=r"layers\.9\.W is unknown"):
        model.load_state_dict(state | {"layers.9.W": np.ones(1)})
    with pytest.raises(StateError, match=r"layers\.1\.W is \(2, 4\), the module has \(4, 2\)"):
        model.load_state_dict(state | {"layers.1.W": state["layers.1.W"].T})
    assert [v.data for v in model.parameters()] == before


def test_files_that_are_no_state(tmp_path):
    model = nn.MLP(3, [2])
    with pytest.raises(StateError, match=r"missing\.safetensors: cannot be read \(No such file"):
        model.load(tmp_path / "missing.safetensors")
    (tmp_path / "bad").write_bytes(b"hello")
    with pytest.raises(StateError, match="bad: is no safetensors file"):
        model.load(tmp_path / "bad")
    nn.MLP(4, [2]).save(tmp_path / "other")
    with pytest.raises(StateError, match=r"layers\.0\.W is \(4, 2\), the module has \(3, 2\)"):
        model.load(tmp_path / "other")


def test_a_failed_write_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


class Part(nn.Module):
    """A module whose author trains some of its parameters."""

    def __init__(self):
        self.fixed, self.free = Value(1.0, "fixed"), Value(2.0, "free")

    def parameters(self):
        return [self.free]


class Nested(nn.Module):
    def __init__(self, *parts):
        self.parts = parts


LAID_OUT = {
    "a network": lambda: nn.MLP(3, [4, 2]),
    "one weight": lambda: nn.MLP(1, [1]),
    "Values without labels": lambda: Nested([Value(1.0), Value(2.0)], Value(3.0)),
    "labels that are read": lambda: Nested([Value(1.0, "W[1]"), Value(2.0, "W[0]")]),
    "labels with gaps": lambda: Nested([Value(float(k), Label(f"W.{k}", "W", (k,))) for k in (5, 2, 9)]),
    "two of one name": lambda: Nested(nn.Layer(2, 2, name="same"), {"b": nn.Layer(2, 2, name="same")}),
    "of an author's choice": Part,
}


@pytest.mark.parametrize("kind", LAID_OUT)
def test_a_vector_has_the_parameters_in_their_order_by_arrays_that_are_theirs(kind):
    module = LAID_OUT[kind]()
    vector = laid_out(module)
    assert vector.values == module.parameters()
    assert vector.read().tolist() == [v.data for v in module.parameters()]
    numbers = [x for array in vector.flat.named(vector.read()).values() for x in array.reshape(-1).tolist()]
    assert sorted(numbers) == sorted(v.data for v in module.parameters())


def test_a_network_s_vector_has_the_arrays_that_lifting_finds_by_its_labels():
    module = nn.MLP(3, [4, 2])
    assert laid_out(module).arrays == Parameters(module.parameters()).arrays
