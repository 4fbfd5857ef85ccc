import numpy as np
import pytest

from nn.diagnosis.alterations.cases import applied, derivative_at, substitutes
from nn.diagnosis.alterations.recorded import record

X = np.random.default_rng(0).normal(size=(4, 3))
A = np.tanh(X)
STEP = record(np.tanh, [("x", X)])[0]


def made(edge):
    return {(kind, what): saved(edge) for kind, what, _, saved in substitutes(edge)}


OF_TANH = made(STEP.edges[0])


def test_slopes_and_operands():
    np.testing.assert_allclose(derivative_at("tanh", X), 1 - np.tanh(X) ** 2, rtol=1e-14)
    root, _ = record(lambda x: x * np.arange(1.0, 25.0).reshape(2, 4, 3), [("x", X)])
    of_product = made(root.edges[0])
    np.testing.assert_array_equal(of_product["slope-times-operand", ""], np.arange(1.0, 25.0).reshape(2, 4, 3) * X)
    assert "slope-missing" not in dict(of_product)
    assert (OF_TANH["slope-missing", ""] == 1.0).all()
    np.testing.assert_array_equal(applied("tanh", X), A)


@pytest.mark.parametrize(
    ("what", "wanted"),
    [("1 - a", 1 - A), ("-a**2", -A * A), ("a * (1 - a**2)", A * (1 - A * A)), ("x * (1 - x)", X * (1 - X))],
)
def test_formulas_of_the_value_and_of_the_input(what, wanted):
    np.testing.assert_allclose(OF_TANH["slope-formula", what], wanted, rtol=1e-14)


def test_a_slope_times_a_power():
    np.testing.assert_allclose(OF_TANH["slope-times-value", "**-2"], (1 - A * A) / A**2, rtol=1e-12)


def test_slopes_of_other_functions():
    np.testing.assert_allclose(OF_TANH["slope-of-another", "exp"], np.exp(X), rtol=1e-14)
    np.testing.assert_allclose(OF_TANH["slope-of-another", "exp, of the value"], np.exp(A), rtol=1e-14)
    assert ("slope-of-another", "tanh") not in OF_TANH


def test_a_number_is_added_to_what_is_not_constant():
    root, _ = record(lambda x: 3.0 * x, [("x", X)])
    np.testing.assert_allclose(OF_TANH["slope-shifted", ""], 2 - A * A, rtol=1e-14)
    assert ("slope-shifted", "") not in made(root.edges[0])
