"""What code names, and whether names are put together where nobody can know which."""

from __future__ import annotations

import types

import pytest

import engine
import nn
from engine.lifting.trace.code_names import names_of
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
