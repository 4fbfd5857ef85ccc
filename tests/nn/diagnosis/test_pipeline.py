"""Functions and layers are judged in one order, at several points."""

import numpy as np
import pytest
from long_run import shortened

from nn import check_backward, diagnose_function
from nn.diagnosis.agreed import ELSEWHERE
from nn.diagnosis.comparison import NOISY, TERM
from nn.diagnosis.function import FunctionPoint
from nn.diagnosis.layer import LayerPoint
from nn.diagnosis.pipeline import OFF_ELSEWHERE, OTHER_SHAPES, JudgedPoint, at_points
from nn.diagnosis.report import Finding

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

    no_text = "lambda dout, x, a: (dout * (np.exp(x) ** 3 + np.sinh(3.0 * x)), dout * kept * 0.25)"
    backward = eval(no_text, {"np": np, "kept": kept})

    x = np.random.default_rng(9).normal(size=(3, 4))
    diagnosis = check_backward(forward, backward, x, x + 0.5)
    assert [row.verdict for row in diagnosis.parameters] == ["unnamed", "ambiguous"]
    assert diagnosis.alternatives and {f.where for path in diagnosis.alternatives for f in path} == {"a"}
    assert diagnosis.experiment and diagnosis.experiment in str(diagnosis)


ONE, *TWO = (Finding(kind, "", "x", "", "", "", "") for kind in ("wrong-constant", "sign", "factor"))


@pytest.mark.parametrize(
    ("together", "separate", "names"),
    [
        ([(ONE,)], {}, ["wrong-constant"]),
        ([], {0: [(ONE,)]}, ["wrong-constant"]),
        ([], {0: [(ONE,), (ONE,)]}, ["sign", "factor"]),
        ([], {}, ["sign", "factor"]),
    ],
)
def test_one_change_of_the_text_says_what_two_alterations_say(together, separate, names):
    class Point(FunctionPoint):
        def altered(self, wrong, others):
            return [], {0: [tuple(TWO)]}

        def mended(self, wrong, others, **how_far):
            return together, separate

    assert Point(lambda x: np.sum(np.exp(x)), X, 2.0 * X).diagnosis().names == names


def test_no_text_is_mended_where_nothing_comes_back_anyway():
    def clipped(d, x):
        return d * np.cos(np.clip(x, 0.0, 1.0))

    diagnosis = check_backward(lambda x: np.sin(np.clip(x, 0.0, 1.0)), clipped, X**2 + 3.0)
    assert diagnosis.verdict != "right" and "mask-missing" in str(diagnosis) and "line " not in str(diagnosis)


def test_half_of_a_number_of_the_function_is_said_to_be_that():
    diagnosis = diagnose_function(lambda x: np.mean((x - G) ** 2), X, lambda x: x - G)
    assert diagnosis.findings[0].found == "yours = 6 x correct: G.shape[0] * G.shape[1] / 2"


def test_a_factor_is_said_to_be_the_number_of_the_function_that_it_is_and_once_for_all():
    weights = RNG.normal(size=(4, 3))

    def mean_for_sum(d, x, w):
        g = d / 3 * np.ones((len(x), 3))
        return g @ w.T, x.T @ g

    diagnosis = check_backward(lambda x, w: np.sum(np.tanh(X[0, 0]) * 0.0 + x @ w), mean_for_sum, X, weights)
    (finding,) = diagnosis.findings
    assert (finding.where, finding.found) == ("x, w", f"yours = {1 / 3:.10g} x correct: 1/w.shape[1]")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


CANCELLING = {
    "a saturated sigmoid by its output": (sigmoid, lambda d, x: d * sigmoid(x) * (1.0 - sigmoid(x)), 30.0 * X),
    "cross-entropy of saturated units": (
        lambda z: -np.log(1.0 - sigmoid(z)).sum(axis=1),
        lambda d, z: d[:, None] * (1.0 - sigmoid(-z)),
        np.abs(6.0 * X),
    ),
    "a slope by the value": (
        lambda x: np.where(x > 0.0, x, np.exp(np.minimum(x, 0.0)) - 1.0),
        lambda d, x: d * np.where(x > 0.0, 1.0, (np.exp(np.minimum(x, 0.0)) - 1.0) + 1.0),
        20.0 * X,
    ),
    "a variance far from zero": (
        lambda x: np.sqrt(((x - x.mean(axis=0)) ** 2).mean(axis=0)),
        lambda d, x: d * (x - x.mean(axis=0)) / len(x) / np.sqrt((x**2).mean(axis=0) - x.mean(axis=0) ** 2),
        1e3 + X,
    ),
    "a quotient near zero": (
        lambda x: np.sin(x) / x,
        lambda d, x: d * (np.cos(x) / x - np.sin(x) / x**2),
        1e-4 * X,
    ),
    "differences of a saturated function": (
        lambda x: np.log(sigmoid(x)),
        lambda d, x: d * (np.log(sigmoid(x + 1e-5)) - np.log(sigmoid(x - 1e-5))) / 2e-5,
        np.abs(20.0 * X),
    ),
}


