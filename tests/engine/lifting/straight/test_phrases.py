import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.straight.phrases import LONGEST, phrases

BODIES = [[1, 2, 3, 4, 5, 6], [7, 8, 1, 2], [9, 9, 9]]


def written(word, most):
    return sum(phrase.period for phrase in phrases(np.array(word, np.int64), most))


@given(st.lists(st.integers(0, 4), max_size=300), st.integers(0, 100))
def test_phrases_make_up_the_sequence(word, most):
    word = np.array(word, np.int64)
    covered = np.zeros(len(word), int)
    for phrase in phrases(word, most):
        at = phrase.starts[:, None] + np.arange(phrase.period)
        covered[at] += 1
        assert (word[at] == word[at[0]]).all() and (np.diff(phrase.starts) >= phrase.period).all()
    assert (covered == 1).all()


@given(st.lists(st.integers(0, 2), min_size=40, max_size=200), st.integers(13, 60))
def test_few_bodies_in_any_order_are_written_in_few_lines(order, most):
    assert written([x for k in order for x in BODIES[k]], most) <= most


@pytest.mark.parametrize("limit", [20, 40, 80])
def test_loops_of_uneven_length_are_written_in_few_lines(limit):
    """A triangle's rows: as many products as the row is long, and what closes it."""
    word = [x for n in range(limit) for x in [*[0, 1] * n, 2, 3]]
    assert written(word, 64) <= 64
    assert sum(len(phrase.starts) for phrase in phrases(np.array(word), 64)) < len(word) / 4


def test_what_never_repeats_is_one_phrase_after_the_other():
    found = phrases(np.arange(3 * LONGEST), 10)
    assert sum(phrase.period for phrase in found) == 3 * LONGEST
    assert all(len(phrase.starts) == 1 for phrase in found) and len(found) <= 3 * 2
    assert phrases(np.arange(0), 10) == []


def test_time_grows_as_the_sequence_does():
    def seconds(n):
        word = np.random.default_rng(0).integers(0, 4, n)
        start = time.process_time()
        phrases(word, 100)
        return time.process_time() - start

    seconds(1000)
    assert min(seconds(32_000) for _ in range(2)) < 40 * max(min(seconds(4_000) for _ in range(2)), 1e-3)
