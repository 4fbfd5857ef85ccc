"""Arrays as tensors and back, and what autograd makes of a cotangent."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.frameworks.custom import FrameworkError
from nn.diagnosis.frameworks.torch_tensors import numbers_of, precision, same_draws, swept, tensors_of

torch = pytest.importorskip("torch")
X = np.arange(6.0).reshape(2, 3)


def test_arrays_go_and_come_back():
    given = [X, X.astype(np.float32), np.arange(3), "text", 1.5]
    tensors = tensors_of(given, is_leaf=True)
    assert [getattr(x, "requires_grad", None) for x in tensors] == [True, True, False, None, None]
    for x, array in zip(tensors[:3], given):
        back = numbers_of(x)
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)
    assert precision([X, "text"]) == torch.float64
    assert precision([1, X.astype(np.float32)]) == torch.float32


def test_several_results_are_one_vector_and_inputs_that_do_not_count_have_zeros():
    out, (dx, dy) = swept(lambda x, y: (2 * x, x.sum(), x > 0), [X, X], np.arange(7.0), "it")
    np.testing.assert_array_equal(out, [*(2 * X).ravel(), X.sum()])
    np.testing.assert_array_equal(dx, 2 * np.arange(6.0).reshape(2, 3) + 6.0)
    assert not dy.any()
    assert swept(lambda x: x, [X], None, "it")[1] == []


def test_what_raises_and_what_is_no_tensor_are_one_line():
    with pytest.raises(FrameworkError, match="it raised ZeroDivisionError: division by zero"):
        swept(lambda x: 1 / 0, [X], None, "it")
    with pytest.raises(FrameworkError, match="it raised TypeError: it returned None, not a tensor of floats"):
        swept(lambda x: None, [X], None, "it")


def test_draws_are_the_same_and_the_generator_s_state_is_untouched():
    state, drawn = torch.get_rng_state(), []
    for _ in range(2):
        with same_draws():
            drawn.append(torch.rand(3))
    assert (drawn[0] == drawn[1]).all()
    assert (torch.get_rng_state() == state).all()
