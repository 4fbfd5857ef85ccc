"""One evaluation, pulled back and pushed forward: through what depends on its inputs, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.linearised import Linearised


def test_pulling_and_pushing_are_transposes():
    at = Linearised(lambda x, y: [x * y, engine.tanh(x)], (0, 1), [2.0, 3.0], {}, "vjp")
    u, v = [0.3, -2.0], [0.7, 0.1]
    assert sum(a * b for a, b in zip(at.pull(u), v)) == pytest.approx(sum(a * b for a, b in zip(u, at.push(v))))


def test_it_walks_through_its_own_nodes_only():
    outside = Value(2.0)
    for _ in range(1000):
        outside = engine.tanh(outside) + 1.0
    at = Linearised(lambda x: (x * outside + outside * 3.0) * x, 0, [1.5], {}, "grad")
    assert [v.op for v in at.nodes] == ["multiply", "add", "multiply"]
    inner = Linearised(lambda x: x * outside, 0, [outside], {}, "grad")
    assert [v.op for v in inner.nodes] == ["multiply"]


def test_the_cost_of_a_nested_derivative_is_its_own():
    """Counted in nodes, not in seconds: what each of many nested derivatives walks through does not grow."""
    walked = []

    def inner(x):
        at = Linearised(lambda y: y * y * 0.5, 0, [x], {}, "grad")
        walked.append(len(at.nodes))
        return at.pull([at.one()])[0]

    def outer(x):
        for _ in range(50):
            x = x - 0.1 * inner(x)
        return x

    assert engine.grad(outer)(1.0) == pytest.approx(0.9**50, rel=1e-12)
    assert set(walked) == {2}


def test_symbolic_results_may_be_differentiated_again_and_others_are_floats():
    x = Value(3.0)
    at = Linearised(lambda y: y**3, 0, [x], {}, "grad")
    (slope,) = at.pull([at.one()])
    slope.backward()
    assert (slope.data, x.grad) == (27.0, 18.0)
    at = Linearised(lambda y: y**3, 0, [3.0], {}, "grad")
    assert at.pull([1.0]) == [27.0]


ANSWERS = {
    "a comparison": lambda x: x > 1.0,
    "NumPy's": lambda x: np.bool_(True),
    "one of several": lambda x: [x, x == 2.0],
    "an array of them": lambda x: np.array([x, x]) > 1.0,
}


@pytest.mark.parametrize("f", ANSWERS.values(), ids=ANSWERS)
def test_of_the_answer_of_a_comparison_there_is_no_gradient(f):
    for transform in (engine.grad, engine.value_and_grad, engine.hessian):
        with pytest.raises(TypeError, match=r"differentiates numbers, but the function returned (True|False)"):
            transform(f)(2.0)


def test_among_other_results_a_comparison_is_flat():
    value, pullback = engine.vjp(lambda x: [x * x, x > 1.0], 3.0)
    assert (value, pullback([1.0, 5.0])) == ([9.0, 1.0], (6.0,))
    assert engine.jvp(lambda x: [x * x, x > 1.0], (3.0,), (1.0,)) == ([9.0, 1.0], [6.0, 0.0])
    assert engine.jacobian(lambda x: [x * x, x > 1.0])(3.0) == [6.0, 0.0]


def test_counts_and_comparisons_as_numbers_are_constants():
    assert engine.grad(lambda x: 3)(2.0) == engine.grad(lambda x: (x > 1.0) * 1.0)(2.0) == 0.0
