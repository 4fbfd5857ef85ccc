"""A name means one thing in a package. `python tests/test_names.py` prints those that are defined twice."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from syntax import PACKAGES, ROOT, modules, nodes, tree

import engine
import nn
import viz

# These bear NumPy's names, which is what they stand in for; every command has a main.
STANDING_IN = {"engine.lifting.verify.functions", "engine.lifting.verify.elements"}
ENTRY = {"main"}
LIBRARIES = ("numpy", "jax")  # what a text is written for: `numpy_gather` and `jax_gather` do one thing, each its way
# Tests of what no module does alone.
ACROSS = {
    "engine": {
        "test_edges", "arrays/test_idioms", "lifting/test_agree", "lifting/test_golden", "lifting/test_never_wrong",
        "lifting/test_random_programs", "lifting/test_threads",
    },
    "nn": {"test_arguments", "test_gpt_recorded"},
    "viz": {"test_golden"},
}  # fmt: skip
UNTESTED = {"engine": {"version"}, "nn": set()}  # one string, which `test_docs` compares with the distribution's


def definitions(module: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield what a module defines for others to see: each name, and its definition."""
    for node in tree(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value] * len(names)
                yield from ((n.id, v) for n, v in zip(names, values) if isinstance(n, ast.Name))


@cache
def shared() -> set[tuple[str, str]]:
    """Names that another module of ours imports, and from where; the others matter in their own file alone."""
    every = [node for module in modules() for node in nodes(module)]
    froms = [n for n in every if isinstance(n, ast.ImportFrom) and n.module in modules()]
    return {(node.module or "", alias.name) for node in froms for alias in node.names}


def twice(package: str) -> dict[str, list[str]]:
    """Names that are shared and have more than one definition in a package; and where those are."""
    places: defaultdict[str, dict[str, ast.AST]] = defaultdict(dict)
    for module in modules():
        if module.split(".")[0] == package and module not in STANDING_IN:
            for name, definition in definitions(module):
                if (module, name) in shared() and name not in ENTRY:
                    places[name][module] = definition
    return {name: [*where] for name, where in sorted(places.items()) if differ(where) and not one_per_library([*where])}


def differ(where: dict[str, ast.AST]) -> bool:
    """Whether the definitions of a name are several."""
    return len(where) > 1 and len({ast.unparse(definition) for definition in where.values()}) > 1


def one_per_library(where: list[str]) -> bool:
    """Whether the definitions of a name are one thing, spelt once for each library."""
    return sorted(module.split(".")[-1].split("_")[0] for module in where) == sorted(LIBRARIES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_defined_once_in_a_package(package):
    assert twice(package) == {}


@pytest.mark.parametrize("package", [engine, nn, viz])
def test_no_module_or_package_has_the_name_of_a_public_function(package):
    functions = {name for name in package.__all__ if callable(getattr(package, name))}
    inside = {module.split(".")[1] for module in modules() if module.startswith(f"{package.__name__}.")}
    assert inside & functions == set()


def mirrored(package: str) -> set[str]:
    """The test files of a package, as paths of what they test."""
    folder = ROOT / "tests" / package
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("test_*.py")]
    return {str(path.parent / path.name.removeprefix("test_")) for path in paths}


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_are_named_after_what_they_test(package):
    files = [path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*.*")]
    named = {str(path.parent / path.stem.strip("_")) for path in files}
    named |= {str(path.parent / path.parent.name) for path in files}  # of a folder's own names
    across = {path.replace("test_", "") for path in ACROSS[package]}
    assert mirrored(package) - named == across


@pytest.mark.parametrize("package", UNTESTED)
def test_every_module_has_a_test_file_of_its_name(package):
    modules_ = [path.relative_to(ROOT / package).with_suffix("") for path in (ROOT / package).rglob("[!_]*.py")]
    assert set(map(str, modules_)) - mirrored(package) == UNTESTED[package]


if __name__ == "__main__":
    for package_name in PACKAGES:
        for name, where in twice(package_name).items():
            print(f"{name}: {', '.join(where)}")
