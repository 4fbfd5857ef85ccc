"""Values and programs show themselves as text, and as pictures where something that draws has registered itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine
import viz
from engine import Value, notebook


def a_program():
    program = engine.lift(lambda x: engine.total([v * v for v in x]))
    program([1.0, 2.0])
    return program


@pytest.mark.parametrize("make", [lambda: Value(1.0), a_program])
def test_without_a_drawing_only_text_and_formulas_are_shown(make, monkeypatch):
    monkeypatch.setattr(notebook, "show_svg", None)
    shown = make()
    formulas = {} if isinstance(shown, Value) else {"text/latex": shown.formulas()._repr_latex_()}
    assert shown._repr_mimebundle_() == {"text/plain": repr(shown)} | formulas


@pytest.mark.parametrize("make", [lambda: Value(1.0), a_program])
def test_what_has_registered_itself_draws(make, monkeypatch):
    monkeypatch.setattr(notebook, "show_svg", lambda shown: f"<svg>{type(shown).__name__}</svg>")
    shown = make()
    assert shown._repr_mimebundle_()["image/svg+xml"] == f"<svg>{type(shown).__name__}</svg>"


def test_viz_registers_itself():
    assert notebook.show_svg is viz.svg
    assert "<svg" in a_program()._repr_mimebundle_()["image/svg+xml"]


def test_a_program_that_was_not_traced_yet_has_no_picture():
    assert list(engine.lift(lambda x: x)._repr_mimebundle_()) == ["text/plain"]


def test_the_engine_alone_draws_nothing():
    code = "import engine; print(list(engine.Value(1.0)._repr_mimebundle_()))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "['text/plain']\n"
