"""`liftgrad check`: templates that are right, mistakes that are named, and files that go wrong in every way."""

from __future__ import annotations

import subprocess
import sys

import pytest
from checked_files import check_file

from nn.__main__ import main
from nn.checking.loading import CheckError
from nn.diagnosis.template import template


@pytest.fixture
def file(tmp_path):
    def written(*changes, convention="rows"):
        text = template(convention)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "my_backprop.py"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.mark.parametrize("convention", ["rows", "columns", "torch"])
def test_a_template_is_right_and_its_mistakes_are_named(convention, file, capsys):
    assert main(["check", "--template", convention]) == 0
    assert capsys.readouterr().out == template(convention)
    assert check_file(file(convention=convention)).ok
    out = str(check_file(file(("    delta2 /= N\n", ""), convention=convention)))
    assert "without the 1/N of its mean (yours = 7 x correct) [no-mean]" in out
    assert "should be:  C = 1/N * (sum over samples of C_i)" in out


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ((" * (1.0 - a1**2)", ""), "no-slope"),
        (("delta1.sum(axis=0)", "delta1.mean(axis=0)"), "bias-averaged-again"),
        (("delta2[np.arange(N), T] -= 1.0", "delta2 -= 1.0"), "minus-one"),
        (("(1.0 - a1**2)", "(1.0 - a1)"), "slope-without-square"),
        (("X.T @ delta1,", "delta1.T @ X,"), "weights-transposed"),
        (("delta2.sum(axis=0)", "delta2"), "bias-not-summed"),
        (("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)"), "softmax-over-batch"),
        (("(delta2 @ W1.T)", "(delta2 @ (W1 - 0.1 * a1.T @ delta2).T)"), "updated-weights"),
    ],
)
def test_edits_to_the_template_are_named(change, name, file):
    shift = [("np.exp(z2 - z2.max(axis=1, keepdims=True))", "np.exp(z2)")] if name == "softmax-over-batch" else []
    assert check_file(file(change, *shift)).names == [name]


def test_settings_are_the_file_s(file):
    changes = [
        ("[5, 4, 3]", "[6, 6, 2]"),
        ('"mean"', '"sum"'),
        ("L2 = 0.0", "L2 = 0.5"),
        ("    delta2 /= N\n", ""),
        ("X.T @ delta1", "X.T @ delta1 + 0.5 * W0"),
        ("a1.T @ delta2", "a1.T @ delta2 + 0.5 * W1"),
    ]
    assert check_file(file(*changes)).ok
    assert check_file(file(*changes[:-1])).names == ["penalty-missing"]


