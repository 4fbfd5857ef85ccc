"""Data sets from files: targets, categories, missing values, and what is said of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nn.files import DataError
from nn.reading.dataset import are_classes, read_dataset
from nn.reading.schema import Schema

TABLE = (
    "age,town,member,plan\n20,York,TRUE,gold\n30,Bath,FALSE,silver\n40,York,TRUE,gold\n50,Leeds,FALSE,none of these\n"
)


@pytest.fixture
def file(tmp_path):
    def written(text):
        (tmp_path / "data.csv").write_text(text, encoding="utf-8")
        return tmp_path / "data.csv"

    return written


def test_every_kind_of_column_and_what_is_said(file):
    found = read_dataset(file(TABLE))
    assert [column.kind for column in found.schema.features] == ["number", "category", "boolean"]
    assert found.X.tolist()[0] == [20.0, 0.0, 0.0, 1.0, 1.0]
    assert found.schema.classes == ("gold", "none of these", "silver")
    assert found.T.tolist() == [0, 2, 0, 1]
    said = "\n".join(found.notes)
    for sentence in (
        "4 rows; line 1 is the header",
        "target: 'plan', column 4: 3 classes, gold (2), none of these (1) and silver (1)",
        "inputs: 1 of numbers: age",
        "inputs: 1 of TRUE and FALSE as 1 and 0: member",
        "inputs: town as one column for each of Bath, Leeds and York",
    ):
        assert sentence in said.replace(", silver (1)", " and silver (1)").replace(", York", " and York")


def test_a_schema_goes_through_json(file):
    schema = read_dataset(file(TABLE), target="age").schema
    assert Schema.of_notes(json.loads(json.dumps(schema.notes()))) == schema
    assert schema.classes is None


@pytest.mark.parametrize("target", ["town", "2", 1, -3])
def test_any_column_may_be_the_target(file, target):
    found = read_dataset(file(TABLE), target=target)
    assert found.schema.target.name == "town"
    assert found.schema.classes == ("Bath", "Leeds", "York")


def test_columns_that_are_left_out(file):
    found = read_dataset(file(TABLE), drop=("town", "3"))
    assert found.X.tolist() == [[20.0], [30.0], [40.0], [50.0]]
    with pytest.raises(DataError, match="plan cannot be the target and be left out"):
        read_dataset(file(TABLE), drop=("plan",))


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1, 1, 0], True),
        ([-1.0, 1.0], True),
        ([1, 2, 3], True),
        ([3, 5, 4, 5, 3, 6] * 10, True),  # marks of wine
        (range(18, 80), False),  # ages
        (np.random.default_rng(0).integers(25, 346, 442), False),
        ([0.5, 1.5], False),
        (range(200), False),
        ([*range(26)] * 10, True),
    ],
)
def test_whole_numbers_that_are_classes(values, classes):
    assert are_classes(np.array(list(values))) == classes


@pytest.mark.parametrize("loss", [None, "mse", "half_mse", "cross_entropy", "hinge", "binary_cross_entropy"])
def test_whole_numbers_are_what_the_loss_says(file, loss):
    path = file("x,y\n" + "".join(f"{i / 7},{i % 3}\n" for i in range(30)))
    found = read_dataset(path, loss=loss)
    assert (found.schema.classes is None) == (loss in ("mse", "half_mse"))


def test_probabilities_stay_numbers(file):
    assert read_dataset(file("x,y\n1,0.25\n2,0.75\n3,1\n"), loss="binary_cross_entropy").T.tolist() == [0.25, 0.75, 1]


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        ("00501 00544 00501 10001", ("00501", "00544", "10001")),
        ("1.0 2.0 1.0 2.00", ("1", "2")),
        ("9007199254740993 9007199254740992 9007199254740993 1", ("1", "9007199254740992", "9007199254740993")),
        ("9007199254740993.0 9007199254740992.0 1 1", ("1", "9007199254740992", "9007199254740993")),
        ("0.50 1.5 0.5 1.50", ("0.5", "1.5")),
        ("-1 1 -1 1", ("-1", "1")),
        ("10 9 1e1 9", ("9", "10")),
    ],
)
def test_classes_keep_their_names(file, cells, classes):
    path = file("x,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split())))
    assert read_dataset(path, loss="cross_entropy").schema.classes == classes


def test_one_number_in_two_names_is_refused(file):
    with pytest.raises(
        DataError, match=r":3: column 2 is '01' \(y\); '1' is the same number, and may be another class"
    ):
        read_dataset(file("x,y\n1,1\n2,01\n3,2\n"), loss="cross_entropy")


def test_too_many_classes_to_be_any(file):
    path = file("x,y\n" + "".join(f"{i / 7},{i * i}\n" for i in range(100)))
    with pytest.raises(
        DataError, match=r"100 different targets in 100 rows are no classes: use --loss mse for numbers"
    ):
        read_dataset(path, loss="cross_entropy")


def test_numbers_among_texts_are_classes_only_where_that_is_said(file):
    path = file("x,y\n1,1\n2,2\n3,3+\n4,1\n")
    with pytest.raises(DataError, match=r":4: column 2 is '3\+' \(y\); .*for classes say --loss cross_entropy"):
        read_dataset(path)
    assert read_dataset(path, loss="cross_entropy").schema.classes == ("1", "2", "3+")


HOLES = "a,c,y\n1,red,0\nNA,blue,1\n3,,1\n5,red,0\n"


def test_missing_values_are_filled_with_means(file):
    found = read_dataset(file(HOLES), missing="mean")
    np.testing.assert_allclose(found.X[1], [3.0, 1.0, 0.0])
    np.testing.assert_allclose(found.X[2], [3.0, 1 / 3, 2 / 3])
    assert found.schema.features[0].means == (3.0,)
    assert "missing values (2) are filled" in found.notes[0]


def test_rows_with_missing_values_are_left_out(file):
    found = read_dataset(file(HOLES), missing="drop")
    assert found.X[:, 0].tolist() == [1.0, 5.0]
    assert "rows with missing values (2 of 4) are left out" in found.notes[0]
    with pytest.raises(DataError, match="every row has a missing value"):
        read_dataset(file("a,b,y\n,1,0\n1,,1\n"), missing="drop")


@pytest.mark.parametrize("marker", ["", "NA", "N/A", "nan", "NaN", "NULL", "None", "?", "#N/A", "<NA>", "-", "."])
def test_missing_values_as_programs_write_them(file, marker):
    path = file(f"a,b,y\n1,2,0\n{marker},3,1\n4,5,1\n")
    with pytest.raises(DataError, match=r":3: column 1 is '.*' \(a\); expected a finite number; missing values"):
        read_dataset(path)
    assert read_dataset(path, missing="mean").X[1, 0] == 2.5


def test_a_target_is_never_filled(file):
    path = file("a,y\n1,0\n2,\n3,1\n4,1\n")
    with pytest.raises(DataError, match=r":3: column 2 is '' \(y\); expected a target; --missing drop"):
        read_dataset(path, missing="mean")
    assert read_dataset(path, missing="drop").T.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="missing='median' is not known; use 'mean' or 'drop'"):
        read_dataset(path, missing="median")


def test_columns_that_say_nothing_are_left_out_and_said(file):
    found = read_dataset(file("a,empty,same,y\n1,,k,0\n2,,k,1\n3,,k,1\n"))
    assert [column.name for column in found.schema.features] == ["a"]
    assert "empty is empty: it is left out" in found.notes[0]
    assert "same is 'k' wherever it is known" in found.notes[0]


def test_a_column_that_counts_the_rows_is_remarked_on(file):
    found = read_dataset(file("Id,x,y\n" + "".join(f"{i + 1},{i * i % 7},{i % 2}\n" for i in range(9))))
    assert found.notes[-1] == "remark: Id counts the rows, and nothing may depend on it: --drop Id leaves it out"
