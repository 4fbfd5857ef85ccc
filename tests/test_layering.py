"""Imports run one way: engine <- viz <- nn, and within a package from room to room; nowhere in a circle."""

from __future__ import annotations

import ast
import sys
from functools import cache

from syntax import PACKAGES, ROOT, modules, nodes

# A room is a folder, or the modules of MODULES; it may import itself and the rooms that are named here.
CALCULUS = {"operations"}  # on any number: what stands below Value
ENGINE = CALCULUS | {"arrays", "engine"}
LIFTING = ENGINE | {"lifting", "engine.watching"}
VIZ = ENGINE | {"engine.watching", "engine's names", "viz"}
NETWORKS = ENGINE | {"engine's names", "shared by nn", "nn.reading", "nn"}
ROOMS = {
    "operations": set(),
    "arrays": CALCULUS,
    "engine": CALCULUS | {"arrays"},
    "engine.watching": ENGINE,  # where nodes come from
    "lifting": ENGINE | {"engine.watching"},  # what the stages hand on: steps, views, expressions
    "lifting.trace": LIFTING,
    "lifting.passes": LIFTING,
    "lifting.emit": LIFTING | {"lifting.passes"},
    "lifting.verify": LIFTING | {"lifting.trace", "lifting.emit"},
    "lifting.straight": LIFTING | {"lifting.emit"},  # past the arrays
    "lifting's pipeline": LIFTING | {"lifting.passes", "lifting.emit", "lifting.straight"},
    "lifting.run": LIFTING
    | {"lifting.trace", "lifting.passes", "lifting.emit", "lifting.verify", "lifting's pipeline", "engine.watching"},
    "lift": LIFTING
    | {"lifting.trace", "lifting.passes", "lifting.emit", "lifting.verify", "lifting's pipeline", "lifting.run"},
    "engine's names": ENGINE | {"lift", "lifting.run", "engine.watching"},
    "viz": VIZ,
    "viz.fold": VIZ,
    "viz.page": VIZ | {"viz.fold"},
    "viz's drawing": VIZ | {"viz.fold", "viz.page"},
    "viz's names": VIZ | {"viz.fold", "viz.page", "viz's drawing"},
    "shared by nn": ENGINE | {"engine's names"},
    "nn.reading": ENGINE | {"engine's names", "shared by nn"},
    "nn": NETWORKS,
    "nn.training": NETWORKS | {"lifting.run"},
    "nn.agreement": NETWORKS | {"nn.training"},
    "nn.diagnosis": NETWORKS
    | {"nn.training", "nn.agreement", "lifting"},  # formulas are printed as lifting prints them
    "nn's names": NETWORKS | {"nn.training", "nn.agreement", "nn.diagnosis"},
    "nn.layers": {"shared by nn", "nn.diagnosis"},
    "nn.checking": NETWORKS | {"nn.agreement", "nn.diagnosis"},
    "nn.command_line": NETWORKS
    | {"nn.training", "nn.agreement", "nn.diagnosis", "nn.checking", "nn's names"}
    | {"viz", "viz's drawing", "viz's names"},
}
MODULES = {
    "engine": "engine's names",
    **dict.fromkeys(
        (
            "engine.arguments", "engine.calls", "engine.choices", "engine.conditions", "engine.dispatch",
            "engine.error_function", "engine.errors", "engine.functions", "engine.node", "engine.number",
            "engine.operands", "engine.rule", "engine.lines", "engine.rules", "engine.sums", "engine.tracing",
            "engine.written",
        ),
        "operations",
    ),
    "engine.watching": "engine.watching",
    "nn.layers": "nn.layers",
    "engine.lifting": "lift",
    "engine.lifting.pipeline": "lifting's pipeline",
    **dict.fromkeys(
        ("viz.dot", "viz.lecture", "viz.program", "viz.operations", "viz.render", "viz.expression"), "viz's drawing"
    ),
    **dict.fromkeys(("viz", "viz.__main__"), "viz's names"),
    "nn": "nn's names",
    # What targets mean, how interrupts are met, what a problem is: below what they are about.
    **dict.fromkeys(
        (
            "nn.leaky", "nn.samples", "nn.shapes", "nn.files", "nn.training.scaling", "nn.training.targets",
            "nn.command_line.at_once", "nn.command_line.interrupts", "nn.command_line.sizes",
        ),
        "shared by nn",
    ),
    **dict.fromkeys(("nn.training.outputs", "nn.command_line.problems"), "nn"),
    **dict.fromkeys(("nn.__main__", "nn.gallery"), "nn.command_line"),
}  # fmt: skip


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports, inside functions too; not what only the type checker sees."""
    blocks = [b for b in nodes(module) if isinstance(b, ast.If) and getattr(b.test, "id", "") == "TYPE_CHECKING"]
    typing = {id(n) for block in blocks for n in ast.walk(block)}
    imported: set[str] = set()
    for node in nodes(module):
        if isinstance(node, ast.Import) and id(node) not in typing:
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and id(node) not in typing:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            imported.update(name if name in modules() else node.module for name in inner)
    return frozenset(imported)


def room(module: str) -> str:
    """The room that a module is in."""
    if module in MODULES:
        return MODULES[module]
    path = modules()[module]
    folders = (path.parent if path.stem != "__init__" else path.parent.parent).relative_to(ROOT).parts
    if folders[:1] == ("engine",) and folders[1:2] in (("arrays",), ("lifting",)):
        folders = folders[1:]
    return ".".join(folders[:2])


def beyond(module: str) -> set[str]:
    """What a module imports of ours that its room may not import."""
    ours = {imported for imported in imports(module) if imported in modules()}
    return {imported for imported in ours if room(imported) not in {room(module), *ROOMS[room(module)]}}


def test_a_room_imports_what_it_may():
    assert {(module, room(module)): beyond(module) for module in modules() if beyond(module)} == {}


def test_rooms_stand_above_one_another():
    """The table above has no circle of its own."""
    below = dict(ROOMS)
    while free := [name for name, under in below.items() if not under - {name} & below.keys() - {name}]:
        for name in free:
            del below[name]
    assert set(below) == set()
    assert {room(module) for module in modules()} == set(ROOMS)


def test_no_pass_imports_another():
    """Passes are what the pipeline calls; the ideas of one may lie in files of their own."""
    pipeline = {"engine.lifting", "engine.lifting.pipeline"} & modules().keys()
    passes = {m for driver in pipeline for m in imports(driver) if m in modules() and room(m) == "lifting.passes"}
    assert len(passes) > 5
    rooms = [module for module in modules() if room(module) == "lifting.passes"]
    assert {module: passes & imports(module) for module in rooms if passes & imports(module)} == {}


def test_the_engine_needs_numpy_alone():
    optional = {"jax", "jaxlib"}  # imported where a program is asked for on JAX
    known = {"engine", "numpy", *optional, *sys.stdlib_module_names}
    imported = {(m, name) for m in modules() if m.split(".")[0] == "engine" for name in imports(m)}
    assert {(module, name) for module, name in imported if name.split(".")[0] not in known} == set()


def test_the_hand_derived_matrices_import_no_calculus():
    """Neither themselves nor through what they import."""
    reached, ahead = set(), ["nn.matrix"]
    while ahead:
        module = ahead.pop()
        reached.add(module)
        ahead += [m for m in imports(module) if m in modules() and m not in reached]
    assert reached <= {"nn.matrix", "nn.derivatives", "nn.leaky", "nn.shapes", "nn.samples", "engine.arguments"}


def test_nothing_of_ours_is_imported_from_the_tests_or_by_name():
    for module in modules():
        assert not {m for m in imports(module) if m.split(".")[0] == "tests"}, module
        calls = [n for n in nodes(module) if isinstance(n, ast.Call) and n.args]
        by_name = [n.args[0] for n in calls if ast.unparse(n.func).endswith(("import_module", "__import__"))]
        ours = [a.value for a in by_name if isinstance(a, ast.Constant) and a.value.split(".")[0] in PACKAGES]
        assert ours == [], module


def circles() -> list[set[str]]:
    """Modules that import one another, directly or through others."""
    reached = {module: set(imports(module)) & modules().keys() for module in modules()}
    while True:
        further = {m: inner | {n for i in inner for n in reached[i]} for m, inner in reached.items()}
        if further == reached:
            break
        reached = further
    found = {frozenset(n for n in inner if m in reached[n]) for m, inner in reached.items() if m in inner}
    return sorted(map(set, found), key=sorted)


def test_no_modules_import_one_another():
    assert circles() == []
