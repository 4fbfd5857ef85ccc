"""The first node that became NaN or infinite, by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

import engine
from engine import Value, find_nan


def test_the_origin_of_a_nan_is_named_with_its_operands():
    p, q = Value(-1.0, "p"), Value(2.0, "q")
    bad = engine.log(p)
    bad.label = "score"
    found = find_nan(engine.tanh(bad * q) + engine.exp(q))
    assert found.node is bad
    assert found.operand is None
    assert str(found) == "log ('score') of 'p' = -1.0 is nan"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda x: engine.log(x) * x, "log of 'x' = 0.0 is -inf"),  # -inf * 0 is nan, but -inf came first
        (lambda x: 1.0 / x - 1.0 / x, "divide of 1.0, 'x' = 0.0 is inf"),
        (lambda x: engine.exp(x + 800.0) * 0.0, "exp of 800.0 is inf"),
        (lambda x: engine.where(x > 1, x, engine.sqrt(x - 1.0)), "sqrt of -1.0 is nan"),
        (lambda x: x + math.inf, "add of 'x' = 0.0, inf is inf"),
        (lambda x: x * math.nan + 3.0, "multiply of 'x' = 0.0, nan is nan"),
        (lambda x: engine.total([*[1e308] * 7, x]), f"total of {', '.join(['1e+308'] * 6)} and 2 more is inf"),
        (lambda x: x / x + engine.log(-1.0 - x), "divide of 'x' = 0.0, 'x' = 0.0 is nan"),
        (lambda x: (x - 1.0) ** 0.5, "power_constant of -1.0 is nan"),
    ],
)  # fmt: skip
def test_what_became_so_first(build, said):
    assert str(find_nan(build(Value(0.0, "x")))) == said


def test_a_leaf_can_be_it():
    w = Value(math.nan, "w")
    assert str(find_nan(engine.tanh(w * 2.0))) == "'w' = nan is a leaf"


def test_a_mask_of_infinity_is_no_fault():
    scores = [Value(1.0, "a") + 0.0, Value(2.0, "b") + -math.inf]
    assert find_nan(engine.softmax(scores)[0]) is None
    assert find_nan(engine.logsumexp(scores)) is None


def test_a_node_that_is_not_finite_is_found_though_the_result_is():
    x = Value(0.0, "x")
    assert str(find_nan(1.0 / (1.0 + engine.exp(-engine.log(x))))) == "log of 'x' = 0.0 is -inf"


def test_a_gradient_that_became_infinite_is_found_after_the_sweep():
    x = Value(0.0, "x")
    loss = engine.sqrt(x) * 3.0
    assert find_nan(loss) is None
    loss.backward()
    assert str(find_nan(loss)) == "sqrt of 'x' = 0.0 hands back a gradient of inf to 'x' = 0.0"
    x.grad = None
    assert find_nan(loss) is None


def test_all_finite_is_none_and_anything_else_is_refused():
    assert find_nan(Value(1.0)) is None
    with pytest.raises(TypeError, match="find_nan looks through the graph of a Value; got nan"):
        find_nan(math.nan)


def test_a_long_chain_is_walked_without_recursion():
    x = Value(0.0, "x")
    z = engine.log(x)
    for _ in range(20_000):
        z = z + 1.0
    assert find_nan(z).node.op == "log"
    assert np.isinf(z.data)


def test_it_speaks_of_variables_functions_and_lines():
    def rmsnorm(x):
        ms = sum(u * u for u in x) / len(x)
        scale = ms**-0.5
        return [u * scale for u in x]

    x = [Value(0.0, "x"), Value(0.0)]
    with engine.provenance():
        loss = sum(rmsnorm(x))
    line = test_it_speaks_of_variables_functions_and_lines.__code__.co_firstlineno + 3
    assert str(engine.find_nan(loss)) == (
        f"power_constant of `ms` = 0.0 is inf, `scale` in rmsnorm, test_nonfinite.py:{line} 'scale = ms**-0.5'"
    )
    assert engine.find_nan(loss).origins[engine.find_nan(loss).node].variable == "scale"
