import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.straight.blocks import Before, Fixed, Own, TableColumn, array_steps, blocks
from engine.lifting.straight.runs import runs
from engine.lifting.straight.tape import tape
from engine.lifting.trace.record import record


def laid_out(fn, n):
    w = [Value(0.5 + 0.01 * k) for k in range(n)]
    trace = record([fn(w)], {})
    position = {v: k for k, v in enumerate(w)}
    written = tape(trace, np.array([position[v] for v in trace.parameters]), n, [])
    return blocks(written, runs(written.codes))


def recurrence(w):
    s = w[0]
    for x in w[2:]:
        s = s * w[1] + x
    return s


def test_operands_are_own_before_fixed_or_in_a_table():
    (block,) = laid_out(recurrence, 40).blocks
    product, added = block.columns
    assert product.operands == [Before(1, 0), Fixed(1)]
    assert added.operands == [Own(0), TableColumn(0)]
    assert block.rows.reshape(-1).tolist() == list(range(2, 40))
    assert (block.kept, block.last) == ([], [1])  # the result alone is looked for, and at the end


def test_places_of_results_follow_one_another_as_they_are_computed():
    def fn(w):
        ys = [engine.exp(x) for x in w]
        return sum(ys[(7 * k) % len(ys)] * ys[k] for k in range(len(ys)))

    found = laid_out(fn, 40)
    first, *_ = found.blocks
    places = found.places[first.slots[:, first.kept]].reshape(-1)
    assert (np.diff(places) == 1).all() and places[0] == found.tape.leaves
    assert found.length == found.places.max() + 1


def test_what_the_first_time_computed_is_read_from_its_place():
    def fn(w):
        first, s = None, w[0]
        for x in w[1:]:
            s = s * x
            first = s if first is None else first
            s = s + first
        return s

    (block, *_) = laid_out(fn, 40).blocks
    assert block.kept == [0] and isinstance(block.columns[1].operands[1], TableColumn)


@pytest.mark.parametrize(
    ("fn", "steps"),
    [
        (recurrence, 2 * 38),
        (lambda w: sum(x * x for x in w), 2),  # a sum that grows is one step
        (lambda w: sum(a * b for a, b in zip(w, w[1:])), 2),
    ],
)
def test_how_many_array_steps_it_would_be(fn, steps):
    assert sum(map(array_steps, laid_out(fn, 40).blocks)) == pytest.approx(steps, abs=1)
