import numpy as np

from nn.diagnosis.alterations.formulas import bracketed, expression, formula, label, operand, operand_label
from nn.diagnosis.alterations.recorded import record

X, W = np.random.default_rng(1).normal(size=(2, 3, 3))


def root_of(f):
    return record(f, [("x", X)])[0]


def test_formulas_read_as_they_were_written():
    def f(x):
        mu = x.mean()
        scale = W
        return ((x - mu) @ scale).T[0, 1:] * np.sqrt(x[0, 1:] + 1e-5)

    assert formula(root_of(f)) == "((x - mu) @ scale).T[0, 1:] * sqrt(x[0, 1:] + 1e-05)"
    assert label(root_of(lambda x: np.exp(-x))) == "exp(-x)"


def test_what_is_long_is_cut():
    def f(x):
        return np.exp(np.tanh(np.exp(np.tanh(np.exp(np.tanh(x * W + 1.0) * W) + W) * W) + W))

    assert "..." in formula(root_of(f)) and len(formula(root_of(f))) < 80
    assert expression(root_of(f), 1).op == "exp" and operand(root_of(f), 0, 0).leaf == "..."


def test_brackets_are_where_they_are_needed():
    assert [bracketed(x) for x in ("a + b", "(a + b)", "f(a, b)[0, 1]", "-a")] == [
        "(a + b)",
        "(a + b)",
        "f(a, b)[0, 1]",
        "(-a)",
    ]


def test_operands_have_names():
    def f(x):
        var, eps = (x**2).mean(), 0.1
        return np.sqrt(var + eps)

    below = root_of(f).operands[0]
    assert operand_label(below, 0) == "var" and operand_label(below, 1) in ("eps", "0.1")


def test_an_assignment_is_said_in_words():
    def f(x):
        out = x * 1.0
        out[0] = x[1] ** 2
        return (out * x).sum()

    root, _ = record(f, [("x", np.array([1.0, 2.0]))])
    assert "[]=" not in formula(root)
