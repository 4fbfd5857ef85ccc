"""How an origin is said."""

from __future__ import annotations

from engine.watching import CallSite, Origin

NET, NORM = CallSite("net", "dir/model.py"), CallSite("rmsnorm", "dir/model.py", 60)


def test_a_variable_with_its_path_function_and_line():
    origin = Origin("q", (3, "k"), (NET,), (NET, NORM), (0, 2), "dir/model.py", 41)
    assert origin.name == "q[3]['k']"
    assert str(origin) == "`q[3]['k']` in rmsnorm, model.py:41"
    assert origin.place == ("dir/model.py", 41)


def test_without_a_variable_the_line_is_said_alone():
    assert str(Origin("", (), (), (NET,), (0,), "dir/model.py", 7)) == "net, model.py:7"
    assert str(Origin("", (), (), (), (), "dir/model.py", 7)) == "model.py:7"


def test_calls_of_one_function_from_one_line_are_one_place():
    assert CallSite("f", "a.py", 3) == CallSite("f", "a.py", 3) != CallSite("f", "a.py", 4)
