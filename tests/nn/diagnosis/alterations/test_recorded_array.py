"""A recorded array is as NumPy's own: what it is asked, what is written into it, and what shows its memory."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.diagnosis.alterations.recorded import constant, record
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray, applied, plain
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(1).uniform(0.5, 2.0, (4, 3))


def row_kept(x):
    y = x * 1.0
    row = y[1]
    y *= 2.0
    row += 1.0
    row[0] = 7.0
    return y, row


def flattened(x):
    y = x * 1.0
    flat = y.ravel()
    flat[::2] = 0.0
    flat[1] += x[0, 0]
    return y, flat


def reshaped_of_transposed(x):
    y = x * 1.0
    view = y.T
    view[0, :] = x[:, 1]
    apart = view.reshape(-1)  # another's memory
    apart[:] = -1.0
    return y, view, apart


def columns_in_turn(x):
    y = x * 1.0
    for column in y.T:
        column -= column.mean()
    return (y,)


def halves(x):
    y = x * 1.0
    left, right = np.split(y, [1], axis=1)
    left += right[:, :1]
    right[...] = 3.0
    return y, left, right


def masked(x):
    y = x - 1.0
    y[y <= 0.0] = 0.0
    y[y > 0.5] *= 2.0
    y.flat[0] = 9.0
    y.flat = y.flat[::-1]
    return (y,)


def taken_apart(x):
    y = x * 1.0
    apart = y[[0, 2]]
    apart *= 5.0
    y[[0, 2]] = apart
    np.maximum(y, 1.0, out=y)
    np.subtract.at(y, ([0, 0], [1, 1]), x[0, :2])
    np.multiply.at(y, ([0, 0, 2], [1, 1, 0]), 3.0)
    np.divide(1.0, y, out=y, where=y > 1.5)
    return y, apart


def one_name_for_two(x):
    y = x * 1.0
    z = y
    z += 1.0
    w = y.astype(np.float64)
    w += 1.0
    v = copy.deepcopy(y)
    v[0] = 0.0
    return y, z, w, v


def diagonals(x):
    y = x[:3] @ x[:3].T
    np.fill_diagonal(y, x[:3, 0])
    np.put_along_axis(y, np.argmax(y, axis=1)[:, None], 0.0, axis=1)
    z = y.swapaxes(0, 1)[None]
    z[0, 1] = 2.0
    z[..., -1] /= 2.0
    return y, z


PROGRAMS = [
    row_kept, flattened, reshaped_of_transposed, columns_in_turn, halves, masked, taken_apart, one_name_for_two,
    diagonals,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_written_shows_where_numpy_shows_it(program):
    for one, other in zip(program(leaf(X)), program(X.copy())):
        np.testing.assert_allclose(plain(one), other, rtol=1e-13)


def leaf(x):
    return RecordedArray(ArrayStep(x, name="x"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_and_its_derivative_is_that_of_differences(program):
    def f(x):
        return sum(np.sum(np.sin(part) * (k + 1.0)) for k, part in enumerate(program(x)))

    root, leaves = record(f, [("x", X)])
    (gradient,) = Sweep(root, leaves).gradients
    for place in [(0, 0), (1, 2), (2, 1), (3, 0)]:
        step = np.zeros(X.shape)
        step[place] = 1e-6
        wanted = (f(X + step) - f(X - step)) / 2e-6
        assert gradient[place] == pytest.approx(wanted, rel=1e-6, abs=1e-7)


def test_it_says_what_numpys_says():
    x = leaf(X)
    assert isinstance(x, np.ndarray) and isinstance(x, RecordedArray) and not isinstance(x.sum(), float)
    assert x.strides == X.strides and x.nbytes == X.nbytes and hasattr(x, "shape") and not hasattr(x, "numpy")
    assert repr(x) == repr(X) and f"{x.sum():.3f}" == f"{X.sum():.3f}" and round(x[0, 0], 2) == round(X[0, 0], 2)
    assert int(x[0, 0] * 10.0) == int(X[0, 0] * 10.0) and math.floor(-x[0, 0]) == math.floor(-X[0, 0])
    assert x.item(4) == X.item(4) and x.tolist()[1][2] == X[1, 2] and [len(row) for row in x] == [3] * 4


def test_comparisons_are_numbers():
    assert type(leaf(X) > 1.0) is np.ndarray


def test_what_depends_on_nothing_is_numbers_to_whoever_asks():
    assert np.asarray(constant(X)).tolist() == X.tolist()
    with pytest.raises(NotRecordedError):
        np.asarray(leaf(X))


def test_a_rule_is_applied():
    assert applied("exp", leaf(X)).step.op == "exp"


def test_an_operation_into_another_shape_is_refused_as_numpy_refuses_it():
    with pytest.raises(ValueError, match="dimensions"):
        y = leaf(X)[0] * 1.0
        y += leaf(X)


OPERATIONS = [
    lambda a, b: a * 0.5 + b,
    lambda a, b: np.tanh(a) * b,
    lambda a, b: np.where(a > b, a, 0.3 * b),
    lambda a, b: np.maximum(a, 0.1) - np.mean(b, axis=0),
    lambda a, b: a.T.copy().T + np.roll(b, 1, axis=1),
    lambda a, b: np.cumsum(a, axis=1) / (2.0 + np.sum(b * b)),
    lambda a, b: a[::-1] + b[:, [2, 0, 1]],
    lambda a, b: (a @ a.T) @ b / 9.0,
]
WRITES = [
    lambda y, z, k: y.__setitem__(k, 0.5 * z[k - 1]),
    lambda y, z, k: y.__setitem__((slice(None), k), z[:, 0] * y[:, 1]),
    lambda y, z, k: y.__setitem__(y < 0.2 * k, 0.0),
    lambda y, z, k: y[k:].__imul__(z[k:]),
    lambda y, z, k: y.T[k].__iadd__(z.T[0] * 0.1),
    lambda y, z, k: y.reshape(-1)[k::4].__isub__(1.0),
    lambda y, z, k: np.add.at(y, [k, k, 0], 0.2 * z),
    lambda y, z, k: np.multiply(y, z, out=y, where=z > 0.0),
    lambda y, z, k: y.flat.__setitem__([k, 5, k], [1.0, 2.0, 3.0]),
    lambda y, z, k: np.clip(y, -2.0, 2.0, out=y),
]


def run(program, x):
    """Return the arrays of a program: new ones of two before, and ones written into, of which others may be views."""
    arrays = [x * 1.0, x[::-1] * 0.7]
    arrays.append(arrays[0][...])
    for is_new, which, one, other, k in program:
        y, z = arrays[one % len(arrays)], arrays[other % len(arrays)]
        if is_new:
            arrays.append(OPERATIONS[which % len(OPERATIONS)](y, z))
        else:
            WRITES[which % len(WRITES)](y, z + 0.0, k)
    return arrays


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), *[st.integers(0, 9)] * 3, st.integers(0, 2)), min_size=1, max_size=7))
def test_any_sequence_of_operations_is_numpys_and_so_is_its_derivative(program):
    x, direction = X[:3] - 1.2, np.random.default_rng(2).normal(size=(3, 3))
    for one, other in zip(run(program, leaf(x)), run(program, x)):
        np.testing.assert_allclose(plain(one), other, rtol=1e-12, atol=1e-13)

    def f(x):
        return sum(np.sum(np.sin(y)) for y in run(program, x))

    root, leaves = record(f, [("x", x)])
    along = float(np.sum(Sweep(root, leaves).gradients[0] * direction))
    ends = [[f(x + sign * h * direction) for sign in (1.0, -1.0)] for h in (1e-5, 5e-6)]
    wide, narrow = ((ends[0][0] - ends[0][1]) / 2e-5, (ends[1][0] - ends[1][1]) / 1e-5)
    if abs(wide - narrow) < 1e-6 * (1.0 + abs(narrow)):  # no kink or jump between
        assert along == pytest.approx(narrow, rel=1e-4, abs=1e-4)
