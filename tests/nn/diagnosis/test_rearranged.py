"""Changes of a whole gradient: each is found, and a right gradient is none of them."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.rearranged import by_numbers, by_shape, by_sorting, orders, reproduces

RIGHT = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize("order", [name for name, _ in orders(RIGHT)])
def test_every_order_is_found(order):
    given = dict(orders(RIGHT))[order]
    names = [(finding.name, finding.found) for finding in by_numbers(RIGHT, given)]
    assert names == [("off-by-one" if order.startswith("one place") else "permuted", order)]


def test_a_transpose_a_sum_and_noise():
    assert [finding.name for finding in by_shape(RIGHT, RIGHT.T)] == ["transposed"]
    assert [finding.found for finding in by_shape(RIGHT, RIGHT.mean(axis=1))] == ["axis 1"]
    noise = np.random.default_rng(2).normal(size=RIGHT.shape)
    assert not [*by_shape(RIGHT, noise), *by_numbers(RIGHT, noise), *by_sorting(RIGHT, noise)]


def test_what_changes_nothing_explains_nothing():
    nearly = RIGHT * (1.0 + 1e-13)
    assert not reproduces(RIGHT + 1e-14, RIGHT, nearly)
    assert reproduces(nearly, RIGHT, nearly)


@pytest.mark.parametrize(("factor", "names"), [(-1.0 - 2e-16, ["sign"]), (2.0 + 4e-16, ["factor"]), (3.0, [])])
def test_of_one_number_a_usual_factor_is_one_to_rounding(factor, names):
    assert [finding.name for finding in by_numbers(np.array(0.7), np.array(0.7 * factor))] == names


def test_reshaped_is_not_sorted_alike_unless_it_is():
    shuffled = np.random.default_rng(1).permutation(RIGHT.ravel()).reshape(RIGHT.shape)
    assert [finding.found for finding in by_sorting(RIGHT, shuffled)] == ["no simple rule"]
    assert not list(by_sorting(RIGHT, shuffled + 1.0))
