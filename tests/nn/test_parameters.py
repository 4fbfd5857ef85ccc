"""Parameters in every container: found, trained and saved; or, where nobody looks, refused in one sentence."""

from __future__ import annotations

import collections
import dataclasses
import functools
import types

import numpy as np
import pytest

import nn
from engine import Label, Value

START = (0.1, 0.2, 0.3, 0.4)


def four():
    return [Value(x) for x in START]


class Plain:
    def __init__(self):
        self.w = four()


class Slotted:
    __slots__ = ("w",)

    def __init__(self):
        self.w = four()


@dataclasses.dataclass
class Record:
    w: list


Pair = collections.namedtuple("Pair", "first second")
Pair.__qualname__ = "Pair"


def closed_over():
    w = four()
    return lambda: w


def with_default():
    def weights(w=None):
        return w

    weights.__defaults__ = (four(),)
    return weights


FOUND = {  # how four weights are held, and how they are got at
    "a list": (four, list),
    "a tuple": (lambda: tuple(four()), list),
    "nested tuples": (lambda: ((v := four())[0], ((v[1],), tuple(v[2:]))), lambda h: [h[0], h[1][0][0], *h[1][1]]),
    "a named tuple": (lambda: Pair(four()[:2], four()[2:]), lambda h: [*h.first, *h.second]),
    "a dict": (lambda: dict(zip("abcd", four())), lambda h: list(h.values())),
    "an ordered dict": (lambda: collections.OrderedDict(zip("abcd", four())), lambda h: list(h.values())),
    "a user's dict": (lambda: collections.UserDict(w=four()), lambda h: h["w"]),
    "a user's list": (lambda: collections.UserList(four()), list),
    "a read-only view": (lambda: types.MappingProxyType({"w": four()}), lambda h: h["w"]),
    "a deque": (lambda: collections.deque(four()), list),
    "keys of a dict": (lambda: dict.fromkeys(four(), "w"), list),
    "an array": (lambda: np.array(four()), list),
    "a matrix": (lambda: np.array(four()).reshape(2, 2), lambda h: list(h.ravel())),
    "arrays in a list": (lambda: [np.array(four()[:3]), np.array(Value(0.4))], lambda h: [*h[0], h[1].item()]),
    "a set of labelled ones": (
        lambda: {Value(x, label) for x, label in zip(START, "dcba")}, lambda h: sorted(h, key=lambda v: v.label),
    ),
    "a set of one tuple": (lambda: {tuple(four())}, lambda h: list(next(iter(h)))),
    "a frozen set of one": (lambda: [frozenset([v]) for v in four()], lambda h: [next(iter(s)) for s in h]),
    "a module": (lambda: nn.Neuron(START), lambda h: h.w),
    "an array of modules": (lambda: np.array([nn.Neuron(START), None]), lambda h: h[0].w),
}  # fmt: skip

HIDDEN = {
    "a plain object": (Plain, lambda h: h.w, "held is a Plain that holds a Value"),
    "an object with slots": (Slotted, lambda h: h.w, "held is a Slotted that holds a Value"),
    "a data class": (lambda: Record(four()), lambda h: h.w, "held is a Record that holds a Value"),
    "a namespace": (lambda: types.SimpleNamespace(w=four()), lambda h: h.w, "held is a SimpleNamespace"),
    "a list of plain objects": (lambda: [Plain()], lambda h: h[0].w, r"held\.0 is a Plain that holds a Value"),
    "a plain object that holds a network": (
        lambda: types.SimpleNamespace(inner=nn.Neuron(START)), lambda h: h.inner.w, "held is a SimpleNamespace",
    ),
    "a closure": (closed_over, lambda h: h(), "held is a function that holds a Value"),
    "a default argument": (with_default, lambda h: h(), "held is a function"),
    "a partial": (lambda: functools.partial(list, four()), lambda h: h(), "held is a partial"),
    "a set without labels": (lambda: set(four()), list, "held is a set of Values without labels .*; use a list"),
    "a set of equal labels": (lambda: {Value(x, "w") for x in START}, list, "held is a set of Values without labels"),
    "a labelled one": (lambda: types.SimpleNamespace(w=Value(1.0, "gain")), lambda h: [h.w] * 4, "the Value 'gain'"),
}  # fmt: skip


class Holder(nn.Module):
    """Two outputs from two inputs, by four weights that are held somehow."""

    def __init__(self, held, get):
        self.get = staticmethod(get)
        self.held = held

    def __call__(self, x):
        w = self.get(self.held)
        return [w[0] * x[0] + w[1] * x[1], w[2] * x[0] - w[3] * x[1]]

    def numbers(self):
        return [v.data for v in self.get(self.held)]


def data():
    X = np.random.default_rng(0).normal(size=(12, 2))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("lifted", [True, False])
