import ast
import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from backward_texts import LAYER, LOOP, NORM, changes, drawn, of_text, points, wrong_places

import nn
from nn.diagnosis.mending.mending import mended
from nn.diagnosis.mending.sentence import correction
from nn.diagnosis.mending.written import Written

MISTAKES = [
    (NORM, "-0.5", "-1.5", "wrong-constant"),
    (NORM, "** -1.5", "** -0.5", "wrong-constant"),
    (NORM, "-np.sum(dxhat / std", "np.sum(dxhat / std", "sign"),
    (NORM, "dmu / n", "dmu", "sum-for-mean"),
    (NORM, "dout * xhat", "dout * xc", "wrong-operand"),
    (NORM, "dout * xhat, axis=0", "dout * xhat, axis=1", "wrong-axis"),
    (NORM, "dxhat = dout * g", "dxhat = dout", "factor-missing"),
    (NORM, "dvar * 2 * xc / n", "dvar * 2 * xc * n", "factor-inverted"),
    (NORM, " + dmu / n", "", "term-missing"),
    (LAYER, "dz @ w.T", "dz @ (w + 1).T", "wrong-constant"),
    (LAYER, "(1 - a ** 2)", "(1 + a ** 2)", "sign"),
    (LAYER, "1 - a ** 2", "1 - 2 ** a", "operands-exchanged"),
    (LAYER, "x.T @ dz", "x.T @ dout", "wrong-operand"),
    (LAYER, "dz.sum(axis=0)", "dz.mean(axis=0)", "mean-for-sum"),
    (LAYER, "dz.sum(axis=0)", "dz[0]", "slice"),
    (LOOP, "dx[t] = dz", "dx[t] += dx[t] + 3 * dz", "wrong-constant"),
    (LOOP, "dw += ", "dw = ", "overwritten"),
    (LOOP, "np.outer(h[t], dz)", "np.outer(h[t + 1], dz)", "wrong-index"),
    (LOOP, "h[t + 1] ** 2", "h[t] ** 2", "wrong-index"),
    (LOOP, "dh = dz @ u.T", "dh = dz @ u", "factor-transposed"),
    (LOOP, "range(len(x) - 1, -1, -1)", "range(len(x))", "order-of-steps"),
    (LAYER, "dout * (1 - a ** 2)", "dout * 1 - a ** 2", "parenthesis"),
    (NORM, "np.sum(dout * xhat, axis=0)", "dout * np.sum(xhat, axis=0)", "factor-too-late"),
]


@pytest.mark.parametrize(("right", "part", "other", "kind"), MISTAKES)
def test_a_change_is_found_and_what_is_said_makes_it_right(right, part, other, kind):
    assert right.count(part) == 1
    wrong_text = right.replace(part, other)
    several = points(right, wrong_text)
    wrong = wrong_places(several)
    together, _ = mended(several, wrong)
    assert kind in [finding.name for (finding,) in together]
    for (finding,) in together:
        for point in points(right, corrected(wrong_text, finding), seeds=(7, 8)):
            assert all(point.is_right(at, point.given[at]) for at in wrong)


def test_of_equal_changes_that_is_taken_which_makes_what_arrives_at_a_step_right():
    several = points(NORM, NORM.replace("-np.sum(dxhat / std", "np.sum(dxhat / std"))
    dmu = of_text(NORM.replace("return dx, dg", "return dmu"))
    inputs, dout = drawn(NORM, 0)
    for cotangents, line in (((), 12), ([dmu(dout, *inputs)], 11)):
        ((finding,),), _ = mended([replace(several[0], known=cotangents), *several[1:]], [0])
        assert finding.sentence.startswith(f"line {line},") and finding.name == "sign"


def test_a_condition_is_changed_back():
    right = "def backward(dout, x):\n    slope = np.where(abs(x) < 1, x, np.sign(x))\n    return (dout * slope,)\n"
    for part, other in (("abs(x) <", "x <"), ("abs(x) < 1", "abs(x) > 1"), ("< 1", "< 0.5"), ("abs(x)", "abs(dout)")):
        several = points(right, right.replace(part, other), shapes=[(8, 4)], result=(8, 4))
        ((finding,), *_), _ = mended(several, [0])
        assert finding.right == "slope = np.where(abs(x) < 1, x, np.sign(x))"


