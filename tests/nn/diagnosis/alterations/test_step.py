import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge, Saving, value_of


def test_an_edge_leads_to_its_operand():
    x, w = ArrayStep([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    step = ArrayStep(x.value * w, "multiply", (w, x))
    edge = Edge(step, 1, lambda g, saved: g * saved, lambda t, saved: t * saved, w, "local")
    assert step.linked(lambda *xs: step, edge).edges == [edge] and edge.parent is x
    assert edge.right(np.array([1.0, 10.0])).tolist() == [3.0, 40.0]


def test_a_constant_is_its_own_value():
    assert value_of(2).tolist() == 2.0
    assert value_of(ArrayStep([2])).dtype == float


def test_what_comes_of_constants_alone_does_not_depend_on_a_leaf():
    x = ArrayStep([1.0])
    assert x.depends and ArrayStep([1.0], "exp", (x,)).depends
    assert not ArrayStep([1.0], "exp", (np.ones(1),)).depends


def test_a_step_takes_another_s_words():
    one, other = ArrayStep([1.0], "exp", (), "e"), ArrayStep([2.0])
    one.note, one.index, one.site = "0", 0, ("f",)
    assert other.described_as(one).name == "e" and (other.note, other.index, other.site) == ("0", 0, ("f",))


def test_an_edge_that_hands_on_something_else_is_the_same_edge():
    x = ArrayStep(np.array([1.0, 2.0]), name="x")
    step = ArrayStep(x.value**2, "multiply", (x, x))
    one, other = (
        Edge(step, k, lambda g, saved: g * saved, lambda t, saved: t * saved, x.value, "local") for k in (0, 1)
    )
    altered = one.handing_on(lambda edge, g: -edge.right(g))
    assert {one: "kept"}[altered] == "kept" and altered == one != other
    assert altered.right(np.ones(2)).tolist() == [-1.0, -2.0]


def test_alterations_of_an_edge_compose():
    x, w = ArrayStep([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    step = ArrayStep(x.value * w, "multiply", (w, x))
    edge = Edge(step, 1, lambda g, saved: g * saved, lambda t, saved: t * saved, w, "local")
    squared = edge.handing_on(Saving(lambda edge: edge.saved**2))
    turned = squared.handing_on(lambda edge, g: -edge.right(g))
    assert squared.right(np.ones(2)).tolist() == squared.saved.tolist() == [9.0, 16.0]
    assert turned.right(np.ones(2)).tolist() == [-9.0, -16.0] and edge.right(np.ones(2)).tolist() == [3.0, 4.0]
