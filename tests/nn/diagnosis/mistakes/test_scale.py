"""Mistakes in factors of the finished gradient, injected by code that shares nothing with what names them."""

from __future__ import annotations

import pytest

from nn.diagnosis.mistakes import scale

from ..injection import is_named, names_in


@pytest.mark.parametrize("name", names_in(scale))
def test_a_mistake_in_a_random_network_is_named(name):
    assert is_named(name)
