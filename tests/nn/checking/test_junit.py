"""Reports of tests in XML, read back."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from checked_files import LOOPS, PASSED, SEVERAL

from nn.checking.apart import Outcome
from nn.checking.checks import Check
from nn.checking.junit import as_junit, check_report
from nn.files import OutputError


def test_a_report_is_read_back():
    root = ET.fromstring(as_junit([PASSED, LOOPS, SEVERAL], "sentence", output=True))
    assert (root.tag, root.get("name")) == ("testsuites", "liftgrad check")
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "time")} == {
        "tests": "5", "failures": "1", "errors": "2", "time": "4.500",
    }  # fmt: skip
    assert [suite.get("name") for suite in root] == ["a.py", "b.py", "c.py"]
    for key in ("tests", "failures", "errors"):
        assert sum(int(suite.get(key)) for suite in root) == int(root.get(key))
    cases = root.findall("testsuite/testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases[:2]] == [
        ("a.py", "gradients"),
        ("b.py", "file"),
    ]
    assert [[child.tag for child in case] for case in cases] == [[], ["error"], [], ["failure"], ["error"]]
    assert root.find("testsuite/testcase/error").attrib == {"type": "timeout", "message": LOOPS.checks[0].message}
    failure = root.find("testsuite/testcase/failure")
    assert (failure.get("message"), failure.text) == ("W: no known mistake", "W: no known mistake\nW: in all entries")
    assert root.find("testsuite/system-out").text == "b.py printed:\nso"
    assert b"system-out" not in as_junit([LOOPS], "where", output=False)


def test_characters_that_xml_cannot_hold_are_replaced():
    odd = "a\0b\x1b[31m<&>\ud800\uffff \U0001f600"
    outcome = Outcome("caf\udce9.py", (Check("", "error", odd),), 0.0, odd, 9)
    root = ET.fromstring(as_junit([outcome], "equation", output=True))
    assert root.find("testsuite/testcase/error").get("message") == "a\ufffdb\ufffd[31m<&>\ufffd\ufffd \U0001f600"
    assert root[0].get("name") == "caf\\xe9.py"


def test_a_report_replaces_a_report_and_nothing_else(tmp_path):
    path = tmp_path / "out.xml"
    check_report(path, force=False)
    check_report(None, force=False)
    path.write_bytes(as_junit([PASSED], "kind", output=False))
    check_report(path, force=False)
    path.write_text("<testsuites name='pytest'/>")
    with pytest.raises(OutputError, match=r"out.xml: is there already, and is no report of liftgrad check; --force"):
        check_report(path, force=False)
    check_report(path, force=True)
