import pytest

from nn.diagnosis.alterations.author_run import note_read, read_numbers, run_author
from nn.diagnosis.alterations.step import ArrayStep


def test_runs_lie_in_one_another_and_are_put_away_whatever_happens():
    one, other = ArrayStep([1.0]), ArrayStep([2.0])
    with read_numbers() as outer:
        with pytest.raises(ZeroDivisionError), read_numbers() as inner:
            note_read(other)
            _ = 1 / 0
        note_read(one)
    note_read(other)
    assert (inner, outer) == ([other], [one])


def test_a_function_is_called():
    assert run_author(max, 2, 3) == 3
