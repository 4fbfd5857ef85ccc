"""What a chain adds and takes off, and how high it stands: a chain is one operation, however long."""

from __future__ import annotations

import pytest

from engine import Value, exp
from engine.lifting.chains import chain_of, heights, inner_operations
from engine.lifting.trace.record import record


def traced(f):
    return record([f(*[Value(0.5 + i, name) for i, name in enumerate("abcd")])], {})


@pytest.mark.parametrize(
    ("f", "added", "taken"),
    [
        (lambda a, b, c, d: a + b - c - d, "ab", "cd"),
        (lambda a, b, c, d: a - (b + c) + d, "ad", "bc"),
        (lambda a, b, c, d: 0.0 - a - b, "0", "ab"),
        (lambda a, b, c, d: a + (b - c), "a-", ""),
    ],
)
def test_terms_of_a_chain(f, added, taken):
    trace = traced(f)
    whole = chain_of(trace, trace.roots[0], inner_operations(trace))

    def names(terms):
        return "".join([trace.labels.get(i, "0" if i in trace.leaves else "-") for i in terms])

    assert (names(whole.added), names(whole.taken)) == (added, taken)
    assert whole.subtractions == sum(trace.ops[i] == "subtract" for i in whole.within)


def test_a_chain_counts_as_one_operation():
    trace = traced(lambda a, b, c, d: exp(a + b - c - d) + exp(a) + exp(b) - exp(c))
    assert heights(trace, inner_operations(trace))[trace.roots[0]] == 2
