"""Our modules and the syntax of their files, which is read once, whichever test asks for it first."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from engine.collector import collector_paused

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "viz", "nn")


@cache
def modules() -> dict[str, Path]:
    """Every module of ours, and its file."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    names = [path.relative_to(ROOT).with_suffix("").parts for path in paths]
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for parts, path in zip(names, paths)}


@cache
def tree(module: str) -> ast.Module:
    """The syntax tree of a module."""
    with collector_paused():
        return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def nodes(module: str) -> list[ast.AST]:
    """Every node of a module's syntax tree."""
    return list(ast.walk(tree(module)))
