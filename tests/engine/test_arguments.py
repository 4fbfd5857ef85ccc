"""One sentence: what was given, what is needed."""
# ruff: noqa: E501

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from engine import Value, arguments


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (None, "None"), ("adam", "'adam'"), (b"x", "b'x'"), (True, "True"), (3, "3"), (2.5, "2.5"), (1j, "1j"),
        (np.ones((2, 3)), "an array of shape (2, 3)"), (np.array(["a"]), "an array of <U1"), ([1], "a list of 1"),
        ((), "a tuple of 0"), ({"a": 1}, "a dict of 1"), (int, "the class int"), (len, "the function len"),
        (Value(1.0), "a Value"), (object(), "an object"), ("x" * 99, "'" + "x" * 56 + "..."),
    ],
)  # fmt: skip
def test_things_in_a_few_words(x, said):
    assert arguments.described(x) == said


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: arguments.function(3, "grad"), TypeError, "grad needs a function; got 3. Pass the function itself, not its result."),
        (lambda: arguments.positive(0.0, "lr"), ValueError, "lr must be a number above 0; got 0.0."),
        (lambda: arguments.positive("1", "lr"), TypeError, "lr must be a number above 0; got '1'."),
        (lambda: arguments.positive(True, "lr"), TypeError, "lr must be a number above 0; got True."),
        (lambda: arguments.positive(math.nan, "lr"), ValueError, "lr must be a number above 0; got nan."),
        (lambda: arguments.number(1.0, "beta", least=0.0, below=1.0), ValueError, "beta must be a number of at least 0 and below 1; got 1.0."),
        (lambda: arguments.number(None, "x"), TypeError, "x must be a number; got None."),
        (lambda: arguments.whole(2.5, "epochs"), ValueError, "epochs must be a whole number; got 2.5."),
        (lambda: arguments.whole(9, "axis", least=0, most=3), ValueError, "axis must be a whole number of at least 0 and at most 3; got 9."),
        (lambda: arguments.whole("2", "epochs", least=1), TypeError, "epochs must be a whole number of at least 1; got '2'."),
        (lambda: arguments.one_of(3, "loss", ("a", "b", "c")), TypeError, "loss is 3; use 'a', 'b' or 'c'."),
        (lambda: arguments.one_of("d", "loss", ("a",)), ValueError, "loss='d' is not known; use 'a'."),
        (lambda: arguments.text(3, "label"), TypeError, "label must be text; got 3."),
        (lambda: arguments.finite(math.inf, "x"), ValueError, "x is inf; finite numbers are needed. Mend it or leave it out."),
        (lambda: arguments.finite(np.array([1.0, np.nan]), "T", "targets are"), ValueError, "T[1] is nan; targets are. Mend it or leave it out."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(call, error, said):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == said
    assert type(raised.value) is error


def test_what_fits_is_handed_back():
    assert arguments.whole(3.0, "n") == 3
    assert type(arguments.whole(np.int64(3), "n", least=3, most=3)) is int
    assert arguments.number(Fraction(1, 4), "x", above=0.0) == 0.25
    assert arguments.one_of("b", "loss", ["a", "b"]) == "b"
    array = np.array(["text"])
    assert arguments.finite(array, "T") is array
