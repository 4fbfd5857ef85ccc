import numpy as np

from nn.diagnosis.alterations.groups import groups, is_twin, through
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(1).normal(size=(4, 3))


def recurrent(x, n=3):
    h = np.zeros((4, 3))
    for _ in range(n):
        h = np.tanh(x + h @ np.ones((3, 3)))
    return h.sum()


def sizes(f):
    return [len(edges) for edges in groups(Sweep(*record(f, [("x", X)]))).values()]


def test_the_first_run_of_a_line_is_with_the_others():
    assert 3 in sizes(recurrent)  # tanh, though h is a constant at first


def test_a_helper_s_line_is_one_place_wherever_it_is_called_from():
    def helper(x):
        return np.exp(x)

    def f(x):
        a = helper(x)
        return (a * helper(x + 1.0)).sum()

    assert 2 in sizes(f)


def test_keys_are_the_same_for_another_length():
    def keys(n):
        return set(groups(Sweep(*record(recurrent, [("x", X[:, :n].repeat(3, axis=1)[:, :3])]))))

    assert keys(1) == keys(2)


def test_the_same_operand_twice():
    sweep = Sweep(*record(lambda x: (x * x).sum(), [("x", X)]))
    assert [is_twin(edge) for edge in sweep.edges] == [False, True, True]


def test_what_a_path_goes_through():
    def f(x):
        mu = x.mean(axis=0)
        return (np.exp(x) * mu).sum()

    sweep = Sweep(*record(f, [("x", X)]))
    assert {through(edge).name or through(edge).op for edge in sweep.edges} >= {"mu", "exp", "sum"}
    named = [bool(through(edges[0]).name) for edges in groups(sweep).values()]
    assert named == sorted(named, reverse=True)
