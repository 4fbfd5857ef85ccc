"""The collector is paused where a graph is built or swept, and goes on afterwards, whatever happened."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import engine
from engine import Value
from engine.collector import collector_paused
from engine.rules import RULES, rule


@pytest.fixture(params=[True, False], ids=["on", "off"])
def on(request):
    was_on = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was_on else gc.disable)()


def test_it_is_as_it_was_after_a_block_one_inside_another_and_an_exception(on):
    with collector_paused():
        assert not gc.isenabled()
        with pytest.raises(ZeroDivisionError), collector_paused():
            1 / 0  # noqa: B018
        assert not gc.isenabled()
    assert gc.isenabled() == on


@pytest.mark.parametrize("transform", [
    lambda f: engine.grad(f)(2.0),
    lambda f: engine.hessian(f)(2.0),
    lambda f: engine.vjp(f, 2.0)[1](1.0),
    lambda f: engine.jvp(f, (2.0,), (1.0,)),
    lambda f: f(Value(2.0)).backward(),
])  # fmt: skip
def test_transforms_and_sweeps_leave_it_as_it_was(on, transform):
    seen = []
    noted = rule("noted", lambda x: x, lambda x: x, at=[(1.0,)])(lambda g: seen.append(gc.isenabled()) or (g,))

    def fails(x):
        raise KeyError("mine")

    try:
        transform(lambda x: noted(x * x))
        assert seen
        assert not any(seen)
        assert gc.isenabled() == on
        with pytest.raises(KeyError):
            transform(fails)
        assert gc.isenabled() == on
    finally:
        del RULES["noted"], Value.noted


def test_a_sweep_that_fails_leaves_it_as_it_was(on):
    x = Value(2.0)
    z = x * x
    z.pullback = lambda g: (np.ones(2), None)
    with pytest.raises(TypeError):
        z.backward()
    assert gc.isenabled() == on
