"""Data sets are what they say, and damaged files are refused with file, place and what was expected."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.data import DataError


def test_digits_are_scikit_learns():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    want = datasets.load_digits()
    X, T = nn.digits()
    np.testing.assert_array_equal(X, want.data)
    np.testing.assert_array_equal(T, want.target)


def test_digits_are_whole():
    X, T = nn.digits()
    assert X.shape == (1797, 64)
    assert (X.min(), X.max(), X.sum()) == (0.0, 16.0, 561718.0)
    assert np.bincount(T).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_moons_and_xor():
    X, T = nn.moons(101, noise=0.05, seed=3)
    assert X.shape == (101, 2)
    assert sorted(set(T)) == [-1.0, 1.0]
    np.testing.assert_array_equal(X, nn.moons(101, noise=0.05, seed=3)[0])
    assert nn.xor()[0].shape == (4, 2)
    with pytest.raises(ValueError, match="must be a whole number of at least 2; got 1"):
        nn.moons(1)


def test_split_is_seeded_and_loses_nothing():
    X, T = np.arange(10.0)[:, None], np.arange(10)
    a, ta, b, tb = nn.split(X, T, 0.3, seed=4)
    assert sorted([*ta, *tb]) == list(range(10))
    np.testing.assert_array_equal(a[:, 0], ta)
    np.testing.assert_array_equal(nn.split(X, T, 0.3, seed=4)[3], tb)
    assert len(b) == 3
    with pytest.raises(ValueError, match="test, the fraction of the samples, must be .*; got 1.0"):
        nn.split(X, T, 1.0)


# --- CSV -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "X", "T"),
    [
        ("1,2,0\n3,4,1\n", [[1, 2], [3, 4]], [0, 1]),
        ("a,b,class\n1,2,0\n\n3,4,1\n", [[1, 2], [3, 4]], [0, 1]),
        ('"1.5",2e1,0.5\n', [[1.5, 20]], [0.5]),
    ],
)
def test_csv(tmp_path, text, X, T):
    path = tmp_path / "data.csv"
    path.write_text(text)
    got_X, got_T = nn.csv(path)
    assert got_X.tolist() == X
    assert got_T.tolist() == T
    assert got_T.dtype.kind == ("i" if T == [0, 1] else "f")


def test_csv_target_column(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("7,1,2\n8,3,4\n")
    X, T = nn.csv(path, target=0)
    assert (X.tolist(), T.tolist()) == ([[1, 2], [3, 4]], [7, 8])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1,2,0\n3,4\n", r"data\.csv:2: expected 3 columns, found 2"),
        (b"1,2,0\n3,x,1\n", r"data\.csv:2: column 2 is 'x'; expected a number"),
        (b"1,2,0\n3,,1\n", r"data\.csv:2: column 2 is ''"),
        (b"", r"data\.csv: no rows of numbers"),
        (b"a,b\n", r"data\.csv: no rows of numbers"),
        (b"1\n2\n", r"data\.csv: target column -1 of 1"),
        (b"\xff\xfe1,2\n", r"data\.csv: byte 0 is not UTF-8 text"),
    ],
)
def test_damaged_csv(tmp_path, content, message):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        nn.csv(path)


def test_missing_csv(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        nn.csv(tmp_path / "none.csv")


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1e999"])
def test_a_csv_cell_that_is_not_finite(tmp_path, cell):
    path = tmp_path / "table.csv"
    path.write_text(f"1,2,0\n3,{cell},1\n")
    with pytest.raises(nn.data.DataError, match=rf"table.csv:2: column 2 is '{cell}'; expected a finite number"):
        nn.csv(path)


def test_a_csv_field_beyond_all_bounds(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("1,2,0\n1," + "9" * 200_000 + ",1\n")
    with pytest.raises(nn.data.DataError, match=r"table.csv:2: is no line of a CSV file"):
        nn.csv(path)
