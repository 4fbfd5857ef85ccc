"""Kinds of nodes look different."""

from __future__ import annotations


def test_kinds_differ_in_shape_so_that_they_read_in_grey():
    from viz.look import KINDS

    looks = {(look["shape"], look["style"].split(",")[0], look.get("peripheries")) for look in KINDS.values()}
    assert len(looks) == len(KINDS)
