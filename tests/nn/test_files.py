"""Files are read in every Unicode, written whole or not at all, with the user's mode, and never over one another."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from nn.files import DataError, OutputError, check_outputs, encoding_of, read_text, write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_in_every_unicode(tmp_path, encoding):
    path = tmp_path / "text"
    path.write_bytes("größer\nals zwei\n".encode(encoding))
    assert read_text(path) == "größer\nals zwei\n"


def test_a_mark_before_plain_text_is_no_utf_16():
    assert encoding_of(b"\xff\xfe1,2\n") == "utf-8"
    assert encoding_of("1,2".encode("utf-16")) == "utf-16"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a\n\xe9", r"text: byte 2 is not UTF-8 text \(line 2\); save the file as UTF-8"),
        (b"a\nb\0c", r"text:2: holds a NUL; it is no text"),
        ("ab".encode("utf-16")[:-1], "is not UTF-16 text"),
    ],
)
def test_what_is_no_text(tmp_path, raw, message):
    (tmp_path / "text").write_bytes(raw)
    with pytest.raises(DataError, match=message):
        read_text(tmp_path / "text")


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"none: cannot be read \(No such file"):
        read_text(tmp_path / "none")
    with pytest.raises(DataError, match="is no name of a file"):
        read_text("a\0b")


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_of_the_users_mask_and_an_old_one_keeps_its_own(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "new", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~mask
    (tmp_path / "old").write_bytes(b"y")
    (tmp_path / "old").chmod(0o640)
    write_atomically(tmp_path / "old", b"x")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o640


@posix
def test_a_link_stays_one(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_bytes(b"y")
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    write_atomically(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_bytes() == b"x"
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["file"]


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        OutputError, match=r"cannot be written \(No space left on device\); what was there is as it was"
    ):
        write_atomically(path, b"after")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is a folder; give the name of a file"),
        ("nowhere/file", r"there is no folder .*nowhere; make it first"),
        ("folder", "is a folder; give the name of a file"),
        ("input", "is read or written already by this command"),
        ("folder/../input", "is read or written already by this command"),
        ("output", "is read or written already by this command"),
    ],
)
def test_where_a_result_cannot_go(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "input").write_text("x")
    with pytest.raises(OutputError, match=message):
        check_outputs([tmp_path / "output", tmp_path / name], [tmp_path / "input", None])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "input"]


@posix
def test_links_and_devices_are_seen_through(tmp_path):
    (tmp_path / "input").write_text("x")
    (tmp_path / "symbolic").symlink_to(tmp_path / "input")
    os.link(tmp_path / "input", tmp_path / "hard")
    for name in ("symbolic", "hard"):
        with pytest.raises(OutputError, match="is read or written already"):
            check_outputs([tmp_path / name], [tmp_path / "input"])
    with pytest.raises(OutputError, match="is no ordinary file"):
        check_outputs([os.devnull])


def test_nothing_is_left_by_looking(tmp_path):
    check_outputs([tmp_path / "a", None, tmp_path / "b"])
    assert list(tmp_path.iterdir()) == []
