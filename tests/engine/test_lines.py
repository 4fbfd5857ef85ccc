"""Which line a message points at: its author's, whatever library called back."""

from __future__ import annotations

import functools
import statistics

import numpy as np

from engine.lines import is_looked_through, user_line

LINE = "test_lines.py:{} '{}'"


def here() -> str:
    return user_line()  # line 16


def test_the_innermost_line_that_is_no_library_s():
    assert here() == LINE.format(16, "return user_line()  # line 16")


def test_numpy_and_the_standard_library_are_looked_through():
    def line(*_):
        lines.append(engine_line())
        return 1.0

    lines: list[str] = []
    engine_line = functools.partial(user_line)
    np.apply_along_axis(line, 0, np.ones(2))
    statistics.mean(map(line, [1.0]))
    assert set(lines) == {LINE.format(25, "lines.append(engine_line())")}


def test_code_without_a_file_has_a_line_as_well():
    scope = {"user_line": user_line}
    exec(compile("said = user_line()", "<typed>", "exec"), scope)
    assert scope["said"] == "<typed>:1"


def test_what_numpy_1_goes_through_between_its_caller_and_itself_is_looked_through():
    assert is_looked_through("<__array_function__ internals>")
    assert not is_looked_through("<stdin>")
