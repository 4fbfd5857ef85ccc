"""Every NumPy function of the table, called: values are NumPy's own of floats, gradients those of differences."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from array_truth import same_gradient, same_lifted, same_value

import engine
from engine import Value
from engine.arrays.array import ValueArray
from engine.arrays.table import FUNCTIONS, SAFE, dispatched

RNG = np.random.default_rng(17)
A = RNG.normal(size=(3, 4))
B = RNG.normal(size=(4, 2))
S = RNG.normal(size=(3, 3))
V = np.array([0.7, -1.3, 2.1, 0.4])
W = np.array([-0.2, 1.1, 0.3, 0.9])
P = np.abs(V) + 0.5
trapezoid = vars(np).get("trapezoid") or vars(np)["trapz"]  # the older name
MASK = np.array([True, False, True, False])


def stored(make):
    """The array after something has been stored in a copy of it."""

    def f(x, *others):
        copy = x + 0.0 * sum(np.sum(other) for other in others)  # which holds Values where one of them does
        assert make(copy, *others) is None
        return copy

    return f


CALLS = {
    # moved
    "concatenate": [(lambda a, b: np.concatenate([a, b]), V, W), (lambda a: np.concatenate([a, a], axis=1), A)],
    "stack": [(lambda a, b: np.stack([a, b], axis=1), V, W)],
    "hstack": [(lambda a, b: np.hstack([a, b]), V, W)],
    "vstack": [(lambda a, b: np.vstack([a, b]), V, W)],
    "dstack": [(lambda a, b: np.dstack([a, b]), V, W)],
    "column_stack": [(lambda a, b: np.column_stack([a, b]), V, W)],
    "row_stack": [(lambda a, b: np.vstack([a, b]), V, W)],
    "block": [(lambda a: np.block([[a, a], [a, 2.0 * a]]), S)],
    "append": [(lambda a: np.append(a, 1.0), V)],
    "insert": [(lambda a: np.insert(a, 1, a[0] * a[1]), V)],
    "delete": [(lambda a: np.delete(a, 1, axis=0), A)],
    "resize": [(lambda a: np.resize(a, (2, 5)), V)],
    "trim_zeros": [(lambda a: np.trim_zeros(np.concatenate([[0.0], a, [0.0]])), V)],
    "pad": [
        (lambda a: np.pad(a, 1), A),
        (lambda a: np.pad(a, 2, mode="reflect"), V),
        (lambda a: np.pad(a, 2, mode="edge"), V),
        (lambda a: np.pad(a, 1, mode="wrap"), A),
        (lambda a: np.pad(a, 1, constant_values=3.0), V),
    ],
    "tile": [(lambda a: np.tile(a, (2, 2)), V)],
    "repeat": [(lambda a: np.repeat(a, 2, axis=1), A)],
    "roll": [(lambda a: np.roll(a, 1, axis=0), A)],
    "rollaxis": [(lambda a: np.rollaxis(a, 1), A)],
    "moveaxis": [(lambda a: np.moveaxis(a, 0, 1), A)],
    "flip": [(np.flip, A)],
    "fliplr": [(np.fliplr, A)],
    "flipud": [(np.flipud, A)],
    "rot90": [(np.rot90, A)],
    "reshape": [(lambda a: np.reshape(a, (2, -1)), A), (lambda a: a.reshape(-1), A)],
    "ravel": [(np.ravel, A), (lambda a: a.flatten(), A)],
    "transpose": [(np.transpose, A), (lambda a: a.T, A)],
    "permute_dims": [(np.transpose, A)],
    "swapaxes": [(lambda a: np.swapaxes(a, 0, 1), A)],
    "matrix_transpose": [(lambda a: a.T, A)],
    "squeeze": [(lambda a: np.squeeze(a[None]), A)],
    "expand_dims": [(lambda a: np.expand_dims(a, 1), V)],
    "atleast_1d": [(np.atleast_1d, V)],
    "atleast_2d": [(np.atleast_2d, V)],
    "atleast_3d": [(np.atleast_3d, V)],
    "sliding_window_view": [(lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0), A)],
    "broadcast_to": [(lambda a: np.broadcast_to(a, (2, 4)), V)],
    "broadcast_arrays": [(lambda a, b: [2.0 * x for x in np.broadcast_arrays(a, b[:, None])], V, W)],
    "split": [(lambda a: np.split(a, 2)[0], V)],
    "array_split": [(lambda a: np.array_split(a, 3)[0], V)],
    "hsplit": [(lambda a: np.hsplit(a, 2)[1], A)],
    "vsplit": [(lambda a: np.vsplit(a, 3)[1], A)],
    "dsplit": [(lambda a: np.dsplit(a[None], 2)[1], A)],
    "unstack": [(lambda a: list(a), A)],
    "take": [(lambda a: np.take(a, [0, 2], axis=1), A), (lambda a: a.take([3, 0]), V)],
    "take_along_axis": [(lambda a: np.take_along_axis(a, np.array([[0], [1], [3]]), 1), A)],
    "put_along_axis": [(stored(lambda a: np.put_along_axis(a, np.array([[0], [1], [3]]), 7.0, 1)), A)],
    "diagonal": [(np.diagonal, S)],
    "diag": [(np.diag, V), (np.diag, S)],
    "diagflat": [(np.diagflat, V)],
    "tril": [(np.tril, S)],
    "triu": [(np.triu, S)],
    "meshgrid": [(lambda a, b: np.meshgrid(a, b)[1], V, W)],
    "copy": [(np.copy, A), (lambda a: a.copy(), A)],
    "apply_along_axis": [(lambda a: np.apply_along_axis(lambda r: r * r[0], 1, a), A)],
    "apply_over_axes": [(lambda a: np.apply_over_axes(np.sum, a, [0, 1]), A)],
    "fft.fftshift": [(np.fft.fftshift, V)],
    "fft.ifftshift": [(np.fft.ifftshift, V)],
    "zeros_like": [(lambda a: np.zeros_like(a) + a, V)],
    "ones_like": [(lambda a: np.ones_like(a) * a, V)],
    "empty_like": [(lambda a: np.zeros_like(np.empty_like(a)) + a, V)],
    "choose": [(lambda a, b: np.choose([0, 1, 1, 0], [a, b]), V, W)],
    # differences and polynomials
    "diff": [(np.diff, V), (lambda a: np.diff(a, n=2, axis=1), A), (lambda a: np.diff(a, prepend=0.0), V)],
    "ediff1d": [(np.ediff1d, V)],
    "trapezoid": [(lambda a: trapezoid(a, dx=0.5), V)],
    "trapz": [(trapezoid, V, W)],
    "vander": [(lambda a: np.vander(a, 3), V)],
    "polyval": [(np.polyval, V, W)],
    "poly": [(np.poly, V)],
    "polyder": [(np.polyder, V)],
    "polyint": [(np.polyint, V)],
    "polyadd": [(np.polyadd, V, W[:3])],
    "polysub": [(np.polysub, V, W[:3])],
    "polymul": [(np.polymul, V, W[:3])],
    # products
    "dot": [(np.dot, A, B), (np.dot, V, W), (lambda a: np.dot(a, 2.0), V), (lambda a, b: a.dot(b), A, V)],
    "inner": [(np.inner, A, A[:2]), (np.inner, V, W)],
    "outer": [(np.outer, V, W), (np.outer, A, V)],
    "vdot": [(np.vdot, A, A[::-1])],
    "tensordot": [
        (lambda a, b: np.tensordot(a, b, 1), A, B),
        (lambda a, b: np.tensordot(a, b, ([1, 0], [0, 1])), A, RNG.normal(size=(4, 3))),
        (lambda a, b: np.tensordot(a, b, (-1, 0)), A, V),
        (lambda a, b: np.tensordot(a, b, 0), V, W),
    ],
    "einsum": [
        (lambda a, b: np.einsum("ij,jk", a, b), A, B),
        (lambda a: np.einsum("ii", a), S),
        (lambda a: np.einsum("ii->i", a), S),
        (lambda a: np.einsum("ij->", a), S),
        (lambda a, b: np.einsum("i,j->ji", a, b), V, W),
        (lambda a, b: np.einsum("...j,j->...", a, b), A, V),
        (lambda a, b, c: np.einsum("ij,jk,i->k", a, b, c), A, B, V[:3]),
        (lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), A, B),
        (lambda a, b: np.einsum("ij,kj->ik", a, b, optimize=True), A, A[:2]),
    ],
    "kron": [(np.kron, A[:2], B[:2]), (np.kron, V, W)],
    "cross": [(np.cross, S, S[::-1] * 2.0), (np.cross, V[:3], W[:3])],
    "convolve": [(lambda a, b, m=m: np.convolve(a, b, m), V, W[:2]) for m in ("full", "same", "valid")],
    "correlate": [
        *[(lambda a, b, m=m: np.correlate(a, b, m), V, W[:3]) for m in ("full", "same", "valid")],
        *[(lambda a, b, m=m: np.correlate(a, b, m), V[:2], W) for m in ("full", "same", "valid")],
    ],
    "trace": [(np.trace, S), (lambda a: a.trace(offset=1), S)],
    # sums
    "sum": [
        (np.sum, A), (lambda a: a.sum(axis=0), A), (lambda a: np.sum(a, (0, 1), keepdims=True), A),
        (lambda a: np.sum(a, where=MASK, initial=2.0), A),
    ],
    "prod": [(np.prod, V), (lambda a: a.prod(axis=1), A)],
    "max": [(np.max, A), (lambda a: a.max(axis=1, keepdims=True), A), (lambda a: np.max(a, initial=9.0), A)],
    "amax": [(np.amax, A)],
    "min": [(np.min, A), (lambda a: a.min(0), A)],
    "amin": [(np.amin, A)],
    "ptp": [(np.ptp, A), (lambda a: np.ptp(a, axis=0), A)],
    "cumsum": [(np.cumsum, A), (lambda a: a.cumsum(axis=1), A)],
    "cumprod": [(np.cumprod, V), (lambda a: a.cumprod(axis=0), A)],
    "nancumsum": [(np.nancumsum, V)],
    "nancumprod": [(np.nancumprod, V)],
    "cumulative_sum": [(lambda a: np.cumsum(a), V)],
    "cumulative_prod": [(lambda a: np.cumprod(a), V)],
    "unwrap": [(lambda a: np.unwrap(a * 4.0), V)],
    # numbers
    "round": [(lambda a: np.round(a) * a, V), (lambda a: a.round(1) * a, V)],
    "around": [(lambda a: np.around(a, 1) * a, V)],
    "round_": [(lambda a: np.around(a, 1) * a, V)],
    "fix": [(lambda a: np.fix(a) * a, V)],
    "sinc": [(np.sinc, V), (np.sinc, np.array([0.0, 1e-3, 0.3, 0.32]))],
    "angle": [(lambda a: np.angle(a) + a, V), (lambda a: np.angle(a, deg=True) + a, V)],
    "real": [(np.real, V), (lambda a: a.real, V)],
    "imag": [(lambda a: np.imag(a) + a, V), (lambda a: a.imag + a, V)],
    "real_if_close": [(np.real_if_close, V)],
    "isreal": [(lambda a: np.isreal(a) * a, V)],
    "iscomplex": [(lambda a: np.iscomplex(a) * a, V)],
    "isposinf": [(lambda a: np.where(np.isposinf(a), 0.0, a), V)],
    "isneginf": [(lambda a: np.where(np.isneginf(a), 0.0, a), V)],
    # choices
    "where": [
        (lambda a, b: np.where(a > 0.5, a, b), V, W), (lambda a: np.where(MASK, a, 0.0), A),
        (lambda a: a[np.where(a > 0.0)], V),
    ],
    "clip": [
        (lambda a: np.clip(a, -0.5, 1.0), V), (lambda a: a.clip(0.5), V), (lambda a: np.clip(a, None, 0.5), V),
        (lambda a, b: np.clip(a, b, b + 1.0), V, W), (lambda a: np.clip(a, 1.0, 0.5), V),
    ],
    "select": [(lambda a: np.select([a > 1.0, a > 0.0], [a * a, 3.0 * a], -a), V)],
    "piecewise": [
        (lambda a: np.piecewise(a, [a < 0.0, a > 1.0], [lambda x: x * x, lambda x: x**3, 5.0]), V),
        (lambda a: np.piecewise(a, a < 0.0, [lambda x: x * x, lambda x: -x]), V),
    ],
    "interp": [
        (lambda a: np.interp(a, [-1.0, 0.0, 2.0], [0.0, 2.0, 5.0]), V),
        (lambda b: np.interp([-3.0, 0.1, 1.4, 9.0], [0.0, 0.5, 1.0, 2.0], b), W),
        (lambda a: np.interp(a, [0.0, 1.0], [0.0, 2.0], left=-7.0, right=9.0), V),
    ],
    "nan_to_num": [(np.nan_to_num, V)],
    "isclose": [(lambda a: np.where(np.isclose(a, a[0]), a, 0.0), V)],
    "allclose": [(lambda a: a * np.allclose(a, a + 1e-12), V)],
    "array_equal": [(lambda a: a * np.array_equal(a, a.copy()), V)],
    "array_equiv": [(lambda a: a * np.array_equiv(a, a[None]), V)],
    "nonzero": [(lambda a: a[np.nonzero(a > 0.5)], V), (lambda a: a[a.nonzero()], V)],
    "flatnonzero": [(lambda a: a[np.flatnonzero(a > 0.5)], V)],
    "argwhere": [(lambda a: a[np.argwhere(a > 0.5)[:, 0]], V)],
    "count_nonzero": [(lambda a: a * np.count_nonzero(a > 0.5), V), (lambda a: a * np.count_nonzero(a), V)],
    "extract": [(lambda a: np.extract(a > 0.5, a), V)],
    "compress": [(lambda a: np.compress([True, False, True], a, axis=0), A), (lambda a: a.compress(MASK, axis=1), A)],
    "any": [(lambda a: np.where(np.any(a > 2.0), a, -a), V), (lambda a: a * (a > 0.5).any(), V)],
    "all": [(lambda a: np.where(np.all(a > -2.0), a, -a), V), (lambda a: a * (a > 0.5).all(), V)],
    # stores
    "linspace": [(lambda a: np.linspace(a, 2.0 * a, 5), V), (lambda a: np.linspace(a[0], 1.0, 4, endpoint=False), V)],
    "logspace": [(lambda a: np.logspace(a, 0.5 * a, 3), V)],
    "geomspace": [(lambda a: np.geomspace(a, 2.0 * a, 3), P)],
    "full_like": [(lambda a: np.full_like(a, 2.0) * a, V), (lambda a: np.full_like(a, a[0], shape=(2, 2)), V)],
    "copyto": [(stored(lambda a: np.copyto(a, 2.0, where=MASK)), V), (stored(lambda a, b: np.copyto(a, b)), V, W)],
    "put": [(stored(lambda a, b: np.put(a, [0, 2], b[:2])), V, W), (stored(lambda a: a.put([1], 3.0)), V)],
    "place": [(stored(lambda a, b: np.place(a, MASK, b[:2])), V, W)],
    "putmask": [(stored(lambda a, b: np.putmask(a, MASK, b)), V, W)],
    "fill_diagonal": [(stored(lambda a, b: np.fill_diagonal(a, b[0])), S, V)],
    "bincount": [(lambda a: np.bincount([0, 2, 2, 1], weights=a, minlength=5), V)],
}  # fmt: skip
TELLS = {"shape", "ndim", "size", "array_repr", "array_str", "array2string", "may_share_memory", "shares_memory", "ix_",
         "tril_indices_from", "triu_indices_from", "diag_indices_from", "result_type", "can_cast", "iscomplexobj",
         "isrealobj", "einsum_path"}  # fmt: skip
"""Functions that return no numbers of the array."""

HERE = {
    "sort", "argsort", "partition", "argpartition", "median", "quantile", "percentile", "argmax", "argmin",
    "searchsorted",
    "digitize", "mean", "var", "std", "average", "cov", "corrcoef", "nansum", "nanprod", "nanmean", "nanmax", "nanmin",
    "nanargmax", "nanargmin", "msort", "gradient", "nanstd", "nanvar", "nanmedian", "nanquantile", "nanpercentile",
}  # fmt: skip
"""Functions whose own files test them."""


def test_every_function_of_the_table_is_called_here_or_in_a_test_of_its_own():
    known = {name for name in FUNCTIONS.keys() | SAFE if not name.startswith("linalg.")}
    assert known - CALLS.keys() - TELLS - HERE - {"alltrue", "sometrue"} == set()
    assert CALLS.keys() - known == set()


@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys_and_gradients_those_of_differences(name):
    for f, *args in CALLS[name]:
        same_value(f, *args)
        same_gradient(f, *args)


@pytest.mark.parametrize("name", CALLS)
def test_what_comes_out_is_an_array_of_values(name):
    """So that nothing falls back to the loops of plain objects."""
    for f, *args in CALLS[name]:
        result = f(*[engine.array(a) + Value(0.0) for a in args])
        for part in result if isinstance(result, (list, tuple)) else [result]:
            assert type(part) in (ValueArray, Value), name


DECIDES = {"nonzero", "flatnonzero", "argwhere", "extract", "allclose", "array_equal", "array_equiv", "trim_zeros"}


@pytest.mark.parametrize("name", CALLS)
def test_lifted_programs_agree_and_choices_serve_batches(name):
    for f, *args in CALLS[name]:
        same_lifted(f, *args, batch=name not in DECIDES and np.size(f(*args)) != 2)


def test_what_tells_about_an_array_is_numpys():
    x = engine.array([[Value(1.0), 2.0], [3.0, 4.0]])
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 2), 2, 4, 2)
    assert np.iscomplexobj(x) is False
    assert np.isrealobj(x) is True
    assert np.may_share_memory(x, x[0])
    assert [i.tolist() for i in np.tril_indices_from(x)] == [[0, 1, 1], [0, 0, 1]]
    assert np.array_repr(x).startswith("ValueArray([[Value(1.0, grad=0.0), 2.0]")
    assert np.array_str(x).startswith("[[Value(1.0, grad=0.0) 2.0]")
    assert np.einsum_path("ij,jk->ik", x, x)[0] == ["einsum_path", (0, 1)]
    assert x[np.ix_([0], [1])].tolist() == [[2.0]]


@pytest.mark.parametrize("module", [np, np.linalg, np.fft])
def test_a_function_that_is_refused_says_its_name_and_a_way_out(module):
    x = engine.array([[Value(1.0), 2.0], [3.0, 4.0]])
    refused = {n: f for n, f in dispatched(module).items() if n not in FUNCTIONS and n not in SAFE}
    assert refused
    for name, f in refused.items():
        with warnings.catch_warnings(), pytest.raises(TypeError) as raised:
            warnings.simplefilter("ignore")
            engine.arrays.array.on_function(f, (x,), {})
        assert str(raised.value).startswith(f"np.{name} is not defined for arrays of Values. ")
        assert "\n" not in str(raised.value)
