"""Programs are proven before they answer: what is then said, and what the options change."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from wrong_texts import WRONG, X, changed, neuron

import engine
from engine import LiftError, Value
from engine.lifting.verify import verify
from engine.lifting.verify.primes import CHAINS


@pytest.fixture
def ordinary(monkeypatch):
    """Outside the project's tests, not every program is proven."""
    monkeypatch.delenv("LIFTGRAD_CHECK")


def test_the_text_that_the_cases_change():
    program = neuron()
    program.value_and_grad(X, wrt="all")
    for line in ("x.dot(w, z1)", "np.add(z1, b, out=z1)", "np.tanh(z1, out=a1)", "/ N", "np.empty"):
        assert line in program.source(), program.source()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_text_is_not_believed(name):
    right = neuron().value_and_grad(X, wrt="all")
    program = changed(neuron(), *WRONG[name])
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations: .*the scalar engine answers") as said:
        value, gradient = program.value_and_grad(X, wrt="all")
    assert len(said) == 1
    assert all(part in str(said[0].message) for part in ("with seed ", "program.source()", "NumPy", "wrt='all'"))
    assert said[0].filename == __file__
    assert value == pytest.approx(right[0], rel=1e-14)
    np.testing.assert_allclose(gradient.parameters, right[1].parameters, rtol=1e-13)
    np.testing.assert_allclose(gradient.inputs[0], right[1].inputs[0], rtol=1e-13)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert program.value_and_grad(X, wrt="all")[0] == value
        assert program.value_and_grad(X, parameters=program.pull())[0] == value
    assert "REFUSED" in str(program.stats)
    with pytest.raises(LiftError, match="differs from its scalar operations: .*This is an error in liftgrad, not in"):
        changed(neuron(strict=True), *WRONG[name]).value_and_grad(X, wrt="all")


def test_only_the_second_call_is_wrong():
    """Something that `build` made and the first call overwrites."""
    program = changed(neuron(), "    def forward", "    calls = np.zeros(1, dtype)\n\n    def forward")
    again = "np.add(z1, b, out=z1); np.add(z1, calls, out=z1); np.add(calls, 1.0, out=calls)"
    with pytest.warns(RuntimeWarning, match="its value when it is called again"):
        assert changed(program, "np.add(z1, b, out=z1)", again)(X) == pytest.approx(neuron()(X))


def test_nothing_is_proven_on_request(ordinary):
    program = neuron(verify=False)
    program(X)
    assert "not verified" in str(program.stats)
    assert changed(neuron(verify=False), "np.tanh", "np.cos")(X) != program(X)
    for bad in ("yes", None, 2):
        with pytest.raises(ValueError, match="verify=.* is not known; use True, False or 'exact'"):
            engine.lift(lambda x: x, verify=bad)


def test_what_was_proven_is_said(ordinary):
    program = neuron()
    program.value_and_grad(X)
    assert "proven at 3 points modulo" in str(program.stats)
    proof = program.stats.proof
    assert (proof.kind, proof.points, proof.samples) == ("exact", 3, 3)
    assert 0.0 < proof.seconds < 5.0
    decided = engine.lift(lambda x: engine.relu(x))
    decided(1.0)
    assert decided.stats.proof.points == 48


def test_large_programs_are_compared_in_floats(ordinary, monkeypatch):
    monkeypatch.setattr(verify, "EXACT", 3)
    program = neuron()
    program.value_and_grad(X)
    assert "compared in floats at 2 points" in str(program.stats)
    exact = neuron(verify="exact")
    exact.value_and_grad(X)
    assert "proven at 3 points" in str(exact.stats)
    for old, new in WRONG.values():
        with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
            changed(neuron(), old, new).value_and_grad(X, wrt="all")


def test_a_factor_that_is_zero_at_the_traced_point_is_seen_at_the_other(ordinary, monkeypatch):
    monkeypatch.setattr(verify, "EXACT", 3)
    w, v = Value(0.0, "w"), Value(1.0, "v")
    program = changed(engine.lift(lambda x: engine.tanh(w * x) * v, batch=True), "np.tanh", "np.sin")
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        program.value_and_grad(np.array([1.0, 2.0]))


def test_a_proof_can_be_repeated(monkeypatch):
    monkeypatch.setenv("LIFTGRAD_SEED", "173")
    program = neuron()
    program(X)
    assert program.stats.proof.seed == 173
    assert program.stats.proof.modulus == CHAINS[173 % len(CHAINS)][0]


FOLDED_TO_PLAIN = {  # products of constants that are nearly, not exactly, numbers that a proof computes with itself
    "one": (lambda x: x * (1 / 3) * 3.0, 1.0),
    "one of a batch": (lambda x: x * 1e3 * 1e-3 + x, 2.0),
    "minus one": (lambda x: x * 1e30 * -1e-30, -1.0),
    "one half": (lambda x: x * (1 / 6) * 3.0, 0.5),
    "two": (lambda x: x * 0.2 * 10.0, 2.0),
    "three": (lambda x: x * 0.1 * 30.0, 3.0),
    "beside tanh": (lambda x: engine.tanh(x * (1 / 3) * 3.0), None),
    "beside a power": (lambda x: (x * (1 / 6) * 3.0) ** 0.5, None),
    "in a sum": (lambda x: engine.dot([x, x, x], [0.1 * 10, 1.0, 0.5]) * 0.1 * 10.0, None),
}


@pytest.mark.parametrize("name", FOLDED_TO_PLAIN)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("wrt", ["inputs", "all"])
def test_a_folded_number_next_to_a_plain_one_is_no_alarm(name, batch, wrt):
    f, slope = FOLDED_TO_PLAIN[name]
    program = engine.lift(f, batch=batch, reduction="sum" if batch else "mean", strict=True)
    x = np.array([1.5, 2.5, 0.25]) if batch else 1.5
    _, gradient = program.value_and_grad(x, wrt=wrt)
    want = [slope if slope is not None else engine.grad(f)(float(v)) for v in np.atleast_1d(x)]
    np.testing.assert_allclose(np.atleast_1d(gradient.inputs[0]), want, rtol=1e-14)
    assert program.stats.proof.kind == "exact"


def test_a_folded_number_next_to_a_plain_one_is_no_alarm_on_jax():
    jax = pytest.importorskip("jax")
    for f, _ in FOLDED_TO_PLAIN.values():
        program = engine.lift(f, strict=True)
        value = program(1.5)
        with jax.enable_x64(True):
            got, _ = program.to_jax(wrt="inputs")(program.pull(), 1.5)
        assert float(got) == pytest.approx(value, rel=1e-14)
