"""What single numbers are computed by: every rule's scalar form, as IEEE 754 has it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine import scalar_forms
from engine.rules import RULES

SPECIAL = [0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324]


def same(a, b):
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def functions():
    names = [name for name, rule in RULES.items() if not rule.variadic and name != "sign"]  # lifted, it is comparisons
    return [name for name in names if isinstance(getattr(np, name, None), np.ufunc)]


@pytest.mark.parametrize("name", functions())
def test_a_scalar_form_answers_where_numpy_s_function_does(name):
    """Infinities, NaN, zeros and overflow are NumPy's, to the sign of a zero."""
    scalar, ufunc = getattr(scalar_forms, name), getattr(np, name)
    points = [(x,) for x in SPECIAL] if ufunc.nin == 1 else [(x, y) for x in SPECIAL for y in SPECIAL]
    for point in points:
        with np.errstate(all="ignore"):
            want = float(ufunc(*point))
        got = float(scalar(*point))
        if name in ("maximum", "minimum") and not want:  # of two zeros NumPy takes either
            assert got == want
        elif math.isfinite(want) and want:
            assert got == pytest.approx(want, rel=1e-14), point
        else:
            assert same(got, want), (point, got, want)


def test_a_quotient_by_zero_is_infinite_or_no_number():
    assert scalar_forms.divide(1.0, -0.0) == -math.inf
    assert math.isnan(scalar_forms.divide(0.0, 0.0))
    assert scalar_forms.divide(1.0, 4.0) == 0.25


def test_what_is_no_rule_is_said():
    with pytest.raises(AttributeError, match="no rule is named 'flops'"):
        _ = scalar_forms.flops
