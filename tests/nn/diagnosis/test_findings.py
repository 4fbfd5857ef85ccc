"""Findings that together explain gradients."""

import numpy as np
import pytest

import nn
from nn.checking.hints import data
from nn.diagnosis.findings import all_of, changed, united
from nn.diagnosis.report import Finding

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def finding(where, name="sign", change=()):
    return Finding(name, "the sign is turned", where, "", "g", "-g", "", change)


def test_what_differs_in_its_place_alone_is_one_with_the_changes_of_all():
    one, other = finding("x", change=("line 1",)), finding("w", change=("line 2",))
    assert united([one, other, finding("b", "doubled")]) == (
        finding("x, w", change=("line 1", "line 2")),
        finding("b", "doubled"),
    )


def test_each_gradient_has_one_of_its_explanations():
    a, b, c = finding("x"), finding("x", "doubled"), finding("w", "halved")
    assert all_of({0: [(a,), (b,)], 1: [(c,)]}) == [(a, c), (b, c)]
    assert changed((finding("x, w"),), {"x": "line 3", "w": "line 3"})[0].change == ("line 3",)


def affine(x, w):
    return np.tanh(x @ w), (x, w)


def without_slope(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ (dout * (1.0 - np.tanh(x @ w) ** 2))


def turned(dout, cache):
    x, w = cache
    d = dout * (1.0 - np.tanh(x @ w) ** 2)
    return d @ w.T, -x.T @ d


def test_beside_a_name_stands_the_line_and_what_it_should_be():
    said = nn.check_backward(affine, turned, X, W).findings
    (turned_sign,) = said
    assert turned_sign.name == "sign" and len(turned_sign.change) == 1
    assert "`-x.T @ d`" in turned_sign.change[0] and "should be" in turned_sign.change[0]
    assert str(turned_sign).splitlines()[-1] == f"  in yours:   {turned_sign.change[0]}"


def test_what_no_near_change_mends_has_its_name_alone():
    (missing,) = nn.check_backward(affine, without_slope, X, W).findings
    assert missing.name == "slope-not-carried" and missing.change == ()


def layer_norm(x):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)


def of_other_width(d, x):
    n = x.shape[0]
    centred = x - x.mean(axis=1, keepdims=True)
    inverse = 1.0 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    xhat = centred * inverse
    return inverse * (d - d.sum(axis=1, keepdims=True) / n - xhat * (d * xhat).sum(axis=1, keepdims=True) / n)


def test_one_change_of_the_text_is_said_in_place_of_two_alterations():
    (said,) = nn.check_backward(layer_norm, of_other_width, X).findings
    assert "n = x.shape[0]" in said.sentence and "`0` should be `-1`" in said.sentence


@pytest.mark.parametrize("level", ["where", "kind", "sentence"])
def test_the_line_is_the_last_thing_that_a_hint_tells(level):
    diagnosis = nn.check_backward(affine, turned, X, W)
    assert "in yours" not in str(data(diagnosis, level)) and "should be" not in str(data(diagnosis, level))
