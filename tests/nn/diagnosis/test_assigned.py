import itertools

import numpy as np
import pytest

from nn import check_backward
from nn.diagnosis.assigned import are_open, assigned, owners

X, W = np.arange(6.0).reshape(2, 3) + 1.0, np.array([0.5, -1.0, 2.0])


def test_gradients_are_told_by_order_shape_or_name():
    shapes = [(2, 3), (3,)]
    for returned in ((X, W), [X, W], {"dw": W, "x": X}):
        found = assigned(returned, ["x", "w"], shapes)
        assert sorted(found) == [0, 1] and found[1] is not None and found[1].tolist() == W.tolist()
    assert list(assigned(W, ["x", "w"], shapes)) == [1]
    assert list(assigned((None, W), ["x", "w"], shapes)) == [1]
    assert list(assigned(X, ["x", "target", "w"], [(2, 3), (2, 3), (3,)])) == [0]
    assert list(assigned((None, X), ["x", "y"], [(2, 3), (2, 3)])) == [1]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (W, "1 gradients for x, w, and their shapes do not tell"),
        ({"dz": X}, "name them dx, dw"),
        ({}, "nothing"),
        ((), "no gradients"),
        ((None, None), "no gradients"),
        ("x", "gradient 0"),
    ],
)
def test_what_cannot_be_told_is_refused(returned, message):
    with pytest.raises((TypeError, ValueError), match=message):
        assigned(returned, ["x", "w"], [(2, 3), (2, 3)])


def test_shapes_leave_open_whose_gradients_fewer_of_them_are():
    assert are_open((X, W), [(2, 3), (3,), (3,)])
    assert not are_open((X, W), [(2, 3), (3,), (2,)])
    assert not are_open({"dx": X}, [(2, 3), (2, 3)])
    assert not are_open((X, None, W), [(2, 3), (3,), (3,)])


def test_of_the_ways_that_shapes_leave_the_one_with_the_most_right_gradients_is_taken():
    shapes = [(3,)] * 3
    for first, second in itertools.permutations(range(3), 2):
        right = {first: W, second: 2 * W}

        def is_right(place, gradient, right=right):
            return place in right and np.array_equal(right[place], gradient)

        assert owners([W, 2 * W], shapes, is_right) == {0: first, 1: second}
    assert owners([W, 2 * W], shapes) == {0: 0, 1: 1}
    assert owners([W, 2 * W], shapes, lambda place, gradient: place == 2 and gradient[0] == 0.5) == {0: 2, 1: 0}


@pytest.mark.parametrize("returned", [*itertools.permutations(("x", "g", "b"), 2)])
def test_a_layer_with_fewer_gradients_than_inputs_of_one_shape_is_judged_by_what_they_are(returned):
    def backward(dout, x, g, b):
        gradients = {"x": dout * g, "g": dout * x, "b": dout * np.cos(b)}
        return [gradients[name] for name in returned]

    diagnosis = check_backward(lambda x, g, b: x * g + np.sin(b), backward, W, W + 1.0, W - 0.3)
    assert diagnosis.ok
    assert {row.parameter: row.verdict for row in diagnosis.parameters} == {
        name: "right" if name in returned else "not judged" for name in "xgb"
    }
    assert "no gradient" in str(diagnosis) and f"those by {', '.join(returned)}" in diagnosis.remarks[-1]


def test_a_wrong_gradient_beside_a_right_one_has_an_input_that_is_left():
    def backward(dout, x, g, b):
        return dout * g, -dout * np.cos(b)

    diagnosis = check_backward(lambda x, g, b: x * g + np.sin(b), backward, W, W + 1.0, W - 0.3)
    assert diagnosis.parameters[0].verdict == "right" and not diagnosis.ok
    assert "those by x, " in diagnosis.remarks[-1]
