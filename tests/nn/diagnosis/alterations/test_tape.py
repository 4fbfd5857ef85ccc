import pytest

from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.tape import current, run_author, taping


def test_tapes_lie_in_one_another_and_are_put_away_whatever_happens():
    one, other = ArrayStep([1.0]), ArrayStep([2.0])
    with taping(whole=True) as outer:
        with pytest.raises(ZeroDivisionError), taping() as inner:
            current().steps.append(other)
            _ = 1 / 0
        current().steps.append(one)
    assert (inner.steps, outer.steps) == ([other], [one]) and outer.is_whole and not inner.is_whole
    assert current() is not outer and current().steps == []


def test_a_function_is_called():
    assert run_author(max, 2, 3) == 3
