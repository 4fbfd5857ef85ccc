"""Verdicts on given numbers: shapes, missing parameters, NaN, single precision, and differences without a name."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from long_run import shortened, slow

import nn
from nn import matrix
from nn.diagnosis.alterations.explain import explained_at
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import Case, diagnose_problem
from nn.diagnosis.trials import diagnose_gradients

from .injection import NAMES, draw, outcome, right

PROBLEM = Problem.random((5, 4, 3), samples=6, l2=0.1)


def verdicts(said):
    return {row.parameter: row.verdict for row in said.parameters}


def changed(**gradients):
    return {**PROBLEM.right, **{name.replace("_", "."): value for name, value in gradients.items()}}


def test_right_to_rounding():
    said = diagnose_problem(PROBLEM, PROBLEM.right)
    assert said.ok
    assert set(verdicts(said).values()) == {"right"}
    assert "units of rounding" in said.parameters[0].note


def test_right_in_single_precision_is_right_and_says_so():
    said = diagnose_problem(PROBLEM, {k: v.astype(np.float32) for k, v in PROBLEM.right.items()})
    assert said.ok
    assert said.remarks[0].startswith("right to single precision only: ")


def test_a_mistake_made_in_single_precision_is_named():
    said = diagnose_problem(PROBLEM, {k: (6 * v).astype(np.float32) for k, v in replace(PROBLEM, l2=0.0).right.items()})
    assert sorted(said.names) == ["no-mean", "penalty-missing"]
    assert "single precision" in said.remarks[0]


def test_a_tiny_mistake_is_not_taken_for_single_precision():
    slight = replace(PROBLEM, l2=1e-9)
    said = diagnose_problem(slight, replace(PROBLEM, l2=0.0).right)
    assert said.names == ["penalty-missing"]


def test_nan_is_said_and_where():
    wrong = PROBLEM.right["layers.0.W"].copy()
    wrong[1, 2] = np.nan
    said = diagnose_problem(PROBLEM, changed(layers_0_W=wrong))
    assert said.parameters[0].note.startswith("1 of 20 entries are not finite, the first at [1, 2]")
    assert "come first in layers.0.W" in said.remarks[0]


def test_beside_nan_another_mistake_has_its_name_and_nothing_is_sought_for_all(monkeypatch):
    lost = dict.fromkeys(("layers_0_W", "layers_0_b"), np.nan * np.ones(1))
    wrong = changed(**{name: x * PROBLEM.right[name.replace("_", ".")] for name, x in lost.items()})
    monkeypatch.setattr(Case, "named", lambda *args: pytest.fail("everything is searched"))
    said = diagnose_problem(PROBLEM, wrong | {"layers.1.b": -PROBLEM.right["layers.1.b"]})
    assert said.names == ["sign-of-bias"] and said.verdict == "unnamed"
    assert "come first in layers.0.b" in said.remarks[0]


def test_three_mistakes_are_named_parameter_by_parameter():
    right = PROBLEM.right
    said = diagnose_problem(
        PROBLEM,
        changed(layers_1_b=-right["layers.1.b"], layers_0_b=6.0 * right["layers.0.b"], layers_0_W=np.ones((5, 4))),
    )
    assert sorted(said.names) == ["bias-not-averaged", "sign-of-bias"]
    assert verdicts(said) == {
        "layers.0.W": "unnamed", "layers.0.b": "named", "layers.1.W": "right", "layers.1.b": "named",
    }  # fmt: skip


def test_vanished_derivatives_get_no_name():
    problem = Problem.random((3, 4, 2), samples=5, activation="sigmoid", output="sigmoid", loss="mse")
    problem = replace(problem, params={k: 1e4 * v for k, v in problem.params.items()})
    said = diagnose_problem(problem, {k: np.full_like(v, 1e-14) for k, v in problem.right.items()})
    assert (said.verdict, said.findings) == ("unnamed", ())
    assert "have vanished" in said.parameters[0].note


# --- what is not finite is never right


NOT_FINITE = [np.nan, np.inf, -np.inf]


def trained():
    rng = np.random.default_rng(0)
    model = nn.MLP(2, [3, 2], activation="tanh")
    return model, rng.normal(size=(6, 2)), np.array([0, 1, 0, 1, 0, 1])


def right_gradients(model, X, T):
    return nn.matrix.value_and_gradients(model.arrays(), X, T, activation="tanh")[1]


PLACES = itertools.product(["layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"], [False, True])


@pytest.mark.parametrize(
    ("name", "whole", "bad"),
    [
        pytest.param(*place, bad, marks=[] if i % 3 == k else pytest.mark.slow)  # each at each place in the long run
        for i, place in enumerate(PLACES)
        for k, bad in enumerate(NOT_FINITE)
    ],
)
def test_a_gradient_that_is_not_finite_is_not_right(name, whole, bad):
    model, X, T = trained()
    candidate = {key: value.copy() for key, value in right_gradients(model, X, T).items()}
    candidate[name].flat[slice(None) if whole else 0] = bad
    found = nn.diagnose(model, X, T, candidate)
    assert found.verdict == "unnamed"
    assert "entries are not finite" in str(found)
    assert not nn.compare_gradients(model, X, T, candidate=candidate).ok


@pytest.mark.parametrize(("bad", "name"), shortened(zip(NOT_FINITE, ["layers.0.W", "layers.0.b", "layers.1.W"]), 1))
def test_a_function_whose_gradient_is_not_finite_is_not_right(bad, name):
    model, X, T = trained()
    candidate = {key: value.copy() for key, value in right_gradients(model, X, T).items()}
    candidate[name].flat[0] = bad
    assert not nn.diagnose(model, X, T, lambda *_: candidate).ok


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("judge", [nn.diagnose, lambda m, X, T, c: nn.compare_gradients(m, X, T, candidate=c)])
def test_a_sample_a_target_or_a_parameter_that_is_not_finite_is_refused_with_its_place(bad, judge):
    model, X, T = trained()
    right = right_gradients(model, X, T)
    samples = X.copy()
    samples[3, 1] = bad
    with pytest.raises(ValueError, match=r"X\[3, 1\].* is -?(nan|inf)"):
        judge(model, samples, T, right)
    model.layers[0].neurons[2].w[1].data = bad
    with pytest.raises(ValueError, match=r"layers\.0\.W\[1, 2\] is -?(nan|inf)"):
        judge(model, X, T, right)


def test_a_target_that_is_not_finite_is_refused():
    model = nn.MLP(2, [3, 1], activation="tanh")
    X, T = np.ones((3, 2)), np.array([1.0, np.nan, 0.0])
    with pytest.raises(ValueError, match=r"T\[1\] is nan"):
        nn.compare_gradients(model, X, T, loss="mse")


def test_a_right_gradient_that_overflows_is_refused():
    model = nn.MLP(2, [3, 1], activation="relu")
    model.layers[1].neurons[0].w[0].data = 1e200
    X = np.full((2, 2), 1e200)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="not finite|is (nan|inf)"):
        nn.compare_gradients(model, X, np.zeros(2), loss="mse")


@pytest.mark.parametrize("factor", [0.5, 2.0, 0.0, -1.0, 1.0 + 1e-4])
def test_a_wrong_entry_however_small_is_not_right(factor):
    model, X, T = trained()
    X[:, 1] *= 1e-9  # its weights' gradients are tiny beside the others
    right = right_gradients(model, X, T)
    candidate = {key: value.copy() for key, value in right.items()}
    candidate["layers.0.W"][1] *= factor
    assert nn.diagnose(model, X, T, right).ok
    assert not nn.diagnose(model, X, T, candidate).ok


FACTORS = [-1.0, 0.0, 0.5, 1.01, 1.1, 3.7]


def saturated():
    """A network most of whose gradients have vanished, its samples, its right gradients, and their places."""
    model, X, T = nn.MLP(3, [4, 2], activation="tanh"), *trained()[1:]
    for value in model.parameters()[:16]:
        value.data *= 40.0
    X = np.random.default_rng(1).normal(size=(6, 3))
    right = right_gradients(model, X, T)
    places = [(name, place) for name, array in right.items() for place in [..., *np.ndindex(array.shape)]]
    return (model, X, T), right, places


def judged_as_compared(data, right, name, place, factor):
    wrong = {key: value.copy() for key, value in right.items()}
    wrong[name][place] *= factor
    return nn.diagnose(*data, wrong).ok == nn.compare_gradients(*data, candidate=wrong).ok


def test_a_saturated_network_excuses_no_wrong_gradient_that_the_comparison_sees():
    data, right, places = saturated()
    assert nn.diagnose(*data, right).ok
    for (name, place), factor in zip(places[::10], itertools.cycle(FACTORS)):
        assert judged_as_compared(data, right, name, place, factor), (name, place, factor)


@pytest.mark.slow
@pytest.mark.parametrize("factor", FACTORS)
def test_a_saturated_network_excuses_no_wrong_gradient_at_any_place(factor):
    data, right, places = saturated()
    for name, place in places:
        assert judged_as_compared(data, right, name, place, factor), (name, place)


def test_complex_numbers_are_no_gradient():
    model, X, T = trained()
    right = right_gradients(model, X, T)
    candidate = right | {"layers.0.W": right["layers.0.W"] + 1j}
    assert not nn.diagnose(model, X, T, candidate).ok
    with pytest.raises(TypeError, match=r"candidate\['layers.0.W'\] is an array of complex128: pass numbers"):
        nn.compare_gradients(model, X, T, candidate=candidate)


# --- injected mistakes, by code that shares nothing with what names them -----------------------------------------


@pytest.mark.parametrize("count", shortened([60, 250], 1))
def test_right_gradients_never_get_a_name(count):
    rng = np.random.default_rng(7)
    for _ in range(count):
        kind, problem, candidate = right(rng)
        said = diagnose_problem(problem, candidate)
        assert not said.findings, (kind, problem)
        assert not said.alternatives
        assert said.ok or kind != "double"


@pytest.mark.slow
def test_seven_in_ten_random_pairs_are_named():
    rng, counts = np.random.default_rng(11), []
    while len(counts) < 40:
        case = draw(rng.choice(NAMES, 2, replace=False), rng, tries=5)
        if case is not None:
            counts.append(outcome(diagnose_problem(case.problem, case.candidate), case.names))
    assert sum(said in ("named", "ambiguous (2)", "ambiguous (3)") for said in counts) >= 28


# --- alterations without a classical name --------------------------------------------------------------------------


def hidden(params, X, t, change):
    """Tanh, then a softmax with cross-entropy, by rows; the hidden delta is changed."""
    W1, b1, W2, b2 = params.values()
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    delta2 = (matrix.softmax(a1 @ W2 + b2) - t) / len(X)
    delta1 = change(delta2 @ W2.T, z1, a1)
    return dict(zip(params, (X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0))))


def times_z(g, z1, a1):
    return g * (1 - a1**2) * z1


@pytest.mark.parametrize("loss", ["mse", "half_mse", "cross_entropy", "binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "leaky_relu", "softplus", "silu", "gelu"])
def test_what_is_zero_is_said_to_be_zero_whatever_the_network(loss, activation):
    problem = Problem.random((3, 4, 2), samples=5, activation=activation, loss=loss, l2=0.1)
    zero = {name: 0.0 * x for name, x in problem.right.items()}
    assert Case.of(problem, zero, "rows", others=()).recorded.wrong == [0, 1, 2, 3]
    assert explained_at([Case.of(problem, zero, "rows").recorded])[0][0][0].name == "gradient-zero"


def test_what_the_table_does_not_name_is_named_by_its_alteration():
    problem = Problem.random((3, 4, 2), samples=6)
    given = hidden(problem.params, problem.X, problem.t, times_z)
    assert diagnose_problem(problem, given).verdict == "unnamed"
    after = diagnose_problem(problem, given, others=())
    assert after.names == ["slope-times-operand"]
    assert [row.verdict for row in after.parameters] == ["named", "named", "right", "right"]


def test_what_the_table_names_stays_as_it_is():
    problem = Problem.random((3, 4, 2), samples=6)
    given = hidden(problem.params, problem.X, problem.t, lambda g, z1, a1: g)
    assert diagnose_problem(problem, given, others=()).names == ["no-slope"]


def test_a_function_is_tried_on_other_data_too():
    network, X = nn.MLP(3, [4, 2], activation="tanh"), np.random.default_rng(0).normal(size=(6, 3))
    T = np.arange(6) % 2

    def gradients(params, X, T):
        return hidden(params, X, np.eye(2)[T], times_z)

    assert nn.diagnose(network, X, T, gradients).names == ["slope-times-operand"]
    problem = Problem.random((3, 4, 2), samples=6)
    noise = np.random.default_rng(1)

    def random(params, X, T):
        return {name: noise.normal(size=x.shape) for name, x in params.items()}

    assert diagnose_gradients(problem, random, "rows", True).verdict == "unnamed"


THREES = [
    ("layers-swapped", "no-mean", "penalty-value"),
    ("layers-swapped", "normalised", "pre-activation-for-activation"),
    ("averaged-per-layer", "layers-swapped", "log-base"),
    ("averaged-per-layer", "mean-again", "no-slope"),
    ("no-slope", "slope-of-wrong-layer", "two-too-many"),
    ("no-activation-forward", "no-slope-in-weights", "sign-propagated"),
    ("bias-of-last-sample", "first-sample-only", "no-reciprocal"),
]


@pytest.mark.parametrize("draws", shortened([1, 3], 1))
@pytest.mark.parametrize("names", [*THREES[:2], *(slow((names,)) for names in THREES[2:])])
def test_of_three_mistakes_what_is_said_of_one_parameter_is_one_of_them(names, draws):
    rng = np.random.default_rng(3)
    for _ in range(draws):
        case = draw(names, rng, tries=10)
        said = diagnose_problem(case.problem, case.candidate)
        assert set(said.names) <= case.names, said.remarks


def test_two_numbers_of_a_bias_show_no_mistake():
    problem = Problem.random((4, 3, 2), samples=6)
    wrong = {**problem.right, "layers.1.b": np.array([0.3, -0.7]), "layers.1.W": np.ones((3, 2))}
    assert diagnose_problem(problem, wrong).names == []


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_of_a_saturated_network_with_one_output_what_differences_hide_has_no_name(seed):
    problem = Problem.random((3, 4, 1), samples=5, activation="sigmoid", loss="mse", seed=seed)
    problem = replace(problem, X=300.0 * problem.X)
    rng, noise = np.random.default_rng(seed), 1e-10 * max(np.abs(right).max() for right in problem.right.values())
    off = {
        name: np.where(np.abs(right) > noise, right + noise * rng.normal(size=right.shape), 0.0)
        for name, right in problem.right.items()
    }
    assert diagnose_problem(problem, off).ok
    twice = made_with_slope_twice(problem)
    if any(np.abs(twice[name] - right).max() > 0.0 for name, right in problem.right.items()):
        assert not diagnose_problem(problem, twice).ok


def made_with_slope_twice(problem):
    """The gradients of a formula that is exact above, and wrong in what has vanished."""
    a = problem.forward[1]
    error = (a[2] - problem.t) * (problem.right["layers.1.b"] / (a[2] - problem.t).sum(axis=0))
    below = (error @ problem.params["layers.1.W"].T) * (a[1] * (1.0 - a[1])) ** 2
    return problem.right | {"layers.0.W": problem.X.T @ below, "layers.0.b": below.sum(axis=0)}


def test_what_single_precision_cannot_hold_is_right():
    problem = Problem.random((3, 4, 1), samples=5, activation="relu", loss="binary_cross_entropy", seed=4)
    problem = replace(problem, X=300.0 * problem.X)
    assert 0.0 < np.abs(problem.right["layers.0.b"]).min() < 1e-100
    single = {name: right.astype(np.float32) for name, right in problem.right.items()}
    assert diagnose_problem(problem, single).ok
    assert not diagnose_problem(problem, single | {"layers.1.W": 1.01 * single["layers.1.W"]}).ok
