"""Single numbers as text: what has a name, what is written where it is used, and where brackets are needed."""

from __future__ import annotations

import operator
import random
from dataclasses import dataclass

import pytest

from engine.lifting.emit.expressions import LONGEST, SingleNumber, StoreLine, written_out


def leaf(name):
    return SingleNumber(f"{name}.item()", hint=name, own_line=True)


def op(name, *args, hint="t"):
    for arg in args:
        arg.uses += 1
    return SingleNumber(op=name, args=args, hint=hint)


def lines(numbers, functions=None):
    taken = {}

    def fresh(hint):
        taken[hint] = taken.get(hint, 0) + 1
        return hint if taken[hint] == 1 else f"{hint}_{taken[hint]}"

    written_out(numbers, functions or {}, fresh)
    return [line for line in map(str, numbers) if line]


def test_what_is_used_once_is_written_where_it_is_used():
    x, y = leaf("x"), leaf("y")
    s = op("add", x, y)
    z = op("multiply", s, x)
    z.name = "z"
    assert lines([x, y, s, z]) == ["x = x.item()", "y = y.item()", "z = (x + y) * x"]


def test_what_is_used_twice_has_a_name():
    x = leaf("x")
    s = op("exp", x)
    z = op("add", s, s, hint="z")
    z.name = "z"
    assert lines([x, s, z], {"exp": "exp_2"}) == ["x = x.item()", "t = exp_2(x)", "z = t + t"]


def test_what_nobody_uses_is_left_out_and_so_is_what_only_that_uses():
    x, y = leaf("x"), leaf("y")
    unused = op("add", x, op("multiply", x, x))
    y.name = "y"
    assert lines([x, unused.args[1], unused, y]) == ["y = y.item()"]


def test_a_store_is_a_use():
    x = leaf("x")
    s = op("negative", x)
    s.uses += 1
    line = StoreLine("out[1, 2]", s)
    assert lines([x, s]) == ["x = x.item()"]
    assert str(line) == "out[1, 2] = -x"


def test_a_long_expression_is_cut():
    x = leaf("x")
    numbers = [x]
    for _ in range(4 * LONGEST):
        numbers.append(op("add", numbers[-1], x))
    numbers[-1].name = "z"
    written = lines(numbers)
    assert max(line.count("+") for line in written) <= LONGEST + 1
    assert written[-1].startswith("z = ")


def test_a_quotient_that_is_a_function_is_written_as_one():
    x, y = leaf("x"), leaf("y")
    quotient = op("divided", x, y)
    quotient.name = "q"
    assert lines([x, y, quotient], {"divided": "divide"})[-1] == "q = divide(x, y)"


COMPUTE = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "less": operator.lt,
    "equal": operator.eq,
}


@dataclass
class Box:
    """A number as an array has it."""

    number: float

    def item(self):
        return self.number


@pytest.mark.parametrize("seed", range(50))
def test_brackets_keep_the_order_of_operations(seed):
    """Evaluated as text, and one operation after the other, to the bit."""
    draw = random.Random(seed)
    space = {name: Box(draw.uniform(-2.0, 2.0)) for name in "abc"}
    values = [(leaf(name), space[name].item()) for name in "abc"]
    numbers = [x for x, _ in values]
    for k in range(12):
        name = draw.choice(list(COMPUTE))
        args = draw.choices(values, k=1 if name == "negative" else 2)
        if name == "divide" and not args[1][1]:
            continue
        number = op(name, *[x for x, _ in args], hint=f"t{k}")
        numbers.append(number)
        values.append((number, COMPUTE[name](*[v for _, v in args])))
    number, want = values[-1]
    number.name = "result"
    exec("\n".join(lines(numbers)), space)
    assert space["result"] == want
