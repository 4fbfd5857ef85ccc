"""What a program takes from its caller: each source has one place, whatever it is called."""

from __future__ import annotations

from engine.lifting.external import Argument, External, taker
from engine.lifting.names import ParameterArray
from engine.lifting.views import Source

PARTS = [ParameterArray("W", (2, 3), 0, "W"), ParameterArray("b", (3,), 6, "b")]
X, INDEX = Source("x", (2,), "input", batched=True), Source("i", (), "index", batched=True)


def external(taken=("W", "b", "x", "i")):
    return External.of(PARTS, 9, [X, INDEX], set(taken))


def test_arguments_come_by_kind_whatever_order_they_are_asked_in():
    ours = external()
    used = {ours.slots[0], ours.gradient, ours.numbers[1], X, ours.arrays[1].array, ours.theta}
    assert [(a.kind, a.number) for a in ours.arguments(used)] == [
        ("parameters", 0), ("parameters", 2), ("inputs", 0), ("numbers", 1), ("gradient", 0), ("slots", 0),
    ]  # fmt: skip


def test_an_input_is_its_own_number_and_an_integer_has_one_beside_it():
    ours = external()
    assert ours.numbers[0] is X
    assert (ours.numbers[1].name, ours.numbers[1].kind, ours.numbers[1].batched) == ("i_number", "input", True)
    assert ours.argument(X) == Argument("x", "inputs", 0)


def test_gradients_have_names_that_nothing_else_has():
    ours = external(("W", "b", "x", "i", "dW", "dx", "i_number"))
    names = [source.name for source in ours.places]
    assert len(set(names)) == len(names)
    assert {"dW_2", "dx_2", "i_number_2"} <= set(names)


def test_arrays_are_picked_by_place():
    views = (["theta", "W", "b"], ["x", "i"], ["x", "i as floats"], ["gradient", "dW", "db"], ["dx", "di"])
    ours = external()
    everything = taker(ours.arguments(set(ours.places)))
    assert everything(*views) == (*views[0], *views[1], views[2][1], *views[3], *views[4])
    assert taker([])(*views) == ()
    assert taker([ours.argument(ours.theta)])(views[0], views[1]) == ("theta",)
