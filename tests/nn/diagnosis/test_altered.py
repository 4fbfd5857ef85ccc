import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.altered import by_alterations, explained, function_by_alterations
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem


def hidden(params, X, t, change):
    """Tanh, then a softmax with cross-entropy, by rows; the hidden delta is changed."""
    W1, b1, W2, b2 = params.values()
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    delta2 = (matrix.softmax(a1 @ W2 + b2) - t) / len(X)
    delta1 = change(delta2 @ W2.T, z1, a1)
    return dict(zip(params, (X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0))))


def times_z(g, z1, a1):
    return g * (1 - a1**2) * z1


@pytest.mark.parametrize("loss", ["mse", "half_mse", "cross_entropy", "binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "leaky_relu", "softplus", "silu", "gelu"])
def test_the_recorded_loss_has_the_right_gradients(loss, activation):
    problem = Problem.random((3, 4, 2), samples=5, activation=activation, loss=loss, l2=0.1)
    assert explained(
        problem, {name: 0.0 * x for name, x in problem.right.items()}
    )  # it agrees, or nothing is explained


def test_what_the_table_does_not_name_is_named_by_its_alteration():
    problem = Problem.random((3, 4, 2), samples=6)
    given = hidden(problem.params, problem.X, problem.t, times_z)
    before = diagnose_problem(problem, given)
    assert before.verdict == "unnamed"
    after = by_alterations(before, problem, given, "rows")
    assert after.names == ["slope-times-operand"]
    assert [row.verdict for row in after.parameters] == ["named", "named", "right", "right"]


def test_what_the_table_names_stays_as_it_is():
    problem = Problem.random((3, 4, 2), samples=6)
    given = hidden(problem.params, problem.X, problem.t, lambda g, z1, a1: g)
    named = diagnose_problem(problem, given)
    assert named.names == ["no-slope"] and by_alterations(named, problem, given, "rows") is named


def test_a_function_is_tried_on_other_data_too():
    network, X = nn.MLP(3, [4, 2], activation="tanh"), np.random.default_rng(0).normal(size=(6, 3))
    T = np.arange(6) % 2

    def gradients(params, X, T):
        return hidden(params, X, np.eye(2)[T], times_z)

    assert nn.diagnose(network, X, T, gradients).names == ["slope-times-operand"]
    problem = Problem.random((3, 4, 2), samples=6)
    noise = np.random.default_rng(1)

    def random(params, X, T):
        return {name: noise.normal(size=x.shape) for name, x in params.items()}

    unnamed = diagnose_problem(problem, random(problem.params, X, T))
    assert function_by_alterations(unnamed, problem, random, "rows", True) is unnamed
