"""Names as the notes have them, apart from those that are taken; what was given keeps its own."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lowering

import engine
from engine import Value
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.name_results import name_results
from engine.lifting.passes.tidy import tidy

W = [[Value(0.5 * i - j, f"W[{i}, {j}]") for j in range(3)] for i in range(2)]
B = [Value(0.25, "b[0]"), Value(-1.0, "b[1]")]
X = np.array([1.0, -2.0, 0.5])


def layer(x):
    return [engine.tanh(engine.dot(w, x, b)) for w, b in zip(W, B)]


CASES = {
    "a layer": (lambda x: engine.total(layer(x)), set(), ["z1", "z1", "a1", "loss"], ["g1", "dz1"]),
    "names that are taken": (
        lambda x: engine.total(layer(x)), {"z1", "loss"}, ["z2", "z2", "a2", "loss_2"], ["g1", "dz2"],
    ),
    "what is no layer": (
        lambda x: engine.log(engine.exp(x[0]) + engine.maximum(x[1], x[2])), set(), ["e1", "t1", "t2", "loss"], None,
    ),
    "a constant after results": (lambda x: engine.total([x[0] * 2.0, x[1] * 3.0, x[2] * 5.0]), set(), ["z1"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_names(case):
    f, taken, forward, backward = CASES[case]
    low = lowering(f, X, wrt="parameters" if backward else "inputs")
    before = low.steps()
    before = tidy(differentiate(before, low.task.wanted, low.task.seed(before.roots[0])))
    printed = str(before)
    after = name_results(before, taken)
    assert str(before) == printed
    assert [step.target.source.name for step in after.forward] == forward
    if backward is not None:
        results = [step.target.source for step in after.backward if step.target.source.kind == "value"]
        assert list(dict.fromkeys(source.name for source in results))[: len(backward)] == backward
    for one, two in zip(low.run(before), low.run(after)):
        np.testing.assert_array_equal(one, two)


def test_what_is_added_goes_on_under_the_name_of_the_product():
    low = lowering(lambda x: engine.total(layer(x)), X)
    product, total = [step.target.source for step in name_results(low.steps(), set()).forward[:2]]
    assert (product.name, product.role, total.role) == ("z1", "z", "z")
    assert total.follows is product
