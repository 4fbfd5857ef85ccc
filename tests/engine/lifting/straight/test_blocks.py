import numpy as np
import pytest
from long_run import shortened

import engine
from engine import Value
from engine.lifting.straight.blocks import Before, Fixed, Own, TableColumn, blocks
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

    (block, *_) = laid_out(fn, 30).blocks  # a longer loop has its first time apart
    assert block.kept == [0] and isinstance(block.columns[1].operands[1], TableColumn)


def two_before(w):
    older, old = w[0], w[1]
    for x in w[3:]:
        older, old = old, x * old - w[2] * older
    return old


def test_what_was_two_times_before_is_carried_on():
    (block, *_) = laid_out(two_before, 40).blocks
    products, (difference, delay) = block.columns[:2], block.columns[2:]
    assert [column.operands for column in products] == [[TableColumn(0), Before(2, 1)], [Fixed(2), Before(3, 0)]]
    assert difference.operands == [Own(0), Own(1)]
    assert (delay.kind.op, delay.operands) == ("identity", [Before(2, 1)])
    assert (block.kept, block.last) == ([], [2])


def differences(order, after):
    """A recurrence of so many terms, whose results are read once more behind the loop, so many from its end."""

    def fn(w):
        x = list(w[:order])
        for v in w[order:]:
            x.append(engine.dot(x[-order:], [0.5 / (k + 1) for k in range(order)]) - engine.sin(v * x[-order]))
        return x[-1] * x[-after] + x[-1]

    return fn


@pytest.mark.parametrize("after", shortened([1, 2, 3], 2))
@pytest.mark.parametrize("order", shortened([2, 3, 4, 5], 3))
def test_recurrences_of_several_terms_are_proven_and_right(order, after):
    w = np.random.default_rng(order).normal(size=240)
    fn = differences(order, after)
    program = engine.lift(fn, verify="exact", strict=True)
    value, gradient = program.value_and_grad(w, wrt="inputs")
    expected, slope = engine.value_and_grad(fn)(w.tolist())
    assert value == pytest.approx(float(expected), rel=1e-13)
    np.testing.assert_allclose(gradient.inputs[0], slope, rtol=1e-10, atol=1e-15)


def test_what_was_longer_before_is_looked_up():
    widths = [max(laid_out(differences(order, 1), 240).blocks, key=lambda b: b.times).rows.shape[1] for order in (4, 5)]
    assert widths == [1, 2]


def steered(w):
    """Places under accelerations and angles: what the first times read are numbers."""
    place, other, heading, speed, cost = 0.0, 0.0, 0.1, 1.0, 0.0
    for k in range(0, len(w), 2):
        new = place + speed * engine.cos(heading) * 0.1
        other = other + speed * engine.sin(heading) * 0.1
        heading, speed = heading + speed / 2.5 * engine.tan(w[k + 1]) * 0.1, speed + w[k] * 0.1
        cost = cost + (new - 0.1 * k) ** 2 + other * other + 0.1 * w[k] ** 2 + 0.1 * w[k + 1] ** 2
        place = new
    return cost


def looked_up(n):
    return max(laid_out(steered, n).blocks, key=lambda block: block.times).rows.shape[1]


def test_first_times_that_read_something_else_stand_apart():
    loop = max(laid_out(steered, 120).blocks, key=lambda block: block.times)
    assert loop.rows.shape[1] <= 5 and not loop.kept  # of the numbers of `w` and of time alone; nothing is put
    w = np.random.default_rng(3).normal(size=120) * 0.1
    value, gradient = engine.lift(steered, verify="exact", strict=True).value_and_grad(w, wrt="inputs")
    expected, slope = engine.value_and_grad(steered)(w.tolist())
    assert value == float(expected)
    np.testing.assert_allclose(gradient.inputs[0], slope, rtol=1e-12)


def test_few_times_stay_together():
    assert looked_up(120) < looked_up(40)  # what the first time reads elsewhere is looked up each time
