"""How a Value shows itself."""

from __future__ import annotations

import sys

from engine import Value


def test_a_value_shows_itself_as_text_where_viz_is_not_loaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "viz", raising=False)
    assert Value(1.0)._repr_mimebundle_() == {"text/plain": "Value(1.0, grad=0.0)"}


def test_a_value_shows_its_graph_where_viz_is_loaded(monkeypatch):
    class Viz:
        @staticmethod
        def svg(root):
            return f"<svg>{root.data}</svg>"

    monkeypatch.setitem(sys.modules, "viz", Viz)
    assert Value(1.0)._repr_mimebundle_()["image/svg+xml"] == "<svg>1.0</svg>"


def test_a_value_is_formatted_as_its_number_and_without_a_format_as_itself():
    v = Value(2.0, "v")
    assert f"{v:.3f} {v:>6.1f} {v:e}" == "2.000    2.0 2.000000e+00"
    assert f"{v}" == repr(v) == str(v)
