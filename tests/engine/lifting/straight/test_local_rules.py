import numpy as np
import pytest

from engine.lifting.expr import Expr
from engine.lifting.straight.local_rules import PIECES, is_local, local, names_in, shared, substituted
from engine.lifting.straight.tape import Kind
from engine.rules import RULES


def computed(name, xs):
    values = list(xs)
    pieces = PIECES[name](len(xs))
    results = []
    for op, operands in pieces:
        read = [k if isinstance(k, float) else values[k] if k >= 0 else results[-k - 1] for k in operands]
        results.append(RULES[op].scalar(read) if RULES[op].variadic else RULES[op].scalar(*read))
    return results[-1]


@pytest.mark.parametrize("name", [name for name in PIECES if name != "select"])
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


@pytest.mark.parametrize("n", [1, 2, 5])
def test_pieces_choose_an_entry(n):
    xs = np.random.default_rng(n).normal(size=n).tolist()
    assert [computed("select", [*xs, float(k)]) for k in range(n)] == xs


def test_the_largest_operands_share_a_cotangent():
    """Computed once, and handed to each of them by a choice."""
    kind = Kind("largest", 4)
    forward, (constant, *handed) = local(kind)
    assert names_in(forward) == ["x0"] and constant.number() == 0.0
    assert [sorted(names_in(c)) for c in handed] == [["g", f"x{k}", "z"] for k in (1, 2, 3)]
    share = shared(kind)
    assert share is not None and sorted(names_in(share)) == ["g", *["x1", "x2", "x3"], *["z"] * 3]
    assert shared(Kind("tanh", 1)) is None


def test_what_has_too_many_operands_is_left_to_arrays():
    assert is_local(Kind("largest", 3)) and not is_local(Kind("select", 100))
    assert not is_local(Kind("total", 1000)) and is_local(Kind("total", 3)) and is_local(Kind("tanh", 1))