@pytest.mark.parametrize("what", shortened(CANCELLING, 3))
def test_what_rounding_moves_in_somebodys_own_steps_is_right(what):
    forward, backward, x = CANCELLING[what]
    assert check_backward(forward, backward, x).verdict == "right"
    wrong = check_backward(forward, lambda d, x: 1.001 * backward(d, x), x)
    assert not wrong.ok and not check_backward(forward, lambda d, x: -backward(d, x), x).ok


@pytest.mark.parametrize("factor", [1.0 + 1e-4, 0.5, -1.0])
def test_a_small_wrong_entry_beside_large_ones_is_wrong_whatever_cancels_beside_it(factor):
    times = np.array([[1.0, 1e-9, 1.0, 1e-30]])

    def wrong(d, x):
        s = sigmoid(x * 20.0)
        return d * times * np.array([1.0, factor, 1.0, factor]) * 20.0 * s * (1.0 - s)

    assert not check_backward(lambda x: times * sigmoid(x * 20.0), wrong, X).ok


def test_what_a_function_draws_anew_is_no_rounding():
    rng, mask = np.random.default_rng(0), np.random.default_rng(1).random(X.shape) < 0.5
    diagnosis = check_backward(lambda x: x * mask, lambda d, x: d * (rng.random(x.shape) < 0.5), X)
    assert not diagnosis.ok


@pytest.mark.parametrize("at_zero", [0.1, 1.0])
@pytest.mark.parametrize(
    "forward",
    [
        lambda x: np.where(x > 0.0, x, 0.1 * x),
        lambda x: np.maximum(x, 0.1 * x),
        lambda x: x * (x > 0.0) + 0.1 * x * (x <= 0.0),
        lambda x: 0.55 * x + 0.45 * np.abs(x),
    ],
)
def test_either_side_of_a_kink_is_right_however_it_is_written(forward, at_zero):
    def backward(d, x):
        return d * np.where(x > 0.0, 1.0, np.where(x < 0.0, 0.1, at_zero))

    x = np.array([0.0, 1.0, -2.0, 0.0, 3.0, -1.0])
    assert check_backward(forward, backward, x).ok
    assert not check_backward(forward, lambda d, x: d * np.where(x > 0.0, 1.0, np.where(x < 0.0, 0.1, 9.0)), x).ok


@pytest.mark.parametrize(("at_kink", "is_right"), [(0.0, True), (1.0, True), (0.5, True), (-1.0, False), (3.0, False)])
def test_at_a_kink_that_is_computed_no_more_than_its_sides_is_right(at_kink, is_right):
    def backward(d, x):
        z = 3.0 * x - 0.3  # 5.6e-17, not 0, where x is 0.1
        return 3.0 * d * np.where(np.abs(z) < 1e-12, at_kink, z > 0.0)

    x = np.array([0.1, 0.1, 0.5, -2.0, 0.1, 1.7])
    for forward in (lambda x: np.maximum(3.0 * x - 0.3, 0.0), lambda x: np.clip(3.0 * x - 0.3, 0.0, 9.0)):
        assert check_backward(forward, backward, x).ok == is_right


def test_at_a_kink_beside_what_overflows_in_the_other_branch_either_side_is_right():
    def forward(x):
        return np.where(x >= 0.0, x, 1.7 * (np.exp(x) - 1.0))

    x = np.array([0.0, 1.0, -2.0, 1e4, 0.0, -30.0])
    with np.errstate(over="ignore"):
        for at_zero, is_right in ((1.0, True), (1.7, True), (3.0, False)):
            slopes = np.where(x > 0.0, 1.0, np.where(x < 0.0, 1.7 * np.exp(np.minimum(x, 0.0)), at_zero))
            assert FunctionPoint(lambda x: np.sum(forward(x)), x, slopes).diagnosis().ok == is_right


def test_a_smooth_function_written_with_a_kink_is_right_at_it():
    def stable(x):
        return np.where(x >= 0.0, 1.0 / (1.0 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1.0 + np.exp(-np.abs(x))))

    assert check_backward(stable, lambda d, x: d * sigmoid(x) * sigmoid(-x), np.array([0.0, 1.0, -2.0, 0.0])).ok


def test_where_everything_has_vanished_elsewhere_nothing_is_told():
    diagnosis = check_backward(lambda x: sigmoid(x), lambda d, x: d * sigmoid(x) * (1.0 - sigmoid(x)), 1e3 + X)
    assert diagnosis.ok


