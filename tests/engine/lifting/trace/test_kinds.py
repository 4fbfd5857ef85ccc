"""Containers and wrappers of known kinds are followed into what they hold."""

from __future__ import annotations

import collections
import contextvars
import functools
import io
import operator
import threading
import types
import weakref

import pytest

from engine.lifting.trace.kinds import attributes_of, follow, inside_cell, inside_slot, may_change, slots_of
from engine.lifting.trace.noting import Notes
from engine.lifting.trace.observed import MISSING

INNER = [0.5]


class Owner:
    attribute = INNER

    def method(self):
        return self

    @property
    def read(self):
        return INNER


class Names(Notes):
    def __init__(self):
        super().__init__()
        self.texts = []

    def named(self, texts):
        self.texts += texts


def variable():
    v = contextvars.ContextVar("v")
    v.set(INNER)
    return v


def cell():
    inner = INNER
    return (lambda: inner).__closure__[0]


OWNER = Owner()
HOLDERS = {
    "list": [INNER, object()],
    "tuple": (INNER, object()),
    "deque": collections.deque([INNER, object()]),
    "dict": {"a": INNER},
    "key": {("a", OWNER): 1},
    "proxy of a dict": types.MappingProxyType({"a": INNER}),
    "defaultdict": collections.defaultdict(list, a=INNER),
    "method": OWNER.method,
    "partial": functools.partial(print, INNER),
    "property": Owner.read,
    "getter": operator.itemgetter(INNER),
    "weak reference": weakref.ref(OWNER),
    "context variable": variable(),
    "variable": cell(),
    "method of C": INNER.append,
}


@pytest.mark.parametrize("kind", HOLDERS)
def test_what_it_holds_is_followed(kind):
    walk = Names()
    assert follow(walk, HOLDERS[kind])
    known = [*walk.stack, *walk.facts, *walk.held]
    inside = [y for x in known for y in (x if isinstance(x, tuple) else (x,))]
    wanted = (INNER, OWNER, Owner.read.fget)
    assert any(x is w or (isinstance(x, list) and INNER in x) for x in inside for w in wanted), known


def test_names_that_a_getter_looks_up():
    walk = Names()
    follow(walk, operator.attrgetter("a.b"))
    follow(walk, operator.methodcaller("c", 1, k=INNER))
    assert walk.texts == ["a.b", "c"]
    assert {"k": INNER} in walk.stack


def test_a_text_file_in_memory_is_compared_by_what_is_read():
    file, walk = io.StringIO("abc"), Notes()
    assert follow(walk, file)
    ((_, read, held),) = walk.contents
    file.read(1)
    assert read() != held


def test_an_object_of_another_kind_is_left_to_others():
    assert not follow(Notes(), OWNER)


def test_what_may_change_unseen():
    assert not may_change(type(len)) and not may_change(type(threading.Lock())) and not may_change(object)
    assert may_change(type(iter([]))) and may_change(memoryview)


class Slotted:
    __slots__ = ("empty", "full")


def test_attributes_slots_and_variables():
    x = Slotted()
    x.full = 1
    assert [inside_slot(slot, x) for slot in slots_of(Slotted)] in ([1, MISSING], [MISSING, 1])
    assert attributes_of(x) is None
    OWNER.own = 2
    assert attributes_of(OWNER) == {"own": 2}
    assert inside_cell(cell()) is INNER
    assert inside_cell(types.CellType()) is MISSING
