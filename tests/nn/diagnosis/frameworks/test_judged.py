"""What a framework's function is judged by, and how exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nn.diagnosis.frameworks.custom import Custom, FrameworkError
from nn.diagnosis.frameworks.judged import of_custom, of_framework
from nn.diagnosis.pipeline import OTHER_SHAPES

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -2.0]])


@dataclass(frozen=True)
class Sine(Custom):
    """A framework of one function: `run` gives its gradient, as it is by hand."""

    def by_hand(self, inputs, dout=None):
        out = np.sin(inputs[0])
        return out, [] if dout is None else [np.asarray(self.run(inputs[0], dout), dtype=inputs[0].dtype)]

    def ordinary(self, inputs, dout=None):
        out = np.sin(inputs[0])
        return out, [] if dout is None else [np.cos(inputs[0]) * dout]


def verdict(gradient, forward=None, seed=0):
    return of_custom(Sine("sine", gradient, None, ["x"], [X]), forward, np.random.default_rng(seed))


def test_nothing_of_a_framework_is_none():
    assert of_framework(np.sin, np.cos, [X]) is None
    assert of_framework(None, None, []) is None


@pytest.mark.parametrize("forward", [None, np.sin])
def test_right_ones_in_any_order_of_operations(forward):
    for seed in range(20):
        assert verdict(lambda x, g: g * (2 * np.cos(x / 2) ** 2 - 1), forward, seed).ok
        assert verdict(lambda x, g: np.cos(x) * g, forward, seed).ok


@pytest.mark.parametrize("forward", [None, np.sin])
@pytest.mark.parametrize("error", [1e-5, 1e-3, 1.0])
def test_small_mistakes_are_mistakes(forward, error):
    assert not verdict(lambda x, g: g * (np.cos(x) + (error if x.dtype == float else 0.0) * x), forward).ok


def test_numbers_that_are_none():
    assert verdict(lambda x, g: g * np.nan).verdict == "unnamed"


def test_an_error_of_the_framework_is_an_error():
    def fails(x, g):
        raise FrameworkError("sine raised ValueError: no")

    with pytest.raises(FrameworkError, match="sine raised"):
        verdict(fails)


def test_what_overflows_by_itself_is_not_blamed():
    @dataclass(frozen=True)
    class Large(Sine):
        def ordinary(self, inputs, dout=None):
            out, gradients = super().ordinary(inputs, dout)
            return out, [g * (np.float32(np.inf) if inputs[0].dtype == np.float32 else 1.0) for g in gradients]

        by_hand = ordinary

    diagnosis = of_custom(Large("large", None, None, ["x"], [X]), np.sin, np.random.default_rng(0))
    assert diagnosis.ok
    assert any("the forward pass itself overflows" in remark for remark in diagnosis.remarks)


@pytest.mark.parametrize("forward", [None, np.sin])
def test_longer_arrays_are_tried_where_the_function_takes_them(forward):
    said = verdict(lambda x, g: g * np.cos(x) * (len(x) / 2), forward)  # right for two rows
    assert not said.ok and OTHER_SHAPES in said.remarks
