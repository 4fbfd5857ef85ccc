import ast
import re
from dataclasses import replace

import numpy as np
import pytest
from backward_texts import LAYER, LOOP, NORM, changes, drawn, of_text, points, wrong_places

import nn
from nn.diagnosis.mending.mending import mended
from nn.diagnosis.mending.pairs import alike
from nn.diagnosis.mending.sentence import correction

ADDED = "def backward(dout, x):\n    return (dout * (3 * x ** 2 + 5 * np.cos(x)),)\n"
TIMES = "def backward(dout, x):\n    return (dout * np.exp(x) * (4 + x) / (1 + np.exp(x)) ** 2,)\n"
MISTAKES = [
    (ADDED, ("3 * x", "5 * np.cos"), ("4 * x", "-5 * np.cos")),
    (ADDED, ("x ** 2", "np.cos(x)"), ("x ** 3", "np.sin(x)")),
    (ADDED, ("3 * x", "5 *"), ("1.7 * x", "2 *")),
    (TIMES, ("np.exp(x) *", "** 2"), ("np.exp(-x) *", "** 3")),
    (TIMES, ("(4 + x)", "(1 + np"), ("(4 - x)", "(1 - np")),
    (NORM, ("-0.5", "dmu / n"), ("-1.5", "dmu")),
    (NORM, ("dxhat = dout * g", "dvar * 2"), ("dxhat = dout", "dvar * 3")),
    (NORM, ("std = np.sqrt(var + 1e-5)", "dout * xhat"), ("std = var + 1e-5", "dout * xc")),
    (LAYER, ("1 - a ** 2", "dz @ w.T"), ("1 + a ** 2", "dout @ w.T")),
    (LAYER, ("np.tanh(x", "x.T @ dz"), ("np.cosh(x", "x.T @ dout")),
    (LOOP, ("h[t + 1] ** 2", "np.outer(x[t]"), ("h[t] ** 2", "np.outer(x[0]")),
]


@pytest.mark.parametrize(
    ("right", "parts", "others"),
    [pytest.param(*x, marks=[pytest.mark.slow] if x[0] in (NORM, LAYER, LOOP) else []) for x in MISTAKES],
)
def test_two_changes_are_found_and_what_is_said_makes_it_right(right, parts, others):
    wrong_text = right
    for part, other in zip(parts, others):
        assert wrong_text.count(part) == 1
        wrong_text = wrong_text.replace(part, other)
    shapes = {} if right in (NORM, LAYER, LOOP) else {"shapes": [(5, 4)], "result": (5, 4)}
    written = points(right, wrong_text, **shapes)
    several = [with_known(right, point, k, **shapes) for k, point in enumerate(written)]
    wrong = wrong_places(several)
    together, each = mended(several, wrong)
    assert together or each.keys() == set(wrong)
    for path in together or [sum([paths[0] for paths in each.values()], ())]:
        assert len({finding.sentence for finding in path}) == 2
        for point in points(right, corrected(wrong_text, path), seeds=(7, 8), **shapes):
            assert all(point.is_right(at, point.given[at]) for at in wrong)


def with_known(right, point, seed, **shapes):
    """Return a point that knows what arrives at the steps of forward: what the right function calls d and a name."""
    inputs, dout = drawn(right, seed, **shapes)
    names = [name for name in re.findall(r"^    (d\w+) = ", right, re.MULTILINE) if name not in ("dx", "dw")]
    every = of_text(re.sub(r"return .*", f"return [{', '.join(names)}]", right)) if names else lambda *_: []
    return replace(point, known=every(dout, *inputs))


def corrected(text, path):
    """Return a text with what is said done: what is shown of a line has all of its changes in it."""
    lines = text.splitlines()
    for finding in path:
        number = int(re.match(r"line (\d+)", finding.sentence).group(1)) - 1
        indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
        if "the argument" in finding.sentence:
            lines[number] += f"\n    {finding.right}"
            continue
        line = ast.unparse(ast.parse(lines[number].strip()))
        right = "pass" if finding.right == "nothing" else finding.right
        assert finding.yours in line or right in line
        lines[number] = indent + line.replace(finding.yours, right)
    return "\n".join(lines)


@pytest.mark.slow
def test_whatever_two_are_changed_is_named_and_what_is_said_makes_it_right():
    right = LAYER
    changed = named = 0
    every, rng = changes(right), np.random.default_rng(3)
    for edits in (list(rng.choice(every, 2, replace=False)) for _ in range(7)):
        try:
            wrong_text = right
            for edit in edits:
                wrong_text = corrected(wrong_text, [correction(edit, [], edits)])
            several = [with_known(right, point, k) for k, point in enumerate(points(right, wrong_text))]
        except Exception:
            continue
        wrong = wrong_places(several)
        if not wrong or not all(np.isfinite(x).all() for point in several for x in point.given.values()):
            continue
        together, each = mended(several, wrong)
        changed, named = changed + 1, named + bool(together or each)
        for path in together:
            for point in points(right, corrected(wrong_text, path), seeds=(7, 8)):
                assert all(point.is_right(at, point.given[at]) for at in wrong)
    assert changed >= 2 and named >= 0.5 * changed


def test_three_mistakes_are_not_two():
    wrong = ADDED.replace("3 * x", "4 * np.sinh(x)").replace("5 * np", "2 + 7 / np")
    several = points(ADDED, wrong, shapes=[(5, 4)], result=(5, 4))
    assert mended(several, [0]) == ([], {})


def test_two_are_tried_only_where_that_is_asked():
    wrong = ADDED.replace("3 * x", "4 * x").replace("5 * np.cos", "-5 * np.cos")
    several = points(ADDED, wrong, shapes=[(5, 4)], result=(5, 4))
    assert mended(several, [0], has_pairs=False) == ([], {})
    assert len(mended(several, [0])[0]) == 1


def test_rows_are_alike_to_a_limit():
    rows = np.random.default_rng(0).normal(size=(50, 6))
    others = rows[::-1] + 1e-12
    assert sorted(alike(rows, others, 1e-9)) == [(k, 49 - k) for k in range(50)]
    assert alike(rows, others, 1e-14) == [] and alike(rows[:0], others, 1.0) == []


def test_of_two_changes_none_reads_what_the_other_stands_for():
    x, y, b = np.array([[1.0, 0.3], [1.0, -0.8], [1.0, 1.4], [1.0, 0.5]]), np.array([0.0, 1.0, 1.0, 0.0]), [0.4, 0.8]
    text = "def score(b):\n    z = x @ b\n    return x.T @ ((z - y) / z)"

    def loss(b):
        p = 1.0 / (1.0 + np.exp(-x @ b))
        return -np.sum(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))

    findings = nn.diagnose_function(loss, np.array(b), of_text(text, "score", x=x, y=y)).findings
    p = 1.0 / (1.0 + np.exp(-x @ b))
    for finding in findings:
        text = text.replace(finding.yours, finding.right)
    assert len(findings) == 2
    np.testing.assert_allclose(of_text(text, "score", x=x, y=y, p=p)(np.array(b)), x.T @ (p - y))
