import numpy as np
import pytest
from backward_texts import of_text

import nn
from nn.diagnosis.mending.vanishing import vanishing
from nn.diagnosis.mending.written import Written

X, DOUT = np.array([0.4, -1.2, 2.0]), np.array([0.3, 0.9, -1.7])
CASES = [
    ("return d * (x > 5.0)", "`x > 5.0`"),
    ("g = np.zeros_like(x)\n    return d * 0.0 + g", "`np.zeros_like(x)`"),
    ("y = x - x\n    return d * y", "`x - x`"),
    (
        "p = np.exp(x) / np.exp(x).sum()\n    J = np.diag(p) - np.outer(p, p)\n    return J.sum(axis=1) * d",
        "`J.sum(axis=1)`",
    ),
]


def written(function):
    return Written(function, lambda f: {0: f(DOUT, X)}, len, len, {0: X}, {0: function(DOUT, X)}, {0: "x"})


@pytest.mark.parametrize(("lines", "text"), CASES)
def test_the_first_expression_that_is_zero_is_shown_with_its_line(lines, text):
    assert f"{text} is zero everywhere" in vanishing([written(of_text(f"def backward(d, x):\n    {lines}\n"))], [0])


def test_nothing_is_shown_where_a_right_gradient_hangs_on_it_or_no_text_is_at_hand():
    def both(d, x):
        zero = x * 0.0
        return zero, d + zero

    at = Written(both, lambda f: dict(enumerate(f(DOUT, X))), len, len, {}, dict(enumerate(both(DOUT, X))), {})
    assert vanishing([at], [0]) == "" == vanishing([written(np.minimum)], [0]) == vanishing([None], [0])
    assert "zero" in vanishing([at], [0, 1])


def test_a_zero_gradient_is_said_with_the_line():
    def backward(d, x, w):
        inside = (x < -1.0) & (x > 1.0)
        return d * w * inside, d * np.clip(x, -1.0, 1.0)

    said = nn.check_backward(lambda x, w: np.clip(x, -1.0, 1.0) * w, backward, X, 2.0 + DOUT)
    assert "`(x < -1.0) & (x > 1.0)` is zero everywhere" in str(said)
