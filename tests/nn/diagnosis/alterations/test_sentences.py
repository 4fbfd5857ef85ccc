import numpy as np

from nn.diagnosis.alterations.edges import groups, of_edges
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sentences import SENTENCES, said, zero
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(5).normal(size=(4, 3))


def f(x):
    h = np.tanh(x @ X.T)
    return np.maximum(h, 0.1).sum() + (h / h.sum(axis=0)).max()


def test_every_alteration_of_a_program_can_be_said():
    sweep = Sweep(*record(f, [("x", X)]))
    findings = [said(a, "x") for group in groups(sweep) for a in of_edges(group, sweep)]
    assert {finding.name for finding in findings} <= set(SENTENCES)
    for finding in findings:
        assert finding.where == "x" and "{" not in str(finding) and "\n" not in finding.sentence


def test_a_gradient_of_zeros():
    assert str(zero("b")).splitlines()[0] == "b: the gradient is zero: nothing arrives here [gradient-zero]"
