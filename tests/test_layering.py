"""Imports run one way: errors <- functions <- rules <- value <- transforms, check; engine <- viz <- nn."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "viz", "nn")

# What each module of the engine may import of ours.
ALLOWED = {
    "engine.errors": set(),
    "engine.tracing": set(),
    "engine.graph": set(),
    "engine.operands": {"engine.arguments"},
    "engine.functions": {"engine.arguments", "engine.operands"},
    "engine.tree": {"engine.arguments", "engine.errors"},
    "engine.rule": {"engine.functions"},
    "engine.rules": {"engine.functions", "engine.rule"},
    "engine.label": {"engine.arguments"},
    "engine.lines": set(),
    "engine.value": {"engine.arguments", "engine.label", "engine.tracing"},
    "engine.conditions": {"engine.tracing", "engine.value"},
    "engine.copying": {"engine.graph", "engine.rules", "engine.tracing", "engine.value"},
    "engine.operators": {
        "engine.arguments", "engine.conditions", "engine.copying", "engine.rule", "engine.rules", "engine.value",
    },
    "engine.differentiating": {
        "engine.errors", "engine.lines", "engine.rules", "engine.tracing", "engine.value",
    },
    "engine.transforms": {
        "engine.arguments", "engine.differentiating", "engine.errors", "engine.graph", "engine.rules",
        "engine.tracing", "engine.tree", "engine.value",
    },
    "engine.agreement": set(),
    "engine.arguments": set(),
    "engine.differences": {"engine.agreement"},
    "engine.rounding": {"engine.agreement", "engine.graph", "engine.rules", "engine.value"},
    "engine.testing": {
        "engine.agreement", "engine.differences", "engine.rules", "engine.transforms", "engine.value",
    },
    "engine.check": {
        "engine.agreement", "engine.arguments", "engine.differences", "engine.rounding", "engine.testing",
        "engine.transforms", "engine.tree", "engine.value",
    },
    "engine.watching": {"engine.lines", "engine.operators", "engine.value"},
    "engine.nonfinite": {"engine.arguments", "engine.graph", "engine.value", "engine.watching"},
    "nn.samples": set(),
    "nn.shapes": {"engine.arguments", "nn.samples"},
    "nn.matrix": {"engine.arguments", "nn.shapes"},
}  # fmt: skip

# Passes of lift share only these; no pass imports another, but for the parts that `arrange` is made of.
SHARED_BY_PASSES = {
    "engine.errors", "engine.graph", "engine.rule", "engine.rules", "engine.value", "engine.tracing",
    "engine.functions",
    "engine.lifting.ir", "engine.lifting.ops", "engine.lifting.exact", "engine.lifting.expr", "engine.lifting.views",
    "engine.lifting.names", "engine.lifting.external",
}  # fmt: skip
PARTS = {
    "arrange": {"choose", "layout", "sums"}, "choose": {"layout"}, "sums": {"choose", "contract", "layout"},
    "signed_zeros": {"zero_signs"},
}  # fmt: skip
PASSES = sorted(path.stem for path in (ROOT / "engine/lifting/passes").glob("[a-z]*.py"))


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    """Modules that a file imports, type-checking imports and imports inside functions of extras included."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(n)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for n in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(
                f"{node.module}.{a.name}"
                for a in node.names
                if (ROOT / node.module.replace(".", "/") / f"{a.name}.py").exists()
            )
    return found


def ours(found: set[str]) -> set[str]:
    return {m for m in found if m.split(".")[0] in PACKAGES}


ALL = dict(modules())


@pytest.mark.parametrize("module", ALL)
def test_packages_import_downwards_only(module):
    above = {"engine": {"viz", "nn"}, "viz": {"nn"}, "nn": set()}[module.split(".")[0]]
    assert not {m for m in imports(ALL[module]) if m.split(".")[0] in above | {"tests"}}


@pytest.mark.parametrize("module", [m for m in ALLOWED if m in ALL])
def test_the_engines_modules_import_what_they_may(module):
    allowed = ALLOWED[module] | {m.rsplit(".", 1)[0] for m in ALLOWED[module]}
    assert ours(imports(ALL[module])) <= allowed


@pytest.mark.parametrize("name", PASSES)
def test_no_pass_of_lift_imports_another(name):
    parts = {f"engine.lifting.passes.{part}" for part in PARTS.get(name, ())}
    allowed = SHARED_BY_PASSES | parts | {"engine", "engine.lifting", "engine.lifting.passes"}
    assert ours(imports(ALL[f"engine.lifting.passes.{name}"])) <= allowed


@pytest.mark.parametrize("module", [m for m in ALL if m.startswith("engine")])
def test_the_engine_needs_numpy_alone(module):
    import sys

    outside = {m.split(".")[0] for m in imports(ALL[module])} - {"engine", "numpy"}
    assert outside <= set(sys.stdlib_module_names)
