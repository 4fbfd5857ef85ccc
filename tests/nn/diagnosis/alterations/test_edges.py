import numpy as np
import pytest
from long_run import shortened

import nn
from nn.diagnosis.alterations.alteration import BackwardAlteration, scaled
from nn.diagnosis.alterations.edges import in_time, of_cases, of_edges, of_joined
from nn.diagnosis.alterations.groups import groups
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.text import SENTENCES

X = np.random.default_rng(2).normal(size=(4, 3))
W = np.random.default_rng(3).normal(size=(4, 3))


def f(x):
    h = np.tanh(x)
    return (W * h).sum() + ((h - h.mean(axis=0)) ** 2).sum() + (x.T @ x).sum()


@pytest.fixture(scope="module")
def sweep():
    return Sweep(*record(f, [("x", X)]))


def test_every_kind_that_is_tried_has_a_sentence(sweep):
    alterations = [a for group in groups(sweep).values() for a in of_edges(group, sweep)]
    assert len(alterations) > 200
    assert {a.kind for a in alterations} <= set(SENTENCES)


def only(alterations, kind, what=""):
    return next(a for a in alterations if a.name == (kind, what))


def gradient(f, kind, what="", x=X, op=None):
    sweep = Sweep(*record(f, [("x", x)]))
    edges = [edge for edge in sweep.edges if op is None or edge.step.op == op]
    return sweep.altered(only(of_edges(tuple(edges[-1:]), sweep), kind, what).pulls)[0]


def test_masks_with_a_scale():
    mask = np.where(X > 0, 2.5, 0.0)
    f = lambda x: (x * mask * W).sum()  # noqa: E731
    for kind, wanted in (("mask-missing", 2.5), ("scale-missing", X > 0), ("mask-inverted", 2.5 * (X <= 0))):
        np.testing.assert_allclose(gradient(f, kind), wanted * W, rtol=1e-14)


def test_indices():
    late = gradient(lambda x: (x[1:] * W[1:]).sum(), "off-by-one", "one early along axis 0", op="[]")
    np.testing.assert_allclose(late[:-1], W[1:], rtol=1e-14)
    twice = np.array([0, 0, 2])
    f = lambda x: (x[twice] * W[:3]).sum()  # noqa: E731
    np.testing.assert_allclose(gradient(f, "overwritten", op="[]"), [W[1], 0 * W[0], W[2], 0 * W[0]], rtol=1e-14)
    padded = lambda x: (np.pad(x, 1) * np.arange(30.0).reshape(6, 5)).sum()  # noqa: E731
    assert gradient(padded, "padding-counted", op="pad").tolist() == np.arange(30.0).reshape(6, 5)[:4, :3].tolist()


def test_a_stride_that_is_left_out():
    x, g = np.arange(7.0), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def windows(x):
        return sum((g[k] * x[3 * k : 3 * k + 2]).sum() for k in range(2))

    sweep = Sweep(*record(windows, [("x", x)]))
    (group,) = [edges for edges in groups(sweep).values() if len(edges) > 1 and edges[0].step.op == "[]"][:1]
    assert sweep.altered(only(of_edges(group, sweep), "stride-missing", "3").pulls)[0].tolist() == [1, 5, 4, 0, 0, 0, 0]


def test_one_column_alone_and_products_in_another_order():
    square = np.arange(9.0).reshape(3, 3)
    f = lambda x: (x @ square * np.ones((3, 3)).cumsum(axis=0)).sum()  # noqa: E731
    right = np.ones((3, 3)).cumsum(axis=0) @ square.T
    at = gradient(f, "sign", "at index 0 along axis 1", x=square, op="matmul")
    np.testing.assert_allclose(at, right * [-1, 1, 1])
    np.testing.assert_allclose(
        gradient(f, "order-of-product", "s.T @ g", x=square, op="matmul"), square.T @ np.ones((3, 3)).cumsum(axis=0)
    )


def test_loops_with_what_another_time_saved():
    def looped(w):
        h = X[0] @ w
        for t in range(1, 4):
            h = np.tanh(X[t] @ w) * h
        return h.sum()

    sweep = Sweep(*record(looped, [("w", np.eye(3))]))
    group = next(edges for edges in groups(sweep).values() if len(edges) == 3 and edges[0].kind == "product")
    kinds = {a.name for a in of_edges(group, sweep)}
    assert ("factor-off-by-one", "of the time before") in kinds
    after, none, other = list(in_time("factor-off-by-one", group))[:3]
    np.testing.assert_array_equal(after.saved(group[1]), group[0].saved)
    assert (after.saved(group[0]) == group[0].saved).all() and not none.saved(group[0]).any()
    np.testing.assert_array_equal(other.saved(group[0]), group[-1].saved)


def test_what_comes_to_another_time():
    weights = np.arange(12.0).reshape(4, 3)

    def f(x):
        return (np.stack([x * (t + 1.0) for t in range(4)]) * weights).sum()

    sweep = Sweep(*record(f, [("x", np.ones(3))]))
    made = {a.what: sweep.altered(a.pulls)[0] for a in of_joined(sweep)}
    around = sum((t + 1.0) * weights[t - 1] for t in range(4))
    np.testing.assert_allclose(made["of the time before, the other end's there"], around)
    np.testing.assert_allclose(made["of the time before, none at the end"], around - weights[3])


def states(x, Wx, Wh):
    h = [np.zeros(2)]
    for t in range(4):
        h.append(np.tanh(Wx @ x[t] + Wh @ h[-1]))
    return h


