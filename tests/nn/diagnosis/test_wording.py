"""Everything that is said is said in the learner's names and symbols."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nn.diagnosis.dialects import DIALECTS
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.notation import EQUATIONS, altered, equation
from nn.diagnosis.own import Own
from nn.diagnosis.wording import in_words, worded

PROBLEM = Problem.random((4, 5, 1), samples=6, loss="binary_cross_entropy")


def said(convention, **wrong):
    problem = PROBLEM
    changed = {name.replace("_", "."): x for name, x in wrong.items()}
    own = Own.by_default(problem.params, convention)
    return worded(diagnose_problem(problem, problem.right | changed), own, problem)


@pytest.mark.parametrize("convention", [word for word, dialect in DIALECTS.items() if dialect.is_course])
def test_no_name_of_ours_is_left(convention):
    for diagnosis in (
        said(convention, layers_1_W=-PROBLEM.right["layers.1.W"]),
        said(convention, layers_0_b=np.ones((6, 5))),
        said(convention, layers_0_W=PROBLEM.right["layers.0.W"] + 1.0),
        said(convention, layers_9_W=np.ones(3)),
    ):
        assert "layers." not in str(diagnosis).replace("'layers.9.W'", "")


@pytest.mark.parametrize("convention", DIALECTS)
def test_every_equation_has_words(convention):
    dialect = DIALECTS[convention]
    texts = [equation(key, dialect.layout, "mse") for key in (*EQUATIONS, "BP1")]
    texts += [altered(mistake.altered, dialect.layout) for mistake in MISTAKES.values()]
    for text in texts:
        once = in_words(text, dialect)
        assert not re.search(r"dC/d[Wb]", once) or not dialect.is_course
        if not dialect.words:
            assert once == text


def test_coursera_divides_where_it_multiplies():
    coursera = DIALECTS["coursera"]
    assert in_words("dC/dW[l] = N * delta[l] a[l-1].T", coursera) == "dW[l] = dZ[l] A[l-1].T"
    assert in_words("C = 1/N * (sum over samples of C_i)", coursera) == "C = 1/m * (sum over samples of C_i)"
    finding = said("coursera", **{name.replace(".", "_"): -x for name, x in PROBLEM.right.items()}).findings[0]
    assert (finding.right, finding.where) == ("dZ[L] = (p - Y),  p = sigmoid(Z[L])", "every layer")


def test_rows_are_said_as_ever():
    right = diagnose_problem(PROBLEM, PROBLEM.right | {"layers.1.W": -PROBLEM.right["layers.1.W"]})
    assert worded(right, Own.by_default(PROBLEM.params, "rows"), PROBLEM) == right
