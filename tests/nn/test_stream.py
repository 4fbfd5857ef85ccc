"""Layers and embeddings made in a row draw different weights, the same in every run of the program."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nn
from nn.stream import generator

MAKE = {
    "layers": lambda: nn.Layer(3, 2).arrays()["W"],
    "embeddings": lambda: nn.Embedding(3, 2).arrays()["W"],
    "networks": lambda: nn.MLP(3, [2], seed=None).arrays()["layers.0.W"],
}


@pytest.mark.parametrize("kind", MAKE)
def test_in_a_row_they_differ_and_after_a_seed_they_come_again(kind):
    runs = []
    for _ in range(2):
        nn.seed(5)
        runs.append([MAKE[kind]() for _ in range(4)])
    for a, b in zip(*runs):
        np.testing.assert_array_equal(a, b)
    assert len({array.tobytes() for array in runs[0]}) == 4
    nn.seed(6)
    assert not np.array_equal(MAKE[kind](), runs[0][0])


def test_two_processes_draw_the_same():
    code = "import nn; print(nn.Layer(3, 2).arrays()['W'].sum(), nn.Embedding(4, 2).arrays()['W'].sum())"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    first, second = runs[0].stdout.split()
    assert first != second


def test_a_seed_or_a_generator_of_ones_own_stays():
    rng = np.random.default_rng(3)
    assert generator("rng", rng) is rng
    np.testing.assert_array_equal(nn.Layer(3, 2, rng=3).arrays()["W"], nn.Layer(3, 2, rng=3).arrays()["W"])
    np.testing.assert_array_equal(nn.MLP(3, [2]).arrays()["layers.0.W"], nn.MLP(3, [2]).arrays()["layers.0.W"])


@pytest.mark.parametrize("seed", ["a", 1.5, -1, True, [1]])
def test_what_is_no_seed(seed):
    for call in (lambda: nn.seed(seed), lambda: nn.Layer(2, 2, rng=seed), lambda: nn.MLP(2, [2], seed=seed)):
        with pytest.raises(
            (TypeError, ValueError),
            match=r"\(a seed, if it is no NumPy generator\) must be .* of at least 0",
        ):
            call()
