"""What code names, and whether names are put together where nobody can know which."""

from __future__ import annotations

import argparse
import dis
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
import nn
from engine.lifting.trace.code_names import names_of, naming_instructions
from engine.lifting.trace.follow import Walk

PLACE, NAME = types.SimpleNamespace(k=2.0, k1=2.0), "k"
LAZY = types.ModuleType("lazy")
LAZY.state = {"k": 2.0}
exec(
    "def __getattr__(name):\n    if name != 'k':\n        raise AttributeError(name)\n    return state[name]\n",
    vars(LAZY),
)

PUT_TOGETHER = {
    "a formatted text": (lambda i: getattr(PLACE, f"k{i}"), True),
    "a sum of texts": (lambda i: getattr(PLACE, "k" + str(i)), True),
    "a formatted text, with a default": (lambda i: getattr(PLACE, f"k{i}", None), True),
    "a formatted global": (lambda i: globals()[f"k{i}"], True),
    "a text": (lambda i: getattr(PLACE, "k"), False),  # noqa: B009 - that is meant
    "a text, with a default, and another that is formatted": (lambda i: f"{i}{getattr(PLACE, 'k', None)}", False),
    "a variable from outside": (lambda i: f"{getattr(PLACE, NAME)}", False),
    "no name": (lambda i: f"k{i}", False),
}


@pytest.mark.parametrize("kind", PUT_TOGETHER)
def test_names_that_are_put_together(kind):
    f, expected = PUT_TOGETHER[kind]
    assert names_of(f.__code__).computed is expected


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from codes_in(inner)


MANY_NAMES = "; ".join(f"import m{k}; from m{k} import n{k}; a{k}.b{k}.c{k}()" for k in range(300))  # above 256
SUPER = "class A:\n def f(self, x):\n  match x:\n   case A(): return super().g, super(A, x).h(x), __class__"


@pytest.mark.parametrize(
    "text", [Path(argparse.__file__).read_text(), MANY_NAMES, SUPER], ids=["module", "many", "super"]
)
def test_instructions_are_those_that_dis_lists(text):
    naming = (
        "LOAD_GLOBAL",
        "LOAD_NAME",
        "LOAD_ATTR",
        "LOAD_METHOD",
        "IMPORT_NAME",
        "IMPORT_FROM",
        "LOAD_SUPER",
        "STORE_ATTR",
        "DELETE_ATTR",
    )
    for code in codes_in(compile(text, "text", "exec")):
        listed = [at for at in dis.get_instructions(code) if at.opname != "EXTENDED_ARG"]
        expected = [(at.opname, at.argval) if at.opname.startswith(naming) else ("", "") for at in listed]
        assert naming_instructions(code) == expected
        assert names_of(code).kinds >= any(at.opname == "MATCH_CLASS" for at in listed)


def test_names_in_texts_of_other_code():
    class Sides:
        left, right = 0.5, 1.5

    def read(names):
        return sum(getattr(Sides, name) for name in names)

    program = engine.lift(lambda x: x * read(("left", "right")))
    assert program(3.0) == 6.0
    Sides.left = 3.5
    assert program(3.0) == 15.0


def test_a_module_that_is_a_global_and_makes_an_attribute():
    program = engine.lift(lambda x: x * LAZY.k)
    assert program(3.0) == 6.0
    LAZY.state["k"] = 5.0
    assert program(3.0) == 15.0


def test_a_package_that_makes_attributes_is_not_followed_whole():
    model = nn.MLP(4, [3, 2])
    assert len(Walk().run(lambda x, t: nn.cross_entropy(model(x), t)).reads) < 1000
