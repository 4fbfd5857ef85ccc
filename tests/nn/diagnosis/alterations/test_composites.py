import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.composites import SLOPES, bracketings, of_composites
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

RNG = np.random.default_rng(4)
X = RNG.normal(size=(4, 5))


def gelu(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def swish(x: Array) -> Array:
    return x / (1.0 + np.exp(-1.0 * x))


@pytest.mark.parametrize("forward", [gelu, swish])
@pytest.mark.parametrize("name", sorted(SLOPES))
def test_a_composite_that_is_differentiated_as_another_function_has_its_name(forward, name):
    diagnosis = nn.check_backward(forward, lambda d, x: d * SLOPES[name](x), X)
    is_a_path_alone = forward is swish and name == "softplus"  # without that through the denominator
    assert diagnosis.verdict == "right" or is_a_path_alone or name in "".join(diagnosis.sentences())


@pytest.mark.parametrize("name", sorted(SLOPES))
def test_slopes_are_derivatives_of_what_they_rise_by(name):
    x, step = np.array([-1.3, -0.2, 0.4, 2.1]), 1e-6
    second = (SLOPES[name](x + step) - SLOPES[name](x - step)) / (2.0 * step)
    assert np.isfinite(second).all() and np.allclose(
        SLOPES[name](np.array([30.0])), 1.0 - (name in ("tanh", "sigmoid"))
    )


def test_a_formula_of_two_variables_is_no_composite():
    root, leaves = record(lambda x, y: (np.tanh(x * y + 1.0) * np.exp(x)).sum(), [("x", X), ("y", X + 1.0)])
    assert not list(of_composites(Sweep(root, leaves)))


BRACKETS = [
    (lambda x, y: 1.0 + x / y, "(1.0 + x) / y"),
    (lambda x, y: (1.0 + x) / y, "1.0 + x / y"),
    (lambda x, y: x * (y + 2.0), "x * y + 2.0"),
    (lambda x, y: x * (2.0 + y), "x * y + 2.0"),
    (lambda x, y: (x + y) * 3.0, "y + x * 3.0"),
    (lambda x, y: x - (y - 2.0), "x - y - 2.0"),
    (lambda x, y: x * y**2.0, "(x * y) ** 2.0"),
]


@pytest.mark.parametrize(("forward", "text"), BRACKETS)
def test_brackets_that_stand_elsewhere_are_shown(forward, text):
    x, y = RNG.uniform(0.5, 2.0, (2, 4))
    other = eval(f"lambda x, y: {text}")
    root, _ = record(lambda x, y: forward(x, y), [("x", x), ("y", y)])
    several = {what: change for _, what, change in bracketings(root)}
    assert text in several
    np.testing.assert_allclose(several[text](root, root.operands).value, other(x, y))


def test_what_is_differentiated_with_other_brackets_has_a_name():
    def backward(d: Array, a: Array, b: Array) -> tuple[Array, Array]:
        return d / b, -d * (1.0 + a) / b**2

    a, b = RNG.uniform(0.5, 2.0, (2, 6))
    (finding,) = nn.check_backward(lambda a, b: 1.0 + a / b, backward, a, b).findings
    assert finding.name == "brackets" and "`(1.0 + a) / b`" in finding.sentence