def test_a_relu_network_is_probed_without_dead_units(file):
    changes = [('"tanh"  #', '"relu"  #'), ("np.tanh(X @ W0 + b0)", "np.maximum(X @ W0 + b0, 0.0)")]
    assert check_file(file(*changes, ("(1.0 - a1**2)", "(a1 > 0)"))).ok
    assert check_file(file(*changes, ("(1.0 - a1**2)", "a1"))).names == ["activation-for-slope"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("    N = len(X)\n", "    N = len(X) / 0\n"),
            r"line \d+: gradients\(\), called with 7 samples, raised ZeroDivisionError: division by zero",
        ),
        (("def gradients(params", "def gradients(params)("), r"line \d+: cannot be run: SyntaxError: "),
        (("import numpy as np", "import numpyy as np"), r"cannot be run: ModuleNotFoundError: No module named"),
        (("import numpy as np", "raise SystemExit(3)"), r"line \d+: cannot be run: SystemExit: 3"),
        (("    return {", "    return 1, {"), r"returned a tuple of 2, not a dictionary of layers.0.W, "),
        (("def gradients", "def gradient"), r"defines no function gradients\(params, X, T\); see liftgrad check"),
        (('"cross_entropy"', '"crossentropy"'), "LOSS = 'crossentropy' is not known; use one of mse, "),
        (
            ('CONVENTION = "rows"', 'CONVENTION = "row"'),
            "CONVENTION = 'row' is not known; use one of rows, columns, torch, coursera, ",
        ),
        (("[5, 4, 3]", "[5]"), r"SIZES = \[5\] is no list of two or more"),
        (("[5, 4, 3]", "[5, 4.5, True]"), r"SIZES = \[5, 4.5, True\] is no list"),
        (("L2 = 0.0", "L2 = -1.0"), "L2 = -1.0 is not a number from 0 on"),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_line(change, message, file):
    path = file(change)
    with pytest.raises(CheckError, match=message) as caught:
        check_file(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_one_file_that_cannot_be_checked_is_status_2(file, capsys):
    path = file(("    N = len(X)\n", "    N = len(X) / 0\n"))
    assert main(["check", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"liftgrad check: {path}, line ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ('"layers.0.b": delta1', '"layers.0.bias": delta1'),
            "'layers.0.bias' is no parameter: names are layers.0.W, ",
        ),
        (("X.T @ delta1,", "X.T @ delta1 * np.nan,"), "20 of 20 entries are not finite"),
        (("X.T @ delta1,", "np.ones(3),"), "has shape (3,), not (5, 4)"),
        pytest.param(
            ("    # forward", "    X *= 2.0\n    X /= 2.0\n    X += 1.0"),
            "the function changes its argument X: copy it first",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_wrong_names_shapes_nan_and_edited_arguments_get_a_verdict(change, said, file):
    diagnosis = check_file(file(change))
    assert not diagnosis.ok
    assert said in str(diagnosis)


def test_a_batch_size_that_is_built_in_is_said(file):
    with pytest.raises(CheckError, match=r"called with 11 samples, raised AssertionError$"):
        check_file(file(("    # forward", "    assert N == 7")))


def test_the_output_s_activation_is_told_with_the_output_s_equation(file):
    changes = [("cross_entropy", "mse"), ('"identity"', '"sigmoid"'), ("delta2[np.arange(N), T] -= 1.0", "")]
    forward = ("    p = e / e.sum(axis=1, keepdims=True)", "    p = 1.0 / (1.0 + np.exp(-z2))")
    said = check_file(file(*changes, forward, ("delta2 = p.copy()", "delta2 = 2 * (p - T) / 3")))
    assert said.names == ["no-slope"]
    assert said.findings[0].right == "delta[L] = 2 (a[L] - t) / (m N) * f'(z[L]), m outputs"
    assert said.findings[0].yours == "delta[L] = dC/da[L]"


def test_no_file_and_no_such_file(capsys):
    assert main(["check"]) == 2
    assert "no file given; liftgrad check --template my_backprop.py" in capsys.readouterr().err
    assert main(["check", "nowhere.py"]) == 2
    assert capsys.readouterr().err == "liftgrad check: nowhere.py: is no file.\n"


def test_a_file_without_its_ending(tmp_path):
    path = tmp_path / "notes"
    path.write_text("gradients = print")
    with pytest.raises(CheckError, match=r"is no Python file \(its name should end in .py\)"):
        check_file(path)


def test_its_neighbours_can_be_imported(tmp_path, file):
    (tmp_path / "neighbour.py").write_text("import numpy\ntanh = numpy.tanh\n")
    path = file(("import numpy as np", "import numpy as np\nimport neighbour"), ("np.tanh(", "neighbour.tanh("))
    assert check_file(path).ok


def test_it_runs_as_a_program(file):
    done = subprocess.run(
        [sys.executable, "-m", "nn", "check", str(file((" * (1.0 - a1**2)", "")))], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "[no-slope]" in done.stdout
    assert done.stderr == ""


LOGISTIC = """import numpy as np

def propagate(w, b, X, Y):
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    assert w.shape == (len(X), 1)
    return {"dw": X @ (A - Y).T / X.shape[1], "db": np.mean(A - Y)}, -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

CONVENTION, SIZES, FUNCTION = "coursera", [4, 1], "propagate"
"""
SVM = """import numpy as np

def svm_loss(W, X, y, reg):
    scores, N = X.dot(W), len(X)
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    on = (margins > 0) * 1.0
    on[np.arange(N), y] = -on.sum(axis=1)
    return margins.sum() / N + reg * np.sum(W * W), X.T.dot(on) / N + 2 * reg * W

CONVENTION, SIZES, FUNCTION, LOSS, L2 = "cs231n", [5, 4], "svm_loss", "svm", 0.2
"""
STEP = """def step(weights, biases, x, y, eta):
    delta = (weights[0] @ x + biases[0] - y)
    weights[0] -= eta * delta @ x.T
    biases[0] -= eta * delta

CONVENTION, SIZES, FUNCTION, OUTPUT, LR = "nielsen", [3, 2], "step", "identity", 0.1
"""


@pytest.mark.parametrize(
    ("text", "change", "name"),
    [
        (LOGISTIC, ("X @ (A - Y).T / X.shape[1]", "X @ (A - Y).T"), "weights-not-averaged"),
        (SVM, ("= -on.sum(axis=1)", "= -1"), "svm-right-class-once"),
        (STEP, ("biases[0] -= eta * delta", "biases[0] += eta * delta"), "sign-of-bias"),
    ],
)
def test_a_course_s_own_function_with_three_lines_more(text, change, name, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(text)
    assert check_file(path).ok
    assert change[0] in text
    path.write_text(text.replace(*change))
    assert check_file(path).names == [name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"propagate"', '"propagated"'), "defines no function propagated"),
        (('"propagate"', '"propagate"\nLR = 0'), "LR = 0 is not a number above 0"),
        (('"coursera"', '"courses"'), "CONVENTION = 'courses' is not known; use one of rows, .*, cs231n"),
        (('"propagate"', '"propagate"\nOUTPUT = "soft"'), "OUTPUT = 'soft' is not known"),
        (
            ("propagate(w, b, X, Y):", "propagate(w, b, X, cache):"),
            r"propagate\(\) takes 'cache', and nothing says what",
        ),
        (("    A = 1 /", "    A = 1 / 0 *"), r"line 4: propagate\(\), called with 7 samples, raised ZeroDivisionError"),
    ],
)
def test_a_course_s_file_that_cannot_be_checked(change, message, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(LOGISTIC.replace(*change))
    with pytest.raises(CheckError, match=message):
        check_file(path)
