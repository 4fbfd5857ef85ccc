"""What a chain adds and takes off, and how high it stands: a chain is one operation, however long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, exp, total
from engine.lifting.chains import chain_of, terms_of
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
    whole = chain_of(trace, trace.roots[0])

    def names(terms):
        return "".join([trace.labels.get(i, "0" if i in trace.leaves else "-") for i in terms])

    assert (names(whole.added), names(whole.taken)) == (added, taken)
    assert whole.subtractions == sum(trace.ops[i] == "subtract" for i in whole.within)


def test_a_chain_counts_as_one_operation():
    trace = traced(lambda a, b, c, d: exp(a + b - c - d) + exp(a) + exp(b) - exp(c))
    assert trace.heights[trace.roots[0]] == 2


OPERATIONS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "turned": lambda x, y: y - x,
    "total": lambda x, y: total([x, y, x]),
    "exp": lambda x, y: exp(x),
}


@given(st.lists(st.sampled_from(list(OPERATIONS)), min_size=1, max_size=30), st.randoms())
def test_all_chains_at_once_are_each_of_them(operations, random):
    def f(*leaves):
        values = list(leaves)
        for op in operations:
            x = values.pop(random.randrange(len(values)))
            values.append(OPERATIONS[op](x, random.choice(values)))
        return total(values)

    trace = traced(f)
    known = terms_of(trace)
    for last in set(known.chain.tolist()):
        whole, here = chain_of(trace, last), known.chain == last
        assert sorted(known.term[here & ~known.taken].tolist()) == sorted(whole.added)
        assert sorted(known.term[here & known.taken].tolist()) == sorted(whole.taken)
        assert {i for i, end in enumerate(known.ends.tolist()) if end == last} == whole.within
