"""IDX files: under each of their names, damaged in every way, and never unpacked beyond what their header says."""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

import nn
from nn.data import DataError, idx
from nn.reading.idx_files import parts_of


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
    folder(zipped, gzip.compress(images()), gzip.compress(labels()), ".gz")
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


def test_a_gzip_stream_damaged_inside(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 50)
    with pytest.raises(DataError, match=r"images.gz: the gzip stream is damaged or cut short"):
        idx(path)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("inner", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize(
    "form",
    ["{part}-{kind}-{idx}-ubyte", "{part}-{kind}.{idx}-ubyte", "{part}-{kind}-{idx}-ubyte/{part}-{kind}-{idx}-ubyte"],
)
def test_each_of_their_names(tmp_path, ending, inner, form):
    for part in ("train", "t10k"):
        for kind, number, content in (("images", "idx3", images()), ("labels", "idx1", labels())):
            path = tmp_path / inner / (form.format(part=part, kind=kind, idx=number) + ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(content) if ending else content)
    assert parts_of(tmp_path) == ["train", "t10k"]
    for part in ("train", "t10k"):
        assert nn.mnist(tmp_path, part)[1].tolist() == [3, 1, 4]


def test_what_is_not_there(tmp_path):
    assert parts_of(tmp_path) == []
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(images())
    assert parts_of(tmp_path) == ["t10k"]
    with pytest.raises(DataError, match="no t10k-labels-idx1-ubyte"):
        nn.mnist(tmp_path)


def test_a_small_file_is_not_unpacked_into_a_large_one(tmp_path):
    """Megabytes of zeros behind a header of 48: what the header does not count is not unpacked."""
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(images() + bytes(40_000_000), 9))
    assert bomb.stat().st_size < 100_000
    tracemalloc.start()
    with pytest.raises(DataError, match=r"expected 64 bytes for shape \(3, 4, 4\), found more"):
        idx(bomb)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1, 2**32 - 1, 2**32 - 1), (60_000, 28, 28), (10**9, 1, 1)])
def test_a_header_that_says_more_than_the_file_can_hold(tmp_path, zipped, shape):
    path = tmp_path / "images"
    content = b"\0\0\x08\x03" + struct.pack(">III", *shape) + bytes(48)
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(DataError, match=r"for shape .*(more than the file can hold|found 64)"):
        idx(path)


@pytest.mark.parametrize("axes", [0, 33, 255])
def test_axes_that_no_array_has(tmp_path, axes):
    path = tmp_path / "images"
    path.write_bytes(bytes([0, 0, 8, axes]) + bytes(4 * axes))
    with pytest.raises(DataError, match="expected the IDX magic 00 00 08"):
        idx(path)


def test_no_images(tmp_path):
    with pytest.raises(DataError, match=r"no images in it \(its shape is \(0, 28, 28\)\)"):
        nn.mnist(folder(tmp_path, b"\0\0\x08\x03" + struct.pack(">III", 0, 28, 28), labels(())))
