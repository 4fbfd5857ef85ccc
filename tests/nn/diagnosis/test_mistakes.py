"""The table of mistakes: every row complete, every alteration what it says."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.agreement.tolerance import close, proportion
from nn.diagnosis.equations import RIGHT, Problem
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.notation import NOTATION, OUTPUT_ERRORS, altered, equation
from nn.diagnosis.search import Search

from .injection import BY_SHAPE, NAMES
from .wrong_backprop import Wrong


def test_at_least_forty_mistakes_each_with_a_sentence_an_equation_and_a_reference():
    assert len(MISTAKES) >= 40
    for mistake in MISTAKES.values():
        assert mistake.sentence, mistake.name
        assert mistake.reference, mistake.name
        assert not mistake.sentence.endswith(".")
    assert len({mistake.sentence for mistake in MISTAKES.values()}) == len(MISTAKES) - 1  # both p - t times p (1 - p)


def test_every_mistake_is_injected_by_independent_code():
    assert set(NAMES) | BY_SHAPE == set(MISTAKES)


@pytest.mark.parametrize("convention", matrix.CONVENTIONS)
def test_equations_are_written_in_every_convention(convention):
    assert set(NOTATION[convention]) == set(NOTATION["rows"])
    for mistake in MISTAKES.values():
        assert "{" not in altered(mistake.altered, convention)
        for loss in OUTPUT_ERRORS:
            assert "{" not in equation(mistake.equation, convention, loss)


@pytest.mark.parametrize("loss", matrix.LOSSES)
def test_the_right_equations_are_those_of_the_matrix_path_and_of_independent_code(loss):
    problem = Problem.random(
        (4, 3, 2), samples=5, activation="gelu", output="tanh" if loss == "mse" else "identity", loss=loss, l2=0.2
    )
    by_matrix = matrix.value_and_gradients(
        problem.params, problem.X, problem.t, activation="gelu", output=problem.kinds[-1], loss=loss, l2=0.2
    )[1]
    others = Wrong(problem.params, problem.X, problem.t, problem.kinds, loss, l2=0.2).gradients()
    for name, gradient in RIGHT.gradients(problem).items():
        np.testing.assert_allclose(gradient, by_matrix[name], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(gradient, others[name], rtol=1e-11, atol=1e-14)


def test_the_right_equations_are_the_scalar_engine_s():
    model = nn.MLP(4, [3, 2], activation="silu", seed=2)
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(5, 4)), rng.integers(0, 2, 5)
    nn.mean_loss(model, X, T).backward()
    problem = Problem(model.arrays(), X, matrix.one_hot(T, 2), ("silu", "identity"), "cross_entropy", 1 / 5)
    for name, gradient in model.arrays("grad").items():
        np.testing.assert_allclose(problem.right[name], gradient, rtol=1e-12, atol=1e-15)


def test_alterations_compose():
    problem = Problem.random((3, 3, 2), samples=4)
    twice = {"error": lambda right: lambda tape: 2.0 * right(tape)}
    made = RIGHT.altered(twice, twice).gradients(problem)
    assert all(np.allclose(made[name], 4.0 * right) for name, right in problem.right.items())


def test_the_search_leaves_at_the_first_parameter_that_differs():
    problem = Problem.random((3, 3, 2), samples=4)
    wrong = dict(problem.right) | {"layers.0.W": problem.right["layers.0.W"] + 1.0}
    search = Search(problem, wrong, dict.fromkeys(problem.params, 1e-10))
    departs = search.walk()
    assert (departs.name, departs.layer, departs.is_bias, departs.top) == ("layers.0.W", 0, False, False)
    assert search.explanations() == []
    assert Search(problem, problem.right, search.tolerance).explanations() == []


def test_close_and_proportion():
    assert close(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-13]), 1e-12)
    assert not close(np.ones(2), np.ones(3), 1.0)
    assert not close(np.array([np.nan]), np.array([np.nan]), 1.0)
    assert proportion(np.array([2.0, 4.0]), np.array([1.0, 2.0]), 1e-12) == 2.0
    assert proportion(np.array([2.0, 5.0]), np.array([1.0, 2.0]), 1e-12) is None
    assert proportion(np.ones(2), np.zeros(2), 1e-12) is None
