"""Functions in terms of others are what NumPy has under their names."""

import numpy as np
import pytest

from nn.diagnosis.alterations.composed import COMPOSED

X, V = np.random.default_rng(3).normal(size=(4, 4)), np.random.default_rng(4).normal(size=4)
TRAPEZOID = [getattr(np, name) for name in ("trapezoid", "trapz") if hasattr(np, name)]
CALLS = [
    (np.apply_along_axis, (lambda row: row / np.sum(row), 0, X), {}),
    (np.apply_along_axis, (np.sum, 1, X), {}),
    (np.append, (X, V), {}),
    (np.append, (X, X), {"axis": 1}),
    (np.average, (X,), {"axis": 0, "weights": V}),
    (np.average, (X,), {}),
    (np.clip, (X, -0.5, 0.5), {}),
    (np.convolve, (V, V[:2]), {}),
    (np.convolve, (V, V[:3], "same"), {}),
    (np.correlate, (V, V[:3]), {}),
    (np.correlate, (V, V[:2], "same"), {}),
    (np.cross, (X[:, :3], V[:3]), {}),
    (np.cumprod, (X,), {"axis": 1}),
    (np.cumprod, (X,), {}),
    (np.cumsum, (X,), {"axis": 1}),
    (np.cumsum, (X,), {}),
    (np.diff, (X,), {"axis": 0}),
    (np.diff, (V, 2), {}),
    (np.dot, (X, V), {}),
    (np.inner, (V, X), {}),
    (np.kron, (X[:2], X[:, :3]), {}),
    (np.linalg.matrix_power, (X, 3), {}),
    (np.linalg.matrix_power, (X, -2), {}),
    (np.linalg.multi_dot, ([X, X.T, V],), {}),
    (np.linalg.norm, (X,), {"axis": 1}),
    (np.linalg.norm, (X, 1), {"axis": 0, "keepdims": True}),
    (np.linalg.pinv, (X[:, :3],), {}),
    (np.linalg.pinv, (X[:2],), {}),
    (np.median, (X,), {"axis": 1, "keepdims": True}),
    (np.median, (X[:3],), {"axis": 0}),
    (np.median, (X,), {}),
    (np.outer, (V, V), {}),
    (np.polyval, (V, X), {}),
    (np.prod, (X,), {"axis": 1, "keepdims": True}),
    (np.prod, (X,), {}),
    (np.ptp, (X,), {"axis": 0}),
    (np.select, ([X > 1.0, X > 0.0], [X, -X], 0.5), {}),
    (np.sort, (X,), {"axis": 0}),
    (np.std, (X,), {"axis": 1}),
    (np.tensordot, (X, X), {"axes": ([0], [1])}),
    (np.trace, (X,), {}),
    (np.vdot, (X, X), {}),
    *[(f, args, {}) for f in TRAPEZOID for args in ((X,), (X, np.cumsum(V**2)))],
]


@pytest.mark.parametrize(("function", "args", "kwargs"), CALLS)
def test_it_is_numpys(function, args, kwargs):
    np.testing.assert_allclose(COMPOSED[function](*args, **kwargs), function(*args, **kwargs), rtol=1e-13, atol=1e-15)


def test_each_is_tried():
    assert {function for function, _, _ in CALLS} == set(COMPOSED)


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (np.dot, (X, np.ones((4, 4, 2))), {}),
        (np.linalg.norm, (X, 3), {}),
        (np.prod, (X,), {"where": X > 0}),
        (np.cross, (X, X), {}),
        (np.kron, (V, X), {}),
        (np.linalg.matrix_power, (X, 0), {}),
    ],
)
def test_what_is_not_known_is_said(function, args, kwargs):
    assert COMPOSED[function](*args, **kwargs) is NotImplemented
