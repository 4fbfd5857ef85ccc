"""A gradient is right, or its mistake has a name: by network, by function, in every convention."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.trials import CandidateError

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


@pytest.mark.parametrize("convention", ["rows", "columns", "torch"])
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


@pytest.mark.parametrize("convention", ["rows", "torch"])
@pytest.mark.parametrize("is_called", [False, True])
def test_parameters_in_lists_have_their_gradients_in_lists(convention, is_called):
    params = matrix.from_rows(network().arrays(), convention)

    def gradients(params, X, T):
        return list(matrix.value_and_gradients(params, X, T, activation="tanh", convention=convention)[1].values())

    given = gradients if is_called else gradients(params, X, T)
    assert nn.diagnose(list(params.values()), X, T, given, activation="tanh", convention=convention).ok
