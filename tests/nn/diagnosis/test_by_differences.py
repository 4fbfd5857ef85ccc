"""What has no rule of differentiation is judged by differences, never refused."""

import numpy as np
import pytest

from nn import check_backward
from nn.agreement.differenced import noise
from nn.diagnosis.by_differences import by_differences

Y = np.array([0.3, 1.6, 2.2, 0.8])
IMAGE = np.array([0.5, -1.0, 2.0, 0.7, 1.1, -0.4])


def sampled(image, y):
    low = np.floor(y).astype(int)
    return image[low] * (1.0 - (y - low)) + image[low + 1] * (y - low)


def sampled_backward(dout, image, y, scale=1.0):
    low = np.floor(y).astype(int)
    d_image = np.zeros_like(image)
    np.add.at(d_image, low, dout * (1.0 - (y - low)))
    np.add.at(d_image, low + 1, dout * (y - low))
    return d_image, scale * dout * (image[low + 1] - image[low])


def test_indices_computed_from_data():
    assert check_backward(sampled, sampled_backward, IMAGE, Y).ok
    wrong = check_backward(sampled, lambda dout, i, y: sampled_backward(dout, i, y, 2.5), IMAGE, Y)
    assert [row.verdict for row in wrong.parameters] == ["right", "named"]
    assert wrong.names == ["factor"] and "differences" in str(wrong)


def test_a_function_that_has_no_rule():
    erfc = pytest.importorskip("scipy.special").erfc

    def backward(dout, x):
        return -2.0 / np.sqrt(np.pi) * np.exp(-x * x) * dout

    right = check_backward(erfc, backward, Y)
    assert right.ok and "differences" in right.remarks[-1] and "erfc" in right.remarks[-1]
    turned = check_backward(erfc, lambda dout, x: -backward(dout, x), Y)
    assert turned.names == ["sign"]
    assert not check_backward(erfc, lambda dout, x: backward(dout, x) + 0.01 * x, Y).ok


def test_where_differences_say_nothing_either_there_is_no_comparison():
    assert by_differences(lambda x: float(np.sign(x[0])), [np.zeros(1)], 0, np.ones(1)) is None


def test_numbers_that_forward_does_not_take_are_left_out():
    image, y = IMAGE[:4], np.array([0.3, 1.6, 2.9])  # farther out there is no image
    assert check_backward(sampled, sampled_backward, image, y).ok
    wrong = check_backward(sampled, lambda dout, i, y: sampled_backward(dout, i, y, 2.5), image, y)
    assert wrong.parameters[0].verdict == "right" and wrong.parameters[1].verdict != "right"


def in_single(x, w):
    columns = np.empty((3, 4), dtype=np.float32)
    columns[:] = np.stack([x, x * x, np.floor(np.abs(x)).astype(int) + 0.0 * x])  # no rule for astype(int)
    return columns.T @ w


def in_single_backward(dout, x, w, twice=2.0):
    d = np.outer(w, dout).astype(np.float32)
    return d[0] + twice * x * d[1], np.stack([x, x * x, np.floor(np.abs(x))]) @ dout


def test_a_forward_pass_that_computes_in_single_precision_is_judged_by_what_it_has():
    w = np.array([0.4, -1.3, 0.8])
    assert noise(lambda x: float(in_single(x, w).sum()), [Y]) > 1e-8 > 1e-14 > noise(lambda x: float(np.sum(x)), [Y])
    assert check_backward(in_single, in_single_backward, Y, w).ok
    wrong = check_backward(in_single, lambda dout, x, w: in_single_backward(dout, x, w, 2.2), Y, w)
    assert [row.verdict == "right" for row in wrong.parameters] == [False, True]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_forward_rounds_to_single_precision_is_seen_beside_large_numbers_too(seed, sign):
    x = sign * np.exp(np.random.default_rng(seed).normal(0.0, 1.5, (3, 4)))

    def forward(x):
        return x.astype(np.float32) ** 2

    assert noise(lambda x: float(np.sum(forward(x))), [x]) > 1e-8 * np.sum(x**2)
    assert check_backward(forward, lambda dout, x: 2.0 * x * dout, x).ok
    assert not check_backward(forward, lambda dout, x: 2.1 * x * dout, x).ok
