"""Attributes that people store on Values: they stay where they are put, and go where the Value goes."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc

import numpy as np
import pytest

import engine
from engine import Value
from engine.attributes import stored_on


class Own(Value):
    pass


class Slotted(Value):
    __slots__ = ("k",)


KINDS = {
    "a leaf": lambda: Value(2.0),
    "a labelled leaf": lambda: Value(2.0, "x"),
    "a constant": lambda: Value.constant(2.0),
    "what an operator makes of a number": lambda: (Value(1.0) * 2.0).parents[1],
    "a result of one operand": lambda: Value(2.0).tanh(),
    "a result of two": lambda: Value(2.0) * Value(3.0),
    "a result of many": lambda: engine.dot([Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]),
    "a comparison": lambda: Value(2.0) < 3.0,
    "a rounded number": lambda: round(Value(2.0), 1),
    "a node by hand": lambda: Value(6.0, (Value(2.0), Value(3.0)), (3.0, 2.0)),
    "a Value of one's own class": lambda: Own(2.0),
    "one with slots": lambda: Slotted(2.0),
    "an element of an array": lambda: engine.array([1.0, 2.0])[0],
}
COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda x, n=n: pickle.loads(pickle.dumps(x, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)},
    "the pickler in Python": lambda x: pickle.loads(pickle._dumps(x)),
}


def nodes():
    return [pytest.param(make, id=name) for name, make in KINDS.items() if isinstance(make(), Value)]


@pytest.mark.parametrize("make", nodes())
def test_any_value_has_room_for_any_attribute(make):
    v = make()
    v.m, v._vis_color = 0.5, "red"
    v.m += 1.0
    assert (v.m, v._vis_color, vars(v)) == (1.5, "red", {"m": 1.5, "_vis_color": "red"})
    del v.m
    assert not hasattr(v, "m")


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("make", nodes())
def test_a_copy_has_the_attributes(make, how):
    v = make()
    v.m, v.tags = 0.5, ["a", "b"]
    twin = COPIES[how](v)
    assert twin is not v
    assert vars(twin) == {"m": 0.5, "tags": ["a", "b"]}
    assert (twin.tags is v.tags) == (how == "copy")
    twin.m = 2.0
    assert v.m == 0.5


@pytest.mark.parametrize("how", [how for how in COPIES if how != "copy"])
def test_attributes_that_lead_round_in_a_circle_are_copied_as_they_are(how):
    x = Value(2.0, "x")
    hidden = x * x
    loss = hidden + 1.0
    x.derived, hidden.inputs, loss.itself = loss, [x], loss
    for twin in (COPIES[how](loss), COPIES[how](x).derived):
        middle = twin.parents[0]
        leaf = middle.parents[0]
        assert twin.itself is twin
        assert leaf.derived is twin
        assert middle.inputs[0] is leaf
        twin.backward()
        assert (leaf.grad, x.grad) == (4.0, 0.0)


@pytest.mark.parametrize("how", COPIES)
def test_copies_leave_nodes_that_nothing_is_stored_on_without_a_dictionary(how):
    z = Value(2.0) * Value(3.0)
    twin = COPIES[how](z)
    for node in (z, *z.parents, twin, *twin.parents):
        assert not [x for x in gc.get_referents(node) if type(x) is dict]


def test_a_pickle_is_as_long_as_what_is_stored():
    z = Value(2.0) * Value(3.0)
    before = len(pickle.dumps(z))
    stored_on(z)
    assert len(pickle.dumps(z)) == before
    z.m = 1.0
    assert before < len(pickle.dumps(z)) < before + 100


def test_a_look_at_a_node_leaves_it_as_small_as_it_was():
    values = [Value(float(k)) for k in range(1000)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for v in values:
        stored_on(v)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 1000  # bytes of a thousand nodes


def test_what_is_stored_after_a_look_is_there():
    v = Value(1.0)
    assert stored_on(v) == {}
    v.m = 2.0
    assert stored_on(v) == {"m": 2.0}
    assert stored_on(v) is vars(v)


@pytest.mark.parametrize("name", ["op", "_prev", "_op", "_children", "_local_grads"])
def test_names_that_are_read_only_stay_so(name):
    with pytest.raises(AttributeError, match=name if sys.version_info >= (3, 11) else None):
        setattr(Value(2.0) * 3.0, name, 1.0)


def test_names_that_are_checked_stay_checked():
    v = Value(2.0)
    with pytest.raises(TypeError):
        v.data = "three"
    with pytest.raises(TypeError):
        v.label = 3
    assert vars(v) == {}


def test_an_adam_that_keeps_its_moments_on_the_parameters():
    weights = [Value(1.0), Value(-2.0)]
    for p in weights:
        p.m = p.v = 0.0
    for t in range(1, 200):
        loss = sum((p - 0.5) ** 2 for p in weights)
        engine.zero_grad(weights)
        loss.backward()
        for p in weights:
            p.m, p.v = 0.9 * p.m + 0.1 * p.grad, 0.99 * p.v + 0.01 * p.grad**2
            p.data -= 0.1 * (p.m / (1 - 0.9**t)) / ((p.v / (1 - 0.99**t)) ** 0.5 + 1e-8)
    assert np.allclose([p.data for p in weights], 0.5, atol=1e-2)
