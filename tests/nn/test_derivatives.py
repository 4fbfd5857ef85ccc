"""Activations and losses beside their derivatives: against PyTorch as recorded, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nn import matrix

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())


@pytest.mark.parametrize("case", RECORDED["losses"], ids=lambda c: c["loss"])
def test_losses_agree_with_pytorch(case):
    Z = np.array(RECORDED["Z"])
    t = matrix.targets(np.array(case["T"]), 3, case["loss"])
    loss = matrix.LOSSES[case["loss"]]
    assert loss.values(Z, t).mean() == pytest.approx(case["value"], rel=1e-14)
    np.testing.assert_allclose(loss.derivative(Z, t) / len(Z), case["gradient"], rtol=1e-13, atol=1e-16)


def test_targets_as_rows_and_those_outside_the_classes():
    assert matrix.targets(np.array([1.0, 2.0]), 1, "mse").shape == (2, 1)
    assert matrix.one_hot(np.array([1]), 3).dtype == float
    with pytest.raises(IndexError, match="class 3 is outside 0 to 2"):
        matrix.targets(np.array([0, 3]), 3, "cross_entropy")
    with pytest.raises(IndexError, match="class -1 is outside"):
        matrix.targets(np.array([0, -1]), 3, "cross_entropy")
