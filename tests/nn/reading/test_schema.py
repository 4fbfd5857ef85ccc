"""A schema goes through JSON and back, whatever it holds."""

from __future__ import annotations

import json

import pytest

from nn.reading.columns import Column
from nn.reading.schema import Schema

AGE, TOWN = Column("age", 1, "number"), Column("town", 2, "category", ("Bath", "Leeds"))


@pytest.mark.parametrize(
    "schema",
    [
        Schema((AGE,)),
        Schema((AGE, TOWN), Column("y", 3, "category"), ("no", "yes"), (1, 2, 3), ("age", "town", "y"), "mean"),
        Schema((AGE,), Column("", 2, "number"), None, (1, 2), None, None, 255.0),
    ],
)
def test_it_goes_through_json(schema):
    assert Schema.of_notes(json.loads(json.dumps(schema.notes()))) == schema


def test_a_category_is_as_wide_as_it_has_kinds():
    assert Schema((AGE, TOWN)).width == 3
