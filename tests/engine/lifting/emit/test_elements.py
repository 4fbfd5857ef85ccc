"""Steps element by element: the readings of every operation, computed, are what the operation computes."""

from __future__ import annotations

import array_steps
import numpy as np
import pytest
from array_steps import CASES, GIVEN

from engine.lifting.emit.elements import Picked, Runs, leaves, of_elements, step_tree
from engine.lifting.expr import Expr

OTHERS = ("fill", "weighted_sum", "ones_product", "copy")  # a number, what people are not shown, one that is placed
OPERATIONS = {"multiply": np.multiply, "add": np.add, "tanh": np.tanh, "power": np.power}


def evaluated(tree: Expr, sample: int | None):
    """Return the value of a tree's elements, for one sample."""
    if isinstance(tree.leaf, Runs):
        terms = evaluated(tree.args[-1], sample)
        reduce = np.add if tree.op.startswith("sum") else np.maximum
        return reduce.reduceat(terms, np.cumsum(tree.leaf.counts) - tree.leaf.counts)
    if tree.op:
        return OPERATIONS[tree.op](*[evaluated(arg, sample) for arg in tree.args])
    if isinstance(tree.leaf, Picked):
        array = GIVEN[tree.leaf.source]
        return (array[sample] if tree.leaf.source.batched else array).reshape(-1)[tree.leaf.at]
    return float(tree.leaf)


@pytest.mark.parametrize("name", [name for name, (step, _) in CASES.items() if step.op not in OTHERS])
def test_every_element_is_what_its_readings_say(name):
    step, want = CASES[name]
    tree = step_tree(step, {}, lambda x: Expr(repr(x.value)))
    over_samples = any(isinstance(t.leaf, Runs) and t.leaf.over_batch for t in [tree])
    want = np.asarray(want, float)
    if over_samples:
        got = sum(evaluated(tree, n) for n in range(5))
    elif step.batched:
        got = np.stack([evaluated(tree, n) for n in range(5)])
    else:
        got = evaluated(tree, None)
    np.testing.assert_allclose(np.reshape(got, want.shape), want, rtol=1e-12)


def test_some_elements_of_a_tree_are_those_of_its_result():
    step, want = CASES["segment_sum"]
    tree = of_elements(step_tree(step, {}, None), np.array([2, 0, 2]))
    np.testing.assert_allclose(evaluated(tree, None), np.asarray(want)[[2, 0, 2]])
    assert [reading.source for reading in leaves(tree)] == [array_steps.FLAT]
