"""How far rounding moves a function's own result: in which precision it computes."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.frameworks.custom import Custom, FrameworkError
from nn.diagnosis.frameworks.rounding import are_single, as_precise, rounded_by

X = np.array([1.0, -2.0, 0.5])


class Rounded(Custom):
    """The sine of its input, computed in a precision of its own."""

    def by_hand(self, inputs, dout=None):
        return self.run(inputs[0]), []

    def ordinary(self, inputs, dout=None):
        return np.sin(inputs[0]), []


def rounding(run, x=X):
    custom = Rounded("sine", run, None, ["x"], [x])
    return rounded_by(custom, custom.result, [x])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_result_tells_the_precision_that_it_is_computed_in(kind):
    eps = float(np.finfo(kind).eps)
    assert rounding(lambda x: np.sin(x.astype(kind)).astype(float)) <= 2 * eps
    if kind != np.float64:  # few numbers are 0 to the last digit
        assert rounding(lambda x: np.sin(x.astype(kind)).astype(float)) > eps / 1000
        assert rounding(lambda x: np.sin(x.astype(kind)).astype(float), np.array([1.0, 2.0])) > eps / 1000


def fails(x):
    raise FrameworkError("no")


@pytest.mark.parametrize("run", [np.cos, np.sum, fails, lambda x: x * np.nan])
def test_of_another_function_nothing_is_told(run):
    assert rounding(run) == 0.0


def test_only_arrays_of_floats_have_a_precision():
    assert [getattr(x, "dtype", None) for x in as_precise([X, 1.5, np.arange(2)], np.float32)] == [
        np.float32,
        None,
        np.arange(2).dtype,
    ]
    assert are_single([1, X.astype(np.float32)]) and not are_single([X, 1.5])
