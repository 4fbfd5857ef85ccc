"""Arrays as tensors and back, and what autograd makes of a cotangent."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.frameworks.custom import FrameworkError
from nn.diagnosis.frameworks.torch_tensors import (
    as_precise_as,
    cotangent,
    devices_of,
    numbers_of,
    precision,
    same_draws,
    swept,
    tensors_of,
)

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


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_tensors_that_numpy_has_no_kind_for_are_arrays_too(kind):
    np.testing.assert_array_equal(numbers_of(torch.tensor(X, dtype=getattr(torch, kind))), X)


CASTS = {
    "half": lambda x: x.half(),
    "bfloat16": lambda x: x.bfloat16() + torch.zeros((), dtype=torch.bfloat16),
    "float": lambda x: x.float() * torch.ones(3),
    "to": lambda x: x.to(torch.float16).to(dtype=torch.bfloat16),
    "type": lambda x: x.type(torch.float32),
    "softmax": lambda x: torch.softmax(x, -1, dtype=torch.float32).log() + x.logsumexp(-1, keepdim=True),
    "autocast": lambda x: autocast(x),
}


def autocast(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return x.reshape(-1, 3) @ torch.eye(3, dtype=x.dtype)


@pytest.mark.parametrize("cast", CASTS.values(), ids=CASTS)
def test_casts_are_of_double_precision_where_the_inputs_are(cast):
    x = np.random.default_rng(0).normal(size=(2, 3))
    out, (dx,) = swept(lambda x: cast(x).to(x.dtype) ** 2, [x], np.ones((2, 3)), "it")
    np.testing.assert_allclose(out, x**2, rtol=1e-14)
    np.testing.assert_allclose(dx, 2 * x, rtol=1e-14)


def test_in_single_precision_casts_are_what_they_say():
    with as_precise_as([X.astype(np.float32)]):
        assert torch.zeros(2).half().dtype == torch.float16
    with as_precise_as([X]):
        assert torch.zeros(2).dtype == torch.float64


def test_draws_are_the_same_in_both_precisions():
    drawn = []
    for dtype in (np.float64, np.float32):
        with same_draws(), as_precise_as([X.astype(dtype)]):
            drawn.append(torch.rand(5).double())
    assert (drawn[0] == drawn[1]).all()


def test_a_tensor_is_where_its_input_was():
    places = devices_of([torch.zeros(2, device="meta"), 3, torch.zeros(2)])
    assert [place and place.type for place in places] == ["meta", None, "cpu"]
    tensors = tensors_of([X, 3, X], places, is_leaf=False)
    assert tensors[0].device.type == "meta" and tensors[1] == 3 and tensors[2].device.type == "cpu"
    assert cotangent(X, tensors[0]).device.type == "meta"
