"""The one policy of what agrees."""

from __future__ import annotations

import numpy as np

from nn.agreement.tolerance import close, proportion


def test_close_and_proportion():
    assert close(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-13]), 1e-12)
    assert not close(np.ones(2), np.ones(3), 1.0)
    assert not close(np.array([np.nan]), np.array([np.nan]), 1.0)
    assert proportion(np.array([2.0, 4.0]), np.array([1.0, 2.0]), 1e-12) == 2.0
    assert proportion(np.array([2.0, 5.0]), np.array([1.0, 2.0]), 1e-12) is None
    assert proportion(np.ones(2), np.zeros(2), 1e-12) is None
