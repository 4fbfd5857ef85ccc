import itertools

import pytest

from engine import scalar_forms
from engine.lifting.expr import Expr
from engine.lifting.straight.printing import Printer

x, y, z = Expr("x"), Expr("y"), Expr("z")


def evaluated(expr, **values):
    printer = Printer(set())
    text = printer.text(expr)
    functions = {name: getattr(scalar_forms, op) for op, name in printer.functions.items()}
    return eval(text, functions, values)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (x - (y - z), 2.0 - (3.0 - 5.0)),
        (x + (y + z), 2.0 + (3.0 + 5.0)),
        (x / (y / z), 2.0 / (3.0 / 5.0)),
        (-(x - y), 1.0),
        (-x * y - -z, -1.0),
        (x * (y + z) / (x - z), 2.0 * 8.0 / -3.0),
        ((x / (y * z)) / (x + y), 2.0 / 15.0 / 5.0),
        (Expr.call("float", x < y), 1.0),
        (Expr.call("where", x < y, x / z, y), 2.0 / 5.0),
        (Expr.call("power", x, y), 8.0),
        (Expr("-2.0") * x, -4.0),
        (x / Expr("-2.0"), -1.0),
    ],
)
def test_text_is_the_expression(expr, expected):
    assert evaluated(expr, x=2.0, y=3.0, z=5.0) == expected


def test_division_by_zero_is_ieee_s():
    for a, b in itertools.product((1.0, 0.0, -1.0), (0.0, -0.0)):
        assert str(evaluated(x / y, x=a, y=b)) == str(scalar_forms.divide(a, b))
        assert str(evaluated(x / (y + y) / (y * z), x=a, y=b, z=1.0)) == str(
            scalar_forms.divide(scalar_forms.divide(a, b + b), b)
        )


def test_functions_have_names_that_nothing_else_has():
    printer = Printer({"exp", "exp_"})
    assert printer.text(Expr.call("exp", x)) == "exp__(x)"
    assert printer.imports() == "from engine.scalar_forms import exp as exp__\n"
