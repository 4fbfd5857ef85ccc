"""Mistakes in averaging and in the choice of samples, injected by code that shares nothing with what names them."""

from __future__ import annotations

import pytest

from nn.diagnosis.mistakes import batch

from ..injection import is_named, names_in


@pytest.mark.parametrize("name", names_in(batch))
def test_a_mistake_in_a_random_network_is_named(name):
    assert is_named(name)
