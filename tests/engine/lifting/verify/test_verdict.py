"""Of which kind a difference in floats is."""

from __future__ import annotations

import numpy as np
import pytest
from wrong_texts import changed

import engine
from engine import LiftError
from engine.lifting.verify import verdict


def difference(got, want):
    """Return the first difference of two arrays."""
    return verdict.first_difference([("the value", np.array(got), np.array(want))], 1e-7, 1e-10)


NAN, INF = np.nan, np.inf
VERDICTS = [  # text, function, scalars, scalars in a finer type, whether a zero is told apart; what is said
    ([1.0, NAN, 2.0], [1.0, 3.0, 2.0], [1.0, 3.0, 2.0], [1.0, 3.0, 2.0], False, "NaN"),
    ([1.0, NAN, 2.0], [1.0, 3.0, 2.0], [1.0, NAN, 2.0], [1.0, NAN, 2.0], False, "NaN"),
    ([1.0, 3.0, 2.0], [1.0, NAN, 2.0], [1.0, 7.0, 2.0], [1.0, 7.0, 2.0], False, "NaN"),
    ([INF, 1.0], [5.0, 1.0], [5.0, 1.0], [5.0, 1.0], False, "overflow"),
    ([5.0, 1.0], [INF, 1.0], [INF, 1.0], [5.0, 1.0], False, "overflow"),
    ([INF, 1.0], [-INF, 1.0], [-INF, 1.0], [-INF, 1.0], True, verdict.SIGN),
    ([np.pi, NAN], [-np.pi, NAN], [-np.pi, NAN], [-np.pi, NAN], True, verdict.SIGN),
    ([INF, 1.0], [-INF, 1.0], [-INF, 1.0], [-INF, 1.0], False, "overflow"),
    ([3.0, NAN], [2.0, NAN], [2.0, NAN], [2.0, NAN], False, "rounding"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, 1.0], [2.5, 1.0], False, "rounding"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, NAN], [3.0, NAN], False, "a branch"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, 1.0], [3.0, 1.0], True, "a branch"),
]


@pytest.mark.parametrize(("got", "want", "scalars", "finer", "zeros", "kind"), VERDICTS)
def test_the_kind_of_a_difference_is_judged_where_it_is(got, want, scalars, finer, zeros, kind):
    found = difference(got, want)
    assert verdict.kind_of(found, np.array(scalars), np.array(finer), zeros, 1e-7, 1e-10) == kind


def test_equal_arrays_have_no_difference():
    assert difference([1.0, NAN, INF, -INF, 0.0], [1.0, NAN, INF, -INF, -0.0]) is None


def test_nan_in_one_sample_is_no_branch():
    """The text of `tanh` as a quotient is NaN for one sample, where exponentials overflow; no branch is taken."""
    program = changed(
        engine.lift(lambda x: engine.tanh(x[0]), batch=True, reduction="none"),
        "np.tanh(x_view, out=a1)",
        "np.divide(np.sinh(x_view), np.cosh(x_view), out=a1)",
    )
    with pytest.warns(RuntimeWarning, match="the value differs from that of <lambda> itself: one of them is NaN"):
        found = program(np.array([[1.0], [1000.0], [2.0]]))
    assert np.isnan(found).tolist() == [False, True, False]


def test_overflow_is_said_to_be_overflow():
    f = engine.lift(lambda x: x * 3.0 + 1.0)
    program = changed(f, "3.0 * x_2", "3.0 * 2.0**-1000 * (x_2 * 2.0**1000)")
    with pytest.warns(RuntimeWarning, match="itself: one of them is infinite where the other is not"):
        assert program(1e150) == np.inf


def test_a_zero_of_the_wrong_sign_is_an_error_and_no_rounding():
    """A text whose algebra is right, and whose zero is not."""

    def wrong(strict):
        f = engine.lift(lambda x: engine.arctan2(x[0] + x[1], -1.0), strict=strict)
        return changed(f, "x_0 + x_1", "x_0 + x_1 + 0.0")

    with pytest.raises(LiftError, match="differs from its scalar operations: the sign of a zero, on which the value"):
        wrong(strict=True).value_and_grad([-0.0, -0.0], wrt="inputs")
    with pytest.warns(RuntimeWarning, match="the sign of a zero, on which the value depends"):
        assert wrong(strict=False)([-0.0, -0.0]) == -np.pi
