import ast

import pytest

from nn.diagnosis.alterations.text import SENTENCES
from nn.diagnosis.mending import tables

ROWS = [
    *[row for rows in tables.BINARY.values() for row in rows],
    *tables.COMPARISON, *tables.INDEX, *tables.PART, *tables.STORED, *tables.ADDED, *tables.VALUE, *tables.MAPPED,
    *[row for rows in tables.BY_DIMENSIONS.values() for row in rows],
    *[(kind, text.format(axis=0)) for kind, text in tables.ALONG],
    *[row for _, rows in tables.OTHERS for row in rows],
]  # fmt: skip
BRACKETS = [(*key, *row) for key, row in tables.BRACKETS.items()]
NEW = {"term-missing", "wrong-operation", "wrong-constant", "operands-exchanged", "sum-for-mean"}
NEW |= {"order-of-product", "elementwise-for-product", "wrong-index"}


@pytest.mark.parametrize(("kind", "text"), ROWS)
def test_a_row_is_an_expression_of_known_names_and_a_known_kind(kind, text):
    names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    assert names <= {"v", "a", "b", "u", "c", "old", "np", "abs", "first"}
    assert kind in SENTENCES.keys() | NEW


@pytest.mark.parametrize(("outer", "side", "inner", "shown", "computed"), BRACKETS)
def test_other_brackets_are_computed_as_they_are_written(outer, side, inner, shown, computed):
    p, q, other = 1.3, 0.7, 2.1
    operand = eval(compile(ast.fix_missing_locations(joined(inner, "p", "q")), "", "eval"), {"p": p, "q": q})
    a, b, u = (operand, other, p) if side == "left" else (other, operand, q)
    assert eval(computed, {"a": a, "b": b, "u": u}) == pytest.approx(eval(shown, {"p": p, "q": q, "a": a, "b": b}))
    assert ("a" in shown) is (side == "right")


def joined(op, left, right):
    return ast.Expression(ast.BinOp(ast.Name(left, ast.Load()), op(), ast.Name(right, ast.Load())))
