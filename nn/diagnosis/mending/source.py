"""The text of somebody's function, read out of its file and compiled again in another form.

>>> from engine.arguments import described
>>> definition(described).name, parameters(definition(described))
('described', ['x'])
"""

from __future__ import annotations

import ast
import linecache
import math
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import Any, TypeAlias

import numpy as np

from engine.lines import ENGINE, INSTALLED, OURS, STANDARD
from nn.diagnosis.alterations.authors import positions

Definition: TypeAlias = ast.FunctionDef | ast.Lambda
FUTURE = 0xFFF0000  # the flags of a code object that `from __future__ import` sets
OUTER = "_outer"
LAMBDA = "<lambda>"


def is_authors(function: object) -> bool:
    """Whether a function is written in Python by the author: not by a library, and not by us."""
    if not isinstance(function, FunctionType):
        return False
    file = function.__code__.co_filename
    if file.startswith("<") and hasattr(function, "__wrapped__"):  # what NumPy 1 makes of its own, without a file
        return is_authors(function.__wrapped__)
    return not file.startswith((ENGINE, STANDARD, *OURS)) and not any(name in file.split(os.sep) for name in INSTALLED)


def definition(function: FunctionType) -> Definition | None:
    """Return how a function is written, if its file says so and says the same as what runs."""
    code, text = function.__code__, "".join(linecache.getlines(function.__code__.co_filename))
    fitting = []
    for node in _definitions(text).get(code.co_firstlineno, ()):
        name = node.name if isinstance(node, ast.FunctionDef) else LAMBDA
        again = compiled(node, code, ()) if name == code.co_name else None
        if again is not None and _says(again) == _says(code):
            fitting.append(node)
    return fitting[0] if len(fitting) == 1 else None  # Python 3.10 does not tell two of one line apart


def _says(code: CodeType) -> tuple[object, ...]:
    """Return what a code says and where; not its instructions, which depend on what its file imports."""
    several = [x for x in code.co_consts if not (isinstance(x, str) and "<locals>" in x)]  # names, before Python 3.11
    inner = [_says(x) if isinstance(x, CodeType) else x for x in several]
    where = set(positions(code))
    return sorted(code.co_names), code.co_varnames, code.co_freevars, where, repr(inner)


@lru_cache(maxsize=16)
def _definitions(text: str) -> dict[int, list[Definition]]:
    """Return the functions of a file by the line that they begin in."""
    by_line: dict[int, list[Definition]] = {}
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return by_line
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            by_line.setdefault(min([node.lineno, *[x.lineno for x in decorators]]), []).append(node)
    return by_line


def parameters(node: Definition) -> list[str]:
    """Return the names of a function's parameters."""
    args = node.args
    several = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    return [x.arg for x in several]


def compiled(node: Definition, like: CodeType, free: tuple[str, ...]) -> CodeType | None:
    """Return the code of a function that is written so, where the variables of another and some more are free."""
    names = dict.fromkeys((*like.co_freevars, *free))
    outer = ast.parse(f"def {OUTER}({', '.join(names)}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [ast.Return(node) if isinstance(node, ast.Lambda) else node]
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(outer, node)], []))
    try:
        code = compile(module, like.co_filename, "exec", flags=like.co_flags & FUTURE, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return _code_within(_code_within(code, OUTER), like.co_name)


def _code_within(code: CodeType | None, name: str) -> CodeType | None:
    constants = code.co_consts if code is not None else ()
    return next((x for x in constants if isinstance(x, CodeType) and x.co_name == name), None)


@lru_cache(maxsize=64)
def is_formula(function: FunctionType) -> bool:
    """Whether a function is one expression that calls NumPy's and Python's mathematics alone: it may be tried."""
    tree, held = definition(function), function.__globals__
    body = tree.body[ast.get_docstring(tree) is not None :] if isinstance(tree, ast.FunctionDef) else [tree]
    if len(body) != 1 or not isinstance(body[0], (ast.Return, ast.Lambda)):
        return False
    return all(_is_mathematics(x.func, held) for x in ast.walk(body[0]) if isinstance(x, ast.Call))


def _is_mathematics(called: ast.expr, held: Mapping[str, Any]) -> bool:
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    module = held.get(called.value.id)
    is_numpys = module is np and isinstance(getattr(np, called.attr, None), np.ufunc)
    return module is math or is_numpys or (module is np and called.attr in ("where", "clip", "sum", "mean"))


def bound(code: CodeType, like: FunctionType, beside: dict[str, Callable[..., Any]]) -> FunctionType:
    """Return a function of a code with the variables of another, and what else is free in it."""
    cells = dict(zip(like.__code__.co_freevars, like.__closure__ or ()))
    cells |= {name: CellType(x) for name, x in beside.items()}
    closure = tuple(cells[name] for name in code.co_freevars)
    function = FunctionType(code, like.__globals__, like.__name__, like.__defaults__, closure)
    function.__kwdefaults__ = like.__kwdefaults__
    return function
