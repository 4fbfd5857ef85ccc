"""What somebody's function raises is told with what it was called with."""

import numpy as np
import pytest

import nn
from nn.diagnosis.asked import RaisedError, answer, copies, is_callable_with, parts, silenced

X = np.arange(6.0).reshape(2, 3) + 1.0


def test_a_layer_that_raises_is_one_line_with_shapes():
    with pytest.raises(RaisedError, match=r"forward\(x \(2, 3\), w \(4,\)\), which raised ValueError: ") as raised:

        def forward(x, w):
            return x @ w

        nn.check_backward(forward, lambda dout, x, w: (dout, dout), np.ones((2, 3)), np.ones(4))
    assert isinstance(raised.value.__cause__, ValueError)
    assert "\n" not in str(raised.value)


def test_a_network_s_function_that_raises_says_its_parameters():
    model, X, T = nn.MLP(3, [2]), np.ones((4, 3)), np.array([0, 1, 1, 0])
    with pytest.raises(RaisedError, match=r"\{layers.0.W \(3, 2\), layers.0.b \(2,\)\}, X \(4, 3\), T \(4,\)"):
        nn.diagnose(model, X, T, lambda params, X, T: params["W9"])


def test_other_numbers_of_arguments_and_interrupts_are_not_wrapped():
    with pytest.raises(TypeError, match="with 1 argument, but it takes"):
        answer(lambda x, y: x, [1.0], {}, "check_backward")

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(interrupted, [1.0], {}, "check_backward")


def test_a_forward_function_returns_its_result_and_one_cache():
    assert parts((X, "cache")) == (X, ("cache",))
    assert parts(X) == (X, ())
    with pytest.raises(TypeError, match="3 things"):
        parts((X, 1, 2))


def test_inputs_are_copied_with_what_they_hold():
    (x, n, held) = copies([X, 3, {"x": [X]}])
    assert x is not X and n == 3 and held["x"][0] is not X


def test_what_a_function_takes_and_prints(capsys):
    assert (
        is_callable_with(lambda x, y=1: x, 1) and is_callable_with(np.add, 2) and not is_callable_with(lambda x: x, 2)
    )
    with silenced():
        print("twice")
    assert capsys.readouterr().out == ""
