"""Files are written whole, in the form their ending names, or one line says why not."""

import os
import subprocess
import sys

import pytest

import viz
from engine import Value
from viz import render
from viz.expression import evaluate


@pytest.fixture
def product():
    return Value(2.0, "x") * Value(3.0, "w")


@pytest.mark.parametrize(
    ("ending", "start"), [(".svg", b"<svg"), (".dot", b"digraph"), (".gv", b"digraph"), (".html", b"<!doctype html>")]
)
def test_what_needs_no_program_is_written(tmp_path, product, ending, start, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert viz.save(product, tmp_path / f"p{ending}").read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [f"p{ending}"]


@pytest.mark.skipif(not render.shutil.which("dot"), reason="needs Graphviz's dot")
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


def test_expressions_agree_with_python():
    result, names = evaluate("exp(-x**2/2) * maximum(w, 1) + 2**3", {"x": 0.5, "w": 3.0})
    result.backward()
    assert result.data == pytest.approx(8 + 3 * 2.718281828459045**-0.125)
    assert names["w"].grad == pytest.approx(2.718281828459045**-0.125)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + yy", "'yy' has no value; add yy=1.0:\n  x + yy\n      ^"),
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


@pytest.mark.parametrize("arguments", [("w*", "w=1"), ("w", "w=one"), ("w", "w=1", "u=2"), ("w", "w=1", "-o", "a.jpg")])
def test_the_commands_errors_are_short_and_leave_status_two(tmp_path, arguments):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert 0 < len(done.stderr.splitlines()) <= 3
