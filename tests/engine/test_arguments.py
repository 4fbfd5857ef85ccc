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
        (np.ones((2, 3)), "an array of shape (2, 3)"), (np.array(["a"]), "an array of dtype <U1"), ([1], "a list of 1"),
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
        (lambda: arguments.whole(2.5, "epochs"), TypeError, "epochs must be a whole number; got 2.5."),
        (lambda: arguments.whole(9, "axis", least=0, most=3), ValueError, "axis must be a whole number of at least 0 and at most 3; got 9."),
        (lambda: arguments.whole(3.0, "epochs"), TypeError, "epochs must be a whole number; got 3.0."),
        (lambda: arguments.whole(-1, "epochs", "the passes", least=0), ValueError, "epochs (the passes) must be a whole number of at least 0; got -1."),
        (lambda: arguments.whole(10**400, "epochs", least=1), ValueError, "epochs must be a whole number of at least 1; got an integer of 1329 bits."),
        (lambda: arguments.number(10**400, "lr"), ValueError, "lr must be a number; got an integer of 1329 bits."),
        (lambda: arguments.truth(1, "lifted"), TypeError, "lifted must be True or False; got 1."),
        (lambda: arguments.truth("yes", "header", none=True), TypeError, "header must be True, False or None; got 'yes'."),
        (lambda: arguments.path(3, "path", "a.svg"), TypeError, "path must be the path of a file, such as 'a.svg'; got 3."),
        (lambda: arguments.path("", "path", "a.svg"), ValueError, "path must be the path of a file, such as 'a.svg'; got an empty text."),
        (lambda: arguments.listed({1.0}, "xs", "numbers"), TypeError, "xs must be a list of numbers; got a set of 1."),
        (lambda: arguments.listed(np.array(1.0), "xs", "numbers"), TypeError, "xs must be a list of numbers; got an array of shape ()."),
        (lambda: arguments.result(lambda x: x, (1, 2), {}, "vjp"), TypeError, "vjp called the function <lambda> with 2 arguments, but it takes (x); pass what it takes."),
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
    assert arguments.truth(None, "x", none=True) is None
    assert arguments.listed(range(2), "xs", "numbers") == [0, 1]
    assert arguments.result(max, (1, 2), {}, "f") == 2
    assert type(arguments.whole(np.int64(3), "n", least=3, most=3)) is int
    assert arguments.number(Fraction(1, 4), "x", above=0.0) == 0.25
    assert arguments.one_of("b", "loss", ["a", "b"]) == "b"
    array = np.array(["text"])
    assert arguments.finite(array, "T") is array
