"""Functions of frameworks as functions of arrays: cotangents in parts, and exceptions in a line."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.frameworks.custom import apart, in_one, one_line


def test_parts_come_back_as_they_went():
    parts = [np.arange(3.0), np.ones((2, 2)), np.array(5.0)]
    back = apart(in_one(parts), [part.shape for part in parts])
    assert all((a == b).all() and a.shape == b.shape for a, b in zip(parts, back))
    assert in_one(parts[1:2]).shape == (2, 2)


def test_an_exception_is_a_line():
    assert one_line(ValueError("a\n  b" * 1000)).startswith("ValueError: a ba b")
    assert len(one_line(ValueError("x " * 1000))) < 320
