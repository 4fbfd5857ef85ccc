import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of


def test_an_edge_leads_to_its_operand():
    x, w = ArrayStep([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    step = ArrayStep(x.value * w, "multiply", (w, x))
    edge = Edge(step, 1, lambda g, saved: g * saved, w, "local")
    assert step.linked(edge).edges == [edge] and edge.parent is x
    assert edge.right(np.array([1.0, 10.0])).tolist() == [3.0, 40.0]


def test_a_constant_is_its_own_value():
    assert value_of(2).tolist() == 2.0
    assert value_of(ArrayStep([2])).dtype == float
