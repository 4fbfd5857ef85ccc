"""Steps of one box follow one another, and operands come first."""

import random

import pytest

from viz.page.runs import runs


@pytest.mark.parametrize("seed", range(20))
def test_every_node_comes_once_and_after_its_operands(seed):
    rng = random.Random(seed)
    parents = [tuple(rng.randrange(i) for _ in range(rng.randrange(3)) if i) for i in range(200)]
    owner = [rng.randrange(5) for _ in parents]
    ordered = runs(parents, owner)
    assert sorted(ordered) == list(range(200))
    place = {node: i for i, node in enumerate(ordered)}
    assert all(place[p] < place[i] for i, those in enumerate(parents) for p in those)
    switches = sum(owner[a] != owner[b] for a, b in zip(ordered, ordered[1:]))
    assert switches < sum(owner[i] != owner[i + 1] for i in range(199))


def test_samples_one_after_another_become_layers_one_after_another():
    parents, owner = [], []
    for _sample in range(10):  # each a chain of three layers
        for layer in range(3):
            parents.append((len(parents) - 1,) if layer else ())
            owner.append(layer)
    assert [owner[i] for i in runs(parents, owner)] == [0] * 10 + [1] * 10 + [2] * 10
