"""Which array each result lives in: before and after, and that no result is overwritten while it is still read."""

from __future__ import annotations

import pytest
from lowering import random_lowering
from random_programs import Tally, run

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes import allocate as passes_allocate
from engine.lifting.passes.allocate import allocate, last_readings, renamed
from engine.lifting.passes.lower import lower
from engine.lifting.passes.products import products
from engine.lifting.pipeline import differentiate
from engine.lifting.views import Literal, Source


def source(name, shape=(3,), kind="value", **more):
    return Source(name, shape, kind, **more)


x, y, z, w = source("x", kind="input"), source("y"), source("z"), source("w")


def shared(forward, roots, backward=()):
    steps = Steps(forward, [root.view for root in roots], backward)
    return {s.name: array.name for s, array in allocate(steps).items() if s is not array}


def step(op, target, *operands):
    return Step(op, target.view, tuple(o.view if isinstance(o, Source) else Literal(o) for o in operands))


def test_a_chain_lives_in_one_array():
    chain = [step("arctan", y, x), step("sinh", z, y), step("arcsinh", w, z)]
    assert shared(chain, [w]) == {"z": "y", "w": "y"}


@pytest.mark.parametrize(
    ("why", "forward", "roots"),
    [
        ("an input is the caller's", [step("tanh", y, x)], [y]),
        ("it is read again", [step("tanh", y, x), step("exp", z, y), step("add", w, y, z)], [w, z, y]),
        ("it is returned", [step("tanh", y, x), step("exp", z, y)], [y, z]),
        ("a sum reads all before it writes", [step("tanh", y, x), Step("segment_sum", z.view, (y.view,))], [z]),
        ("it is a boolean", [step("less", source("c", dtype="bool"), x, 0.0), step("tanh", y, x)], [y]),
    ],
)
def test_an_array_is_left_alone_where(why, forward, roots):
    assert shared(forward, roots) == {}, why


def test_an_activation_has_an_array_of_its_own():
    a = source("a", role="a")
    assert shared([step("exp", y, x), step("tanh", a, y)], [a]) == {}


def test_another_shape_is_another_array():
    s = source("s", ())
    assert shared([step("exp", y, x), step("add", z, y, s), step("exp", s, 1.0)], [z]) == {"z": "y"}
    assert shared([step("exp", s, 1.0), step("add", y, x, s)], [y]) == {}


def test_a_condition_is_read_last():
    c, d = source("c"), source("d")
    forward = [step("exp", c, x), step("where", d, c, 1.0, 2.0)]
    assert shared(forward, [d]) == {}


def test_the_backward_pass_takes_what_the_forward_pass_left():
    g = source("g")
    assert shared([step("exp", y, x)], [], [step("multiply", g, y, 2.0)]) == {"g": "y"}


def test_single_numbers_have_arrays_of_their_own_if_any():
    chain = [step("exp", y, x), step("sin", z, y), step("cos", w, z)]
    arrays = allocate(Steps(chain, [w.view]), frozenset(chain[:2]))
    assert arrays == {w: z}


@pytest.mark.parametrize("seed", range(25))
def test_what_is_overwritten_is_never_read_again(seed):
    """Walked step by step: an array holds the result that its reader wants."""
    lowered = random_lowering(seed)
    if lowered is None:
        return
    steps = lowered.steps()
    steps = lower(differentiate(steps, lowered.task.wanted, lowered.task.seed(steps.roots[0])))
    steps = products(steps, for_blas=True)
    arrays, holds = allocate(steps), {}
    for s in (*steps.forward, *steps.backward):
        for read in [source for operand in s.operands for source in operand.sources if source.kind == "value"]:
            assert holds[arrays[read]] is read
        if s.target.source.kind == "value":
            holds[arrays[s.target.source]] = s.target.source
    for root in steps.roots:
        for read in [source for source in root.sources if source.kind == "value"]:
            assert holds[arrays[read]] is read


def test_a_sum_on_the_same_line_has_the_variable_of_what_it_adds_to():
    z2 = source("z", follows=z)
    forward = [step("exp", z, x), step("add", z2, z, x)]
    assert renamed(Steps(forward, [z2.view]))[z2] is z
    again = [*forward, step("tanh", y, z)]
    assert renamed(Steps(again, [z2.view, y.view]))[z2] is z2


def test_what_is_returned_is_read_last():
    last = last_readings(Steps([step("exp", y, x), step("exp", z, y)], [y.view]))
    assert last[y] > 1 > last[x]


def test_a_long_program_gives_arrays_to_later_results_while_no_result_is_read_again(monkeypatch):
    values = [source(f"v{k}") for k in range(6)]
    kept = [step("add", values[k], x if k == 0 else values[k - 1], x) for k in range(6)]
    monkeypatch.setattr(passes_allocate, "LONG", 0)
    pairs = [step("matmul", z, y, y), step("matmul", w, z, z), step("matmul", values[0], w, w)]
    assert shared([step("add", y, x, x), *pairs], [values[0]]) == {"w": "y", "v0": "z"}
    assert shared(kept, values[:5]) == {}


@pytest.mark.parametrize("start", [0, 8])
def test_random_programs_whose_arrays_are_given_away_are_right(start, monkeypatch):
    monkeypatch.setattr(passes_allocate, "LONG", 0)
    tally = Tally()
    for seed in range(start, start + 8):
        run(seed, tally)
    assert not tally.counts["wrong"] and not tally.counts["crash"]