@pytest.mark.parametrize(
    "forward",
    shortened(
        [
            lambda x: np.where(x > 0.0, x, 0.1 * x).sum(axis=1),
            lambda x: np.where(x > 0.0, x, 1.5 * (np.exp(np.minimum(x, 0.0)) - 1.0)).sum(axis=1),
            lambda x: x.max(axis=1),
        ],
        1,
    ),
)
def test_differences_across_a_kink_have_the_mean_of_its_sides(forward):
    def backward(d, x):
        gradient = np.zeros_like(x)
        for column, step in enumerate(1e-5 * np.eye(3)):  # of each row alone
            gradient[:, column] = d * (forward(x + step) - forward(x - step)) / 2e-5
        return gradient

    x = np.array([[0.0, -1.0, -2.0], [0.0, 0.0, 0.0], [2.0, 2.0, 1.0], [1.5, 1.5, 1.5]])
    assert check_backward(forward, backward, x).ok
    assert not check_backward(forward, lambda d, x: 1.01 * backward(d, x), x).ok


def test_what_is_off_by_little_is_said_with_where():
    def one_entry(d, x):
        gradient = np.nextafter(d * np.cos(x), 0.0)  # rounding, which is everywhere, is no place
        gradient[1, 2] *= 1.0 + 1e-9
        return gradient

    (remark,) = check_backward(np.sin, one_entry, X).remarks
    assert "only in row 1 and only in column 2" in remark and TERM in remark
    (remark,) = check_backward(np.log, lambda d, x: d / (x + 1e-8), np.abs(X)).remarks
    assert TERM in remark and NOISY not in remark
    (remark,) = check_backward(np.sin, lambda d, x: d * (np.sin(x + 1e-6) - np.sin(x - 1e-6)) / 2e-6, X).remarks
    assert TERM not in remark
    remark, unlike = check_backward(sigmoid, lambda d, x: d * sigmoid(x) ** 2 * sigmoid(-x), 30.0 + X).remarks
    assert remark.startswith(f"x: {OFF_ELSEWHERE}") and "signs are turned" in unlike


POSITIVE = np.exp(X)
UNLIKE = {
    "only where x > 0": (np.abs, lambda d, x: d, POSITIVE, "signs are turned"),
    "a quotient in place of a product": (
        lambda x: np.prod(x, axis=1), lambda d, x: (d * np.prod(x, axis=1))[:, None] / x, X, "at zeros"
    ),
    "only for several": (
        lambda x: np.sum(x**3, axis=0), lambda d, x: 3.0 * d * x**2 if len(x) > 1 else d * x, X, "a length of one"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNLIKE)
def test_what_is_wrong_where_no_given_point_is_is_right_with_a_word(name):
    forward, backward, x, where = UNLIKE[name]
    diagnosis = check_backward(forward, backward, x)
    assert diagnosis.ok and any("right here, but not" in text and where in text for text in diagnosis.remarks)


@pytest.mark.parametrize(
    ("forward", "backward", "x"),
    [
        (np.abs, lambda d, x: d * np.sign(x), POSITIVE),
        (lambda x: np.maximum(x, 0.0), lambda d, x: d * (x >= 0.0), POSITIVE),
        (np.log, lambda d, x: d / x, POSITIVE),
        (lambda x: np.linalg.norm(x, axis=1), lambda d, x: d[:, None] * x / np.linalg.norm(x, axis=1)[:, None], X),
        (lambda x: x * G[:3, :1], lambda d, x: d * G[:3, :1], X),  # of one length that is no other
        (lambda x: np.sum(x) * G[0], lambda d, x: np.sum(d * G[0]) * np.ones_like(x), X),
        (lambda x: x / np.sum(x), lambda d, x: d / np.sum(x) - np.sum(d * x) / np.sum(x) ** 2, np.eye(3)[:, :2]),
        (lambda x: x.astype(np.float32) ** 2, lambda d, x: 2 * x * d, POSITIVE.astype(np.float32)),
    ],
)
def test_of_what_is_right_everywhere_nothing_is_said(forward, backward, x):
    diagnosis = check_backward(forward, backward, x)
    assert diagnosis.ok and not any("right here" in text for text in diagnosis.remarks)


def test_a_function_of_x_that_is_right_here_alone_is_right_with_a_word():
    diagnosis = diagnose_function(lambda x: np.sum(np.abs(x)), POSITIVE, np.ones_like)
    assert diagnosis.ok and "signs are turned" in diagnosis.remarks[-1]
    assert diagnose_function(lambda x: np.sum(np.abs(x)), POSITIVE, np.sign).remarks == ()


@pytest.mark.parametrize(("wrong", "said"), [(1.0, "4 x correct: p.shape[0]"), (-0.25, "the sign is turned")])
def test_what_fits_where_nothing_is_clipped_is_said_where_no_name_holds_everywhere(wrong, said):
    y, p = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.6, 0.3, 0.2, 0.9])

    def loss(p):
        p = np.clip(p, 1e-15, 1.0 - 1e-15)
        return -np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))

    def derivative(d, p):
        p = np.clip(p, 1e-15, 1.0 - 1e-15)
        return wrong * d * ((1.0 - y) / (1.0 - p) - y / p)

    diagnosis = check_backward(loss, derivative, p)
    assert (
        diagnosis.verdict != "named"
        and said in diagnosis.remarks[0]
        and "conditions of forward" in diagnosis.remarks[0]
    )
