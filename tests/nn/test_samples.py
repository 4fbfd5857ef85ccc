"""Whatever people pass becomes an array of numbers, or one sentence with the place of what is none."""

from __future__ import annotations

import decimal
import fractions

import numpy as np
import pytest

from engine import Value
from nn.samples import array, finite, numbers, samples


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([[1, 2], [3, 4]], "i"),
        ([[1, 2.5], [3, 4]], "f"),
        (((True, False),), "b"),
        (np.float32([[1.5]]), "f"),
        (np.array([[1, 2.5]], dtype=object), "f"),
        (np.array([[True, 2.5]], dtype=object), "f"),
        (np.array([[2**70]], dtype=object), "f"),
        ([[decimal.Decimal("1.5"), fractions.Fraction(1, 2)]], "f"),
        (np.ma.array([[1.0, 2.0]], mask=False), "f"),
    ],
)
def test_numbers_of_every_kind(given, kind):
    got = numbers(given, "X")
    assert got.dtype.kind == kind
    np.testing.assert_allclose(got.astype(float), np.asarray(given, dtype=float))


def test_frames_and_series():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [20, 30], "member": [True, False], "price": [1.5, 2.5]})
    assert numbers(frame, "X").tolist() == [[20.0, 1.0, 1.5], [30.0, 0.0, 2.5]]
    assert numbers(frame["age"], "T").tolist() == [20, 30]
    assert numbers(pandas.Series([1, 2], dtype="Int64"), "T").tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"T\[1\] is (<NA>|nan)"):
        finite(numbers(pandas.Series([1, None], dtype="Int64"), "T"), "T")
    with pytest.raises(TypeError, match=r"X\[0, 1\] \(row 0, column 'kind'\) is the text 'a'.*pandas.get_dummies"):
        numbers(frame.assign(kind="a")[["age", "kind"]], "X")
    with pytest.raises(ValueError, match=r"X\[1, 0\] \(row 1, column 'age'\) is nan"):
        samples(pandas.DataFrame({"age": [1.0, None], "b": [1.0, 2.0]}), 2)
    with pytest.raises(TypeError, match="an array of datetime64"):
        numbers(pandas.to_datetime(pandas.Series(["2020-01-01"])), "T")


def test_tensors():
    torch = pytest.importorskip("torch")
    assert numbers(torch.ones(2, 2), "X").tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(TypeError, match=r"X is no array of numbers \(.*requires grad"):
        numbers(torch.ones(2, requires_grad=True), "X")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (None, TypeError, "X is None: pass an array of numbers"),
        ("rows.csv", TypeError, "X is the text 'rows.csv': pass an array"),
        ({"a": 1}, TypeError, "X is a dict"),
        ({1, 2}, TypeError, "X is a set"),
        (len, TypeError, "X is a builtin"),
        ((x for x in [1]), TypeError, "X is a generator"),
        (object(), TypeError, "X is a object"),
        ([[1, 2], [3]], ValueError, "X is ragged: give every sample as many numbers, as row 0 has 2 and row 1 has 1"),
        ([[1, "a"]], TypeError, r"X\[0, 0\] \(row 0, column 0\) is the text '1'"),
        (["cat", "dog"], TypeError, r"X\[0\] is the text 'cat': number the classes first, names, X = np.unique"),
        ([b"cat"], TypeError, r"X\[0\] is the text 'cat'"),
        (["1", "2"], TypeError, r"np.asarray\(X, dtype=float\) reads those that are written as text"),
        ([1.0, None], ValueError, r"X\[1\] is None: leave that sample out, or fill the number in"),
        ([1 + 2j], TypeError, "X is an array of complex128: pass numbers"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), TypeError, "an array of datetime64"),
        ([Value(1.0)], TypeError, r"X\[0\] is a Value: pass plain numbers"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), ValueError, r"X\[1\] is masked"),
    ],
)
def test_what_is_no_array_of_numbers(given, error, message):
    with pytest.raises(error, match=message) as caught:
        numbers(given, "X")
    assert "\n" not in str(caught.value)


def test_a_sparse_matrix_says_how_to_make_it_dense():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"X is a sparse \w+: pass X.toarray\(\)"):
        numbers(sparse.eye(3), "X")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (2, 1), (3, 2)])
def test_what_is_not_finite_has_a_place(bad, place):
    x = np.zeros((4, 3))
    x[place] = bad
    row, column = place
    with pytest.raises(ValueError, match=rf"X\[{row}, {column}\] \(row {row}, column {column}\) is {bad}"):
        finite(x, "X")


@pytest.mark.parametrize(
    ("shape", "inputs", "want"),
    [((5,), 1, (5, 1)), ((5, 3), 3, (5, 3)), ((0, 3), 3, (0, 3)), ((5, 3, 2), None, (5, 3, 2)), ((5, 1), 1, (5, 1))],
)
def test_samples_are_rows(shape, inputs, want):
    assert samples(np.zeros(shape), inputs).shape == want


@pytest.mark.parametrize(
    ("shape", "inputs", "message"),
    [
        ((), 1, "X is one number"),
        ((3,), 3, r"X is one row of 3 numbers: .*for one sample X\[None, :\]"),
        ((5, 2), 3, r"the network takes samples of 3 numbers; got X \(5, 2\)\."),
        ((3, 5), 3, r"got X \(3, 5\) \(columns are samples\? pass X.T\)"),
        ((5, 8, 8), 64, r"X has shape \(5, 8, 8\): pass one row per sample, X.reshape\(len\(X\), -1\)"),
    ],
)
def test_samples_of_another_shape(shape, inputs, message):
    with pytest.raises(ValueError, match=message):
        samples(np.zeros(shape), inputs)


def test_integers_stay_integers_only_where_they_may_be_tokens():
    assert samples([[1, 2]], 2).dtype.kind == "f"
    assert samples([[1, 2]], None).dtype.kind == "i"


def test_an_array_may_hold_text():
    assert array(["a", "b"], "T").tolist() == ["a", "b"]
