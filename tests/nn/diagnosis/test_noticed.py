import numpy as np
import pytest

from nn import check_backward, diagnose_function
from nn.diagnosis.noticed import APPROXIMATE, noticed

X = np.random.default_rng(3).normal(size=(3, 4))
RIGHT = np.random.default_rng(4).normal(size=(3, 4))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (0.0 * RIGHT, "zero"),
        (np.where(X <= 0, RIGHT, RIGHT**3), "right where x <"),
        (np.where(X > 0, RIGHT, -RIGHT), "right where x > 0"),
        (RIGHT * np.array([1.0, 2.0, 5.0, -1.0]), "index of axis 1: 1, 2, 5, -1"),
    ],
)
def test_what_is_seen(given, words):
    assert any(words in sentence for sentence in noticed(RIGHT, given, X))


def test_nothing_is_seen_in_noise_or_in_another_shape():
    assert noticed(RIGHT, X, X) == [] and noticed(RIGHT, RIGHT[0], X) == []


def test_it_stands_in_the_note_of_what_is_unnamed():
    ratios = np.array([1.3, 2.7, -0.4])[:, None] + 0.01
    diagnosis = diagnose_function(lambda x: (np.sin(x) * RIGHT).sum(), X, np.cos(X) * RIGHT * ratios)
    assert diagnosis.verdict == "unnamed" and "axis 0: 1.31" in diagnosis.parameters[0].note
    cube = np.stack([X, -X])
    unread = eval("lambda d, x: d * np.where(x > 0, np.cos(x), np.sin(3 * x) + 0.1)")  # a text in no file
    layer = check_backward(np.sin, unread, cube)
    assert layer.verdict == "unnamed" and "right where x > 0" in layer.parameters[0].note


def test_an_array_that_is_not_finite_is_said_to_be():
    assert noticed(RIGHT, X * np.nan, X) == ["12 of 12 entries are not finite, the first at [0, 0]"]


def test_what_is_not_finite_is_said_and_for_which_sign_of_x():
    x = np.array([1.0, 0.0, -2.0, 0.0])
    assert noticed(2 * x, np.where(x == 0.0, np.nan, x), x) == [
        "2 of 4 entries are not finite, the first at [1]",
        "it is so where x = 0, and nowhere else",
    ]


def test_of_few_entries_nothing_is_said_that_chance_may_do():
    x = np.array([1.0, -2.0])
    assert noticed(np.ones(2), np.array([1.0, 3.0]), x) == []


def test_of_an_approximation_it_is_said_that_it_is_near():
    x = np.linspace(-2.0, 2.0, 20).reshape(4, 5)
    slope = 1.0 - np.tanh(x) ** 2
    (said,) = noticed(slope, slope + 3e-4 * np.sin(9.0 * x), x)
    assert said.startswith(APPROXIMATE) and said.endswith("off by 3.0e-04 of the largest entry at most")
    assert noticed(slope, slope + 0.1 * np.sin(9.0 * x), x) == []
