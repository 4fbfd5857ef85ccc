"""Which identities a proof knows of NumPy's functions, and which it does not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.verify.elements import Elements, same
from engine.lifting.verify.field import Field


def numbers(seed=1, levels=3, points=3, shape=(5,), count=3):
    field = Field(seed, levels, points)
    return [Elements(field.random(shape), field) for _ in range(count)]


def half(x):
    return 1.0 / (1.0 + np.exp(-x))


IDENTITIES = {
    "distributive": lambda x, y, z: (x * (y + z), x * y + x * z),
    "quotients": lambda x, y, z: (x / y / z, x / (y * z)),
    "powers": lambda x, y, z: (np.power(x, 3.0) * np.power(x, -1.0), x * x),
    "exp of a sum": lambda x, y, z: (np.exp(x + y), np.exp(x) * np.exp(y)),
    "exp of an exp": lambda x, y, z: (np.exp(np.exp(x + y)), np.exp(np.exp(x) * np.exp(y))),
    "softmax and its shift": lambda x, y, z: (np.exp(x - z) / (np.exp(x - z) + np.exp(y - z)), half(x - y)),
    "tanh": lambda x, y, z: (np.tanh(x), 2.0 * half(2.0 * x) - 1.0),
    "sinh and cosh": lambda x, y, z: (np.sinh(x) / np.cosh(x), np.tanh(x)),
    "expm1": lambda x, y, z: (np.expm1(x), np.exp(x) - 1.0),
    "sine of a sum": lambda x, y, z: (np.sin(x + y), np.sin(x) * np.cos(y) + np.cos(x) * np.sin(y)),
    "circle": lambda x, y, z: (np.sin(x) * np.sin(x) + np.cos(x) * np.cos(x), 1.0 + 0.0 * x),
    "softplus": lambda x, y, z: (np.logaddexp(x, 0.0), x + np.logaddexp(-x, 0.0)),
    "relu": lambda x, y, z: (np.maximum(x, 0.0), (x + np.abs(x)) * 0.5),
    "largest and smallest": lambda x, y, z: (np.maximum(x, y), -np.minimum(-x, -y)),
    "largest of three": lambda x, y, z: (np.maximum(np.maximum(x, y), z), np.maximum(x, np.maximum(z, y))),
    "order is odd": lambda x, y, z: (np.less(x, y), np.less(-y, -x)),
    "square root": lambda x, y, z: (np.power(x, 0.5), np.sqrt(x)),
}
UNKNOWN = {
    "log of exp": lambda x, y, z: (np.log(np.exp(x)), x),
    "log of a product": lambda x, y, z: (np.log(x * y), np.log(x) + np.log(y)),
    "square of a root": lambda x, y, z: (np.sqrt(x) * np.sqrt(x), x),
    "a sum moved into a maximum": lambda x, y, z: (np.maximum(x, y) + z, np.maximum(x + z, y + z)),
    "what is simply wrong": lambda x, y, z: (x * y, x * z),
    "a slope at the wrong side": lambda x, y, z: (np.less(x, y), np.less(y, x)),
}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("seed", range(4))
def test_what_the_field_knows(name, seed):
    assert same(*IDENTITIES[name](*numbers(seed)))


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_field_does_not_know(name):
    assert not same(*UNKNOWN[name](*numbers()))
