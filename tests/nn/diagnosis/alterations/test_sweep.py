import numpy as np

from nn.diagnosis.alterations.cases import EXTREMES
from nn.diagnosis.alterations.primitives import elementwise
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X = np.array([0.3, -1.2, 2.0])


def swept(f):
    return Sweep(*record(f, [("x", X)]))


def test_alterations_in_series_are_rerun():
    sweep = swept(lambda x: np.tanh(np.tanh(x)).sum())
    halves = {edge: lambda edge, g: 0.5 * edge.right(g) for edge in sweep.edges if edge.step.op == "tanh"}
    np.testing.assert_allclose(sweep.altered(halves)[0], 0.25 * sweep.gradients[0], rtol=1e-14)


def test_effects_along_directions_are_those_of_the_altered_gradients():
    sweep = swept(lambda x: (np.exp(x) * np.tanh(x)).sum() + (x[1:] @ x[:-1]) + x.max())
    for edge in sweep.edges:
        pulls = {edge: lambda edge, g: 3.0 * edge.right(g) + 1.0}
        wanted = sweep.along(sweep.altered(pulls)) - sweep.along(sweep.gradients)
        np.testing.assert_allclose(sweep.effect(pulls), wanted, atol=1e-11)


def test_effects_in_series_are_those_of_the_altered_gradients_too():
    sweep = swept(lambda x: np.tanh(np.tanh(np.tanh(x))).sum())
    pulls = {edge: lambda edge, g: g for edge in sweep.edges if edge.step.op == "tanh"}
    assert sweep.in_series(pulls)
    np.testing.assert_allclose(
        sweep.effect(pulls), sweep.along([np.ones(3)]) - sweep.along(sweep.gradients), atol=1e-12
    )


def test_weights_are_what_a_cotangent_is_weighted_with():
    sweep = swept(lambda x: (np.exp(x) * x).sum())
    for edge in sweep.edges:
        flow = sweep.weights(edge, edge.saved) @ sweep.cotangents[edge.step].ravel()
        np.testing.assert_allclose(flow, -sweep.effect({edge: lambda edge, g: 0.0 * edge.right(g)}), atol=1e-12)


def test_a_function_is_rerun_with_another_step():
    sweep = swept(lambda x: (np.exp(x) ** 2).sum())
    (step,) = [step for step in sweep.steps if step.op == "exp"]
    other, become = sweep.rerun({step: lambda step, xs: elementwise("tanh", *xs)})
    np.testing.assert_allclose(other.gradients[0], 2 * np.tanh(X) * (1 - np.tanh(X) ** 2), rtol=1e-12)
    assert become[step].op == "tanh" and sweep.steps[0] in become


def test_seeds_and_cuts():
    sweep = swept(lambda x: (x * x).sum())
    (square,) = [step for step in sweep.steps if step.op == "multiply"]
    assert sweep.seeded({square: np.ones(3)}, square.edges[:1])[sweep.leaves[0]].tolist() == X.tolist()


def test_cotangents_under_an_alteration():
    sweep = swept(lambda x: np.tanh(np.exp(x)).sum())
    (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
    np.testing.assert_allclose(sweep.under({edge: lambda edge, g: g})[sweep.leaves[0]], np.exp(X), rtol=1e-14)


def test_the_shift_of_a_softmax_is_a_constant_and_another_extreme_is_none():
    def softmax(x):
        e = np.exp(x - x.max())
        return e[0] / e.sum()

    shifted = swept(softmax)
    assert any(step.op in EXTREMES and step.edges for step in shifted.steps)
    pruned = shifted.without_shifts()
    assert not any(step.op in EXTREMES and step.edges for step in pruned.steps)
    np.testing.assert_allclose(pruned.gradients[0], shifted.gradients[0], atol=1e-14)
    kept = swept(lambda x: (x * x.max()).sum())
    assert kept.without_shifts() is kept


def test_the_effect_of_edges_in_series_is_that_of_the_whole_sweep():
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))

    def f(x, w):
        h = np.zeros(3)
        for t in range(4):
            h = np.tanh(h @ w + x[t]) * x[t]
        return (h * h).sum()

    sweep = Sweep(*record(f, [("x", x), ("w", w)]))
    for op in ("tanh", "matmul", "multiply", "[]"):
        edges = [edge for edge in sweep.edges if edge.step.op == op]
        pulls = dict.fromkeys(edges, lambda edge, g: edge.right(g * abs(g)))
        whole = sweep.along(sweep.altered(pulls)) - sweep.along(sweep.gradients)
        assert np.allclose(sweep.effect(pulls), whole, rtol=1e-12, atol=1e-12) and np.abs(whole).max() > 0.01
