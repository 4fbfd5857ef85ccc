"""Which operations tell 0.0 from -0.0, and which pass the sign of a zero on."""

from __future__ import annotations

import pytest

from engine.lifting.zeros import passes_zeros_on, tells_zeros_apart

TELLS = {
    ("divide", (), 2): [False, True],
    ("reciprocal", (), 1): [True],
    ("arctan2", (), 2): [True, True],
    ("log", (), 1): [True],
    ("power_constant", (2.0,), 1): [False],
    ("power_constant", (-1.0,), 1): [True],
    ("add", (), 2): [False, False],
    ("tanh", (), 1): [False],
    ("dot", (), 4): [False] * 4,
    ("select", (), 3): [False] * 3,
}
PASSES = {
    ("tanh", (), 1): [True],
    ("exp", (), 1): [False],
    ("negative", (), 1): [True],
    ("square", (), 1): [False],
    ("where", (), 3): [False, True, True],
    ("select", (), 3): [True, True, False],
    ("dot", (), 4): [False] * 4,
}


@pytest.mark.parametrize("operation", TELLS)
def test_which_operands_are_told_apart(operation):
    assert list(tells_zeros_apart(*operation)) == TELLS[operation]


@pytest.mark.parametrize("operation", PASSES)
def test_which_operands_pass_theirs_on(operation):
    assert list(passes_zeros_on(*operation)) == PASSES[operation]


def test_fixed_zeros_of_either_sign_are_two_questions():
    assert list(tells_zeros_apart("power_constant", (0.0,), 1)) == list(tells_zeros_apart("power_constant", (-0.0,), 1))
