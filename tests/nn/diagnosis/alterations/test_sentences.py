import numpy as np

from nn.diagnosis.alterations.alteration import scaled
from nn.diagnosis.alterations.candidates import phases, with_number
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sentences import SENTENCES, exchanged_leaves, said, zero
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(5).normal(size=(4, 3))


def f(x):
    h = np.tanh(x @ X.T)
    return np.maximum(h, 0.1).sum() + (h / h.sum(axis=0)).max()


def test_every_alteration_of_a_program_can_be_said():
    sweep = Sweep(*record(f, [("x", X)]))
    findings = [said(c.alteration, "x") for phase in phases(sweep) for c in phase]
    assert len({finding.name for finding in findings}) > 30
    assert {finding.name for finding in findings} <= set(SENTENCES)
    for finding in findings:
        assert finding.where == "x" and "{" not in str(finding) and "\n" not in finding.sentence


def test_a_gradient_of_zeros():
    assert str(zero("b")).splitlines()[0] == "b: the gradient is zero in every entry [gradient-zero]"


def test_a_gradient_that_is_another_leaf_s():
    assert (
        "[exchanged]" in str(exchanged_leaves("beta", "gamma"))
        and "`gamma`" in exchanged_leaves("beta", "gamma").sentence
    )


def test_a_power_is_differentiated_by_its_number():
    root, leaves = record(lambda x: (x**3).sum(), [("x", np.array([1.0, 2.5]))])
    (edge,) = [edge for edge in Sweep(root, leaves).edges if edge.step.op == "power"]
    assert "dx = dz * (3.0 * square(x))" in str(said(scaled((edge,), -1.0, "sign"), "x"))


def test_a_number_stands_before_what_it_multiplies():
    sweep = Sweep(*record(lambda x: np.exp(x[0] * 2.0 - x[1]).sum(), [("x", X[:2])]))
    near = list(phases(sweep)[0])
    texts = {
        (c.alteration.kind, c.alteration.what): said(with_number(c.alteration, -3.0, 2), "x")
        for c in near
        if c.alteration.edges[0].step.op == "exp"
    }
    times = texts["slope-times-operand", "**-1"]
    assert times.sentence.endswith("is multiplied with -3 * `x[0] * 2.0 - x[1]`**-1 as well")
    assert times.yours.endswith("* -3 * (x[0] * 2.0 - x[1])**-1")
    assert "is multiplied with -3, a factor too many" in texts["factor", ""].sentence
    assert texts["slope-missing", ""].sentence.endswith("is left out, and it is multiplied with -3")
