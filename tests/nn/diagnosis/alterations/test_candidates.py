from dataclasses import replace

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.alteration import gradients_of
from nn.diagnosis.alterations.candidates import known_numbers, named_numbers, phases, with_number
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

RNG = np.random.default_rng(9)
RATES = RNG.normal(size=(5, 7))


def f(x):
    rate = 0.3
    return (np.tanh(x) * rate).sum() / len(x)


def sweep_of(n):
    return Sweep(*record(f, [("x", RNG.normal(size=(n, 3)))]))


def test_what_is_tried_is_found_again_for_another_shape():
    here, there = sweep_of(4), sweep_of(6)
    for phase in phases(here):
        for candidate in list(phase)[::25]:
            assert any(other.name == candidate.alteration.name for other in candidate.at(there))


def test_what_a_family_makes_of_a_sweep_is_made_once():
    here, there, calls = sweep_of(4), sweep_of(6), []
    attempt = next(phases(here)[0])
    counted = replace(attempt, family=lambda sweep: calls.append(sweep) or attempt.family(sweep))
    assert [a.name for _ in range(3) for a in counted.at(there)] == 3 * [a.name for a in attempt.at(there)] != []
    assert calls == [there]


def test_numbers_have_the_names_that_they_have_in_the_function():
    known = known_numbers(sweep_of(4))
    texts = dict(known.values())
    assert texts["x.shape[0]"] == 4.0 and texts["1/x.shape[0]"] == 0.25 and texts["-0.3"] == -0.3


def test_a_number_that_was_fitted_goes_along():
    here, there = sweep_of(4), sweep_of(6)
    flow = next(c for c in phases(here)[0] if c.alteration.kind == "factor")
    (by_name,) = [c for c in flow.times(4.0, known_numbers(here)) if c.number == ("x", 0)]
    right = there.gradients[0]
    (altered,) = by_name.at(there)
    np.testing.assert_allclose(gradients_of((altered,), there)[0], 6.0 * right)
    (unknown,) = flow.times(4.123, known_numbers(here))
    assert unknown.fitted == 1 and by_name.fitted == 0 and unknown.alteration.rank > by_name.alteration.rank
    assert with_number(flow.alteration, 2.0, 1).times == "2"


def test_a_number_is_one_of_the_functions_or_the_product_of_two():
    sweep = Sweep(*record(lambda x: (np.maximum(x, -np.inf) * 0.3).sum(), [("x", np.ones((5, 7)))]))
    sweep.numbers = {"p": 0.6, "nothing": 0.0}
    known = known_numbers(sweep)
    assert all(np.isfinite(value) and value for _, value in known.values())
    for factor, text in ((0.6, "p"), (0.2, "1/x.shape[0]"), (0.36, "p * p"), (5 / 7, "x.shape[0] * 1/x.shape[1]")):
        assert text in [name for _, name in named_numbers(factor, known)]
    assert named_numbers(0.1234567, known) == []


def test_the_inverse_of_a_product_is_in_brackets():
    known = known_numbers(Sweep(*record(lambda x: np.einsum("ij,ij->ij", x, RATES).sum(), [("x", np.ones((5, 7)))])))
    assert "1/(RATES.shape[0] * RATES.shape[1])" in [name for _, name in named_numbers(1 / 35, known)]


RIGHT = np.random.default_rng(8).normal(size=(5, 3))


def softplus(x):
    return np.log(1.0 + np.exp(2.0 * x)) / 2.0


def of_output(dout, x):
    return dout / (1.0 + np.exp(-2.0 * softplus(x)))


def gathered(dout, x):
    return np.concatenate([(2.0 * dout * x)[-1:], np.zeros((4, 3))])


@pytest.mark.parametrize(
    ("forward", "backward", "name", "said"),
    [
        (softplus, of_output, "wrong-argument", "`x` is taken to be"),
        (lambda x: x**2, gathered, "one-place", "(the last stays along axis 0)"),
        (lambda x: np.where(x > 0.0, x, 0.1), lambda d, x: d * np.where(x > 0.0, 1.0, 0.1), "mask-leaky", "0.1 times"),
        (lambda x: 3.0**x, lambda d, x: d * 3.0 * x**2, "operands-exchanged", "`3.0 ** x`"),
        (lambda x: (x**2).mean(), lambda d, x: 2.0 * d * x, "factor-missing", "a sum stands in place of the mean"),
    ],
)
def test_what_stands_in_place_of_what(forward, backward, name, said):
    (finding,) = nn.check_backward(forward, backward, np.abs(RIGHT) if "3.0" in said else RIGHT).findings
    assert finding.name == name and said in f"{finding.sentence} {finding.found}"