@pytest.mark.parametrize("kind", FOUND)
def test_what_is_found_is_trained_saved_and_loaded(kind, lifted, tmp_path):
    make, get = FOUND[kind]
    model = Holder(make(), get)
    assert len(model.parameters()) == 4 + ("module" in kind)
    before = model.numbers()
    nn.fit(model, *data(), epochs=2, lifted=lifted, progress=False)
    assert all(a != b for a, b in zip(before, model.numbers()))
    model.save(tmp_path / "m")
    other = Holder(make(), get)
    other.load(tmp_path / "m")
    assert other.numbers() == model.numbers()


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_hidden_is_refused_wherever_parameters_are_asked_for(kind, tmp_path):
    make, get, message = HIDDEN[kind]
    model = Holder(make(), get)
    for ask in (
        model.parameters,
        model.state_dict,
        lambda: model.save(tmp_path / "m"),
        lambda: nn.fit(model, *data(), epochs=1, progress=False),
        lambda: nn.fit(model, *data(), epochs=1, lifted=False, progress=False),
    ):
        with pytest.raises(TypeError, match=message) as caught:
            ask()
        assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_objects_without_parameters_of_their_own_are_no_hindrance():
    model = Holder(four(), list)
    model.extra = [Plain, len, {1, 2}, {"a": object()}, range(3), np.arange(3), nn.Adam(), types, "text", None]
    model.optimizer = nn.SGD()
    model.optimizer.claim(model.parameters())
    model.again = types.SimpleNamespace(w=model.held, me=model)
    assert len(model.parameters()) == 4


class Slots(nn.Module):
    __slots__ = ("w",)

    def __init__(self):
        self.w = four()


class OfTheClass(nn.Module):
    w = four()


class Property(nn.Module):
    def __init__(self):
        self._kept = {"w": four()}

    @property
    def w(self):
        return self._kept["w"]


class Inherited(Property):
    def __init__(self):
        super().__init__()
        self.b = Value(0.0)


@dataclasses.dataclass(eq=False)
class Declared(nn.Module):
    w: list = dataclasses.field(default_factory=four)


@pytest.mark.parametrize(("kind", "names"), [
    (Slots, ["w.0", "w.1", "w.2", "w.3"]),
    (OfTheClass, ["w.0", "w.1", "w.2", "w.3"]),
    (Property, ["_kept.w.0", "_kept.w.1", "_kept.w.2", "_kept.w.3"]),
    (Inherited, ["_kept.w.0", "_kept.w.1", "_kept.w.2", "_kept.w.3", "b"]),
    (Declared, ["w.0", "w.1", "w.2", "w.3"]),
])  # fmt: skip
def test_wherever_a_class_keeps_its_attributes(kind, names):
    assert [name for name, _ in kind().named_parameters()] == names


def test_each_parameter_is_met_once_and_circles_end():
    model = Holder(four(), list)
    model.tied, model.me = [model.held[0], *model.held], model
    model.circle = []
    model.circle.append(model.circle)
    assert [name for name, _ in model.named_parameters()] == ["held.0", "held.1", "held.2", "held.3"]


def test_a_tied_weight_trains_as_one():
    shared = Value(0.1)
    model = Holder([shared, shared, Value(0.2), shared], list)
    eager = Holder([v := Value(0.1), v, Value(0.2), v], list)
    nn.fit(model, *data(), epochs=3, progress=False)
    nn.fit(eager, *data(), epochs=3, lifted=False, progress=False)
    assert model.numbers() == pytest.approx(eager.numbers(), rel=1e-11)
    assert model.numbers()[0] == model.numbers()[3] != 0.1


def test_the_order_of_a_set_does_not_depend_on_where_its_values_lie():
    orders = []
    for labels in ("abcd", "dcba", "bdac"):
        model = Holder({Value(float("abcd".index(c)), c) for c in labels}, list)
        orders.append([v.label for v in model.parameters()])
    assert orders == [list("abcd")] * 3


class Two(nn.Module):
    def __init__(self):
        self.first, self.rest = nn.Layer(2, 3), [nn.Layer(3, 3), nn.Layer(3, 2)]
        self.table, self.inner = nn.Embedding(4, 2), nn.MLP(2, [2, 1])

    def __call__(self, x):
        return self.rest[1](self.rest[0](self.first(x)))


def test_layers_of_equal_labels_are_saved_apart(tmp_path):
    model, other = Two(), Two()
    names = list(model.state_dict())
    assert names[:4] == ["first.W", "first.b", "rest.0.W", "rest.0.b"]
    assert names[6:8] == ["table.W", "inner.layers.0.W"]
    model.save(tmp_path / "m")
    other.load(tmp_path / "m")
    assert [v.data for v in other.parameters()] == [v.data for v in model.parameters()]
    assert model.state_dict()["rest.0.W"].shape == (3, 3)


def test_equal_labels_by_hand_lose_nothing():
    model = Holder([Value(x, Label("w", array="W", place=(0,))) for x in START], list)
    assert sorted(float(a.max()) for a in model.state_dict().values()) == sorted(START)
