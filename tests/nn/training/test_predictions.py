"""Predictions: rows are read as those of training, and what is written has names."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import nn
from nn.__main__ import main
from nn.command_line.problems import dataset
from nn.files import DataError
from nn.training.predictions import agreement, as_csv, predicted, read_rows
from nn.training.saved import Saved, load

RNG = np.random.default_rng(0)
ROWS = [
    (f"{x:.4f}", str(town), f"{1000 * z:.1f}", "yes" if x + (town == "York") > 0.5 else "no")
    for x, town, z in zip(RNG.normal(size=60), RNG.choice(["Bath", "York", "Leeds"], 60), RNG.normal(size=60))
]


def table(rows, names=("age", "town", "income", "buys"), **how):
    text = io.StringIO(newline="")
    csv.writer(text, **{"lineterminator": "\n"} | how).writerows([names, *rows])
    return text.getvalue()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "train.csv").write_text(table(ROWS))
    command = ["train", "--data", str(folder / "train.csv"), "--save", str(folder / "model"), "--epochs", "60"]
    assert main(command) == 0
    return load(folder / "model"), folder / "model"


def write(tmp_path, text):
    (tmp_path / "rows.csv").write_text(text)
    return tmp_path / "rows.csv"


def test_classes_come_with_probabilities_by_name(trained, tmp_path, capsys):
    capsys.readouterr()
    path = write(tmp_path, table(ROWS))
    assert main(["predict", str(trained[1]), str(path)]) == 0
    said = capsys.readouterr()
    found = list(csv.DictReader(io.StringIO(said.out)))
    assert list(found[0]) == ["prediction", "P(no)", "P(yes)"]
    assert len(found) == 60
    right = np.mean([row["prediction"] == given[3] for row, given in zip(found, ROWS)])
    assert right > 0.9
    for row in found:
        p = {name: float(row[f"P({name})"]) for name in ("no", "yes")}
        assert sum(p.values()) == pytest.approx(1.0, abs=1e-5)
        assert row["prediction"] == max(p, key=p.get)
    assert f"accuracy over the 60 rows, by their column buys: {100 * right:.1f}%" in said.err


def test_columns_are_found_by_name_in_any_order_and_any_form(trained, tmp_path):
    model = trained[0]
    want = predicted(model, read_rows(write(tmp_path, table(ROWS)), model.schema).X)[1]
    other = [(str(i), r[2].replace(".", ","), r[1], r[0].replace(".", ",")) for i, r in enumerate(ROWS)]
    path = write(tmp_path, table(other, ("number", "income", "town", "age"), delimiter=";"))
    rows = read_rows(path, model.schema)
    assert predicted(model, rows.X)[1] == want
    assert rows.targets is None
    assert "not used: number" in rows.notes[0]


def test_columns_without_names_are_found_by_place(trained, tmp_path):
    model = trained[0]
    want = read_rows(write(tmp_path, table(ROWS)), model.schema)
    text = table(ROWS).split("\n", 1)[1]
    rows = read_rows(write(tmp_path, text), model.schema)
    np.testing.assert_array_equal(rows.X, want.X)
    assert rows.targets == want.targets
    alone = table([row[:3] for row in ROWS]).split("\n", 1)[1]
    rows = read_rows(write(tmp_path, alone), model.schema)
    np.testing.assert_array_equal(rows.X, want.X)
    assert rows.targets is None


PLACES = {  # the training's file, what is asked of it, and rows that say the same, with the samples they hold
    "one of two names is the target": ("a,b,a\n{},{},{}", ["--target", "1"], "a,b,a\n{},{},{}", (1, 2)),
    "the other is": ("a,b,a\n{},{},{}", [], "a,b,a\n{},{},{}", (0, 1)),
    "the target is not there": ("a,b,a\n{},{},{}", ["--target", "1"], "a,b\n{2},{1}", (1, 2)),
    "one of two names is left out": ("x,x,y\n{},{},{}", ["--drop", "1"], "x,x,y\n{},{},{}", (1,)),
    "and is not there": ("x,x,y\n{},{},{}", ["--drop", "1"], "x\n{1}", (1,)),
    "the order is another": ("x,x,y\n{},{},{}", [], "y,x,x\n{2},{0},{1}", (0, 1)),
    "an index": (",a,b,y\n{n},{},{},{}", [], "a,b,y\n{},{},{}", (0, 1)),
    "an index, and no names": (",a,b,y\n{n},{},{},{}", [], "{},{},{}", (0, 1)),
    "an index, no names, no target": (",a,b,y\n{n},{},{},{}", [], "{},{}", (0, 1)),
    "an index, and what lies behind the target": (",a,y,b\n{n},{},{},{}", ["--target", "y"], "{},{},{}", (0, 2)),
    "an index in both, and no names": (",a,b,junk,y\n{n},{},{},7,{}", ["--drop", "junk"], "{n},{},{},7,{}", (0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_the_samples_are_those_of_the_same_columns(tmp_path, name):
    training, options, other, columns = PLACES[name]
    numbers = RNG.normal(size=(30, 3)).round(3) + 0.0001
    for file, text in (("train.csv", training), ("rows.csv", other)):
        *names, form = text.split("\n")
        lines = [form.format(*row, n=i) for i, row in enumerate(numbers.tolist())]
        (tmp_path / file).write_text("\n".join([*names, *lines]) + "\n")
    how = ["--save", str(tmp_path / "model"), "--epochs", "1", "--loss", "mse"]
    assert main(["train", "--data", str(tmp_path / "train.csv"), *how, *options]) == 0
    schema = load(tmp_path / "model").schema
    found = read_rows(tmp_path / "rows.csv", schema)
    np.testing.assert_array_equal(found.X, numbers[:, columns])
    if found.targets is not None:
        (target,) = {0, 1, 2} - set(columns) - ({0} if "--drop" in options and "junk" not in options else set())
        assert [float(t) for t in found.targets] == numbers[:, target].tolist()


@pytest.mark.parametrize(
    ("training", "other", "message"),
    [
        ("a,b,a,y\n1,2,3,0\n2,3,4,1\n", "a,b,y\n1,2,0\n", r"1 columns are called 'a', in training 2 were"),
        (",a,b,y\n0,1.5,2,0\n1,2.5,3,1\n", "0,1.5,2\n1,2.5,3\n", r":1: column 1 may be the index .* a header"),
        (",a,b,y\n0,1.5,2,0\n1,2.5,3,1\n", "0.5\n1.5\n", r"expected 2, 3 or 4 columns as in training, found 1"),
    ],
)
def test_columns_that_cannot_be_told_are_refused(tmp_path, training, other, message):
    (tmp_path / "train.csv").write_text(training)
    with pytest.raises(DataError, match=message):
        read_rows(write(tmp_path, other), dataset(str(tmp_path / "train.csv")).schema, header=None)


def test_one_row(trained, tmp_path):
    rows = read_rows(write(tmp_path, "age,town,income\n0.5,York,100\n"), trained[0].schema)
    assert rows.X.tolist() == [[0.5, 0.0, 0.0, 1.0, 100.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age,town\n1,York\n", r"no column is called 'income', which the network needs; there are age, town"),
        ("age,town,income\n1,Paris,5\n", r":2: column 2 is 'Paris' \(town\); expected one of Bath, Leeds, York"),
        ("age,town,income\nold,York,5\n", r":2: column 1 is 'old' \(age\); expected a number"),
        ("age,town,income\n1,York,\n", r":2: column 3 is '' \(income\); .*was trained without missing values"),
        ("age,town,income\n1,,5\n", r":2: column 2 is '' \(town\); .*was trained without missing values"),
        ("age,town,income\n1,York,inf\n", r":2: column 3 is 'inf' \(income\); expected a finite number"),
        ("age,town,income\n", r"no rows in it"),
        ("1,York\n2,Bath\n", r":1: expected 3 or 4 columns as in training, found 2"),
        ("", r"no rows in it"),
    ],
)
def test_rows_that_do_not_fit(trained, tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_rows(write(tmp_path, text), trained[0].schema)


def test_missing_values_are_filled_as_in_training(tmp_path):
    holes = [(r[0] if i % 7 else "NA", r[1] if i % 5 else "", *r[2:]) for i, r in enumerate(ROWS)]
    path = write(tmp_path, table(holes))
    model = str(tmp_path / "model")
    assert main(["train", "--data", str(path), "--missing", "mean", "--save", model, "--epochs", "2"]) == 0
    found = load(model)
    rows = read_rows(write(tmp_path, "age,town,income\nNA,,5\n"), found.schema)
    np.testing.assert_allclose(rows.X[0][:1], found.schema.features[0].means)
    assert rows.X[0][1:4].sum() == pytest.approx(1.0)


def test_numbers_are_written_as_they_are(tmp_path, capsys):
    x = np.linspace(0, 10, 80).tolist()
    (tmp_path / "train.csv").write_text(table([(repr(a), repr(3.0 * a + 1000.0)) for a in x], ("x", "y")))
    model = str(tmp_path / "model")
    assert main(["train", "--data", str(tmp_path / "train.csv"), "--epochs", "100", "--l2", "0", "--save", model]) == 0
    capsys.readouterr()
    output = tmp_path / "out.csv"
    assert main(["predict", model, str(tmp_path / "train.csv"), "--output", str(output)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert float(said.err.split("column y: ")[1]) > 0.99
    header, *lines = output.read_text().splitlines()
    assert header == "prediction"
    np.testing.assert_allclose([float(line) for line in lines], [3.0 * a + 1000.0 for a in x], atol=3.0)


@pytest.mark.parametrize("loss", ["hinge", "binary_cross_entropy", "mse"])
def test_other_losses_predict_classes_too(tmp_path, loss):
    (tmp_path / "train.csv").write_text(table(ROWS))
    model = str(tmp_path / "model")
    command = ["train", "--data", str(tmp_path / "train.csv"), "--loss", loss, "--save", model, "--epochs", "60"]
    assert main(command) == 0
    found = load(model)
    rows = read_rows(tmp_path / "train.csv", found.schema)
    header, lines = predicted(found, rows.X)
    assert header == (["prediction", "P(no)", "P(yes)"] if loss == "binary_cross_entropy" else ["prediction"])
    assert float(agreement(found, lines, rows.targets).split(": ")[1].rstrip("%")) > 90.0


@pytest.mark.slow
def test_images_are_predicted(data, tmp_path, capsys):
    model = Saved(nn.MLP(784, [10]), "cross_entropy", dataset(str(data)).schema)
    model.save(tmp_path / "model")
    assert main(["predict", str(tmp_path / "model"), str(data)]) == 0
    assert "accuracy over the 10,000 rows" in capsys.readouterr().err


TRUTHS = {  # targets of the training's file, of the rows, and what is said of them
    "other letters": ("True False", "TRUE FALSE", "compared with y: 'TRUE' in line 2 is none of the network's classes"),
    "words": ("yes no", "Yes no", "compared with y: 'Yes' in line 2 is none of the network's classes, no, yes"),
    "a point behind": ("<=50K >50K", "<=50K. >50K.", "'<=50K.' in line 2 is none of the network's classes"),
    "a new class": ("a b", "a c", "compared with y: 'c' in line 3 is none of the network's classes, a, b"),
    "some are missing": ("a b", "a NA", "compared with y: 'NA' in line 3 is missing"),
    "all are missing": ("a b", "NA NA", ""),
    "text for numbers": ("0.5 1.5", "0.5 x", "compared with y: 'x' in line 3 is no finite number"),
    "the same texts": ("a b", "b a", "accuracy over the 2 rows"),
    "the same numbers": ("00501 7", "501 7.0", "accuracy over the 2 rows"),
    "numbers": ("0.5 1.5", "5e-1 1.50", "r2 over the 2 rows"),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_predictions_are_compared_with_targets_or_it_is_said_why_not(tmp_path, capsys, name):
    first, second, said = TRUTHS[name]
    for file, cells in (("train.csv", first), ("rows.csv", second)):
        (tmp_path / file).write_text(table(enumerate(cells.split()), ("x", "y")))
    loss = "mse" if "." in first else "cross_entropy"
    how = ["--save", str(tmp_path / "model"), "--epochs", "1", "--loss", loss]
    assert main(["train", "--data", str(tmp_path / "train.csv"), *how]) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "model"), str(tmp_path / "rows.csv")]) == 0
    error = capsys.readouterr().err
    assert said in error
    assert ("over the" in error) == ("over the" in said)
    assert ("not compared" in error) == ("line" in said)


def test_a_table_with_commas_in_its_names():
    assert as_csv(["prediction", "P(a, b)"], [["a, b", "1"]]) == 'prediction,"P(a, b)"\n"a, b",1\n'


COLUMNS_OF_TWO = {
    "0 and 1": lambda p: int(p > 0.5),
    "-1 and 1": lambda p: 2 * int(p > 0.5) - 1,
    "1.0 and 2.0": lambda p: float(1 + (p > 0.5)),
    "texts": lambda p: "yes" if p > 0.5 else "no",
}


@pytest.mark.parametrize("column", COLUMNS_OF_TWO)
def test_two_of_anything_are_classes_to_a_loss_of_classes(tmp_path, capsys, column):
    rows = [(x, COLUMNS_OF_TWO[column](x)) for x in np.linspace(0.0, 1.0, 60).tolist()]
    (tmp_path / "train.csv").write_text(table(rows, ("x", "y")))
    model, how = str(tmp_path / "model"), ["--loss", "binary_cross_entropy", "--epochs", "60"]
    assert main(["train", "--data", str(tmp_path / "train.csv"), "--save", model, *how]) == 0
    said = capsys.readouterr().out
    assert "2 classes" in said
    assert "l2" not in said
    header, _ = predicted(load(model), read_rows(tmp_path / "train.csv", load(model).schema).X)
    assert header[0] == "prediction"
    assert [name[:2] for name in header[1:]] == ["P(", "P("]
    assert main(["predict", model, str(tmp_path / "train.csv")]) == 0
    assert float(capsys.readouterr().err.split("column y: ")[1].rstrip("%\n")) > 90.0


def test_probabilities_are_predicted_as_probabilities(tmp_path, capsys):
    rows = [(x, 1.0 / (1.0 + np.exp(-x))) for x in np.linspace(-3.0, 3.0, 60).tolist()]
    (tmp_path / "train.csv").write_text(table(rows, ("x", "y")))
    model, how = str(tmp_path / "model"), ["--loss", "binary_cross_entropy", "--epochs", "100"]
    assert main(["train", "--data", str(tmp_path / "train.csv"), "--save", model, *how]) == 0
    said = capsys.readouterr().out
    assert "probabilities from" in said
    assert "l2" not in said
    _, found = predicted(load(model), read_rows(tmp_path / "train.csv", load(model).schema).X)
    np.testing.assert_allclose([float(p) for (p,) in found], [y for _, y in rows], atol=0.1)
