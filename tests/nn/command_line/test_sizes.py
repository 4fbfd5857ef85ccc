"""How large a network of scalars may be."""

from __future__ import annotations

import pytest

import nn
from nn.command_line.sizes import MOST, check_size, parameters_of


@pytest.mark.parametrize("sizes", [[1], [3, 2], [16, 16, 1]])
def test_the_count_is_that_of_the_network(sizes):
    assert parameters_of(5, sizes) == len(nn.MLP(5, sizes).parameters())


def test_a_network_that_would_not_fit_is_refused_before_it_is_made():
    check_size(MOST - 1, [1])
    with pytest.raises(ValueError, match="10000000-1 would have 10,000,001 parameters; at most 10,000,000"):
        check_size(MOST, [1])
