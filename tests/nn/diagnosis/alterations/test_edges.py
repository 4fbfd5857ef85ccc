import numpy as np
import pytest

from nn.diagnosis.alterations.edges import (
    EdgeAlteration,
    groups,
    joined,
    label,
    label_of_operand,
    of_edges,
    of_steps,
    operand_of,
    scaled,
    slope_of,
)
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sentences import SENTENCES
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(2).normal(size=(4, 3))
W = np.random.default_rng(3).normal(size=(4, 3))


def f(x):
    h = np.tanh(x)
    return (W * h).sum() + ((h - h.mean(axis=0)) ** 2).sum() + (x.T @ x).sum()


@pytest.fixture(scope="module")
def sweep():
    return Sweep(*record(f, [("x", X)]))


def test_lines_of_a_loop_are_one_place():
    def looped(x):
        for _ in range(3):
            x = np.tanh(x)
        return x.sum()

    sizes = [len(group) for group in groups(Sweep(*record(looped, [("x", X)])))]
    assert sizes.count(3) == 1 and sizes.count(1) == 4


def test_every_kind_that_is_tried_has_a_sentence(sweep):
    alterations = [a for group in groups(sweep) for a in of_edges(group, sweep)]
    alterations += [*of_steps(sweep), *joined(sweep)]
    assert len(alterations) > 200
    assert {a.kind for a in alterations} <= set(SENTENCES)


def test_an_alteration_leads_to_other_gradients(sweep):
    (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
    missing = scaled((edge,), 0.0, "path-missing")
    assert isinstance(missing, EdgeAlteration)
    np.testing.assert_allclose(missing.gradients(sweep)[0], 2 * X @ np.ones((3, 3)), rtol=1e-12)


def test_slopes_and_operands():
    np.testing.assert_allclose(slope_of("tanh", X), 1 - np.tanh(X) ** 2, rtol=1e-14)
    root, _ = record(lambda x: x * np.ones((2, 4, 3)), [("x", X)])
    assert operand_of(root.edges[0]).shape == (2, 4, 3)


def test_steps_are_called_by_variable_or_operation(sweep):
    names = [label(step) for step in sweep.steps]
    assert "h" in names and "tanh(x)" not in names
    assert label(sweep.leaves[0]) == "x"
    (product,) = [step for step in sweep.steps if step.op == "multiply" and step.constants]
    assert label_of_operand(product, 0, product.operands[0]) in ("W", "...")
