"""What nobody reads is dropped; all that the caller gets stays."""

from __future__ import annotations

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.drop_unread import drop_unread
from engine.lifting.views import Gather, Literal, Source, np


def source(name, kind="value", shape=(3,)):
    return Source(name, shape, kind)


x, y, z, g, dx = source("x", "input"), source("y"), source("z"), source("g"), source("dx", "slot")


def ops(forward, roots, backward=()):
    steps = drop_unread(Steps(forward, roots, backward))
    return [s.op for s in steps.forward], [s.op for s in steps.backward]


def test_a_chain_that_nothing_reads_goes_whole():
    forward = [Step("exp", y.view, (x.view,)), Step("sin", z.view, (x.view,)), Step("cos", g.view, (z.view,))]
    assert ops(forward, [y.view]) == (["exp"], [])


def test_what_the_backward_pass_reads_stays_in_the_forward_pass():
    forward = [Step("exp", y.view, (x.view,)), Step("sin", z.view, (x.view,))]
    backward = [Step("multiply", g.view, (z.view, z.view)), Step("copy", dx.view, (g.view,))]
    assert ops(forward, [y.view], backward) == (["exp", "sin"], ["multiply", "copy"])
    assert ops(forward, [y.view], backward[:1]) == (["exp"], [])


def test_every_part_of_what_is_read_stays():
    backward = [
        Step("fill", g.view, (Literal(0.0),)),
        Step("copy", g.view, (x.view,), accumulate=True),
        Step("copy", dx.view, (g.view,)),
    ]
    assert ops([], [], backward) == ([], ["fill", "copy", "copy"])


def test_an_index_that_chooses_is_read():
    i = source("i", shape=())
    gather = Gather(x, (), np.array(0), i.view, 1, reach=2)
    forward = [Step("copy", i.view, (Literal(1.0),)), Step("gather", source("p", shape=()).view, (gather,))]
    assert ops(forward, [forward[1].target])[0] == ["copy", "gather"]
