"""The checker of rules catches what is wrong, at any size, and NaN as well."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine import Value
from engine.rules import RULES, rule
from engine.testing import check_rule

WRONG = {
    "half of a small slope": (lambda x: 1e-9 * x * x, lambda x, g: (g * 1e-9 * x,)),
    "a slope of zero": (lambda x: 1e-9 * x * x, lambda x, g: (0.0 * g,)),
    "not a number": (lambda x: x * x, lambda x, g: (g * math.nan,)),
    "infinite": (lambda x: x * x, lambda x, g: (g * math.inf,)),
    "a sign": (lambda x: x * x, lambda x, g: (-2.0 * g * x,)),
    "a hundred-thousandth part": (lambda x: x * x, lambda x, g: (2.00002 * g * x,)),
}


@pytest.mark.parametrize(("forward", "pullback"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("at", [(2.0,), (1e-6,), (-1e5,)])
def test_a_wrong_rule_is_caught(forward, pullback, at):
    rule("wrong", forward, np.vectorize(forward), at=[at])(pullback)
    try:
        with pytest.raises(AssertionError, match=r"wrong: d/dx0 at .* by its rule, .* independently"):
            check_rule(RULES["wrong"], order=1)
    finally:
        del RULES["wrong"], Value.wrong


@pytest.mark.parametrize("at", [(2.0,), (1e-6,), (-1e5,)])
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
def test_a_right_rule_passes_at_any_size(at, scale):
    rule("right", lambda x: scale * x**3, lambda x: scale * x**3, at=[at])(lambda x, g: (g * (3.0 * scale * x * x),))
    try:
        check_rule(RULES["right"])
    finally:
        del RULES["right"], Value.right
