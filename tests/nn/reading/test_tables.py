"""Tables as spreadsheets, pandas, NumPy, R and databases write them: each read as meant, or refused with its place."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.files import DataError
from nn.reading.dataset import read_dataset
from nn.reading.tables import read_table

# What wrote it; the file; and the numbers of its inputs and its targets.
READ = {
    "pandas: an index": (",a,b,y\n0,1.5,2,no\n1,2.5,3,yes\n", [[1.5, 2], [2.5, 3]], ["no", "yes"]),
    "pandas: an index written twice": ("Unnamed: 0,a,y\n0,1.5,no\n1,2.5,yes\n", [[1.5], [2.5]], ["no", "yes"]),
    "pandas: columns without names": ("0,1,2\n1.5,2.25,0\n3.5,4.75,1\n", [[1.5, 2.25], [3.5, 4.75]], ["0", "1"]),
    "pandas: those and an index": (",0,1\n0,1.5,u\n1,2.5,v\n", [[1.5], [2.5]], ["u", "v"]),
    "pandas: two columns without names": ("0,1\n1.5,u\n2.5,v\n", [[1.5], [2.5]], ["u", "v"]),
    "pandas: True and False": ("a,b,y\nTrue,2,False\nFalse,3,True\n", [[1, 2], [0, 3]], ["False", "True"]),
    "pandas: sep=';', decimal=','": ("a;b;y\n1,5;0,125;u\n2,5;3,0;v\n", [[1.5, 0.125], [2.5, 3]], ["u", "v"]),
    "pandas: years as columns": ("2019,2020,2021\n0.5,1.5,0\n1.5,2.5,1\n", [[0.5, 1.5], [1.5, 2.5]], ["0", "1"]),
    "pandas: tabs": ("a\tb\ty\n1\t2\tu\n3\t4\tv\n", [[1, 2], [3, 4]], ["u", "v"]),
    "pandas: an index in any order": (",a,y\n7,1.5,no\n2,2.5,yes\n", [[1.5], [2.5]], ["no", "yes"]),
    "a column of decimals without a name": (",b,y\n0.5,2,u\n1.5,3,v\n", [[0.5, 2], [1.5, 3]], ["u", "v"]),
    "NumPy: three decimals": ("1.234 5.678 0\n2.345 6.789 1\n", [[1.234, 5.678], [2.345, 6.789]], ["0", "1"]),
    "three decimals after a point": ("a;b;y\n1.234;2;u\n0.345;3;v\n", [[1.234, 2], [0.345, 3]], ["u", "v"]),
    "spaces and texts": ("a c y\n1 red u\n2 blue v\n", [[1, 0, 1], [2, 1, 0]], ["u", "v"]),
    "spaces, texts and no names": ("red 1 u\nblue 2 v\nred 3 v\n", [[0, 1, 1], [1, 0, 2], [0, 1, 3]], ["u", "v", "v"]),
    "Excel: sep= within quotes": ('"sep=;"\na;b;y\n1,5;2;u\n3,5;4;v\n', [[1.5, 2], [3.5, 4]], ["u", "v"]),
    "words that begin as months": ("c,y\nMarker 10,u\nMayor 12,v\n", [[1, 0], [0, 1]], ["u", "v"]),
    "rows that begin with texts alone": ("red,k\nblue,k\nred,l\n", [[0, 1], [1, 0], [0, 1]], ["k", "k", "l"]),
    "codes that are no dates": ("c,y\n12-abc-34,u\n13-abc-34,v\n", [[1, 0], [0, 1]], ["u", "v"]),
    "R: write.csv": ('"","a","y"\n"1",1.5,"u"\n"2",2.5,"v"\n', [[1.5], [2.5]], ["u", "v"]),
    "R: names of rows": ('"","mpg","am"\n"Mazda RX4",21,1\n"Datsun 710",22.8,0\n', [[21], [22.8]], ["1", "0"]),
    "R: write.csv2": ('"a";"b";"y"\n1,5;TRUE;"u"\n2,5;FALSE;"v"\n', [[1.5, 1], [2.5, 0]], ["u", "v"]),
    "R: write.table, a shorter header": ('"a" "y"\n"1" 1.5 "u v"\n"2" 2.5 "w"\n', [[1.5], [2.5]], ["u v", "w"]),
    "Excel: UTF-8 with a mark": ("\ufeffa,b,y\r\n1,2,u\r\n3,4,v\r\n", [[1, 2], [3, 4]], ["u", "v"]),
    "Excel: sep=": ("sep=;\r\na;b;y\r\n1,5;2;u\r\n3,5;4;v\r\n", [[1.5, 2], [3.5, 4]], ["u", "v"]),
    "Excel: German thousands": ("a;b;y\r\n1.234,5;2;u\r\n22.567,25;3;v\r\n", [[1234.5, 2], [22567.25, 3]], ["u", "v"]),
    "Excel: English thousands": ('a,b,y\n"1,234.5",2,u\n"22,567",3,v\n', [[1234.5, 2], [22567, 3]], ["u", "v"]),
    "Excel: French thousands": ("a;y\n1\u202f234,5;u\n22\u00a0567,25;v\n", [[1234.5], [22567.25]], ["u", "v"]),
    "Excel: empty columns and rows": ("a,b,y,,\n1,2,u,,\n,,,,\n3,4,v,,\n,,,,\n", [[1, 2], [3, 4]], ["u", "v"]),
    "a comma at every end": ("a,b,y,\n1,2,u,\n3,4,v,\n", [[1, 2], [3, 4]], ["u", "v"]),
    "a comma at every end but the header's": ("a,b,y\n1,2,u,\n3,4,v,\n", [[1, 2], [3, 4]], ["u", "v"]),
    "blank lines": ("\n\na,b,y\n\n1,2,u\n\n3,4,v\n\n\n", [[1, 2], [3, 4]], ["u", "v"]),
    "an old Mac's lines": ("a,b,y\r1,2,u\r3,4,v\r", [[1, 2], [3, 4]], ["u", "v"]),
    "spaces after commas": ('a, b, "y"\n1, 2, "u"\n3, 4, "v"\n', [[1, 2], [3, 4]], ["u", "v"]),
    "NumPy: savetxt with a header": ("# a,b,y\n1.0e+00,2.0,0\n3.0,4.0,1\n", [[1, 2], [3, 4]], ["0", "1"]),
    "a comment above": ("# made in March\na,b,y\n1,2,u\n3,4,v\n", [[1, 2], [3, 4]], ["u", "v"]),
    "columns lined up": ("  1.5   2.0  0\n 13.0  14.0  1\n", [[1.5, 2], [13, 14]], ["0", "1"]),
    "UCI: no header": ("5.1,3.5,setosa\n4.9,3.0,virginica\n", [[5.1, 3.5], [4.9, 3]], ["setosa", "virginica"]),
    "bars": ("a|b|y\n1|2|u\n3|4|v\n", [[1, 2], [3, 4]], ["u", "v"]),
    "two of a name": ("a,a,y\n1,2,u\n3,4,v\n", [[1, 2], [3, 4]], ["u", "v"]),
    "a category": ("c,b,y\nred,2,u\nblue,3,v\nred,4,u\n", [[0, 1, 2], [1, 0, 3], [0, 1, 4]], ["u", "v", "u"]),
    "a column called #": ("#,b,y\n1,2,u\n3,4,v\n", [[1, 2], [3, 4]], ["u", "v"]),
    "lines within quotes": ('c,b,y\n"x\ny",2,u\nz,3,v\n', [[1, 0, 2], [0, 1, 3]], ["u", "v"]),
    "typographic minus": ("a,b,y\n\u22121.5,2,u\n3,4,v\n", [[-1.5, 2], [3, 4]], ["u", "v"]),
}  # fmt: skip

REFUSED = {
    "a hole": ("a,b,y\n1,NA,0\n2,3,1\n", r":2: column 2 is 'NA' \(b\); expected a finite number; .* --missing mean or"),
    "text among numbers": ("a,b,y\n1,2,0\n2,x,1\n3,4,0\n", r":3: column 2 is 'x' \(b\); expected a number"),
    "infinity": ("a,b,y\n1,inf,0\n2,3,1\n", r":2: column 2 is 'inf' \(b\); expected a finite number"),
    "too large": ("a,b,y\n1,1e999,0\n2,3,1\n", r":2: column 2 is '1e999' \(b\); expected a finite number"),
    "dates": ("d,b,y\n2021-01-02,2,0\n2021-01-03,3,1\n", r":2: column 1 is '2021-01-02' \(d\); .* dates.*--drop d"),
    "German dates": ("d;b;y\n2.1.2021;2;0\n3.1.2021;3;1\n", r":2: column 1 is '2.1.2021' \(d\); .* dates.*--drop d"),
    "names": ("n,y\n" + "".join(f"p{i},{i % 2}\n" for i in range(30)), r":2: column 1 is 'p0' .*--drop n"),
    "per cent": ("a,b,y\n45%,2,0\n50%,4,1\n", r":2: column 1 is '45%' \(a\); .* alone, without a unit"),
    "money": ("a;b;y\n$12;2;0\n$1,234;4;1\n", r":2: column 1 is '\$12' \(a\); expected a number alone"),
    "thousands or decimals": ("a;b;y\n1,234;2;0\n2,567;3;1\n", r":2: column 1 is '1,234', which may"),
    "points between thousands": ("a;b;y\n950;2;0\n1.200;3;1\n", r":3: column 1 is '1.200', which may mean"),
    "those, and tabs": ("a\tb\ty\n950\t2\t0\n-2.450\t3\t1\n", r":3: column 1 is '-2.450', which may mean"),
    "commas and points": ("a;b;y\n1.5;0,5;0\n2.0;-0,3;1\n", r":2: column 2 is '0,5' \(b\); expected a point before"),
    "those, in targets": ("a;b;y\n1.5;1;0,25\n2.0;2;0,5\n", r":2: column 3 is '0,25' \(y\); expected a point before"),
    "a header or a sample": ("0,1,2\n1,2,0\n3,4,1\n", r":1: column 1 is '0', a column's name or a number"),
    "decimals as names": ("0.5,1.0,1.5\n1,2,0\n3,4,1\n", r":1: column 1 is '0.5', a column's name or a number"),
    "one number among names": ("a,b,2021\n1,2,0\n3,4,1\n", r":1: column 3 is '2021', a number among names"),
    "inf among names": ("inf,b,c\n1,2,0\n3,4,1\n", r":1: column 1 is 'inf', a number among names"),
    "scikit-learn's own header": ("3,2,u,v\n1,2,0\n3,4,1\n5,6,0\n", r":1: expected 3 columns, found 4"),
    "a short row": ("a,b,y\n1,2,0\n3,4\n5,6,1\n", r":3: expected 3 columns, found 2"),
    "a long row": ("a,b,y\n1,2,0\n3,4,1,7\n5,6,1\n", r":3: expected 3 columns, found 4"),
    "a quote without its end": ('a,b,y\n1,"2,0\n3,4,1\n', r":2: is no line of a CSV file"),
    "thousands alone": ('a,y\n"1,234",u\n"22,567",v\n', r":2: column 1 is '1,234', which may"),
    "a title above": ("Sales 2021,,\n,,\na,b,y\n1,2,0\n3,4,1\n", r":1: 'Sales 2021' stands alone.* in line 3"),
    "two, and semicolons": ("Sales\nin 2021\na;b;y\n1;2;0\n3;4;1\n", r":1: 'Sales' stands alone.* in line 3; remove"),
    "months": ("d,b,y\n01-Jan-21,2,0\n02-Jan-21,3,1\n", r":2: column 1 is '01-Jan-21' \(d\); .* dates.*--drop d"),
    "months of years": ("d,y\n2021-01,0\n2021-02,1\n", r":2: column 1 is '2021-01' \(d\); .* dates"),
    "SAS": ("d,y\n01JAN2021,0\n02FEB2021,1\n", r":2: column 1 is '01JAN2021' \(d\); .* dates"),
    "whole months": ("d;y\nMarch 5, 2021;0\n1 Mai 2021;1\n", r":2: column 1 is 'March 5, 2021' \(d\); .* dates"),
    "a month and a year": ("d;y\nMai 2021;0\ndéc. 2021;1\n", r":2: column 1 is 'Mai 2021' \(d\); .* dates"),
    "one column": ("1\n2\n3\n", r"target column -1 of 1; at least one more column is needed"),
    "a target that is missing": ("a,y\n1,0\n2,\n3,1\n", r":3: column 2 is '' \(y\); expected a target; --missing drop"),
    "binary": ("a,b\0,y\n1,2,0\n", r":1: holds a NUL; it is no text"),
    "an index that is not one": (",a,y\n0.5,1,0\n0.5,x,1\n", r":3: column 2 is 'x' \(a\)"),
}  # fmt: skip


def read(tmp_path, text, encoding="utf-8", **how):
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    return read_dataset(path, **how)


@pytest.mark.parametrize("name", READ)
def test_files_that_are_read_as_meant(tmp_path, name):
    text, X, targets = READ[name]
    found = read(tmp_path, text)
    assert found.X.tolist() == X
    assert [found.schema.classes[t] for t in found.T] == targets or sorted(targets) == list(found.schema.classes)
    assert (
        [found.schema.classes[t] for t in found.T][: len(targets)] == targets
        if len(X) == 2 and name[0] != "R"
        else True
    )


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_refused_with_their_place(tmp_path, name):
    text, message = REFUSED[name]
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_that_spreadsheets_write(tmp_path, encoding):
    found = read(tmp_path, "Größe;Preis;gut\r\n1,5;2;ja\r\n2,5;3;nein\r\n", encoding)
    assert [column.name for column in found.schema.features] == ["Größe", "Preis"]
    assert found.X.tolist() == [[1.5, 2.0], [2.5, 3.0]]


def test_text_that_is_no_unicode_is_refused_with_its_line(tmp_path):
    with pytest.raises(DataError, match=r"byte 10 is not UTF-8 text \(line 3\); save the file as UTF-8"):
        read(tmp_path, "a,y\n1,u\n2,é\n", "latin-1")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (gzip.compress(b"a,y\n1,0\n", mtime=0), r"data.csv: is compressed; unpack it first \(gunzip\)"),
        (bz2.compress(b"a,y\n1,0\n"), r"is compressed; unpack it first \(bunzip2\)"),
        (lzma.compress(b"a,y\n1,0\n"), r"is compressed; unpack it first \(unxz\)"),
        (b"PK\x03\x04" + bytes(60), r"is a zip archive or a workbook; unpack it, or save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0" + bytes(60), r"is a workbook; save its sheet as CSV"),
        (b"PAR1" + bytes(60), r"is a Parquet file; write it as CSV"),
    ],
)
def test_files_that_are_no_text_are_named(tmp_path, raw, message):
    (tmp_path / "data.csv").write_bytes(raw)
    with pytest.raises(DataError, match=message):
        read_dataset(tmp_path / "data.csv")


def test_what_is_ambiguous_can_be_said(tmp_path):
    text = "0,1,2\n1,2,0\n3,4,1\n"
    assert read(tmp_path, text, header=True).X.tolist() == [[1, 2], [3, 4]]
    assert read(tmp_path, text, header=False).X.tolist() == [[0, 1], [1, 2], [3, 4]]
    text = "a;b;y\n1,234;2;0\n2,567;3;1\n"
    assert read(tmp_path, text, decimal=",").X[0, 0] == 1.234
    assert read(tmp_path, text, decimal=".").X[0, 0] == 1234.0


def test_columns_are_found_by_name_by_number_and_by_index(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,2,b,b\n1,2,3,4\n")
    table = read_table(path, header=True)
    assert [table.find(wanted) for wanted in ("a", "2", "1", "-1", 0, -2)] == [0, 1, 0, 3, 0, 2]
    for wanted, message in {
        "c": "no column is called 'c'; there are a, 2, b, b",
        "b": "columns 3 and 4 are both called 'b'; name one by its number",
        "5": "there is no column 5; columns are numbered from 1 to 4",
        "0": "there is no column 0",
        7: "target column 7 of 4; there is none",
    }.items():
        with pytest.raises(DataError, match=message):
            table.find(wanted)
    with pytest.raises(DataError, match="has no header, so no column 'a'; name a column by its number"):
        read_table(path, header=False).find("a")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    text = '# a comment\n\na,c,y\n1,"two\nlines",0\n\n3,"two\nlines",1\n5,z,x\n7,z,0\n'
    with pytest.raises(DataError, match=r"data.csv:9: column 3 is 'x' \(y\)"):
        read(tmp_path, text)


def outcome(path):
    """A data set and nothing, or nothing and why it was refused."""
    try:
        return read_dataset(path), ""
    except DataError as error:
        return None, str(error)


cells = st.one_of(
    st.floats(-1e6, 1e6).map(repr),
    st.integers(-99, 99).map(str),
    st.sampled_from(["red", "green", 'with "quotes"', "with, comma", "with; semicolon", "line\nbreak", "ä"]),
)


@given(
    rows=st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(["u", "v, w", "x"])), min_size=3
    ),
    delimiter=st.sampled_from(",;\t|"),
    terminator=st.sampled_from(["\n", "\r\n"]),
    header=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_python_writes_is_read_back(tmp_path_factory, rows, delimiter, terminator, header, encoding):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=terminator)
    writer.writerows([("a", "b", "class"), *rows] if header else rows)
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    found, refused = outcome(path)
    if found is None:  # two numbers in a row may look like names
        assert "--header" in refused
        return
    np.testing.assert_array_equal(found.X, [row[:2] for row in rows])
    assert [found.schema.classes[t] for t in found.T] == [row[2] for row in rows]


@given(st.lists(st.lists(cells, min_size=1, max_size=5), max_size=8), st.sampled_from(",;\t"))
def test_whatever_is_written_is_read_or_refused_in_one_line(tmp_path_factory, rows, delimiter):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found, refused = outcome(path)
    assert "\n" not in refused
    assert refused.startswith(str(path)) or found is not None
    if found is not None:
        assert np.isfinite(found.X).all()
        assert len(found.X) == len(found.T)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    path.write_bytes(raw)
    found, refused = outcome(path)
    assert refused.startswith(str(path)) or found is not None


COLUMNS = {
    "floats": lambda rng, n: rng.normal(size=n) * 10.0,
    "thousandths": lambda rng, n: np.round(rng.random(n) * 1000.0, 3),
    "small": lambda rng, n: rng.random(n) * 1e-5,
    "whole": lambda rng, n: rng.integers(-50, 50, n),
    "years": lambda rng, n: rng.integers(1990, 2020, n),
    "bools": lambda rng, n: np.arange(n) % 2 == 0,
    "towns": lambda rng, n: np.array(["Bath", "York"])[np.arange(n) % 2],
}
NAMES = {
    "letters": lambda n: list("abcdef"[:n]),
    "numbers": lambda n: list(range(n)),
    "years": lambda n: list(range(2019, 2019 + n)),
    "spaces": lambda n: [f"col {i}" for i in range(n)],
    "one name": lambda n: ["a"] * n,
}


@given(
    kinds=st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4),
    names=st.sampled_from(sorted(NAMES)),
    n=st.integers(2, 12),
    seed=st.integers(0, 2**16),
    how=st.fixed_dictionaries(
        {
            "sep": st.sampled_from(",;\t|"),
            "decimal": st.sampled_from(".,"),
            "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
            "lineterminator": st.sampled_from(["\n", "\r\n"]),
            "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
            "float_format": st.sampled_from([None, "%.3f", "%.2e"]),
        }
    ),
    labels=st.sampled_from(["header", "header and index", "none"]),
)
def test_what_pandas_writes_is_read_as_pandas_reads_it_or_refused(tmp_path_factory, kinds, names, n, seed, how, labels):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(seed)
    made = {i: COLUMNS[kind](rng, n) for i, kind in enumerate(kinds)}
    frame = pandas.DataFrame(made | {len(kinds): rng.normal(size=n)})
    frame.columns = NAMES[names](len(kinds) + 1)
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    frame.to_csv(path, header=labels != "none", index=labels == "header and index", **how)
    reading = {k: how[k] for k in ("sep", "decimal", "encoding")}
    before = tuple(int(part) for part in pandas.__version__.split(".")[:2]) < (3, 1)
    exact = {"float_precision": "round_trip"} if before else {}  # else one unit in the last place off; now never
    header, index = (None if labels == "none" else 0), (0 if "index" in labels else None)
    want = pandas.read_csv(path, header=header, index_col=index, **exact, **reading)
    found, refused = outcome(path)
    if found is None:
        assert "--header" in refused or "--decimal" in refused or refused.count(": column ") == 1
        return
    columns = [want.iloc[:, i].to_numpy() for i in range(len(kinds))]
    parts = [
        [column == "Bath", column == "York"] if kind == "towns" else [column] for kind, column in zip(kinds, columns)
    ]
    np.testing.assert_array_equal(found.X, np.array([x for part in parts for x in part], dtype=float).T)
    t = want.iloc[:, -1].to_numpy()
    np.testing.assert_array_equal(found.T if found.schema.classes is None else np.unique(t)[found.T], t)
