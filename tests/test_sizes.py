"""A file fits into a reading, a function on a screen. `python tests/test_sizes.py` prints what is longer."""

from __future__ import annotations

import ast

import pytest
from test_layering import modules

FILE, FUNCTION = 350, 30  # lines; of a function without its docstring
LONGER = {"engine.rules": 500}  # the calculus, a paragraph per operation
FUNCTIONS_LEFT = {  # to be shortened
    "engine.lifting": {"lift"},
    "engine.lifting.emit.jax_gather": {"write_scatter"},
    "engine.lifting.emit.jax_source": {"emit_for_jax"},
    "engine.lifting.passes.differentiate": {"_contribute"},
    "engine.lifting.passes.normalise": {"_sum_of"},
    "engine.lifting.run.on_jax": {"on_jax"},
    "engine.lifting.run.program": {"_call"},
    "engine.lifting.trace.follow": {"_known"},
    "engine.lifting.verify.proof": {"_differs"},
    "engine.lifting.verify.verify": {"beside_the_function"},
    "nn.training.fit": {"fit"},
}
FILES_LEFT = {  # to be split
    "engine.lifting.passes.arrange",
    "engine.lifting.passes.differentiate",
    "engine.lifting.run.program",
    "engine.lifting.trace.follow",
    "engine.lifting.verify.elements",
}


def lines(module: str) -> int:
    """The lines of a module's file."""
    return modules()[module].read_text(encoding="utf-8").count("\n")


def long_functions(module: str) -> dict[str, int]:
    """The functions of a module that are longer than a screen, and their lines."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 - _docstring(f) for f in functions}
    return {name: length for name, length in lengths.items() if length > FUNCTION}


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return 0
    return (first.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("module", modules())
def test_a_file_is_read_in_one_sitting(module):
    assert lines(module) <= LONGER.get(module, FILE) or module in FILES_LEFT


@pytest.mark.parametrize("module", modules())
def test_a_function_fits_on_a_screen(module):
    assert long_functions(module).keys() <= FUNCTIONS_LEFT.get(module, set())


def test_what_is_left_is_still_too_long():
    here = modules()
    assert {m for m in FILES_LEFT if m not in here or lines(m) <= FILE} == set()
    assert {m for m in FUNCTIONS_LEFT if m not in here or not FUNCTIONS_LEFT[m] <= long_functions(m).keys()} == set()


if __name__ == "__main__":
    for module in modules():
        if lines(module) > LONGER.get(module, FILE):
            print(f"{module}: {lines(module)} lines")
        for name, length in long_functions(module).items():
            print(f"{module}.{name}: {length} lines")
