"""An epoch's batches, and its steps as one scan beside the same steps one by one."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.steps import lifted_step, program_of

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
pytest.importorskip("optax", reason="needs Optax: pip install 'liftgrad[jax]'")

from nn.training.mesh import Mesh  # noqa: E402
from nn.training.on_optax import transformation  # noqa: E402
from nn.training.scan import Batches, Scan, check_tables  # noqa: E402


@pytest.mark.parametrize(("n", "size", "sizes"), [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 5, [2]), (4, 1, [1, 1, 1, 1])])
@pytest.mark.parametrize("count", sorted({1, len(jax.devices())}))
def test_batches_hold_every_sample_once(n, size, sizes, count):
    order = np.random.default_rng(0).permutation(n)
    batches = Batches.of(order, size, Mesh.of(count))
    assert batches.sizes == sizes
    assert batches.rows.shape[1] % count == 0
    weights = np.ones(batches.rows.shape) if batches.weights is None else batches.weights
    assert batches.rows[weights > 0].tolist() == order.tolist()
    assert (batches.weights is None) == (weights > 0).all()


def test_a_scan_is_its_steps_one_by_one():
    model, (X, T), rates = nn.MLP(2, [4, 1]), nn.moons(9), np.array([0.1, 0.2, 0.3])
    theta = np.array([v.data for v in model.parameters()])
    mesh, program = Mesh.of(1), program_of(model, "hinge", 0.1, True)
    program(X[:1], T[:1])
    batches = Batches.of(np.arange(9)[::-1].copy(), 4, mesh)
    with mesh.computing():
        rule = transformation(nn.SGD(momentum=0.9))
        at, samples = mesh.place(theta), (mesh.place(X), mesh.place(T))
        scan = Scan(program.to_jax(), rule, np.empty(0), mesh, lambda theta, parts: [parts["all"][0].sum()])
        passed = scan(at, rule.init(at), samples, batches, rates, {"all": samples})
        found = np.asarray(passed.theta)
    step, optimizer = lifted_step(model, "hinge", 0.1), nn.SGD(lambda k: rates[k], momentum=0.9)
    for k, loss in enumerate(passed.losses):
        rows = np.arange(9)[::-1][4 * k : 4 * k + 4]
        value, gradient = step(theta, X[rows], T[rows])
        assert loss == pytest.approx(value, rel=1e-12)
        optimizer.update(theta, gradient)
    np.testing.assert_allclose(found, theta, rtol=1e-12, atol=1e-14)
    assert passed.is_finite
    assert passed.measured == [pytest.approx(X.sum())]


def test_an_integer_outside_its_table_is_refused():
    check_tables({1: 3}, np.zeros(2), np.array([0, 2]))
    for bad in (-1, 3):
        with pytest.raises(IndexError, match=rf"^{bad} is outside a table of 3 entries \(0 to 2\)\.$"):
            check_tables({1: 3}, np.zeros(2), np.array([0, bad]))
