"""Data sets are what they say, and damaged files are refused with file, place and what was expected."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

import nn
from nn.data import DataError, idx


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
    with pytest.raises(ValueError, match="at least 2 points; got 1"):
        nn.moons(1)


def test_split_is_seeded_and_loses_nothing():
    X, T = np.arange(10.0)[:, None], np.arange(10)
    a, ta, b, tb = nn.split(X, T, 0.3, seed=4)
    assert sorted([*ta, *tb]) == list(range(10))
    np.testing.assert_array_equal(a[:, 0], ta)
    np.testing.assert_array_equal(nn.split(X, T, 0.3, seed=4)[3], tb)
    assert len(b) == 3
    with pytest.raises(ValueError, match=r"test=1.0 is a fraction"):
        nn.split(X, T, 1.0)


# --- IDX -----------------------------------------------------------------------------------------------------


def images(n=3, side=4):
    return b"\0\0\x08\x03" + struct.pack(">III", n, side, side) + bytes(range(n * side * side))


def labels(values=(3, 1, 4)):
    return b"\0\0\x08\x01" + struct.pack(">I", len(values)) + bytes(values)


def folder(path, image_bytes=None, label_bytes=None, suffix=""):
    (path / f"t10k-images-idx3-ubyte{suffix}").write_bytes(images() if image_bytes is None else image_bytes)
    (path / f"t10k-labels-idx1-ubyte{suffix}").write_bytes(labels() if label_bytes is None else label_bytes)
    return path


def test_idx_files_plain_and_gzipped(tmp_path):
    X, T = nn.mnist(folder(tmp_path))
    assert X.shape == (3, 16)
    assert X[2, 15] == 47 / 255
    assert T.tolist() == [3, 1, 4]
    zipped = tmp_path / "zipped"
    zipped.mkdir()
    folder(zipped, gzip.compress(images(), mtime=0), gzip.compress(labels(), mtime=0), ".gz")
    np.testing.assert_array_equal(nn.mnist(zipped)[0], X)


def test_real_mnist(data):
    X, T = nn.mnist(data)
    assert X.shape == (10_000, 784)
    assert np.bincount(T).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("image_bytes", "label_bytes", "message"),
    [
        (images()[:-5], None, r"images-idx3-ubyte: expected 64 bytes for shape \(3, 4, 4\), found 59"),
        (images() + b"x", None, "expected 64 bytes .* found 65"),
        (images()[:9], None, r"byte 9: the header of 3 axes is cut short"),
        (b"", None, "byte 0: expected the IDX magic 00 00 08, found nothing"),
        (b"PK\3\4 zip", None, "byte 0: expected the IDX magic 00 00 08, found 50 4b 03"),
        (b"\0\0\x0d\x03" + images()[4:], None, "found 00 00 0d"),
        (gzip.compress(images(), mtime=0)[:-8], None, "the gzip stream is damaged or cut short"),
        (labels(), None, r"expected images \(3 axes\), found 1; are the files swapped"),
        (None, images(), r"expected labels \(1 axis\), found 3"),
        (None, labels((1, 2)), "2 labels for 3 images; the files do not belong together"),
        (None, labels((1, 2, 77)), "label 77 at 2; expected 0 to 9"),
    ],
)
def test_damaged_idx_files(tmp_path, image_bytes, label_bytes, message):
    with pytest.raises(DataError, match=message):
        nn.mnist(folder(tmp_path, image_bytes, label_bytes))


def test_missing_files(tmp_path):
    with pytest.raises(DataError, match=r"no t10k-images-idx3-ubyte or t10k-images-idx3-ubyte\.gz there"):
        nn.mnist(tmp_path)
    with pytest.raises(DataError, match=r"nothing: cannot be read \(No such file"):
        idx(tmp_path / "nothing")


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


def test_a_gzip_stream_damaged_inside(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 50)
    with pytest.raises(nn.data.DataError, match=r"images.gz: the gzip stream is damaged or cut short"):
        nn.data.idx(path)


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
