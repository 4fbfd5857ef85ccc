import numpy as np

from nn.diagnosis.alterations.exchanged import at_hand, at_times, exchanged
from nn.diagnosis.alterations.groups import groups
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X, W = np.random.default_rng(2).normal(size=(2, 4, 4))


def f(x):
    h = np.tanh(x)
    return (W * h).sum() + np.sqrt((h * h).sum(axis=0) + 1.0).sum()


SWEEP = Sweep(*record(f, [("x", X)]))


def test_arrays_at_hand_have_names():
    assert {"x", "h", "dh", "W"} <= {name for name, _ in at_hand(SWEEP)}


def test_a_derivative_with_another_variable():
    (edge,) = [edge for edge in SWEEP.edges if edge.step.op == "tanh"]
    made = {a.name: SWEEP.altered(a.pulls)[0] for a in exchanged((edge,), SWEEP) if a.pulls}
    g = W + np.tanh(X) / np.sqrt((np.tanh(X) ** 2).sum(axis=0) + 1.0)
    np.testing.assert_allclose(made["wrong-operand", "W"], g * W, rtol=1e-12)
    np.testing.assert_allclose(made["factor-too-many", "h"], g * (1 - np.tanh(X) ** 2) * np.tanh(X), rtol=1e-12)
    np.testing.assert_allclose(made["wrong-upstream", "x"], X * (1 - np.tanh(X) ** 2), rtol=1e-12)


def test_a_loop_with_another_variable_of_each_time():
    def looped(w):
        h = X[0] @ w
        for t in range(1, 4):
            u = np.exp(X[t] @ w)
            h = np.tanh(h @ w) * u
        return h.sum()

    sweep = Sweep(*record(looped, [("w", np.eye(4))]))
    loops = [edges for edges in groups(sweep).values() if len(edges) == 3 and edges[0].kind == "product"]
    assert any(a.what == "u" for edges in loops for a in exchanged(edges, sweep))
    times = {what: arrays for what, rank, arrays in at_times(sweep, 3)}
    now, before = times["u"], times["u of the time before, the last at first"]
    assert [x.value.tolist() for x in before] == [now[k].value.tolist() for k in (1, 2, 0)]


def test_a_shift_of_each_time_that_the_sweep_leaves_out_is_no_line_of_it():
    weights = np.random.default_rng(2).normal(size=(3, 4, 4))

    def attended(x):
        total = 0.0
        for t in range(3):
            scores = weights[t] @ x
            shifted = np.exp(scores - np.max(scores))
            total = total + (shifted / shifted.sum()) @ weights[t, 0]
        return total

    sweep = Sweep(*record(attended, [("x", X[0])])).without_shifts()
    assert [what for what, _, _ in at_times(sweep, 3) if "of the time before" in what]
