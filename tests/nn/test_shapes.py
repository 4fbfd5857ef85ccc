"""Arrays whose axes have names: as long wherever a name recurs, and said where it was first met."""

from __future__ import annotations

import numpy as np
import pytest

from nn.shapes import a_count, a_strength, arrays_by_name, class_numbers, layers, one_among, shaped, takes


@takes(a="N D", W="D C", how=one_among(("sum", "mean")))
def product(a, W, how="sum"):
    """A product."""
    return (a @ W).sum() if how == "sum" else (a @ W).mean()


def test_a_function_is_called_with_arrays():
    assert product([[1, 2]], [[3], [4]]) == 11.0
    assert product(W=np.ones((2, 1)), a=np.array([[True, False]])) == 1.0
    assert product.__doc__ == "A product."


WRONG = [
    (lambda: product(np.ones((2, 3)), np.ones((2, 3))), ValueError, r"W has shape \(2, 3\), but D is 3 \(a has shape"),
    (
        lambda: product(np.ones(3), np.ones((3, 1))),
        ValueError,
        r"a must be an array of shape \(N, D\); got one",
    ),
    (lambda: product([["a"]], [[1.0]]), TypeError, "a"),
    (lambda: product(np.ones((1, 1)), np.ones((1, 1)), "max"), ValueError, "how"),
    (lambda: product(np.ones((1, 1))), TypeError, "missing 1 required positional argument: 'W'"),
    (lambda: a_strength(-1.0, "l2"), ValueError, "l2 must be a number of at least 0"),
    (lambda: a_count(0, "outputs"), ValueError, "outputs must be a whole number of at least 1"),
    (lambda: arrays_by_name([1.0], "params"), TypeError, "params must be a dict of arrays"),
    (lambda: arrays_by_name({"W": ["a"]}, "params"), TypeError, r"params\['W'\]"),
    (lambda: layers([np.ones((2, 3))], [], np.ones((1, 2))), ValueError, "got 1 and 0"),
    (lambda: layers([np.ones((2, 3))], [np.ones(2)], np.ones((1, 2))), ValueError, "biases of layer 0 has shape"),
    (lambda: class_numbers([0, 1.5], "T", 2), ValueError, "whole numbers from 0; got 1.5"),
    (lambda: class_numbers([0, 2], "T", 2), IndexError, "class 2 is outside 0 to 1"),
    (lambda: class_numbers([0], "T", 2, samples=3), ValueError, "N is 3"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_layers_fit_one_another_in_either_layout():
    W, b, X = [np.ones((2, 3)), np.ones((3, 1))], [np.ones(3), np.ones(1)], np.ones((4, 2))
    assert [w.shape for w in layers(W, b, X)[0]] == [(2, 3), (3, 1)]
    assert layers([w.T for w in W], b, X[0], transposed=True, sample=True)[2].shape == (2,)


def test_any_axes():
    assert shaped(2.0, "x", "...", {}).shape == ()
    assert class_numbers(np.array([1.0, 0.0]), "T", 2).dtype == np.int64
