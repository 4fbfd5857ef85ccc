"""Functions and layers are judged in one order, at several points."""

import numpy as np

from nn import check_backward
from nn.diagnosis.agreed import ELSEWHERE
from nn.diagnosis.function import FunctionPoint
from nn.diagnosis.layer import LayerPoint
from nn.diagnosis.pipeline import OTHER_SHAPES, JudgedPoint, at_points

RNG = np.random.default_rng(3)
X, G = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))


def readings(gradient, x):
    """The same function, as a scalar function and as a layer."""
    yield FunctionPoint(lambda x: np.sum(G[: len(x)] * np.exp(np.tanh(x))), x, gradient(x))
    forward, backward = (lambda x: G[: len(x)] * np.exp(np.tanh(x))), lambda dout, x: gradient(x)
    yield LayerPoint(forward, backward, [x], ["x"], np.ones(x.size))


def right(x):
    return G[: len(x)] * np.exp(np.tanh(x)) * (1.0 - np.tanh(x) ** 2)


def without_slope(x):
    return G[: len(x)] * np.exp(np.tanh(x))


def test_a_function_and_a_layer_are_two_readings_of_one_thing():
    for gradient, names in ((right, []), (without_slope, ["slope-missing"]), (lambda x: -right(x), ["sign"])):
        for point in readings(gradient, X):
            assert isinstance(point, JudgedPoint)
            diagnosis = point.diagnosis()
            assert diagnosis.names == names and diagnosis.ok == (not names)


def test_a_name_is_believed_where_it_holds_at_all_points():
    sign = -np.ones(1)

    def turned_once(x):
        sign[0] *= -1.0
        return sign[0] * without_slope(x) + 0.3 * (sign[0] < 0)

    for number in range(2):
        there = [list(readings(turned_once, x))[number] for x in (X, X[::-1])]
        assert at_points(there).verdict == "unnamed"


def test_what_is_wrong_elsewhere_alone_is_said_to_be():
    def wrong_for_few(x):
        return right(x) if len(x) == 3 else without_slope(x)

    here, there = ([list(readings(wrong_for_few, x))[1]] for x in (X, X[:2]))
    assert at_points([*here, *there]).remarks == (ELSEWHERE,)
    assert at_points(here, there).remarks == (OTHER_SHAPES,)
    assert at_points(here).ok


def test_of_points_farther_away_one_is_taken_that_runs_and_has_other_branches():
    def f(x):
        return np.sum(G * np.maximum(x - 1.0, 0.0) * np.log(20.0 - x))

    def doubled(x):
        return 2.0 * G * (np.log(20.0 - x) - np.maximum(x - 1.0, 0.0) / (20.0 - x))

    here, undefined, other = (FunctionPoint(f, x, doubled) for x in (X**2 + 2.0, X**2 + 30.0, X**2))
    assert at_points([here]).names == ["factor"]
    assert at_points([here], farther=[here, undefined]).names == ["factor"]
    assert at_points([here], farther=[here, undefined, other]).names != ["factor"]


def test_what_is_ambiguous_beside_what_has_no_name_is_listed():
    kept = np.random.default_rng(8).random((3, 4)) > 0.25

    def forward(x, a):
        return np.sin(x) + a * kept / 0.75

    def backward(dout, x, a):
        dx = dout * (np.cos(x) + np.sin(3.0 * x) + x**2 * dout)
        return dx, dout * kept * 0.25

    x = np.random.default_rng(9).normal(size=(3, 4))
    diagnosis = check_backward(forward, backward, x, x + 0.5)
    assert [row.verdict for row in diagnosis.parameters] == ["unnamed", "ambiguous"]
    assert diagnosis.alternatives and {f.where for path in diagnosis.alternatives for f in path} == {"a"}
    assert diagnosis.experiment and diagnosis.experiment in str(diagnosis)
