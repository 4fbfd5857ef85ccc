"""A file fits into a reading, a function on a screen. `python tests/test_sizes.py` prints what is longer."""

from __future__ import annotations

import ast

from syntax import modules, nodes

FILE, FUNCTION = 350, 30  # lines; of a function without its docstring
LONGER = {"engine.rules": 500}  # the calculus, a paragraph per operation
OPTIONS = {
    "nn.training.fit": {"fit"}
}  # a table of options, one per line, before a body that fits: without its signature


def lines(module: str) -> int:
    """The lines of a module's file."""
    return modules()[module].read_text(encoding="utf-8").count("\n")


def long_functions(module: str) -> dict[str, int]:
    """The functions of a module that are longer than a screen, and their lines."""
    functions = [n for n in nodes(module) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lengths = {f.name: _length(f, without_signature=f.name in OPTIONS.get(module, ())) for f in functions}
    return {name: length for name, length in lengths.items() if length > FUNCTION}


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef, *, without_signature: bool) -> int:
    first = function.body[0].lineno if without_signature else function.lineno
    return (function.end_lineno or 0) - first + 1 - _docstring(function)


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return 0
    return (first.end_lineno or 0) - first.lineno + 1


def test_a_file_is_read_in_one_sitting():
    assert {module: lines(module) for module in modules() if lines(module) > LONGER.get(module, FILE)} == {}


def test_a_function_fits_on_a_screen():
    assert {module: long_functions(module) for module in modules() if long_functions(module)} == {}


def test_what_may_be_longer_is():
    assert [module for module, most in LONGER.items() if not FILE < lines(module) <= most] == []
    for module, names in OPTIONS.items():
        options = [n for n in nodes(module) if isinstance(n, ast.FunctionDef) and n.name in names]
        assert {f.name for f in options if _length(f, without_signature=False) > FUNCTION} == names


if __name__ == "__main__":
    for module in modules():
        if lines(module) > LONGER.get(module, FILE):
            print(f"{module}: {lines(module)} lines")
        for name, length in long_functions(module).items():
            print(f"{module}.{name}: {length} lines")
