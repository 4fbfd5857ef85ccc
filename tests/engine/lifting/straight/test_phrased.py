import numpy as np

import engine
from engine import Value
from engine.lifting.straight.blocks import Before, Fixed, TableColumn
from engine.lifting.straight.phrased import phrased
from engine.lifting.straight.phrases import phrases
from engine.lifting.straight.tape import tape
from engine.lifting.trace.record import record


def either(w):
    """One of two bodies each time, in no order."""
    s = w[0]
    for k, x in enumerate(w[1:]):
        s = engine.tanh(s * w[1]) + x if k * k % 7 < 3 else s * x - engine.exp(x)
    return s


def laid_out(fn, n):
    w = [Value(0.5 + 0.01 * k) for k in range(n)]
    trace = record([fn(w)], {})
    position = {v: k for k, v in enumerate(w)}
    written = tape(trace, np.array([position[v] for v in trace.parameters]), n, [])
    return phrased(written, phrases(written.codes, 20))


def test_every_operation_is_of_one_phrase_and_in_order():
    found = laid_out(either, 60)
    slots = np.sort(np.concatenate([block.slots.reshape(-1) for block in found.blocks]))
    assert slots.tolist() == list(range(found.tape.leaves, found.tape.leaves + len(found.tape.codes)))
    taken = [iter(block.slots[:, 0].tolist()) for block in found.blocks]
    firsts = [next(taken[k]) for k in found.order.tolist()]
    assert firsts == sorted(firsts)


def test_places_of_results_follow_one_another_as_they_are_computed():
    found = laid_out(either, 60)
    computed = found.places[found.tape.leaves :]
    places = computed[computed >= 0]
    assert places.tolist() == list(range(found.tape.leaves, found.length))
    assert found.places[found.tape.roots[0]] == found.length - 1


def test_only_what_the_program_begins_with_is_fixed():
    found = laid_out(either, 60)
    operands = [x for block in found.blocks for column in block.columns for x in column.operands]
    assert not any(isinstance(x, Before) for x in operands) and any(isinstance(x, TableColumn) for x in operands)
    fixed = [x.slot for x in operands if isinstance(x, Fixed)]
    assert 1 in fixed and max(fixed) < found.tape.leaves
