"""What a function can see of its surroundings: a walk over cells, globals, attributes and containers, in a fixed order.

Code says which names it reads; classes and modules are looked at for those names alone, objects and containers for all
that they hold.  What code and classes see is here, containers and wrappers are in `kinds`, arrays in `numbers_held`.
"""

from __future__ import annotations

import abc
import builtins
import decimal
import functools
import os
import sys
import types
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from engine.lifting.trace import kinds, numbers_held
from engine.lifting.trace.code_names import OF_VALUES, names_of, words
from engine.lifting.trace.library import BUILTIN, LIBRARIES, has, is_library, is_of_library, is_plain, mro, namespace
from engine.lifting.trace.observed import MISSING, Observed, Place
from engine.value import Value

MOST = 200_000  # objects that are followed; plain numbers in containers are not counted
SPECIAL = (types.FunctionType, classmethod, staticmethod)  # what Python calls without being told: __call__, say
READERS = ("open", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "imread", "read_text", "read_bytes")
STATE_OF: dict[str, Callable[[], Any]] = {  # what a library's function reads
    "getenv": lambda: os.environ,
    "getcontext": decimal.getcontext,
}
OF_FUNCTIONS = ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__")
OF_FILES = ("read_text", "read_bytes", "open")  # attributes of a path


class Walk(Observed):
    """A walk, and what it has seen.

    Parameters
    ----------
    skipped
        Marks of places that are not looked at.
    reading
        Which of the large arrays are read at each call.
    """

    def __init__(self, skipped: Set[tuple[int, Any]] = frozenset(), reading: Set[int] = frozenset()) -> None:
        super().__init__()
        self.skipped, self.reading = skipped, reading
        self.stack: list[Any] = []
        self._seen: dict[int, tuple[int, Any]] = {}
        self._names: dict[str, None] = {}  # of attributes
        self._spelled: dict[str, None] = {}  # names in texts that were seen
        self._scanned = 0  # facts that were searched for them
        self._owners: list[_Owner] = []  # classes and modules
        self._dynamic = self._computed = False  # whether any code looks up names by texts, and puts those together
        self._in_doubt = False  # whether what is met now is perhaps not looked at by the function
        self._watched: set[tuple[int, Any]] = set()
        self._of_values: set[str] = set()  # attributes of Values that are read

    def run(self, fn: Callable[..., Any]) -> Walk:
        """Follow everything that a function can see."""
        self.stack.append(fn)
        self._empty_stack()
        if self._computed:
            self._in_doubt = True
            self._more_attributes()
            self._empty_stack()
        self._watch_values()
        self._watch_functions()
        self._watch_paths()
        self.facts += [held for _, _, held in self.contents]
        self.lengths = [*map(len, self.mappings), *map(len, self.sequences)]
        return self

    def _empty_stack(self) -> None:
        while self.stack or self._more_attributes():
            if len(self._seen) > MOST:
                self.cannot_follow(f"more than {MOST:,} objects")
                break
            self._visit(self.stack.pop())

    def _watch_values(self) -> None:
        """Compare those attributes of the Values that code reads as they are."""
        everyone = [v for values in self.values for v in values]
        if "grad" in self._of_values or (self._dynamic and "grad" in self._names):
            self.content(None, lambda: np.array([v.grad for v in everyone]).tobytes())
        if "label" in self._of_values or (self._dynamic and "label" in self._names):
            self.content(None, lambda: [(v._label, getattr(v._label, "place", ())) for v in everyone])

    def _watch_functions(self) -> None:
        """Compare what code reads of functions themselves."""
        functions = [x for _, x in self._seen.values() if type(x) is types.FunctionType]
        for name in [name for name in OF_FUNCTIONS if name in self._names]:
            for f in functions:
                self.watch(
                    functools.partial(getattr, f, name), Place(f, name, f"{f.__qualname__}.{name}"), follow=False
                )

    def _watch_paths(self) -> None:
        """Say that files cannot be followed, where there are paths and code reads what they lead to."""
        reads = [name for name in OF_FILES if name in self._names]
        if reads and any(
            issubclass(x if issubclass(type(x), type) else type(x), PurePath) for x in (*self.held, *self.facts)
        ):
            self.cannot_follow(f"a file that it reads by {reads[0]}")

    # --- one object ------------------------------------------------------------------------------------------------

    def _visit(self, x: Any) -> None:
        kind = type(x)
        if is_plain(kind):
            self.facts.append(x)
            return
        if id(x) in self._seen:
            self.facts.append(self._seen[id(x)][0])
            if id(x) in self.met:
                self.met[id(x)] += 1
            return
        self._seen[id(x)] = len(self._seen), x
        self.facts.append(kind)
        if (id(x), None) in self.skipped:
            return
        if issubclass(kind, Value):
            self.values.append((x,))
            self.facts.append(x)
        elif kind is types.FunctionType:
            self._function(x)
        elif issubclass(kind, (type, types.ModuleType)):
            self._owner(x)
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
        if not f.__code__.co_filename.startswith(LIBRARIES):
            self._code(f.__code__, f.__globals__)

    def _code(self, code: types.CodeType, around: dict[str, Any]) -> None:
        names = names_of(code)
        self._names.update(dict.fromkeys(names.attributes))
        self._of_values |= {a for a, of in names.read_of if not isinstance(around.get(of), types.ModuleType)}
        self._dynamic, self._computed = self._dynamic or names.dynamic, self._computed or names.computed
        if names.of_namespace:
            self._owners.append(_Owner(around, "module", _name_of(around), only_spelled=True))
        for name in names.globals:
            self._global(name, around)
        for name in names.modules:
            self._imported(name, around)
        if names.files and "open" not in around:
            self.cannot_follow("a file that it opens")
        for inner in names.inner:
            self._code(inner, around)

    def _global(self, name: str, around: dict[str, Any]) -> None:
        place = Place(around, name, f"the global {name}")
        self.watch(functools.partial(around.get, name, MISSING), place, follow=name in around)
        if name not in around and name in vars(builtins):
            place = Place(vars(builtins), name, f"the builtin {name}")
            self.watch(functools.partial(vars(builtins).get, name, MISSING), place, follow=not _is_builtin(name))
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

    # --- classes and modules ---------------------------------------------------------------------------------------

    def _owner(self, x: Any) -> None:
        """Note a class or a module; what of it matters is known when all code has been seen."""
        if issubclass(type(x), types.ModuleType):
            self._module(x)
        elif not is_library(x):
            self.watch(functools.partial(mro, x), Place(x, "__mro__", "the bases of a class"), follow=False)
            self.stack += mro(x)[1:]
            if issubclass(type(x), abc.ABCMeta):
                self.content(None, abc.get_cache_token)  # of what counts as an instance
            self._class_of(type(x))
            held = namespace(x)
            self._owners.append(_Owner(held, "class", _name_of(held, "__qualname__")))
            names = tuple(held)
            self.checks.append((None, lambda: tuple(held) == names))
            for name, special in list(held.items()):
                if name[:2] == "__" == name[-2:] and isinstance(special, SPECIAL):
                    self.watch(functools.partial(held.get, name, MISSING), Place(x, name, f"a method {name}"))

    def _module(self, x: types.ModuleType) -> None:
        held, name = namespace(x), _name_of(namespace(x))
        library = is_of_library(x, name)
        self._owners.append(_Owner(held, "library" if library else "module", name, x))
        if library:
            return
        self._class_of(type(x))
        if "__getattr__" in held:  # what it has not, this makes
            self.watch(
                functools.partial(held.get, "__getattr__", MISSING), Place(x, "__getattr__", f"{name}.__getattr__")
            )

    def _class_of(self, kind: type) -> None:
        self.stack += [c for c in mro(kind) if c is not object and not is_library(c)]

    def _more_attributes(self) -> bool:
        """Look up what the code seen so far names in the classes and modules seen so far; whether that leads on."""
        self._spell()
        if self._dynamic:
            self._names.update(self._spelled)
        names, spelled = list(self._names), list(self._spelled)
        for owner in list(self._owners):
            source = spelled if owner.only_spelled else names
            fresh, owner.looked = source[owner.looked :], len(source)
            for name in fresh:
                self._attribute(owner, name)
            if self._in_doubt and owner.kind != "library":
                self._everything(owner)
        return bool(self.stack)

    def _spell(self) -> None:
        """Collect names from the texts seen so far, which code may look up."""
        if self._dynamic:
            texts = [x for x in self.facts[self._scanned :] if type(x) is str and len(x) < 1000]
            self._scanned = len(self.facts)
            self.spell([text for text in texts if text.replace(".", "_").isidentifier()])

    def spell(self, texts: list[str]) -> None:
        """Take the names in some texts for attributes that are read."""
        self._spelled.update(dict.fromkeys([word for text in texts for word in words(text)]))

    def named(self, texts: list[str]) -> None:
        """Take names that an `attrgetter` or a `methodcaller` looks up."""
        self._names.update(dict.fromkeys([word for text in texts for word in words(text)]))
        self._of_values |= {*OF_VALUES} & {*self._names}

    def _attribute(self, owner: _Owner, name: str) -> None:
        place = Place(owner.namespace, name, f"{owner.name}.{name}")
        read = functools.partial(owner.namespace.get, name, MISSING)
        owner.watched.add(name)
        if name not in owner.namespace:
            if owner.kind == "module":
                self.watch(read, place, follow=False)
            return
        x = owner.namespace[name]
        library = owner.kind == "library"
        if library and name in STATE_OF:
            self.stack.append(STATE_OF[name]())
        if library and (name in READERS or name.startswith("read_")) and callable(x):
            self.cannot_follow(f"what {owner.name}.{name} reads")
        self.watch(read, place, follow=not (library and (callable(x) or isinstance(x, types.ModuleType))))

    def _everything(self, owner: _Owner) -> None:
        """Follow everything that a class or a module holds, since names are looked up that nobody can know."""
        for name in list(owner.namespace):
            if name not in owner.watched and not name[:2] == "__" == name[-2:]:
                self._attribute(owner, name)

    # --- anything else ---------------------------------------------------------------------------------------------

    def _object(self, x: Any) -> None:
        kind = type(x)
        if kind.__module__ == "engine.lifting.run.program" and kind.__name__ == "Program":
            self.stack.append(x.fn)  # a lifted program inside another is its function
            return
        self.facts += [base.__repr__(x) for base in BUILTIN if issubclass(kind, base)]
        known = numbers_held.follow(self, x) or kinds.follow(self, x)
        if known and is_library(kind) and kinds.attributes_of(x) is None:
            return
        self.objects.append(x)
        self.kinds.append(kind)
        self._class_of(kind)
        as_arrays = not known and has(kind, "__array__") and numbers_held.as_arrays(self, x)
        seen = known or as_arrays
        if not (as_arrays and is_library(kind)):
            seen = self._attributes(x) or seen
            seen = numbers_held.as_buffer(self, x) or seen  # an array or a structure of C's
        if not seen and kinds.may_change(kind):
            self.cannot_follow(f"an object of type {kind.__module__}.{kind.__qualname__}")

    def _attributes(self, x: Any) -> bool:
        kind = type(x)
        attributes, slots = kinds.attributes_of(x), kinds.slots_of(kind)
        if attributes is not None:
            self.mapping(attributes, f"{kind.__name__}.")
        for slot in slots:
            place = Place(x, slot.__name__, f"{kind.__name__}.{slot.__name__}")
            self.watch(functools.partial(kinds.inside_slot, slot, x), place)
        return attributes is not None or bool(slots)

    def cannot_follow(self, what: str) -> None:
        """Note, once, what cannot be followed, unless it is not known whether the function looks at it."""
        self.blind = self.blind or ("" if self._in_doubt else what)

    # --- noting ----------------------------------------------------------------------------------------------------

    def content(self, holder: Any, read: Callable[[], Any]) -> None:
        """Have a call look whether what is read is still equal."""
        self.contents.append((holder, read, read()))

    def watch(self, read: Callable[[], Any], place: Place, follow: bool = True) -> None:
        """Have a call look whether something is still there, and follow it."""
        if place.mark in self.skipped or place.mark in self._watched:
            return
        self._watched.add(place.mark)
        x = read()
        self.reads.append(read)
        self.held.append(x)
        self.places.append(place)
        if follow:
            self.called.setdefault(id(x), place.called)
            self.stack.append(x)
        else:
            self.facts.append(x)

    def mapping(self, x: Mapping[Any, Any], called: str = "") -> None:
        """Follow what a dictionary holds: an object's attributes, or a dictionary of anybody's."""
        if called:
            self.called[id(x)] = called
        kinds.mapping(self, x)


@dataclass
class _Owner:
    """A class or a module, of which the attributes matter that code names."""

    namespace: Mapping[str, Any]
    kind: str  # "class", "module" or "library"
    name: str
    module: Any = None
    only_spelled: bool = False  # a function's own globals, where names may be looked up by texts
    looked: int = 0  # how many names were looked up

    def __post_init__(self) -> None:
        self.watched: set[str] = set()


def _is_builtin(name: str) -> bool:
    x = vars(builtins)[name]
    return isinstance(x, (types.BuiltinFunctionType, type))


def _name_of(held: Mapping[str, Any], key: str = "__name__") -> str:
    return str(held.get(key, held.get("__name__", "a class")))
