"""What a function can see of its surroundings: a walk over cells, globals, attributes and containers, in a fixed order.

Code says which names it reads; classes and modules (`owners`) are looked at for those names alone, objects and
containers (`kinds`, `numbers_held`) for all that they hold.
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Set
from typing import Any

from engine.lifting.trace import kinds, numbers_held
from engine.lifting.trace.code_names import names_of
from engine.lifting.trace.library import BUILTIN, LIBRARIES, has, is_library, is_plain, mro
from engine.lifting.trace.noting import GLOBAL
from engine.lifting.trace.observed import MISSING, Place
from engine.lifting.trace.owners import Owners
from engine.lifting.trace.repeatable import holds_unseen, is_repeatable, is_repeatable_builtin
from engine.value import Value

COPYING = (deque, defaultdict, OrderedDict)  # of which copies, sums and products are made by the class itself
MOST = 200_000  # objects that are followed; plain numbers in containers are not counted


class Walk(Owners):
    """A walk, and what it has seen; see `Notes` for its parameters.

    Parameters
    ----------
    absences
        Attributes that Values may have got.
    """

    def __init__(
        self,
        skipped: Set[tuple[int, Any]] = frozenset(),
        reading: Set[int] = frozenset(),
        absences: Iterable[Place] = (),
    ) -> None:
        super().__init__(skipped, reading)
        self.absences = absences
        self._seen: dict[int, tuple[int, Any]] = {}

    def run(self, fn: Callable[..., Any]) -> Walk:
        """Follow everything that a function can see."""
        self.stack.append(fn)
        for place in self.absences:
            self.watch(functools.partial(getattr, place.holder, place.key, MISSING), place)
        self._empty_stack()
        while self.follow_makers():
            self._empty_stack()
        self.look_at_libraries()
        self.look_at_texts()
        varies = self.varies
        while self.follow_makers(all_classes=True):
            self._empty_stack()
        self.asked = tuple(self._names)
        self.varies = varies  # whatever makes the objects that are there has run
        if self.computed:
            self.in_doubt = True
            self.more_attributes()
            self._empty_stack()
        self.watch_the_rest([x for _, x in self._seen.values() if type(x) is types.FunctionType])
        self.facts += [held for _, _, held in self.contents]
        self.lengths = [*self.sizes, *map(len, self.elements)]
        return self

    def _empty_stack(self) -> None:
        while self.stack or self.more_attributes():
            if len(self._seen) > MOST:
                self.cannot_follow(f"more than {MOST:,} objects")
                break
            self._visit(self.stack.pop())

    # --- one object ------------------------------------------------------------------------------------------------

    def _visit(self, x: Any) -> None:
        kind = type(x)
        if is_plain(kind):
            self.facts.append(x)
            self.plain.add(kind)
            return
        if issubclass(kind, (type, types.ModuleType)):
            self.visits[id(x)] = self.visits.get(id(x), 0) + 1
        if id(x) in self._seen:
            self.facts.append(self._seen[id(x)][0])
            if id(x) in self.met:
                self.met[id(x)] += 1
            return
        self._seen[id(x)] = len(self._seen), x
        self.facts.append(kind)
        if (id(x), None) in self.skipped:
            return
        if kind in kinds.OF_PYTHON:
            kinds.OF_PYTHON[kind](self, x)
        elif issubclass(kind, Value):
            self.values.append((x,))
            self.facts.append(x)
        elif kind is types.FunctionType:
            self._function(x)
        elif issubclass(kind, (type, types.ModuleType)):
            self.owner(x)
        else:
            self._object(x)

    def _function(self, f: types.FunctionType) -> None:
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            place = Place(f, name, f"{f.__qualname__}.{name}")
            self.watch(functools.partial(getattr, f, name), place, follow=name != "__code__")
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            self.watch(functools.partial(kinds.inside_cell, cell), Place(cell, "", f"the variable {name}"))
        if f.__dict__:
            self.mapping(f.__dict__, f"{f.__qualname__}.")
        else:
            self.bare.append(f)
        if not f.__code__.co_filename.startswith(LIBRARIES):
            self._code(f.__code__, f.__globals__)
        else:
            self.asks_kinds = self.asks_kinds or names_of(f.__code__).kinds
            if not is_repeatable(f):
                self.may_vary(f"the function {f.__qualname__}")

    def _code(self, code: types.CodeType, around: dict[str, Any]) -> None:
        names = names_of(code)
        self.take_names(names, around)
        if not names.repeatable:
            self.may_vary(f"what {code.co_name} does")
        for name in names.globals:
            self._global(name, around)
        for name in names.modules:
            self._imported(name, around)
        if names.files and "open" not in around:
            self.cannot_follow("a file that it opens")
        for inner in names.inner:
            self._code(inner, around)

    def _global(self, name: str, around: dict[str, Any]) -> None:
        place = Place(around, name, f"{GLOBAL}{name}")
        self.watch(functools.partial(around.get, name, MISSING), place, follow=name in around)
        if name not in around and name in vars(builtins):
            place = Place(vars(builtins), name, f"the builtin {name}")
            self.watch(functools.partial(vars(builtins).get, name, MISSING), place, follow=not _is_builtin(name))
            self.asks_class = self.asks_class or name == "type"
            if _is_builtin(name) and not is_repeatable_builtin(name):
                self.may_vary(place.called)
        elif name not in around and name in sys.modules:
            self._imported(name, around)

    def _imported(self, name: str, around: dict[str, Any]) -> None:
        """Follow a module that is imported where the function runs, by its own name or beside the function's."""
        package = str(around.get("__package__") or "")
        near = [name, f"{package}.{name}" if name else package] if package else [name]
        known = [full for full in near if full in sys.modules]
        self.unread = self.unread or not known
        for full in known:
            self.watch(
                functools.partial(sys.modules.get, full, MISSING), Place(sys.modules, full, f"the module {full}")
            )

    # --- anything else ---------------------------------------------------------------------------------------------

    def _object(self, x: Any) -> None:
        kind = type(x)
        if kind.__module__ == "engine.lifting.run.program" and kind.__name__ == "Program":
            self.stack.append(x.fn)  # a lifted program inside another is its function
            return
        self.asks_class = self.asks_class or kind is classmethod
        if is_library(kind) and not is_repeatable(x):
            self.may_vary(f"an object of type {kind.__qualname__}")
        self.facts += [base.__repr__(x) for base in BUILTIN if issubclass(kind, base)]
        known = numbers_held.follow(self, x) or kinds.follow(self, x)
        if known and is_library(kind) and kinds.attributes_of(x) is None:
            return
        self.objects.append(x)
        self.kinds.append(kind)
        self.class_of(kind)
        if not is_library(kind):
            self._derived(kind)
        as_arrays = not known and has(kind, "__array__") and numbers_held.as_arrays(self, x)
        seen = known or as_arrays
        if not (as_arrays and is_library(kind)):
            seen = self._attributes(x) or seen
            seen = numbers_held.as_buffer(self, x) or seen  # an array or a structure of C's
        if not seen and not is_library(kind):
            self.may_vary(f"an object of type {kind.__qualname__}")
        if not seen and kinds.may_change(kind):
            self.cannot_follow(f"an object of type {kind.__module__}.{kind.__qualname__}")

    def _derived(self, kind: type) -> None:
        """Note what an object has of the libraries' classes that its own is derived from."""
        unseen = [base for base in mro(kind) if is_library(base) and holds_unseen(base)]
        if unseen:
            self.may_vary(f"an object of a class derived from {unseen[0].__qualname__}")
        self.asks_class = self.asks_class or issubclass(kind, COPYING)

    def _attributes(self, x: Any) -> bool:
        kind = type(x)
        attributes, slots = kinds.attributes_of(x), kinds.slots_of(kind)
        if attributes is not None:
            self.mapping(attributes, f"{kind.__name__}.")
        for slot in slots:
            place = Place(x, slot.__name__, f"{kind.__name__}.{slot.__name__}")
            self.watch(functools.partial(kinds.inside_slot, slot, x), place)
        return attributes is not None or bool(slots)


def _is_builtin(name: str) -> bool:
    x = vars(builtins)[name]
    return isinstance(x, (types.BuiltinFunctionType, type))
