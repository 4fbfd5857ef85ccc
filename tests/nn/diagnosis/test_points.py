import numpy as np

from nn.diagnosis.points import FARTHEST, NEAREST, elsewhere


def test_other_numbers_of_the_same_signs_in_the_same_structure():
    x = {"a": np.array([[1.0, -2.0]], np.float32), "b": [0.0, (3.0, 2)], "c": np.arange(3), "d": "sum"}
    there = elsewhere(x, np.random.default_rng(0))
    assert there["a"].dtype == np.float32 and there["a"].shape == (1, 2)
    ratio = there["a"] / x["a"]
    assert (ratio > NEAREST - 1e-6).all() and (ratio < FARTHEST + 1e-6).all() and not (ratio == 1.0).any()
    assert there["b"][0] == 0.0 and there["b"][1][0] != 3.0 and there["b"][1][1] == 2
    assert there["c"] is x["c"] and there["d"] == "sum"
