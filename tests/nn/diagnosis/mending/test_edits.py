import numpy as np
from backward_texts import of_text

from nn.diagnosis.mending.edits import edits, edits_with
from nn.diagnosis.mending.program import Program


def of(expression, x):
    """Return what may stand in place of the last expression of a function, by its text."""
    program = Program()
    other = program.followed(of_text(f"def backward(x): return {expression}"))
    program.record(lambda: other(x))
    node = program.nodes[-1]
    operands, keywords, value = program.seen[node.key]
    return {
        edit.text: edit.make(node.do, operands, keywords, {})
        for edit in edits(node, operands, keywords, value)
        if not edit.is_fitted and not edit.keywords and "None" not in edit.text
    }


def test_a_power_is_turned_round():
    assert of("x ** 3", 2.0)["b ** a"] == 9.0


def test_a_number_stays_of_its_type():
    assert {type(x) for x in of("3", 1.0).values()} == {int}
    assert -2.5 in of("2.5", 1.0).values()


def test_a_function_of_numpy_is_another_with_its_arguments():
    x = np.arange(6.0).reshape(2, 3)
    assert of("np.sum(x)", x)["np.mean(*all, **keywords)"] == x.mean()
    assert of("x.sum()", x)["f.__self__.mean(*all, **keywords)"] == x.mean()


def test_what_is_not_read_is_tried_first():
    node = Program()
    node.followed(of_text("def backward(x): return x"))
    ranks = [[edit.rank for edit in edits_with(node.nodes[0], 2.0, "y", is_unread=unread)] for unread in (False, True)]
    assert min(map(sum, ranks)) == sum(ranks[1]) < sum(ranks[0])


def test_digits_of_a_constant_are_all_of_it():
    texts = of("3.1415", np.ones(2))
    assert repr(np.pi) in texts and repr(np.e) not in texts


def test_what_only_looks_like_an_array_does_not_stand_for_its_parts():
    assert "a" in of("x[0]", np.full((2, 2), 2.0)) and "a" not in of("np.c_[x, x]", np.full(2, 2.0))


def test_a_loop_goes_the_other_way():
    assert list(of("range(3)", 2.0)["v[::-1]"]) == [2, 1, 0]
    assert list(of("reversed(range(3))", 2.0)["a"]) == [0, 1, 2]
