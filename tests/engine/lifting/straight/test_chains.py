import numpy as np
import pytest
from tapes import numbers_on, tape_of

import engine
from engine import Value
from engine.lifting.straight.chains import with_chains
from engine.lifting.straight.local_rules import MOST_OPERANDS

CLOSING = {
    "total": engine.total,
    "dot": lambda ys: engine.dot(ys, [0.01 * k - 1.0 for k in range(len(ys))]),
    "dot with a bias": lambda ys: engine.dot(ys[1:], [0.5 * y for y in ys[1:]], ys[0]),
    "logsumexp": engine.logsumexp,
    "two": lambda ys: engine.total(ys) * engine.logsumexp([-y for y in ys]),
}


@pytest.mark.parametrize("name", CLOSING)
def test_pieces_compute_the_operation(name):
    known, cells = tape_of(lambda w: engine.exp(CLOSING[name]([engine.tanh(x * x * 0.5 + x) * x for x in w])), 90)
    chained = with_chains(known)
    assert max(chained.kinds[code].arity for code in chained.codes) <= 2 < MOST_OPERANDS
    assert numbers_on(chained, cells)[chained.roots[0]] == pytest.approx(
        numbers_on(known, cells)[known.roots[0]], rel=1e-13
    )


def test_what_is_hardly_more_than_long_operations_stays():
    known, _ = tape_of(lambda w: engine.total([engine.dot(w, w[::-1]) for _ in range(5)]), 90)
    assert with_chains(known) is known
    short, _ = tape_of(lambda w: engine.total([engine.tanh(x) for x in w]), MOST_OPERANDS)
    assert with_chains(short) is short


@pytest.mark.parametrize("name", CLOSING)
def test_a_loop_that_one_operation_closes_is_a_loop(name):
    def fn(p):
        y, ys = p[0], []
        for _ in range(150):
            y = y + 0.01 * p[1] * y * (1.0 - y)
            ys.append(y)
        return CLOSING[name](ys)

    values = [Value(0.3), Value(1.2)]
    program = engine.lift(lambda: fn(values), parameters=values)
    value, gradient = program.value_and_grad()
    root = fn(values)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-13)
    assert np.allclose(gradient.parameters, [v.grad for v in values], rtol=1e-12)
    assert "put = v.append" in program.source() and len(program.source().splitlines()) < 250
    assert program.stats.proof.kind == "exact" and not program.stats.proof.differs
