import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.straight.runs import runs


def written(word):
    return sum(run.period for run in runs(np.array(word)))


@given(st.lists(st.integers(0, 3), max_size=200), st.integers(1, 12), st.integers(1, 60))
def test_runs_make_up_the_sequence(word, period, times):
    body = (word + [9] * period)[:period]
    word = np.array([*word, *body * times, *word], np.int64)
    found = runs(word)
    assert [i for run in found for i in range(run.start, run.stop)] == list(range(len(word)))
    for run in found:
        rows = word[run.start : run.stop].reshape(run.times, run.period)
        assert (rows == rows[0]).all()


@pytest.mark.parametrize("period", [1, 3, 10, 100, 1000])
def test_a_period_is_found(period):
    body = np.random.default_rng(period).integers(0, 5, period).tolist()
    assert written([7, 8, *body * 30, 9]) <= period + 3


def test_a_body_that_repeats_is_written_as_what_it_repeats():
    body = [1, 2, 3] * 50 + [4, 5] * 40
    assert written(body * 10) <= 10 * 10


def test_what_never_repeats_is_written_as_it_is():
    word = np.arange(500)
    assert [tuple(run) for run in runs(word)] == [(0, 500, 1)]
    assert runs(word[:0]) == []


def test_time_grows_as_the_sequence_does():
    def seconds(n):
        word = np.random.default_rng(0).integers(0, 4, n)
        start = time.process_time()
        runs(word)
        return time.process_time() - start

    seconds(1000)
    assert min(seconds(64_000) for _ in range(3)) < 30 * max(min(seconds(8_000) for _ in range(3)), 1e-4)
