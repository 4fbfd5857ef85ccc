import numpy as np

from engine import Value
from nn.diagnosis.chosen import at_kinks, with_spreads
from nn.diagnosis.comparison import Comparison


def compared(right, given):
    leaves = [Value(0.0) for _ in right]
    return {0: Comparison(sum(leaves, Value(0.0)), leaves, np.array(right), np.array(given))}


def test_at_a_kink_the_right_gradient_is_the_one_that_most_agrees():
    def loss(x):
        return np.maximum(x, 0.0).sum()

    x = np.array([0.0, 1.0])
    (chosen,) = at_kinks(compared([0.5, 1.0], [1.0, 1.0]), loss, [("x", x)]).values()
    assert chosen.exact.all()


def test_what_cannot_be_run_again_is_compared_as_it_is():
    def fails(runs):
        raise ValueError(runs)

    several = compared([1.0, 2.0], [1.0, 2.5])
    assert with_spreads(several, fails) == several
