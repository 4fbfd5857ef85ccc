"""Parameters as one vector: the order of the program's, and Values only when they are written."""

from __future__ import annotations

import numpy as np

import engine
import nn
from nn.training.vector import ParameterVector


def test_it_is_the_vector_of_the_program():
    model = nn.MLP(3, [4, 2])
    program = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters())
    program(np.ones((1, 3)), np.array([0]))
    np.testing.assert_array_equal(ParameterVector(model).numbers, program.pull())


def test_named_arrays_are_the_models_and_values_wait_for_write():
    model = nn.MLP(3, [4, 2])
    vector, before = ParameterVector(model), model.arrays()
    vector.numbers *= 2.0
    for name, array in vector.named().items():
        np.testing.assert_array_equal(array, 2.0 * before[name])
        np.testing.assert_array_equal(model.arrays()[name], before[name])
    vector.write()
    np.testing.assert_array_equal(model.arrays()["layers.0.W"], 2.0 * before["layers.0.W"])
