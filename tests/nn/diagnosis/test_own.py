"""Parameters and gradients as people hold them: dictionaries, lists, arrays, objects; either way round."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nn.diagnosis.own import Own, Parameters

W1, W2, b1, b2 = np.ones((4, 3)), np.ones((2, 4)), np.arange(4.0)[:, None], np.ones((2, 1))
HELD = [
    {"W1": W1, "b1": b1, "W2": W2, "b2": b2},
    {"b2": b2, "b1": b1, "Z1": np.ones(9), "W2": W2, "W1": W1},
    [W1, b1, W2, b2],
    ([W1, W2], [b1, b2]),
    ([b1, b2], [W1, W2]),
    SimpleNamespace(weights=[W1, W2], biases=[b1, b2]),
    SimpleNamespace(params={"W1": W1, "b1": b1, "W2": W2, "b2": b2}),
    {"fc1.weight": W1, "fc1.bias": b1.ravel(), "fc2.weight": W2, "fc2.bias": b2.ravel()},
    {"W1": W1.T, "b1": b1, "W2": W2.T, "b2": b2},
]


@pytest.mark.parametrize("held", HELD)
def test_the_same_network_however_it_is_held(held):
    own = Own.of(held, "coursera", 3)
    rows = own.rows()
    assert [x.shape for x in rows.values()] == [(3, 4), (4,), (4, 2), (2,)]
    assert rows["layers.0.b"].tolist() == [0.0, 1.0, 2.0, 3.0]
    laid = own.gradients(own.handed({name: own._laid(name, x) for name, x in own.arrays.items()}))
    assert list(laid) == ["layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"]


def test_which_way_weights_lie_is_told_by_their_shapes():
    assert Own.of({"w": np.ones((3, 1)), "b": 0.5}, "coursera", 3).layout == "columns"
    assert Own.of({"W": np.ones((1, 3)), "b": 0.5}, "coursera", 3).layout == "coursera"
    with pytest.raises(ValueError, match=r"whichever way weights lie: W \(2, 3\), b \(1,\); in coursera X is"):
        Own.of({"W": np.ones((2, 3)), "b": np.ones(1)}, "coursera", 5)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("dW1", "layers.0.W"),
        ("W1", "layers.0.W"),
        ("grad_W2", "layers.1.W"),
        ("db2", "layers.1.b"),
        ("dw1", "layers.0.W"),
        ("layers.1.b", "layers.1.b"),
        ("dW3", None),
        ("dZ1", None),
    ],
)
def test_what_a_gradient_is_of_is_told_by_its_name(key, name):
    assert Own.of(HELD[0], "coursera", 3).resolved(key) == name


def test_gradients_without_names_are_told_by_shape_and_order():
    own = Own.of(HELD[0], "coursera", 3)
    for given in ([W1, b1, W2, b2], ([b1, b2], [W1, W2]), (W1, W2, b1, b2)):
        assert {name: x.shape for name, x in own.gradients(given).items()} == {
            name: x.shape for name, x in own.arrays.items()
        }
    with pytest.raises(ValueError, match="there are 2 gradients; pass dW1, db1, dW2, db2"):
        own.gradients([W1, W2])


def test_networks_without_biases():
    for held in ({"w1": W1, "w2": W2}, [W1, W2], {"synapse_0": W1, "synapse_1": W2}):
        own = Own.of(held, "coursera", 3)
        assert own.absent == {"layers.0.b", "layers.1.b"}
        assert own.rows()["layers.1.b"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("convention", "layers"), [("rows", [W1.T, np.ones((4, 1))]), ("coursera", [W1, np.ones((1, 4))])]
)
def test_a_last_layer_of_one_output_is_no_bias(convention, layers):
    own = Own.of(layers, convention, 3)
    assert own.absent == {"layers.0.b", "layers.1.b"} and own.are_ordered(layers)
    with_bias = [layers[0], np.ones((1, 4)[:: 1 if convention == "rows" else -1])]
    assert not Own.of(with_bias, convention, 3).absent


def test_parameters_answer_to_other_names():
    params = Parameters({"layers.0.W": "W1"})
    params["W1"] = 3
    assert (params["layers.0.W"], params.answers("W1"), params.answers("W2"), list(params)) == (3, True, False, ["W1"])
    with pytest.raises(KeyError, match="W2"):
        params["W2"]


def test_no_weights_and_no_holder():
    with pytest.raises(TypeError, match="there are no weights"):
        Own.of({"b": np.ones(2)}, "coursera", 3)
    with pytest.raises(TypeError, match="got a list of 0"):
        Own.of([], "coursera", 3)
