"""Tables, reports and JSON of what was found."""

from __future__ import annotations

import json

from checked_files import LOOPS, PASSED, SEVERAL, WRONG, all_checks

from nn.checking.apart import Outcome
from nn.checking.listing import as_json, printed, report, shown, table, unseen


def test_a_line_per_file_says_what_is_wrong_and_where(tmp_path):
    (tmp_path / "w.py").write_text(WRONG)
    wrong = Outcome("w.py", tuple(all_checks(tmp_path / "w.py")))
    assert table([PASSED, LOOPS, SEVERAL, wrong], "kind") == [
        "file  verdict  where          mistake",
        "a.py  right",
        "b.py  timeout                           took longer than 3 seconds; it was ended.",
        "c.py  unnamed  f_backward: W            and 1 more of 3 functions",
        "w.py  named    layers.0       no-slope",
        "",
        "1 of 4 right",
    ]
    assert "no-slope" not in "\n".join(table([wrong], "where"))
    assert report(wrong, "sentence")[0] == "layers.0: the activation's derivative f'(z) is missing [no-slope]"
    assert report(wrong, "equation")[0].startswith("parameter   verdict")


def test_a_report_of_several_functions():
    assert report(SEVERAL, "where") == ["gradients: right", "f_backward: wrong in W", LOOPS.checks[0].message]


def test_json_is_strict_and_whole():
    read = json.loads(as_json([PASSED, LOOPS, SEVERAL], "equation", output=True), parse_constant=lambda x: 1 / 0)
    assert (read["right"], read["of"]) == (1, 3)
    assert [set(file) for file in read["files"]] == [{"file", "verdict", "seconds", "printed", "checks", "output"}] * 3
    assert read["files"][1] == {
        "file": "b.py", "verdict": "timeout", "seconds": 3.0, "printed": 3, "output": "so\n",
        "checks": [{"function": "", "verdict": "timeout", "message": LOOPS.checks[0].message}],
    }  # fmt: skip
    assert read["files"][2]["checks"][1]["diagnosis"]["parameters"] == [
        {"parameter": "W", "verdict": "unnamed", "units": None, "relative": None, "note": "in all entries"}
    ]
    assert "output" not in json.loads(as_json([LOOPS], "where", output=False))["files"][0]


def test_what_was_printed_says_how_much_is_left_out():
    assert printed(LOOPS) == ["b.py printed:", "so"]
    assert printed(Outcome("b.py", LOOPS.checks, 1.0, "so", 5000))[-1] == "... 5,000 bytes in all"
    assert printed(PASSED) == unseen(PASSED) == []
    assert unseen(LOOPS) == ["b.py printed 3 bytes: --output"]


def test_names_of_any_bytes_can_be_printed():
    assert shown("caf\udce9.py") == "caf\\xe9.py"
