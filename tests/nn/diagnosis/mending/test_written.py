import numpy as np
import pytest

from nn.diagnosis.mending.written import Written


@pytest.mark.parametrize(
    ("made", "is_right"),
    [
        ([1.0, 2.0], True),
        ([1.0, 2.0 + 1e-13], True),
        ([1.0, 2.1], False),
        ([[1.0, 2.0]], False),
        ([1.0, np.nan], False),
    ],
)
def test_right_to_rounding_and_of_the_same_shape(made, is_right):
    right = {0: np.array([1.0, 2.0])}
    assert Written(None, dict, None, dict, right, right, {0: "x"}).is_right(0, np.array(made)) is is_right
