"""What a lifted text imports from the engine, as text of its own: the forms of rules, for a file that runs without it.

>>> print(carried({"exp": "exp"}, erf=False)[1][-1])
exp = ieee(math.exp, np.exp, 1)
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from engine import dispatch, error_function
from engine.errors import LiftError
from engine.rules import RULES, Rule


def carried(forms: Mapping[str, str], *, erf: bool) -> tuple[list[str], list[str]]:
    """Return the modules to import, and the definitions, in order.

    Parameters
    ----------
    forms
        Rules whose scalar forms are needed, and what each is called.
    erf
        Whether the error function of arrays is needed.

    Raises
    ------
    LiftError
        If a rule's source is not to be had, or is more than functions and numbers of its module.
    """
    bundle = _Bundle()
    for name, called in forms.items():
        bundle.scalar_form(RULES[name], called)
    if erf:
        bundle.name("erf", error_function)
    return sorted(bundle.imports), list(bundle.definitions.values())


class _NotCarriedError(Exception):
    """Something is more than plain functions and numbers."""


class _Bundle:
    """Definitions so far, each behind those that it needs."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.definitions: dict[str, str] = {}

    def scalar_form(self, rule: Rule, called: str) -> None:
        """Add a rule's scalar form, which answers by its array form where it raises."""
        try:
            module, (scalar, array) = _forms(rule)
            text = self.expression(scalar, module)
        except (OSError, TypeError, _NotCarriedError) as error:
            raise LiftError(
                f"The rule '{rule.name}' cannot be saved ({error}): write its scalar form with functions of its module."
            ) from None
        try:
            by_array = self.expression(array, module)
        except _NotCarriedError:  # a choice, which never raises
            self.definitions[called] = f"{called} = {text}"
            return
        self.name("ieee", dispatch)
        arity = len(rule.operands) + len(rule.fixed)
        self.definitions[called] = f"{called} = ieee({text}, {by_array}, {arity})"

    def expression(self, node: ast.expr, module: types.ModuleType) -> str:
        """Return an expression's text, and add what it mentions."""
        for name in _free(node):
            self.name(name, module)
        return ast.unparse(node)

    def name(self, name: str, module: types.ModuleType) -> None:
        """Add what a name of a module stands for."""
        if name in self.definitions or (name not in vars(module) and hasattr(builtins, name)):
            return
        value = vars(module).get(name)
        if isinstance(value, types.ModuleType):
            if value.__name__.partition(".")[0] not in {*sys.stdlib_module_names, "numpy"}:
                raise _NotCarriedError(f"it uses {value.__name__}")
            self.imports.add(f"import {value.__name__}" + (f" as {name}" if name != value.__name__ else ""))
            return
        if value is not None and _is_of_python(value):
            self.imports.add(f"from {value.__module__} import {value.__name__} as {name}")
            return
        node, text = _definition(name, module)
        for inner in (*_free(node), *_decorators(node)):
            if inner != name:
                self.name(inner, module)
        self.definitions[name] = "".join([*[f"@{called}\n" for called in _decorators(node)], text])


def _forms(rule: Rule) -> tuple[types.ModuleType, list[ast.expr]]:
    """Return the module of a rule, and its scalar and its array form as they are written there."""
    module = sys.modules[rule.pullback.__module__]
    node, _ = _definition(rule.pullback.__name__, module, decorated=True)
    assert isinstance(node, ast.FunctionDef)
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
    forms = [x for call in calls for x in call.args if not isinstance(x, ast.Constant)]
    if len(forms) < 2:
        raise _NotCarriedError("its forms are not written in its decorator")
    return module, forms[:2]


def _definition(name: str, module: types.ModuleType, *, decorated: bool = False) -> tuple[ast.stmt, str]:
    """Return what defines a name of a module, and its text."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        targets: list[Any] = node.targets if isinstance(node, ast.Assign) else []
        names = [x.id for target in targets for x in ast.walk(target) if isinstance(x, ast.Name)]
        is_function = isinstance(node, ast.FunctionDef) and node.name == name
        if is_function and not decorated and not all(_is_of_python(vars(module).get(x)) for x in _decorators(node)):
            break
        if is_function or name in names:
            return node, ast.get_source_segment(source, node) or ""
    raise _NotCarriedError(f"it uses {name}")


def _decorators(node: ast.stmt) -> list[str]:
    """Return the text of a function's decorators."""
    return [ast.unparse(x) for x in node.decorator_list] if isinstance(node, ast.FunctionDef) else []


def _is_of_python(value: Any) -> bool:
    """Whether something is a function of the standard library."""
    return isinstance(value, types.FunctionType) and value.__module__ in sys.stdlib_module_names


def _free(node: ast.AST) -> Iterator[str]:
    """Yield the names that a definition or an expression reads and does not bind, annotations apart."""
    read: dict[str, None] = {}
    bound: set[str] = set()
    for inner in _executed(node):
        if isinstance(inner, ast.Name):
            if isinstance(inner.ctx, ast.Load):
                read[inner.id] = None
            else:
                bound.add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
        elif isinstance(inner, ast.FunctionDef):
            bound.add(inner.name)
    yield from [name for name in read if name not in bound]


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all within it, without annotations and decorators."""
    yield node
    for name, field in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list"):
            for inner in field if isinstance(field, list) else [field]:
                if isinstance(inner, ast.AST):
                    yield from _executed(inner)
