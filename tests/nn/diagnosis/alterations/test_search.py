"""One search: what is tried is believed where it reproduces the gradients at every point, the simplest first."""

import numpy as np

from nn.diagnosis.alterations.alteration import gradients_of
from nn.diagnosis.alterations.candidates import phases
from nn.diagnosis.alterations.directions import Trials
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.search import Search, alterations_of, believed, simplest
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target
from nn.diagnosis.equations import Problem
from nn.diagnosis.walk import Walk

X = np.random.default_rng(4).normal(size=(5, 4))


def sweep_at(x):
    return Sweep(*record(lambda x: (np.exp(x - x.mean(axis=0)) * np.tanh(x)).sum(), [("x", x)]))


def missing(sweep):
    return next(c for c in phases(sweep)[0] if c.alteration.kind == "path-missing")


def test_what_fits_at_one_point_and_not_at_another_is_not_believed():
    sweep, there = sweep_at(X), sweep_at(2.0 * X)
    given, other = (gradients_of((missing(s).alteration,), s) for s in (sweep, there))
    assert believed((missing(sweep),), [Target(sweep, given), Target(there, other)])
    assert not believed((missing(sweep),), [Target(sweep, given), Target(there, there.gradients)])
    assert not believed((missing(sweep),), [Target(sweep, sweep.gradients)])


def test_of_equals_the_simplest_is_told_by_rank_then_by_what_is_no_factor_and_one_of_each_kind():
    attempts = sorted(phases(sweep_at(X))[0], key=lambda c: c.alteration.rank)
    paths = [(c,) for c in attempts]
    least = simplest(paths, lambda path: 0)
    assert {c.alteration.rank for (c,) in least} == {attempts[0].alteration.rank}
    assert len({c.alteration.kind for (c,) in least}) == len(least)
    assert simplest(reversed(paths), lambda path: paths.index(path)) == least


def test_networks_and_functions_are_searched_by_the_same():
    problem, sweep = Problem.random((3, 4, 2), samples=5), sweep_at(X)
    wrong = {name: 5.0 * gradient for name, gradient in problem.right.items()}
    of_network = Walk(problem, wrong, dict.fromkeys(wrong, 1e-10))
    of_function = Trials([Target(sweep, gradients_of((missing(sweep).alteration,), sweep))])
    for search, kind in ((of_network, "no-mean"), (of_function, "path-missing")):
        assert isinstance(search, Search)
        assert [a.kind for path in search.single() for a in alterations_of(path)] == [kind]
