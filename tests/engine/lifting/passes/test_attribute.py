"""Results know their author's words: of all scalars that they stand for, what is true of most."""

from __future__ import annotations

import numpy as np
from lowering import lowering

import engine
from engine import Value
from engine.lifting.passes.attribute import attribute, common
from engine.watching import CallSite, Origin

NET = CallSite("net", "a.py")
Q, K, NORM = CallSite("linear", "a.py", 7), CallSite("linear", "a.py", 8), CallSite("norm", "a.py", 9)


def origin(variable, *chain, line=3, towards=""):
    return Origin(
        variable, (), (NET,) if variable else (), (NET, *chain), (0,) * (1 + len(chain)), "a.py", line, towards
    )


def test_the_variable_of_most_and_the_chain_of_all():
    each = [origin("x", Q)] * 3 + [origin("y", Q)] + [origin("", NORM, towards="z")]
    assert common(each) == Origin("x", (), (NET,), (NET,), (), "a.py", 7)
    assert common(each[:3]).chain == (NET, Q)
    assert common([]) is None


def test_variables_that_hold_alike_name_it_together():
    each = [origin("q", Q), origin("k", K)] * 4
    assert (common(each).variable, common(each).chain, common(each).line) == ("q, k", (NET,), 7)
    assert common([origin(name) for name in "abcde"]).variable == "a"


def test_one_in_many_is_no_name():
    each = [origin("x")] + [origin("", towards="y")] * 9
    assert (common(each).variable, common(each).towards) == ("", "y")


def test_a_part_of_an_operation_goes_on_towards_the_whole():
    w = [Value(1.0), Value(2.0), Value(3.0)]
    low = lowering(lambda x: engine.log(engine.total([u * v + u for u, v in zip(w, x)])), np.array([1.0, 2.0, 3.0]))
    before = low.steps()
    labels = {i: "n" for _, (nodes, _) in before.members.items() for i in nodes}
    after = attribute(before, labels, {"n": origin("h")})
    known = [step.target.source.origin for step in after.forward]
    assert [(o.variable, o.towards) for o in known][-1] == ("h", "")
    assert {(o.variable, o.towards) for o in known[:-1]} >= {("", "h")}
    assert [str(step.op) for step in before.forward] == [str(step.op) for step in after.forward]
    assert set(after.members) == {step.target.source for step in after.forward}
    assert attribute(before, {}, {}).forward == before.forward
