"""An array in which several results live goes by the best name among them, and holds what it held."""

from __future__ import annotations

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.name_arrays import name_arrays
from engine.lifting.views import Source
from engine.watching import Origin


def source(name, variable=None):
    origin = None if variable is None else Origin(variable, (), (), (), (), "a.py", 1)
    return Source(name, (2,), "value", origin=origin)


def test_the_author_s_name_takes_the_place_of_one_that_was_made_up():
    x = Source("x", (2,), "input")
    total, mean, root = source("mean_sum", ""), source("mean", "mean"), source("root", "root")
    read = ((total, x), (mean, total), (root, mean))
    steps = Steps([Step("exp", s.view, (y.view,)) for s, y in read], [root.view])
    named, arrays = name_arrays(steps, {total: total, mean: total, root: root})
    targets = [step.target.source for step in named.forward]
    assert [s.name for s in targets] == ["mean", "mean_sum", "root"]
    assert [arrays[s].name for s in targets] == ["mean", "mean", "root"]
    assert arrays[targets[0]] is arrays[targets[1]] is targets[0]
    assert named.roots[0].source is targets[2]


def test_without_origins_nothing_changes():
    x, y = source("t1"), source("t2")
    steps = Steps([Step("exp", x.view, (x.view,)), Step("exp", y.view, (x.view,))], [y.view])
    named, arrays = name_arrays(steps, {x: x, y: x})
    assert (named.forward, arrays) == (steps.forward, {x: x, y: x})
    assert named.roots == steps.roots
