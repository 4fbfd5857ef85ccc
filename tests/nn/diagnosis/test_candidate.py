"""What shapes give away before any number is compared."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem

PROBLEM = Problem.random((5, 4, 3), samples=6, l2=0.1)


def verdicts(said):
    return {row.parameter: row.verdict for row in said.parameters}


def changed(**gradients):
    return {**PROBLEM.right, **{name.replace("_", "."): value for name, value in gradients.items()}}


def test_missing_unknown_wrong_and_empty():
    given = {**PROBLEM.right, "layers.7.W": np.ones(2), "layers.0.b": None, "layers.1.b": "three"}
    del given["layers.0.W"]
    said = diagnose_problem(PROBLEM, given)
    notes = {row.parameter: row.note for row in said.parameters}
    assert said.verdict == "unnamed"
    assert (notes["layers.0.W"], notes["layers.0.b"], notes["layers.1.b"]) == ("missing", "missing", "holds no numbers")
    assert said.remarks[0].startswith("'layers.7.W' is no parameter: names are layers.0.W, ")
    assert verdicts(said)["layers.1.W"] == "right"


def test_a_transposed_gradient_is_named_by_its_shape():
    said = diagnose_problem(PROBLEM, changed(layers_0_W=PROBLEM.right["layers.0.W"].T))
    assert (said.verdict, said.names, said.findings[0].found) == (
        "named",
        ["weights-transposed"],
        "shape (4, 5), not (5, 4)",
    )
    assert verdicts(said)["layers.0.W"] == "named"


def test_a_bias_that_is_not_summed_is_named_by_its_shape():
    delta = np.vstack([PROBLEM.right["layers.1.b"] - 1.0, np.full((5, 3), 0.2)])
    said = diagnose_problem(PROBLEM, changed(layers_1_b=delta))
    assert (said.verdict, said.names) == ("named", ["bias-not-summed"])


def test_a_bias_of_shape_1_c_is_compared_and_remarked():
    said = diagnose_problem(PROBLEM, changed(layers_0_b=PROBLEM.right["layers.0.b"][None, :]))
    assert said.ok
    assert said.remarks == ("layers.0.b has shape (1, 4), not (4,): its numbers are compared",)


def test_another_shape_cannot_be_compared():
    said = diagnose_problem(PROBLEM, changed(layers_0_W=np.ones((2, 2))))
    assert said.parameters[0].note == "has shape (2, 2), not (5, 4)"
    assert said.verdict == "unnamed"
