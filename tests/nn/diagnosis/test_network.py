"""A gradient is right, or its mistake has a name: by network, by function, in every convention."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.trials import CandidateError, diagnose_gradients

from .injection import NAMES, draw, outcome, right
from .wrong_backprop import EVERY, Wrong

RNG = np.random.default_rng(5)
X, T = RNG.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 1])


def network(**options):
    return nn.MLP(4, [5, 3], **{"activation": "tanh", "seed": 3} | options)


def wrong(model, bugs, convention="rows", **options):
    """Gradients of a network with mistakes, by the independent implementation."""
    params, kinds = model.arrays(), [model.activation] * (len(model.layers) - 1) + [model.output]
    t = matrix.one_hot(T, model.sizes[-1])
    made = Wrong(params, X, t, kinds, "cross_entropy", bugs=bugs, options=options).gradients()
    return matrix.from_rows(made, convention)


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_injected_into_a_random_network_is_named(name):
    rng = np.random.default_rng([3, *name.encode()])
    for convention in matrix.CONVENTIONS:
        case = draw([name], rng)
        given = matrix.from_rows(case.candidate, convention)
        said = outcome(diagnose_problem(case.problem, given, convention), [name])
        assert said in ("named", "ambiguous (2)", "ambiguous (3)"), (case.bugs, case.options, case.problem.kinds)


def test_right_gradients_never_get_a_name():
    rng = np.random.default_rng(7)
    for _ in range(250):
        kind, problem, candidate = right(rng)
        said = diagnose_problem(problem, candidate)
        assert not said.findings, (kind, problem)
        assert not said.alternatives
        assert said.ok or kind != "double"


def test_seven_in_ten_random_pairs_are_named():
    rng, counts = np.random.default_rng(11), []
    while len(counts) < 40:
        case = draw(rng.choice(NAMES, 2, replace=False), rng, tries=5)
        if case is not None:
            counts.append(outcome(diagnose_problem(case.problem, case.candidate), case.names))
    assert sum(said in ("named", "ambiguous (2)", "ambiguous (3)") for said in counts) >= 28


@pytest.mark.parametrize("convention", matrix.CONVENTIONS)
def test_a_network_s_gradients_in_a_convention(convention):
    model = network()
    assert nn.diagnose(model, X, T, wrong(model, {}, convention), convention=convention).ok
    said = nn.diagnose(model, X, T, wrong(model, {"no-slope": 0}, convention), convention=convention)
    assert (said.verdict, said.names, said.findings[0].where) == ("named", ["no-slope"], "layers.0")
    back = {"rows": "delta[l+1] W[l+1].T", "columns": "W[l+1] delta[l+1]", "torch": "delta[l+1] W[l+1]"}[convention]
    assert said.findings[0].right == f"delta[l] = ({back}) * f'(z[l])"
    assert said.findings[0].yours == f"delta[l] = {back}"


def test_one_cause_in_several_layers_is_reported_once_at_its_origin():
    model = nn.MLP(4, [5, 5, 5, 3], activation="tanh", seed=1)
    said = nn.diagnose(model, X, T, wrong(model, {"sign-propagated": 2}))
    assert said.names == ["sign-propagated"]
    assert said.findings[0].where == "from layers.2 to layers.1"
    assert [v.verdict for v in said.parameters] == ["named"] * 4 + ["right"] * 4


def test_two_mistakes_are_both_named():
    said = nn.diagnose(network(), X, T, wrong(network(), {"no-mean": EVERY, "no-slope": 0}))
    assert sorted(said.names) == ["no-mean", "no-slope"]


def test_what_fits_two_ways_is_ambiguous_and_has_an_experiment():
    model = nn.MLP(4, [5, 2], activation="tanh")
    t = np.array([[0.5, 1.0], [1.0, 0.0], [0.0, 2.0]])
    _, gradients = matrix.value_and_gradients(model.arrays(), X[:3], t, activation="tanh", loss="mse")
    said = nn.diagnose(model, X[:3], t, {k: 2.0 * v for k, v in gradients.items()}, "mse", strength=0.0)
    assert said.verdict == "ambiguous"
    names = {path[0].name for path in said.alternatives}
    assert {"two-too-many", "accumulated", "sum-for-mean-of-outputs"} <= names
    assert said.experiment.startswith("repeat with another number of samples")
    assert "to tell them apart" in str(said)


def test_a_function_is_tried_on_data_that_tells_mistakes_apart():
    """A square gradient that is transposed may also be reshaped: only other widths can tell."""
    model = nn.MLP(4, [4, 4], activation="tanh")

    def turned(params, X, T):
        made = dict(matrix.value_and_gradients(params, X, T, activation="tanh")[1])
        return made | {"layers.0.W": made["layers.0.W"].T}

    numbers = nn.diagnose(model, X, T, turned(model.arrays(), X, T))
    assert numbers.verdict == "ambiguous"
    assert nn.diagnose(model, X, T, turned).names == ["weights-transposed"]

    def own_widths_only(params, X, T):
        assert params["layers.0.W"].shape == (4, 4)
        return turned(params, X, T)

    assert nn.diagnose(model, X, T, own_widths_only).verdict == "ambiguous"


def test_a_function_whose_factor_follows_the_batch():
    model = nn.MLP(4, [5, 3], activation="tanh")
    batch = slice(0, 3)  # 3 samples and 3 classes: on these the factor could be either

    def summed(params, X, T):
        return matrix.value_and_gradients(params, X, T, activation="tanh", reduction="sum")[1]

    assert nn.diagnose(model, X[batch], T[batch], summed).names == ["no-mean"]


def test_a_function_that_keeps_state_between_calls():
    total = {}

    def gradients(params, X, T):
        for name, value in matrix.value_and_gradients(params, X, T, activation="tanh")[1].items():
            total[name] = total.get(name, 0.0) + value
        return total

    said = nn.diagnose(network(), X, T, gradients)
    assert said.names == ["accumulated"]
    assert any(
        remark.startswith("right on this data, but not with other parameters and inputs") for remark in said.remarks
    )


def test_a_function_that_keeps_stale_activations():
    kept = {}

    def gradients(params, X, T):
        rows = Problem(params, X, matrix.one_hot(T, 3), ("tanh", "identity"), "cross_entropy", 1.0 / len(X))
        zs, acts = kept.setdefault(X.shape, rows.forward)
        delta = (matrix.softmax(zs[1]) - rows.t) / len(X)
        below = delta @ params["layers.1.W"].T * (1.0 - acts[1] ** 2)
        made = {"layers.1.W": acts[1].T @ delta, "layers.1.b": delta.sum(axis=0)}
        return made | {"layers.0.W": acts[0].T @ below, "layers.0.b": below.sum(axis=0)}

    assert nn.diagnose(network(), X, T, gradients).names == ["stale-activations"]


def test_a_function_that_edits_its_arguments():
    def gradients(params, X, T):
        made = matrix.value_and_gradients(params, X, T, activation="tanh")[1]
        X -= 1.0
        return made

    said = nn.diagnose(network(), X.copy(), T, gradients)
    assert said.ok
    assert said.remarks == ("the function changes its argument X: copy it first",)


def test_previous_calls_may_be_given_for_numbers():
    model = network()
    before = {name: 0.5 * value for name, value in model.arrays().items()}
    old = matrix.value_and_gradients(before, X[::-1], T, activation="tanh")[1]
    new = matrix.value_and_gradients(model.arrays(), X, T, activation="tanh")[1]
    both = {name: new[name] + old[name] for name in new}
    assert nn.diagnose(model, X, T, both, previous=(before, X[::-1], T)).names == ["accumulated"]
    assert nn.diagnose(model, X, T, both).verdict == "unnamed"


def test_regularisation_and_reduction_are_the_caller_s():
    model = network()
    _, summed = matrix.value_and_gradients(model.arrays(), X, T, activation="tanh", reduction="sum", l2=0.1)
    assert nn.diagnose(model, X, T, summed, reduction="sum", strength=0.1).ok
    assert nn.diagnose(model, X, T, summed, reduction="sum", strength=0.2).names == ["penalty-halved"]
    assert nn.diagnose(model, X, T, summed, strength=0.1).names == ["no-mean"]


def test_what_is_no_dictionary_and_what_does_not_fit():
    with pytest.raises(CandidateError, match=r"returned a list of 1, not a dictionary of layers.0.W"):
        nn.diagnose(network(), X, T, lambda params, X, T: [1.0])
    with pytest.raises(ValueError, match=r"takes samples of 4 numbers; got X \(6, 3\)"):
        nn.diagnose(network(), X[:, :3], T, {})
    with pytest.raises(ValueError, match="takes targets of -1 and 1"):
        nn.diagnose(network(), X, T, {}, "hinge")


def test_columns_get_their_arguments_as_columns():
    seen = {}

    def gradients(params, X, T):
        seen.setdefault("shapes", (params["layers.0.W"].shape, X.shape, T.shape))
        return {}

    problem = Problem.random((4, 5, 3), samples=6)
    assert diagnose_gradients(problem, gradients, "columns", classes=False).verdict == "unnamed"
    assert seen["shapes"] == ((4, 5), (4, 6), (3, 6))
