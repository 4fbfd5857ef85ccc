import itertools

import numpy as np
import pytest

from nn.diagnosis.alterations.alteration import gradients_of, scaled
from nn.diagnosis.alterations.candidates import phases
from nn.diagnosis.alterations.directions import reproducing
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.search import alterations_of
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target, proves

RNG = np.random.default_rng(4)
X, W = RNG.normal(size=(5, 4)), RNG.normal(size=4)


def normalised(x):
    mu = x.mean(axis=0)
    var = ((x - mu) ** 2).mean(axis=0)
    return (np.sin(np.arange(1.0, 4 * len(x) + 1)).reshape(-1, 4) * W * (x - mu) / np.sqrt(var + 1e-5)).sum()


def sweep_at(x):
    return Sweep(*record(normalised, [("x", x)]))


@pytest.fixture(scope="module")
def sweep():
    return sweep_at(X)


def test_every_alteration_is_found_again_under_a_kind_that_does_the_same(sweep):
    limit = 1e-9 * np.abs(sweep.gradients[0]).max()
    tried = 0
    for candidate in itertools.islice(phases(sweep)[0], 0, None, 60):
        (given,) = gradients_of((candidate.alteration,), sweep)
        if np.isfinite(given).all() and np.abs(given - sweep.gradients[0]).max() > limit:
            paths = reproducing([Target(sweep, [given])])
            assert paths and len(paths) <= 3
            for path in paths:
                np.testing.assert_allclose(
                    gradients_of(alterations_of(path), sweep)[0], given, atol=1e-8 * np.abs(given).max()
                )
            tried += 1
    assert tried > 5


def test_two_paths_that_are_missing(sweep):
    named = {name: tuple(e for e in sweep.edges if e.parent.name == name) for name in ("mu", "var")}
    both = tuple(scaled(edges, 0.0, "path-missing") for edges in named.values())
    (path,) = reproducing([Target(sweep, gradients_of(both, sweep))])
    assert {a.kind for a in alterations_of(path)} == {"path-missing"}


def test_noise_has_no_name(sweep):
    assert reproducing([Target(sweep, [RNG.normal(size=(5, 4))])]) == []


def test_a_factor_that_is_a_length_is_told_at_another_length_too(sweep):
    other = sweep_at(RNG.normal(size=(7, 4)))

    def wrong(sweep, n):
        top = tuple(e for e in sweep.edges if e.step.op == "divide" and e.step.edges[-1].parent.op == "sqrt")[:1]
        return Target(sweep, gradients_of((scaled(top, n, "factor"),), sweep))

    (path,) = reproducing([wrong(sweep, 5.0), wrong(other, 7.0)])
    assert [(a.kind, a.times) for a in alterations_of(path)] == [("factor", "x.shape[0]")]
    assert all(
        a.times == "5" for path in reproducing([wrong(sweep, 5.0), wrong(other, 5.0)]) for a in alterations_of(path)
    )


def test_a_few_round_numbers_prove_nothing():
    root, leaves = record(lambda x: (x[0] * x[0]) ** 2.0, [("x", np.array([1.0]))])
    assert not proves([np.array([4.0, 4.0])], 1)
    assert reproducing([Target(Sweep(root, leaves), [np.array([4.0])])]) == []
