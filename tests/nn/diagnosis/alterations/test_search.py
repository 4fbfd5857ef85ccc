import numpy as np
import pytest

from nn.diagnosis.alterations.edges import groups, of_edges, scaled
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.search import Target, both, reproducing
from nn.diagnosis.alterations.sweep import Sweep

RNG = np.random.default_rng(4)
X, G, W = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=4)


def normalised(x):
    mu = x.mean(axis=0)
    var = ((x - mu) ** 2).mean(axis=0)
    return (G * W * (x - mu) / np.sqrt(var + 1e-5)).sum()


@pytest.fixture(scope="module")
def sweep():
    return Sweep(*record(normalised, [("x", X)]))


def test_every_alteration_is_found_again_under_a_kind_that_does_the_same(sweep):
    right = sweep.gradients[0]
    limit = 1e-9 * np.abs(right).max()
    tried = 0
    for group in groups(sweep)[::4]:
        for alteration in list(of_edges(group, sweep))[::3]:
            (given,) = alteration.gradients(sweep)
            if np.isfinite(given).all() and np.abs(given - right).max() > limit:
                paths = reproducing(sweep, [given])
                assert paths and len(paths) <= 3
                for path in paths:
                    made = path[0].gradients(sweep)[0] if len(path) == 1 else both(*path, sweep)[0]
                    np.testing.assert_allclose(made, given, atol=1e-8 * np.abs(given).max())
                tried += 1
    assert tried > 15


def test_two_paths_that_are_missing(sweep):
    named = {edge.parent.name: edge for edge in sweep.edges if edge.parent.name in ("mu", "var")}
    first = scaled((named["var"],), 0.0, "path-missing")
    second = scaled(tuple(e for e in sweep.edges if e.parent.name == "mu"), 0.0, "path-missing")
    (path,) = reproducing(sweep, both(first, second, sweep))
    assert {a.kind for a in path} == {"path-missing"}


def test_noise_has_no_name(sweep):
    assert reproducing(sweep, [RNG.normal(size=(5, 4))]) == []


def test_a_factor_is_fitted_only_to_entries_that_outnumber_it(sweep):
    target = Target(sweep, [3.0 * sweep.gradients[0]])
    assert target.factor(target.right) == pytest.approx(3.0)
    assert target.factor(np.ones(20)) is None
    short = Sweep(*record(lambda x: (x**2).sum(), [("x", X[0, :2])]))
    assert Target(short, [3.0 * short.gradients[0]]).factor(short.gradients[0]) is None