def test_what_comes_in_at_every_time_comes_in_at_the_first_alone():
    loop = "g = 0 * d\n    for t in range(3):\n        g = d * (t == 0) + g * x"
    right = f"def backward(d, x):\n    {loop}\n    return (g,)\n"
    several = points(right, right.replace("d * (t == 0)", "d"), shapes=[(8, 4)], result=(8, 4))
    ((finding,),), _ = mended(several, [0])
    assert finding.right == "g = d + g * x if first else g * x"


def test_one_of_two_mistakes_in_two_gradients_each():
    several = points(LAYER, LAYER.replace("x.T @ dz", "x.T @ dout").replace("dz @ w.T", "3 * dz @ w.T"))
    together, each = mended(several, wrong_places(several))
    assert not together and [path.name for ((path,),) in each.values()] == ["wrong-constant", "wrong-operand"]


def test_what_is_wrong_in_too_many_ways_has_no_name():
    wrong = LAYER.replace("x.T @ dz", "np.sin(x.T @ dout) * 3 + w ** 2")
    assert mended(points(LAYER, wrong), [1]) == ([], {})


def test_what_makes_few_round_numbers_right_proves_nothing():
    right, given = {0: np.array([2.0])}, {0: np.array([1.0])}
    function = of_text("def backward(x): return 1.0 * x")
    written = Written(function, lambda f: {0: f(np.array([1.0]))}, len, len, right, given, {0: "x"})
    assert mended([written], [0]) == ([], {})


def test_a_function_that_makes_something_else_each_time_is_not_mended():
    count = itertools.count()
    several = points(LAYER, LAYER.replace("return dx", "dx = dx * count()\n    return dx"), count=lambda: next(count))
    assert mended(several, [0]) == ([], {})


@pytest.mark.slow
@pytest.mark.parametrize("right", [NORM, LAYER, LOOP])
def test_whatever_is_changed_is_named_and_what_is_said_makes_it_right(right):
    changed = named = 0
    for edit in np.random.default_rng(5).permutation(changes(right))[:20]:
        try:
            wrong_text = corrected(right, correction(edit, []))
            several = points(right, wrong_text)
        except Exception:
            continue
        wrong = wrong_places(several)
        if not wrong or not all(np.isfinite(x).all() for point in several for x in point.given.values()):
            continue
        together, _ = mended(several, wrong)
        changed, named = changed + 1, named + bool(together)
        for (finding,) in together:
            for point in points(right, corrected(wrong_text, finding), seeds=(7, 8)):
                assert all(point.is_right(at, point.given[at]) for at in wrong)
    assert changed >= 5 and named >= 0.75 * changed


def corrected(text, finding):
    """Return a text with what is said of a line done."""
    lines = text.splitlines()
    number = int(re.match(r"line (\d+)", finding.sentence).group(1)) - 1
    indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
    if "the argument" in finding.sentence:
        return "\n".join([*lines[: number + 1], f"    {finding.right}", *lines[number + 1 :]])
    header = lines[number].strip().startswith("for ")
    line = lines[number].strip() if header else ast.unparse(ast.parse(lines[number].strip()))
    assert finding.yours in line
    lines[number] = indent + ("pass" if finding.right == "nothing" else line.replace(finding.yours, finding.right))
    return "\n".join(lines)


SEEN = []


def density(x):
    """Return the density of the logistic distribution."""
    return np.exp(-x) / (1 + np.exp(-x)) ** 2


def distribution(x):
    return 1 / (1 + np.exp(-x))


def seen(x):
    return SEEN.append(x)


def test_a_function_stands_where_another_formula_of_the_module_was_meant_and_nothing_else_is_called():
    def backward(d, x):
        return 2.0 * d * distribution(x)

    x, d = np.array([0.3, -1.2, 2.0]), np.array([0.4, 1.1, -0.7])
    right, given = {0: 2.0 * d * density(x)}, {0: backward(d, x)}
    forward = np.square
    written = Written(backward, lambda f: {0: f(d, x)}, forward, lambda f: f(x), right, given, {0: "x"})
    ((finding,),), _ = mended([written], [0])
    assert "`distribution(x)` should be `density(x)`" in finding.sentence
    assert not SEEN and callable(seen)


def test_what_an_expression_was_meant_to_be_has_the_name_that_it_has_there():
    y = np.array([0.5, 1.5, 0.9])

    def loss(x):
        return np.sum((np.log1p(x) - np.log1p(y)) ** 2)

    def gradient(ypred):
        return 2 * (np.log1p(ypred) - np.log1p(y)) / (1 + y)

    (finding,) = nn.diagnose_function(loss, np.array([1.4, 0.3, 2.2]), gradient).findings
    assert "`y` should be `ypred`" in finding.sentence
