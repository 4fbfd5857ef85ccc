"""A command line's errors are one line, with what to type for help."""

from __future__ import annotations

import pytest

from viz.__main__ import main
from viz.arguments import Parser, UsageError


def test_an_error_is_raised_as_one_line_and_no_option_is_guessed():
    parser = Parser(prog="it")
    parser.add_argument("--number", type=int)
    for typed in (["--number", "x"], ["--num", "3"], ["--nonsense"], ["extra"]):
        with pytest.raises(UsageError, match=r"^it: .* \(it --help lists what there is\)$") as caught:
            parser.parse_args(typed)
        assert "\n" not in str(caught.value)


def test_parts_of_a_parser_say_their_own_name():
    top = Parser(prog="it")
    top.add_subparsers().add_parser("part").add_argument("--number", type=int)
    with pytest.raises(UsageError, match="^it part: argument --number"):
        top.parse_args(["part", "--number", "x"])


def test_the_pictures_command_line(capsys):
    assert main([], prog="liftgrad draw") == 2
    assert capsys.readouterr().err.startswith("liftgrad draw: ")
