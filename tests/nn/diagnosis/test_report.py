"""A diagnosis as text, HTML and data."""

from __future__ import annotations

import json

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem

PROBLEM = Problem.random((3, 2), samples=5)
NAMED = diagnose_problem(PROBLEM, {k: -v for k, v in PROBLEM.right.items()})


def test_text_has_a_table_the_sentence_and_both_equations():
    lines = str(NAMED).splitlines()
    assert lines[0].split() == ["parameter", "verdict", "relative", "error"]
    assert lines[1].split()[:2] == ["layers.0.W", "named"]
    assert lines[-3] == "every layer: the sign is turned: t - a in place of a - t (yours = -1 x correct) [sign]"
    assert lines[-2] == "  should be:  delta[L] = (p - t) / N,  p = softmax(z[L])"
    assert lines[-1] == "  yours fits: delta[L] = (t - a[L]) ..."


def test_right_and_unnamed_are_said_in_a_line():
    assert "right: the gradient agrees" in str(diagnose_problem(PROBLEM, PROBLEM.right))
    odd = diagnose_problem(PROBLEM, {k: v + 1.0 for k, v in PROBLEM.right.items()})
    assert "unnamed: no known mistake reproduces this gradient" in str(odd)


def test_html_and_data():
    assert "<td>layers.0.W</td><td>named</td>" in NAMED._repr_html_()
    data = json.loads(json.dumps(NAMED.data()))
    assert data["findings"][0]["name"] == "sign"
    assert data["findings"][0]["reference"]
