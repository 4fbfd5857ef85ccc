"""Mistakes in the multiclass SVM's derivative, injected by code that shares nothing with what names them."""

from __future__ import annotations

import pytest

from nn.diagnosis.mistakes import svm

from ..injection import is_named, names_in


@pytest.mark.parametrize("name", names_in(svm))
def test_a_mistake_in_a_random_network_is_named(name):
    assert is_named(name)
