"""Which traces are tried: those that agree with what was met, each once."""

from __future__ import annotations

import numpy as np

import engine
from engine import Value
from engine.lifting.run.search import Search


def program_of_ways():
    w = [Value(x, f"w[{k}]") for k, x in enumerate((0.5, -1.0, 2.0, 0.25))]
    program = engine.lift(
        lambda x: engine.total([a * y if a * y > 0 else a * y * y for a, y in zip(w, x)]), verify=False
    )
    signs = [[1.0 if code >> k & 1 else -1.0 for k in range(4)] for code in range(16)]
    return program, [np.array(x) for x in signs]


def test_as_many_traces_are_tried_as_there_are_branches(monkeypatch):
    program, points = program_of_ways()
    program.traces.most = 16
    wanted, tried = [program(x) for x in points], []
    rule_out = Search.rule_out
    monkeypatch.setattr(Search, "rule_out", lambda self, trace, at: (tried.append(at), rule_out(self, trace, at)))
    for x, value in zip(points, wanted):
        tried.clear()
        assert program(x) == value
        assert (
            len(tried) <= 2 * 4
        )  # one for each of four branches, of those that branch and those where algorithms choose


def test_what_was_tried_is_not_tried_again_whatever_it_has_shown():
    program, points = program_of_ways()
    for x in points[:3]:
        program(x)
    known = next(iter(program.specialisations.values()))
    search = Search()
    for at, trace in enumerate(known):
        search.rule_out(trace, 3 - at)
    assert search.next_of(known, known[0]) is None


def test_the_trace_that_ran_last_comes_first():
    program, points = program_of_ways()
    for x in points[:3]:
        program(x)
    known = next(iter(program.specialisations.values()))
    assert Search().next_of(known, known[2]) is known[2]
    assert Search().next_of(known, None) is known[0]


def test_what_certifies_a_decision_says_nothing_of_traces_that_decided_otherwise():
    """Traces whose answers are the same certify different places: one that fails leaves the others."""
    program = engine.lift(lambda x: x[np.argmax(x)] ** 2, verify=False)
    for place in (0, 1, 2, 0, 1, 2):
        assert program(np.eye(3)[place] + 1.0) == 4.0
    (known,) = program.specialisations.values()
    assert len(known) == 3 and program.stats.unlifted_calls == 0
    assert {trace.way for trace in known} == {known[0].way}
