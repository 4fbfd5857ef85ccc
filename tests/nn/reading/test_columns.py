"""What a column is taken for, and its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from nn.files import DataError
from nn.reading.columns import Column, column_numbers, kind_of, names_of
from nn.reading.tables import read_table


@pytest.fixture
def column(tmp_path):
    def of(*cells):
        file = tmp_path / "table.csv"
        file.write_text("\n".join(["key,cell,other", *[f"{i}.5,{cell},0.25" for i, cell in enumerate(cells)]]) + "\n")
        table = read_table(file)
        return table, table.names.index("cell")

    return of


KINDS = {
    "numbers": (["1", "2.5", "-3e2"], "number", [[1.0], [2.5], [-300.0]]),
    "numbers, some missing": (["1", "NA", "3"], "number", [[1.0], [np.nan], [3.0]]),
    "true and false": (["TRUE", "false", "True"], "boolean", [[1.0], [0.0], [1.0]]),
    "categories": (["red", "blue", "red"], "category", [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]),
}


@pytest.mark.parametrize("case", KINDS)
def test_what_a_column_is(column, case):
    cells, kind, numbers = KINDS[case]
    table, k = column(*cells)
    taken = kind_of(table, k)
    assert (taken.kind, taken.name, taken.place) == (kind, "cell", 2)
    np.testing.assert_array_equal(column_numbers(table, k, taken), numbers)
    assert Column.of_notes(taken.notes()) == taken


REFUSED = {
    "a text among numbers": (["1", "2", "x"], "expected a number, as elsewhere in its column"),
    "dates": (["2021-03-04", "2021-03-05", "2021-03-06"], "a column of dates"),
    "units": (["45%", "50%", "45%"], "expected a number alone, without a unit"),
    "too many texts": ([f"name{chr(97 + i)}" for i in range(12)], "12 different texts in 12 rows"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_column_can_be(column, case):
    cells, message = REFUSED[case]
    with pytest.raises(DataError, match=f"table.csv:.*{message}"):
        kind_of(*column(*cells))


def test_a_category_that_was_not_there_before_is_refused(column):
    table, k = column("red", "green")
    with pytest.raises(DataError, match="expected one of"):
        column_numbers(table, k, Column("cell", 2, "category", ("blue", "red")))


def test_columns_have_widths_and_names():
    columns = [Column("", 1, "number"), Column("c", 2, "category", ("a", "b"))]
    assert [c.width for c in columns] == [1, 2]
    assert names_of(columns) == ["column 1", "c=a", "c=b"]
