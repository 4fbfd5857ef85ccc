import numpy as np
import pytest

from engine.lifting.expr import Expr
from engine.lifting.straight.local_rules import PIECES, is_local, local, names_in, substituted
from engine.lifting.straight.tape import Kind
from engine.rules import RULES


def computed(name, xs):
    values = list(xs)
    pieces = PIECES[name](len(xs))
    results = []
    for op, operands in pieces:
        results.append(RULES[op].scalar(*[values[k] if k >= 0 else results[-k - 1] for k in operands]))
    return results[-1]


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 11])
def test_pieces_compute_the_operation(name, n):
    xs = np.random.default_rng(n).normal(size=n).tolist()
    assert computed(name, xs) == pytest.approx(RULES[name].scalar(xs), rel=1e-14)


def test_fixed_numbers_are_written_into_the_rule():
    forward, (slope,) = local(Kind("power_constant", 1, ((3.0, 1.0),)))
    assert names_in(forward) == ["x0"] * 2 and sorted(names_in(slope)) == ["g", "x0"]
    assert local(Kind("less", 2))[1] == ()


def test_names_are_substituted():
    x = Expr("x") * Expr("y")
    assert str(substituted(x, {"y": Expr("a") + Expr("b")})) == "x * (a + b)"
    assert str(substituted(Expr.call("square", Expr("x")), {"x": Expr("d")})) == "d * d"


def test_what_is_no_chain_of_pieces_is_left_to_arrays():
    assert not is_local(Kind("largest", 3)) and not is_local(Kind("select", 4))
    assert not is_local(Kind("total", 1000)) and is_local(Kind("total", 3)) and is_local(Kind("tanh", 1))
