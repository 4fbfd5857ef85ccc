import numpy as np
import pytest

from nn.diagnosis.alterations.primitives import (
    chosen,
    contracted,
    elementwise,
    extreme,
    moved,
    product,
    summed,
    unbroadcast,
)
from nn.diagnosis.alterations.step import ArrayStep, value_of

RNG = np.random.default_rng(0)


def differences(step, again, k, g):
    """What a cotangent is pulled back to, by central differences of the operation itself."""
    values = [value_of(x).copy() for x in step.operands]
    share = np.zeros(values[k].shape)
    for place in np.ndindex(share.shape):
        ends = []
        for side in (1e-6, -1e-6):
            moved_values = [v.copy() for v in values]
            moved_values[k][place] += side
            ends.append(again(*map(ArrayStep, moved_values)).value)
        share[place] = ((ends[0] - ends[1]) / 2e-6 * g).sum()
    return share


CASES = {
    "broadcast product": (lambda x, y: elementwise("multiply", x, y), (3, 4), (4,)),
    "quotient": (lambda x, y: elementwise("divide", x, y), (2, 1, 3), (4, 1)),
    "tanh": (lambda x: elementwise("tanh", x), (3,)),
    "matrices": (product, (2, 3), (3, 4)),
    "stacks of matrices": (product, (5, 2, 3), (3, 4)),
    "a vector on the left": (product, (3,), (3, 4)),
    "a vector on the right": (product, (2, 3), (3,)),
    "two vectors": (product, (3,), (3,)),
    "einsum": (lambda x, y: contracted("bij,bjk->bik", x, y), (2, 3, 4), (2, 4, 2)),
    "einsum that sums one alone": (lambda x, y: contracted("ij,k->i", x, y), (2, 3), (4,)),
    "sum": (lambda x: summed(x, (1,), False), (2, 3)),
    "max": (lambda x: extreme(np.max, x, (0,), True), (4, 3)),
    "choice": (lambda *xs: chosen(np.array([True, False, True]), *xs[-2:]), (2, 3), (3,)),
    "slice": (lambda x: moved("[]", lambda v: v[[0, 2, 0]], (x,)), (3, 2)),
    "padding": (lambda x: moved("pad", lambda v: np.pad(v, 1, constant_values=2.0), (x,)), (2, 2)),
    "joining": (lambda x, y: moved("concatenate", lambda *v: np.concatenate(v), (x, y)), (2, 2), (1, 2)),
}


@pytest.mark.parametrize("name", CASES)
def test_an_edge_pulls_back_what_differences_find(name):
    operation, *shapes = CASES[name]
    step = operation(*[ArrayStep(RNG.uniform(0.5, 2.0, shape)) for shape in shapes])
    g = RNG.normal(size=step.value.shape)
    assert len(step.edges) == len(shapes)
    for edge in step.edges:
        wanted = differences(step, operation, edge.operand, g)
        np.testing.assert_allclose(np.broadcast_to(edge.right(g), wanted.shape), wanted, atol=1e-8)
        t = RNG.normal(size=wanted.shape)  # pushing forward is the transpose of pulling back
        assert (edge.push(t, edge.saved) * g).sum() == pytest.approx((edge.right(g) * t).sum())


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_done_again_on_other_operands(name):
    operation, *shapes = CASES[name]
    step = operation(*[ArrayStep(RNG.uniform(0.5, 2.0, shape)) for shape in shapes])
    others = [ArrayStep(2.0 * x.value) if isinstance(x, ArrayStep) else x for x in step.operands]  # a condition stays
    steps = [x for x in others if isinstance(x, ArrayStep)]
    np.testing.assert_array_equal(step.again(*others).value, operation(*steps).value)


def test_what_was_repeated_is_summed():
    assert unbroadcast(np.ones((2, 3, 4)), (3, 1)).tolist() == [[8.0]] * 3


def test_a_constant_operand_has_no_edge():
    step = elementwise("power", ArrayStep([1.0, 2.0]), 3.0)
    assert [edge.operand for edge in step.edges] == [0]
