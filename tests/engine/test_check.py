"""The checker finds right gradients right and wrong ones wrong."""

from __future__ import annotations

import numpy as np

import engine
from engine import Value, check_gradients


def test_a_right_gradient_passes_and_says_so():
    report = check_gradients(lambda p, x: engine.tanh(p["w"] * x[0]) + x[1], {"w": 0.3}, np.array([2.0, 1.0]))
    assert report.ok
    assert report
    assert str(report) == "all 3 derivatives agree with central differences"


def test_a_gradient_cut_off_by_a_float_is_found_and_its_place_said():
    report = check_gradients(lambda x: x[0] * engine.stop_gradient(x[1]) * x[0], [2.0, 3.0])
    assert not report.ok
    assert "1 of 2 derivatives disagree" in str(report)
    assert "args[0][1]: the rules give 0.0, differences 4.0" in str(report)


def test_undefined_on_both_sides_is_agreement():
    assert check_gradients(lambda x: engine.sqrt(x), -1.0).ok


def test_a_function_of_plain_numbers_may_return_a_constant():
    assert check_gradients(lambda x: 3.0, 1.0).ok


def test_a_slope_off_by_a_millionth_part_times_ten_is_found():
    engine.rules.rule("almost", lambda x: x * x, np.square, at=[(1.0,)])(lambda x, g: (g * 2.00003 * x,))
    try:
        assert not check_gradients(lambda x: Value.almost(x), 3.0).ok
    finally:
        del engine.rules.RULES["almost"], Value.almost
