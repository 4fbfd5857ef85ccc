"""Devices that share a batch: where arrays lie, in which type, and how errors of theirs are met."""

from __future__ import annotations

import numpy as np
import pytest

from nn.training.devices import DeviceError
from nn.training.mesh import Mesh

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
COUNTS = sorted({1, len(jax.devices())})


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_placed_comes_back(count, dtype):
    mesh, x = Mesh.of(count, dtype), np.random.default_rng(0).normal(size=(3, 2 * count))
    with mesh.computing():
        for axes in ((), (None, "samples")):
            placed = mesh.place(x, *axes)
            assert placed.dtype == dtype
            np.testing.assert_array_equal(np.asarray(placed), x.astype(dtype))
        assert mesh.place(np.arange(3)).dtype.kind == "i"
        total = mesh.jit(lambda x: mesh.everywhere(mesh.shared(x.T)).sum(axis=0))(mesh.place(x))
    np.testing.assert_allclose(np.asarray(total), x.sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_padded_to_what_the_devices_divide(count):
    rows = np.arange(1, 6).reshape(1, 5)
    padded = Mesh.of(count).padded(rows)
    assert padded.shape[1] % count == 0
    assert padded.shape[1] - 5 < count
    assert padded[0].tolist() == [1, 2, 3, 4, 5] + [0] * (padded.shape[1] - 5)


def test_an_error_of_jaxs_is_ours_in_one_line_and_the_precision_is_the_callers():
    before, mesh = jax.numpy.ones(1).dtype, Mesh.of(1)
    with pytest.raises(DeviceError, match=r"^JAX could not run a step: out of memory\.$"), mesh.computing():
        assert jax.numpy.ones(1).dtype == np.float64
        raise jax.errors.JaxRuntimeError("out of memory\nand more")
    assert jax.numpy.ones(1).dtype == before
