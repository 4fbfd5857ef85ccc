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
NEW = {"term-missing", "wrong-operation", "wrong-constant", "operands-exchanged", "sum-for-mean"}


@pytest.mark.parametrize(("kind", "text"), ROWS)
def test_a_row_is_an_expression_of_known_names_and_a_known_kind(kind, text):
    names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    assert names <= {"v", "a", "b", "u", "c", "old", "np", "abs"}
    assert kind in SENTENCES.keys() | NEW
