"""One gradient beside the right one."""

import numpy as np
import pytest

from engine import Value
from nn.diagnosis.comparison import KINK, Comparison

X = np.array([0.7, -1.3, 2.1])
RIGHT = np.cos(X)


def compared(given, right=RIGHT):
    leaves = [Value(float(x)) for x in X]
    return Comparison(sum(leaf.sin() for leaf in leaves), leaves, right, np.asarray(given))


@pytest.mark.parametrize(
    ("given", "ok", "changes", "remark"),
    [
        (RIGHT, True, [], ""),
        (RIGHT * (1.0 + 1e-15), True, [], ""),
        (RIGHT.astype(np.float32), True, [], "right to single precision only"),
        (-RIGHT, False, ["sign"], ""),
        (RIGHT[::-1], False, ["permuted"], ""),
        (RIGHT + 0.5, False, ["offset"], ""),
        (RIGHT * [1.0, 1.0, np.nan], False, [], ""),
        (RIGHT[:2], False, [], ""),
    ],
)
def test_what_the_numbers_say(given, ok, changes, remark):
    outcome = compared(given).outcome
    assert (outcome.ok, [finding.name for path in outcome.changes for finding in path]) == (ok, changes)
    assert outcome.remark.startswith(remark) and bool(outcome.remark) == bool(remark)


def test_terms_are_looked_at_where_a_function_has_some():
    one = compared(RIGHT * [1.0, 0.0, 1.0])
    assert not one.outcome.changes
    other = compared(RIGHT * [1.0, 0.0, 1.0])
    other.has_terms = True
    assert [finding.name for (finding,) in other.outcome.changes] == ["term-missing"]


def test_another_right_gradient_at_a_kink():
    one = compared(RIGHT * [1.0, 1.0, 0.0])
    assert not one.exact.all()
    outcome = one.with_right(RIGHT * [1.0, 1.0, 0.0]).outcome
    assert outcome.ok and outcome.remark == KINK


def test_a_row_says_where_what_has_no_name_is_wrong():
    row = compared(RIGHT + np.array([1.0, 2.5, 0.0])).verdict("x", "unnamed")
    assert (row.parameter, row.verdict) == ("x", "unnamed") and row.note.startswith("only in entries 0, 1")
    notes = [compared(RIGHT[:2]).verdict("x", kind).note for kind in ("unnamed", "named")]
    assert notes == ["has shape (2,), not (3,)"] * 2
    assert compared(-RIGHT).verdict("x", "named").note == ""
