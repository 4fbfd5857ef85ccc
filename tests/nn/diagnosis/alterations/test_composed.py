"""Functions in terms of others are what NumPy has under their names."""

import numpy as np
import pytest

from nn.diagnosis.alterations.composed import COMPOSED, OF_UFUNCS

X, V = np.random.default_rng(3).normal(size=(4, 4)), np.random.default_rng(4).normal(size=4)
HOLES = np.where(X > 0.5, np.nan, X)
CALLS = [
    (np.apply_along_axis, (lambda row: row / np.sum(row), 0, X), {}),
    (np.apply_along_axis, (np.sum, 1, X), {}),
    (np.append, (X, V), {}),
    (np.append, (X, X), {"axis": 1}),
    (np.average, (X,), {"axis": 0, "weights": V}),
    (np.average, (X,), {}),
    (np.bincount, (np.array([0, 2, 2, 1]), V, 5), {}),
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
    (np.gradient, (X,), {}),
    (np.gradient, (X, 0.5), {"axis": 1}),
    (np.inner, (V, X), {}),
    (np.linalg.det, (X,), {}),
    (np.linalg.matrix_power, (X, 3), {}),
    (np.linalg.matrix_power, (X, -2), {}),
    (np.linalg.norm, (X,), {"axis": 1}),
    (np.linalg.solve, (X, V), {}),
    (np.linalg.norm, (X, 1), {"axis": 0, "keepdims": True}),
    (np.linalg.pinv, (X[:, :3],), {}),
    (np.linalg.pinv, (X[:2],), {}),
    (np.mean, (X,), {"axis": 1, "keepdims": True}),
    (np.mean, (X,), {"where": X > 0}),
    (np.median, (X,), {"axis": 1, "keepdims": True}),
    (np.median, (X[:3],), {"axis": 0}),
    (np.median, (X,), {}),
    (np.nan_to_num, (HOLES,), {"nan": 2.0}),
    (np.nanmean, (HOLES,), {"axis": 0}),
    (np.nansum, (HOLES,), {}),
    (np.outer, (V, V), {}),
    (np.prod, (X,), {"axis": 1, "keepdims": True}),
    (np.prod, (X,), {}),
    (np.prod, (X,), {"where": X > 0}),
    (np.ptp, (X,), {"axis": 0}),
    (np.real, (X,), {}),
    (np.sort, (X,), {"axis": 0}),
    (np.std, (X,), {"axis": 1}),
    (np.tensordot, (X, X), {"axes": ([0], [1])}),
    (np.trace, (X,), {}),
    (np.var, (X,), {"axis": 0, "ddof": 1}),
    (np.vdot, (X, X), {}),
]


INTO = [
    (np.copyto, (X.T,)),
    (np.copyto, (0.0, X < 0.0)),
    (np.fill_diagonal, (V,)),
    (np.put_along_axis, (X.argmax(axis=1, keepdims=True), -1.0, 1)),
]
UFUNCS = {
    "__call__": [((X, X.T), {}), ((X,), {})],
    "reduce": [((X,), {"axis": 0}), ((X,), {"axis": 1})],
    "accumulate": [((X,), {"axis": 0}), ((X,), {"axis": 1})],
}


@pytest.mark.parametrize(("function", "args"), INTO)
def test_what_it_writes_is_what_numpy_writes(function, args):
    one, other = X.copy(), X.copy()
    if function is np.copyto and len(args) == 2:
        COMPOSED[function](one, args[0], where=args[1])
        function(other, args[0], where=args[1])
    else:
        COMPOSED[function](one, *args)
        function(other, *args)
    assert np.array_equal(one, other) and not np.array_equal(one, X)


@pytest.mark.parametrize(("ufunc", "method"), OF_UFUNCS)
def test_a_ufuncs_method_is_numpys(ufunc, method):
    for args, kwargs in UFUNCS[method]:
        if method != "__call__" or len(args) == ufunc.nin:
            wanted = getattr(ufunc, method)(*args, **kwargs)
            np.testing.assert_allclose(OF_UFUNCS[ufunc, method](*args, **kwargs), wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("function", "args", "kwargs"), CALLS)
def test_it_is_numpys(function, args, kwargs):
    np.testing.assert_allclose(COMPOSED[function](*args, **kwargs), function(*args, **kwargs), rtol=1e-13, atol=1e-15)


def test_each_is_tried():
    assert {function for function, _, _ in CALLS} == set(COMPOSED) - {function for function, _ in INTO}


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (np.dot, (X, np.ones((4, 4, 2))), {}),
        (np.linalg.norm, (X, 3), {}),
        (np.cross, (X, X), {}),
        (np.linalg.matrix_power, (X, 0), {}),
    ],
)
def test_what_is_not_known_is_said(function, args, kwargs):
    assert COMPOSED[function](*args, **kwargs) is NotImplemented
