"""Recorded arrays in the place of tensors: in place, along branches, and in words that are not recorded."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.tensors import in_one_array, tensor_of

torch = pytest.importorskip("torch")
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -2.0]])


def gradient(f):
    """The gradient of the sum of what a function of a tensor returns."""

    def total(array):
        return in_one_array(f(tensor_of(array))).sum()

    return Sweep(*record(total, [("x", X)])).gradients[0]


def test_assignments_and_methods_in_place_are_recorded():
    def assigned(x):
        y = x * 1.0
        y[0] = 3.0 * x[1]
        y.exp_()
        return y

    expected = np.exp([3.0 * X[1], X[1]])
    np.testing.assert_allclose(gradient(assigned), [np.zeros(3), 3.0 * expected[0] + expected[1]])


def test_several_results_are_one_vector():
    np.testing.assert_allclose(gradient(lambda x: (x, x.sum(1), x > 0)), np.full((2, 3), 2.0))


def test_numpy_s_functions_take_it_too():
    np.testing.assert_allclose(gradient(lambda x: np.exp(x) + np.sum(x)), np.exp(X) + 6.0)


@pytest.mark.parametrize("f", [lambda x: torch.linalg.inv(x), lambda x: x if x.sum() else -x, lambda x: x.renorm(2)])
def test_what_is_not_recorded_is_refused(f):
    with pytest.raises((NotRecordedError, AttributeError)):
        gradient(lambda x: f(x * 1.0))


def test_what_stays_a_number_is_a_tensor():
    x = tensor_of(RecordedArray(record(lambda a: a, [("a", X)])[0]))
    assert torch.is_tensor(x.detach())
    assert (x.dtype, x.size(), x.size(0), x.dim(), x.numel()) == (torch.float64, (2, 3), 2, 2, 6)
    assert torch.is_tensor(x > 0) or isinstance(x > 0, torch.Tensor)
    assert tensor_of(3) == 3
