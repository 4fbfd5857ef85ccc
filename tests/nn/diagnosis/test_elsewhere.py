"""Right in another convention: a verdict of its own where no mistake explains it, a remark where one has been named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import nn
from nn import matrix
from nn.diagnosis.dialects import DIALECTS
from nn.diagnosis.elsewhere import Judged, or_elsewhere
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem

PROBLEM = Problem.random((4, 5, 3), samples=7, loss="half_mse", l2=0.2)


def test_weights_turned_are_no_mistake():
    turned = matrix.from_rows(PROBLEM.right, "torch")
    said = or_elsewhere(diagnose_problem(PROBLEM, turned), Judged(PROBLEM, turned, "rows"))
    assert (said.verdict, said.ok, said.findings) == ("other convention", False, ())
    assert {row.verdict for row in said.parameters} == {"other convention", "right"}
    square = Problem.random((4, 4), samples=7)
    alike = {name: x.T for name, x in square.right.items()}
    assert or_elsewhere(diagnose_problem(square, alike), Judged(square, alike, "rows")).verdict == "other convention"


def test_one_weight_turned_is_a_mistake():
    one = PROBLEM.right | {"layers.0.W": PROBLEM.right["layers.0.W"].T}
    said = or_elsewhere(diagnose_problem(PROBLEM, one), Judged(PROBLEM, one, "rows"))
    assert (said.verdict, said.names, said.remarks) == ("named", ["weights-transposed"], ())


def test_a_name_stays_and_the_convention_is_a_remark():
    summed = replace(PROBLEM, scale=1.0).right
    said = or_elsewhere(diagnose_problem(PROBLEM, summed), Judged(PROBLEM, summed, "rows"))
    assert (said.verdict, said.names) == ("named", ["no-mean"])
    assert (
        said.remarks[-1] == 'it is right where the loss is the sum over the samples, not their mean (reduction="sum")'
    )
    course = or_elsewhere(diagnose_problem(PROBLEM, summed), Judged(PROBLEM, summed, "rows", DIALECTS["cs231n"]))
    assert (course.verdict, course.names) == ("other convention", ["no-mean"])


def test_a_function_s_convention_holds_on_other_data():
    model = nn.MLP(4, [5, 3], activation="tanh")
    X, T = np.random.default_rng(0).normal(size=(6, 4)), np.random.default_rng(1).normal(size=(6, 3))

    def gradients(params, X, T, factor=1.0):
        made = matrix.value_and_gradients(params, X, T, activation="tanh", loss="half_mse", reduction="sum")[1]
        return {name: factor * x / (1 if factor == 1.0 else len(X)) for name, x in made.items()}

    assert "reduction" in nn.diagnose(model, X, T, gradients, "half_mse").remarks[-1]
    sixfold = nn.diagnose(model, X, T, lambda params, X, T: gradients(params, X, T, 6.0), "half_mse")
    assert not any("reduction" in remark for remark in sixfold.remarks)  # on 6 samples alone it is the sum


def test_a_factor_that_a_convention_explains_is_no_mistake():
    problem = replace(PROBLEM, loss="mse", l2=0.0)
    both = {name: 21.0 * x for name, x in problem.right.items()}  # summed over 7 samples and 3 outputs
    said = or_elsewhere(diagnose_problem(problem, both), Judged(problem, both, "rows"))
    assert (said.verdict, said.findings) == ("other convention", ())
    other = {name: 5.5 * x for name, x in problem.right.items()}
    assert or_elsewhere(diagnose_problem(problem, other), Judged(problem, other, "rows")).names == ["factor"]