def stacked(x, Wx, Wh, Wy):
    h = states(x, Wx, Wh)
    return np.stack([Wy @ h[t + 1] for t in range(4)])


def in_a_list(x, Wx, Wh, Wy):
    ys = []
    h = np.zeros(2)
    for t in range(4):
        h = np.tanh(Wx @ x[t] + Wh @ h)
        ys.append(Wy @ h)
    return np.stack(ys)


@pytest.mark.parametrize("forward", shortened([stacked, in_a_list], 1))
@pytest.mark.parametrize(("of", "step"), [("Wy", -1), ("Wy", 1), ("Wh", -1), ("Wh", 1)])
def test_the_time_that_is_named_is_before_or_after_as_it_runs(forward, of, step):
    def backward(d, x, Wx, Wh, Wy):
        h, grads = [*states(x, Wx, Wh), np.zeros(2)], [np.zeros_like(a) for a in (x, Wx, Wh, Wy)]
        carried, (of_output, of_state) = np.zeros(2), (step * (of == "Wy"), step * (of == "Wh"))
        for t in reversed(range(4)):
            grads[3] += np.outer(d[t], h[t + 1 + of_output])
            dz = (Wy.T @ d[t] + carried) * (1.0 - h[t + 1] ** 2)
            grads[0][t] = Wx.T @ dz
            grads[1] += np.outer(dz, x[t])
            grads[2] += np.outer(dz, h[t + of_state] if t + of_state >= 0 else np.zeros(2))
            carried = Wh.T @ dz
        return tuple(grads)

    rng = np.random.default_rng(5)
    diagnosis = nn.check_backward(forward, backward, *(rng.normal(size=n) for n in ((4, 3), (2, 3), (2, 2), (3, 2))))
    (finding,) = diagnosis.findings
    words = {-1: "of the time before", 1: "of the time after" if of == "Wy" else "belongs"}  # its own result
    assert words[step] in finding.sentence and ("before" in finding.sentence) == (step < 0)


def test_cases_are_tried_in_their_order(sweep):
    edges = (sweep.edges[-1],)
    cases = (("one", "", 1, lambda e: 1.0), ("two", "of it", 2, lambda e: 2.0))
    assert [(a.kind, a.what, a.rank, a.saved(edges[0])) for a in of_cases(edges, cases)] == [
        ("one", "", 1, 1.0),
        ("two", "of it", 2, 2.0),
    ]


def test_an_alteration_leads_to_other_gradients(sweep):
    (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
    missing = scaled((edge,), 0.0, "path-missing")
    assert isinstance(missing, BackwardAlteration)
    np.testing.assert_allclose(sweep.altered(missing.pulls)[0], 2 * X @ np.ones((3, 3)), rtol=1e-12)


@pytest.mark.parametrize("slope", [-2.0, -0.3])
def test_a_branch_that_is_chosen_by_the_value(slope):
    def leaky(x):
        return np.where(x > 0, x, slope * x)

    diagnosis = nn.check_backward(leaky, lambda d, x: d * np.where(leaky(x) > 0, 1.0, slope), X)
    assert diagnosis.names == ["mask-of-value"]


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (lambda x: np.repeat(x, 2, axis=1), lambda d, x: d[:, ::2]),
        (lambda x: np.tile(x, (2, 1)), lambda d, x: d[: len(x)]),
        (lambda x: x.repeat(2, axis=0).repeat(3, axis=1), lambda d, x: d[::2, ::3]),
        (lambda x: x[[0, 0, 1, 2, 2]], lambda d, x: np.concatenate([d[[0, 2, 3]], 0.0 * x[3:]])),
    ],
)
def test_the_first_of_what_comes_to_each_place(forward, backward):
    diagnosis = nn.check_backward(forward, backward, X)
    assert diagnosis.names == ["overwritten"] and "only the first is taken" in str(diagnosis)


def test_a_clip_that_is_taken_for_the_identity():
    diagnosis = nn.check_backward(lambda x: np.clip(2.0 * x, -1.0, 0.5), lambda d, x: 2.0 * d, X)
    assert diagnosis.names == ["mask-missing"] and "the mask of `clip(2.0 * x, -1.0, 0.5)`" in str(diagnosis)
    assert "dz where -1.0 < 2.0 * x < 0.5, else 0" in str(diagnosis)


@pytest.mark.parametrize(("times", "words"), [(0, "not multiplied with it"), (1, "not at its input")])
def test_a_derivative_at_the_gradient_that_arrives(times, words):
    diagnosis = nn.check_backward(np.tanh, lambda d, x: (1.0 - np.tanh(d) ** 2) * d**times, X)
    assert diagnosis.names == ["slope-at-gradient"] and words in str(diagnosis)


def test_a_vector_that_is_repeated_along_the_other_axis():
    w = W[0]
    diagnosis = nn.check_backward(lambda x: x * w, lambda d, x: d * w[:, None], X[:3])
    assert diagnosis.names == ["factor-transposed"] and "along the other axis" in str(diagnosis)


def test_what_comes_to_a_part_is_added_to_all_of_it():
    given = gradient(lambda x: (np.tanh(x) * 0.0).sum() + (x[1:2] * W[1:2]).sum(), "spread", op="[]")
    np.testing.assert_allclose(given, np.broadcast_to(W[1:2], X.shape), rtol=1e-14)
