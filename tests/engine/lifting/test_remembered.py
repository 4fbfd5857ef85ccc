"""Answers for few places are looked up, those for other places or for many are not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting import remembered as module
from engine.lifting.remembered import FEW, remembered


def counting():
    seen = []

    @remembered
    def shapes(places):
        seen.append(places)
        return None if isinstance(places, list) else places.shape

    return seen, shapes


def test_the_same_places_are_looked_at_once():
    seen, shapes = counting()
    assert [shapes(np.array([[3, 1]])) for _ in range(3)] == [(1, 2)] * 3
    assert len(seen) == 1


@pytest.mark.parametrize(
    "other",
    [np.array([[3, 2]]), np.array([3, 1]), np.array([[3], [1]]), np.array([[3, 1]], np.int32), [np.array([[3, 1]])]],
)
def test_other_places_are_another_question(other):
    seen, shapes = counting()
    shapes(np.array([[3, 1]]))
    shapes(other)
    assert len(seen) == 2


def test_that_there_is_no_answer_is_remembered():
    seen, shapes = counting()
    assert shapes([np.arange(2), np.arange(3)]) is None and shapes([np.arange(2), np.arange(3)]) is None
    assert len(seen) == 1


def test_many_places_are_looked_at_each_time():
    seen, shapes = counting()
    for _ in range(2):
        shapes(np.arange(FEW + 1))
    assert len(seen) == 2


def test_so_many_answers_are_remembered_and_no_more(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    seen, shapes = counting()
    for k in (0, 1, 2, 3, 0):
        assert shapes(np.array([k])) == (1,)
    assert len(seen) == 5
