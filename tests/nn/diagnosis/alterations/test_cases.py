import numpy as np
import pytest

from nn.diagnosis.alterations.cases import OF_FORMULAS, OF_OTHERS, OF_SLOPES, applied, ones, operand_of, slope_of
from nn.diagnosis.alterations.recorded import record

X = np.random.default_rng(0).normal(size=(4, 3))
A = np.tanh(X)
STEP = record(np.tanh, [("x", X)])[0]


def test_slopes_and_operands():
    np.testing.assert_allclose(slope_of("tanh", X), 1 - np.tanh(X) ** 2, rtol=1e-14)
    root, _ = record(lambda x: x * np.ones((2, 4, 3)), [("x", X)])
    assert operand_of(root.edges[0]).shape == (2, 4, 3)
    assert (ones(root.edges[0]) == 1.0).all()
    np.testing.assert_array_equal(applied("tanh", X), A)


@pytest.mark.parametrize(("what", "wanted"), [("1 - a", 1 - A), ("-a**2", -A * A), ("a * (1 - a**2)", A * (1 - A * A))])
def test_formulas_of_the_value(what, wanted):
    (saved,) = [saved for _, text, _, saved in OF_FORMULAS if text == what]
    np.testing.assert_allclose(saved(STEP.edges[0]), wanted, rtol=1e-14)


def test_a_slope_times_a_power():
    (by_value,) = [saved for kind, text, _, saved in OF_SLOPES if (kind, text) == ("slope-times-value", "**-2")]
    np.testing.assert_allclose(by_value(STEP.edges[0]), (1 - A * A) / A**2, rtol=1e-12)


def test_slopes_of_other_functions():
    at_input, at_value = [saved(STEP.edges[0]) for *_, saved in OF_OTHERS["exp"]]
    np.testing.assert_allclose(at_input, np.exp(X), rtol=1e-14)
    np.testing.assert_allclose(at_value, np.exp(A), rtol=1e-14)
