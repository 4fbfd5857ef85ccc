"""Backward passes that are called as functions: shapes, counts, and what autograd would have made of them."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.diagnosis.frameworks.custom import FrameworkError
from nn.diagnosis.frameworks.torch_by_hand import FunctionByHand, ModuleByHand

torch = pytest.importorskip("torch")
X, B = np.arange(6.0).reshape(2, 3), np.ones(3)


def added(backward):
    """A Function that adds a vector to each row."""

    def forward(ctx, x, b, name):
        ctx.set_materialize_grads(False)
        return x + b

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Added", (torch.autograd.Function,), methods)


@pytest.mark.parametrize("rows", [lambda g: g.sum(0), lambda g: g, lambda g: g.sum(0, keepdim=True)])
def test_a_gradient_that_autograd_takes_is_taken_as_autograd_does(rows):
    kind, dout = added(lambda ctx, g: (g, rows(g), None)), np.cos(X)
    out, (dx, db) = FunctionByHand(kind).swept([X, B, "name"], dout)
    x, b = (torch.tensor(array, requires_grad=True) for array in (X, B))
    kind.apply(x, b, "name").backward(torch.tensor(dout))
    np.testing.assert_array_equal(out, X + B)
    np.testing.assert_array_equal(dx, x.grad.numpy())
    np.testing.assert_array_equal(db, b.grad.numpy())


def test_a_gradient_of_another_shape_is_a_mistake_and_no_error():
    diagnosis = nn.check_backward(added(lambda ctx, g: (g, g.sum(1), None)), torch.tensor(X), torch.tensor(B), "name")
    assert [(row.parameter, row.verdict, row.note) for row in diagnosis.parameters] == [
        ("x", "right", ""), ("b", "unnamed", "has shape (2,), not (3,)"),
    ]  # fmt: skip


@pytest.mark.parametrize("returned", [lambda g: g, lambda g: (g, g), lambda g: (g, g, None, g)])
def test_another_number_of_gradients_is_said(returned):
    with pytest.raises(FrameworkError, match=r"Added.backward returned \d gradients for 3 inputs; return one for each"):
        FunctionByHand(added(lambda ctx, g: returned(g))).swept([X, B, "name"], np.ones_like(X))


@pytest.mark.parametrize("name", ["dweight", "grad_weight", "weight_grad"])
def test_a_module_may_leave_gradients_beside_its_parameters(name):
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            self.x, self.out = x, x * self.weight
            return self.out

        def backward(self, g):
            setattr(self, name, (g * self.x).sum(0))
            return g * self.weight

    module = Scaled()
    module(torch.ones(2, 3))  # which leaves something that cannot be copied
    out, (dx, dw) = ModuleByHand(module, ["weight"], module.forward).swept([X, 2.0 * B], np.ones_like(X))
    np.testing.assert_array_equal(out, 2.0 * X)
    np.testing.assert_array_equal(dx, np.full((2, 3), 2.0))
    np.testing.assert_array_equal(dw, X.sum(0))
    assert not hasattr(module, name)
