"""What people really wrote, each rebuilt from the mistake that is described."""

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.explain import Point, as_whole, explained

RNG = np.random.default_rng(6)
X, G, W, K = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=4), RNG.normal(size=(6, 4))


def explanations(*point, **further):
    return as_whole(*explained(Point(*point, **further)))


def names(f, given, x=X):
    return [[finding.name for finding in path] for path in explanations(f, [("x", x)], [given])]


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_a_softmax_without_the_sum_of_products():
    assert names(lambda x: (G * softmax(x)).sum(), softmax(X) * G) == [["path-missing"]]


def test_rms_norm_without_its_weight():
    r = 1 / np.sqrt((X * X).mean(axis=1, keepdims=True) + 1e-5)
    given = r * (G - X * r**2 * (G * X).mean(axis=1, keepdims=True))
    f = lambda x: (G * W * x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5)).sum()  # noqa: E731
    assert names(lambda x: (G * (x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5) * W)).sum(), given) == [
        ["factor-missing"]
    ]
    assert all("factor-missing" in path for path in names(f, given))


def test_brackets_that_are_missing():
    assert names(lambda x: (G * np.tanh(x)).sum(), G * 1 - np.tanh(X) ** 2) == [["parenthesis"]]


def test_a_bias_that_is_summed_over_the_wrong_axis():
    x, g = RNG.normal(size=(3, 4, 3)), RNG.normal(size=(3, 4, 3))
    assert names(lambda b: (g * (x + b)).sum(), g.sum((1, 2)), RNG.normal(size=3)) == [["wrong-axis"]]


def test_windows_that_overlap_are_assigned():
    x = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 0.0])
    f = lambda x: sum(x[k : k + 3].max() for k in range(4))  # noqa: E731
    assert names(f, np.array([0.0, 1, 0, 1, 0, 0]), x) == [["overwritten"]]


def test_each_leaf_has_its_own():
    p, q = RNG.normal(size=6), RNG.normal(size=6)
    f = lambda p, q: (np.tanh(p) * q).sum()  # noqa: E731
    wrong = [q * np.tanh(p), np.zeros(6)]
    (path,) = explanations(f, [("p", p), ("q", q)], wrong)
    assert [(finding.where, finding.name) for finding in path] == [("p", "value-for-slope"), ("q", "path-missing")]


@pytest.mark.parametrize("f", [lambda x: np.cumsum(x).sum(), lambda x: x, lambda x: float(x.sum())])
def test_a_function_that_is_not_recorded_has_no_explanation(f):
    assert explanations(f, [("x", X)], [G]) == []


def test_what_does_not_agree_with_the_right_gradient_is_not_believed():
    f = lambda x: (x * x).sum()  # noqa: E731
    assert explanations(f, [("x", X)], [-2 * X])
    assert explanations(f, [("x", X)], [-2 * X], right=[3 * X]) == []


def test_the_sentence_is_in_the_author_s_words():
    def f(x):
        mu = x.mean(axis=0)
        xc = x - mu
        return (G * xc**3).sum()

    (path,) = explanations(f, [("x", X)], [3 * G * (X - X.mean(axis=0)) ** 2])
    assert path[0].sentence == "the path through `mu` is missing"
    assert path[0].right == "dmu = sum(-dxc)"


def test_what_is_not_finite_has_no_explanation():
    for bad in (np.nan, np.inf):
        given = np.where(X > 0, bad, 2 * X)
        assert names(lambda x: (x * x).sum(), given) == []


def test_of_equal_paths_those_through_variables_are_said():
    def forward(x, gamma):
        mu, var = x.mean(axis=0), x.var(axis=0)
        return gamma * (x - mu) / np.sqrt(var + 0.01)

    def backward(dout, x, gamma):
        scale = 1.0 / np.sqrt(x.var(axis=0) + 0.01)
        return dout * gamma * scale, (dout * (x - x.mean(axis=0)) * scale).sum(axis=0)

    x, gamma = np.random.default_rng(0).normal(size=(6, 3)), np.array([0.5, -1.5, 2.0])
    said = sorted(finding.sentence for finding in nn.check_backward(forward, backward, x, gamma).findings)
    assert said == ["the path through `mu` is missing", "the path through `var` is missing"]
