import numpy as np

from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X = np.array([0.3, -1.2, 2.0])


def swept(f):
    return Sweep(*record(f, [("x", X)]))


def test_alterations_in_series_are_rerun():
    sweep = swept(lambda x: np.tanh(np.tanh(x)).sum())
    halves = {edge: lambda edge, g: 0.5 * edge.right(g) for edge in sweep.edges if edge.step.op == "tanh"}
    np.testing.assert_allclose(sweep.altered(halves)[0], 0.25 * sweep.gradients[0], rtol=1e-14)


def test_flows_of_all_edges_into_a_leaf_are_the_gradient():
    sweep = swept(lambda x: (x * x * x).sum())
    flows = [sweep.flow([edge])[0] for edge in sweep.arriving[sweep.leaves[0]]]
    np.testing.assert_allclose(np.sum(flows, axis=0), 3 * X**2, rtol=1e-14)


def test_what_is_added_goes_down_too():
    sweep = swept(lambda x: (x * x).sum())
    assert sweep.altered({}, {sweep.leaves[0]: np.ones(3)})[0].tolist() == (2 * X + 1).tolist()


def test_the_shift_of_a_softmax_is_a_constant_and_another_extreme_is_none():
    def softmax(x):
        e = np.exp(x - x.max())
        return e[0] / e.sum()

    shifted = swept(softmax)
    assert any(step.op == "max" and step.edges for step in shifted.steps)
    pruned = shifted.without_shifts()
    assert not any(step.op == "max" and step.edges for step in pruned.steps)
    np.testing.assert_allclose(pruned.gradients[0], shifted.gradients[0], atol=1e-14)
    kept = swept(lambda x: (x * x.max()).sum())
    assert kept.without_shifts() is kept
