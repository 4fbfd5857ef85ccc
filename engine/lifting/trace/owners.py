"""Classes and modules, of which the attributes matter that code names, and how those names are collected."""

from __future__ import annotations

import abc
import decimal
import functools
import os
import types
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from engine.attributes import stored_on
from engine.lifting.trace import kinds
from engine.lifting.trace.code_names import Names, words
from engine.lifting.trace.library import has, is_library, is_of_library, is_told, looks_up, mro, namespace
from engine.lifting.trace.noting import Notes
from engine.lifting.trace.observed import MISSING, Place
from engine.lifting.trace.repeatable import APART, is_repeatable, is_repeatable_text
from engine.value import Value

MAKERS = ("__init__", "__new__", "__post_init__")  # what runs where an object is made, and not where one is used
SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)  # where an object holds its attributes
READERS = ("open", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "imread", "read_text", "read_bytes")
STATE_OF: dict[str, Callable[[], Any]] = {  # what a library's function reads
    "getenv": lambda: os.environ,
    "getcontext": decimal.getcontext,
}
_NAME: Any = type.__dict__["__name__"]  # whatever a metaclass makes of it
_QUALNAME: Any = type.__dict__["__qualname__"]
OF_VALUES = ("grad", "label")  # attributes of a Value that may be read as they are
OF_FUNCTIONS = ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__")
OF_FILES = ("read_text", "read_bytes", "open")  # attributes of a path


class Owners(Notes):
    """Notes of a walk that knows which names code reads, and which classes and modules may have them."""

    def __init__(self, skipped: Set[tuple[int, Any]] = frozenset(), reading: Set[int] = frozenset()) -> None:
        super().__init__(skipped, reading)
        self._names: dict[str, None] = {}  # of attributes
        self._stored: dict[str, None] = {}  # of those that are set or deleted
        self.formats = self._prints = self.addressed = False  # as `Names` has it, of any code
        self._classes: list[type] = []  # that are no library's
        self._texts: dict[str, None] = {}  # names in texts of code
        self._spelled: dict[str, None] = {}  # names in texts that were seen, where they may be looked up
        self._scanned = 0  # facts that were searched for them
        self._owners: list[_Owner] = []
        self._handed = self.computed = False  # whether any code looks up names it is handed, and puts some together
        self._of_values: set[str] = set()  # attributes of Values that are read
        self._makers: dict[int, list[tuple[Callable[[], Any], Place]]] = {}  # of each class, not looked at so far
        self._apart: list[tuple[Callable[[], Any], Place]] = []  # methods that are asked for a text or a hash
        self._as_kinds: dict[int, int] = {}  # how often each class was met as that of an object
        self.asks_class = False  # whether code may have the class of an object, and make another
        self._asked_of: dict[int, set[str]] = {}  # attributes of modules that are globals, "" of what is not known
        self._looked_through = 0  # how many of the containers with Values
        self._with_attributes: set[int] = set()  # the Values that were looked at for what is stored on them

    def take_names(self, names: Names, around: dict[str, Any]) -> None:
        """Take the names that a piece of code reads, and how it reads them."""
        self._names.update(dict.fromkeys(names.attributes))
        self._stored.update(dict.fromkeys(names.stored))
        self.formats, self._prints = self.formats or names.formats, self._prints or names.prints
        self.addressed = self.addressed or names.addressed
        self._texts.update(dict.fromkeys(names.texts))
        for attribute, of in names.read_of:
            x = around.get(of)
            if issubclass(type(x), types.ModuleType):
                self._asked_of.setdefault(id(x), set()).add(attribute)
            elif attribute in OF_VALUES:
                self._of_values.add(attribute)
        self.asks_kinds = self.asks_kinds or names.kinds
        self.asks_class = self.asks_class or "__class__" in names.attributes
        self._handed, self.computed = self._handed or names.handed, self.computed or names.computed
        if names.of_namespace:
            self._owners.append(_Owner(around, "module", _name_of(around), only_spelled=True))

    def owner(self, x: Any) -> None:
        """Note a class or a module; what of it matters is known when all code has been seen."""
        if issubclass(type(x), types.ModuleType):
            self._module(x)
        elif is_library(x):
            self.libraries.append(namespace(x))
            if not is_repeatable(x):
                self.may_vary(f"the class {x.__qualname__}")
        else:
            self.watch(functools.partial(mro, x), Place(x, "__mro__", "the bases of a class"), follow=False)
            self._follow_kinds(mro(x)[1:])
            if issubclass(type(x), abc.ABCMeta):
                self.content(None, abc.get_cache_token)  # of what counts as an instance
            self.class_of(type(x))
            self._classes.append(x)
            held = namespace(x)
            self._owners.append(_Owner(held, "class", _QUALNAME.__get__(x)))
            names = tuple(held)
            self.checks.append((None, lambda: tuple(held) == names))
            self.content(None, lambda: (_NAME.__get__(x), _QUALNAME.__get__(x)))
            self._special(x, held)

    def _special(self, x: type, held: Mapping[str, Any]) -> None:
        """Follow what Python calls of a class without being told, and the members of an enumeration."""
        for name, special in list(held.items()):
            kind = type(special)
            called = name[:2] == "__" == name[-2:] and (has(kind, "__call__") or has(kind, "__get__"))
            if kind in SLOTS or not (called or name == "_member_map_"):
                continue
            place = functools.partial(held.get, name, MISSING), Place(x, name, f"a method {name}")
            if name in APART:
                self._apart.append(place)
            elif name in MAKERS and not issubclass(x, type):  # a metaclass makes whatever class is derived
                self._makers.setdefault(id(x), []).append(place)
            else:
                self.watch(*place)

    def follow_makers(self, *, all_classes: bool = False) -> bool:
        """Follow what makes objects of the classes that code can call, or of all, and what prints them; whether any."""
        every = all_classes or self.asks_class
        met = [k for k in self._makers if every or self.visits.get(k, 0) > self._as_kinds.get(k, 0)]
        places = [place for k in met for place in self._makers.pop(k)]
        if all_classes or self.prints:
            places += self._apart
            self._apart = []
        for place in places:
            self.watch(*place)
        return bool(places)

    def _follow_kinds(self, kinds: Iterable[type]) -> None:
        """Follow classes of which there are objects, or which such classes are derived from."""
        for kind in kinds:
            self._as_kinds[id(kind)] = self._as_kinds.get(id(kind), 0) + 1
            self.stack.append(kind)

    def _module(self, x: types.ModuleType) -> None:
        held, name = namespace(x), _name_of(namespace(x))
        library = is_of_library(x, name)
        self._owners.append(_Owner(held, "library" if library else "module", name, x))
        if library:
            self.libraries.append(held)
            return
        self.class_of(type(x))

    def _makes_attributes(self, owner: _Owner) -> None:
        """Follow a module's `__getattr__` (PEP 562) where it may be asked for what the module has not."""
        asked = self._asked(owner)
        if "__getattr__" in owner.namespace and ("" in asked or any(name not in owner.namespace for name in asked)):
            self._attribute(owner, "__getattr__")

    def _asked(self, owner: _Owner) -> Set[str]:
        """Return which attributes of a module are read; "" where it was met otherwise than as a global."""
        asked = self._asked_of.get(id(owner.module), {""})
        elsewhere = self.visits.get(id(owner.module), 0) > self.as_globals.get(id(owner.module), 0)
        return {*asked, ""} if elsewhere else asked

    def look_at_libraries(self) -> None:
        """Note what of libraries is read that may differ from run to run."""
        for owner in [owner for owner in self._owners if owner.kind == "library"]:
            asked = self._asked(owner)
            for name in sorted(owner.watched if "" in asked else asked & owner.watched):
                x = owner.namespace.get(name)
                if not is_repeatable(x) or isinstance(x, types.MethodType):
                    self.may_vary(f"{owner.name}.{name}")

    @property
    def prints(self) -> bool:
        """Whether code puts objects into texts that somebody reads: errors and entries that are looked up may do so."""
        if not self.formats or self._prints or "args" in self._names:
            return self.formats
        return any(issubclass(x, BaseException) or looks_up(x) for x in self._classes)

    def look_at_texts(self) -> None:
        """Note what texts may be used for, and whether code puts objects into some: they may say where these lie."""
        if not is_repeatable_text([x for x in self.facts if type(x) is str]):
            self.may_vary("a text that NumPy or a format may be handed")
        if self.asks_class and self.holds_array:
            self.may_vary("an array of which the class may be called: that leaves memory as it is")
        every = self.asks_class
        as_instances = [x for x in self._classes if every or self.visits.get(id(x), 0) > self._as_kinds.get(id(x), 0)]
        if self.prints and (self.addressed or any(not has(x, "__repr__", apart=object) for x in as_instances)):
            self.may_vary("a text of where an object lies")

    def class_of(self, kind: type) -> None:
        """Follow a class and its bases, those that are no library's."""
        self._follow_kinds([c for c in mro(kind) if c is not object and not is_library(c)])

    def more_attributes(self) -> bool:
        """Look up what the code seen so far names in the classes and modules seen so far; whether that leads on."""
        self._look_at_values()
        self._spell()
        names, spelled = list(self._names), list(self._spelled)
        for owner in list(self._owners):
            fresh = [] if owner.only_spelled else names[owner.looked :]
            if owner.kind == "value":  # of which there may be thousands, with few attributes each
                fresh = [name for name in owner.namespace if name in self._names]
            fresh += [name for name in spelled[owner.looked_spelled :] if name in owner.namespace]
            if owner.kind == "class":
                fresh += [name for name in self._stored if is_told(type(owner.namespace.get(name)))]
            owner.looked, owner.looked_spelled = len(names), len(spelled)
            for name in fresh:
                if name not in owner.watched:
                    self._attribute(owner, name)
            if self._handed and owner.kind == "module" and "" not in owner.watched:
                self._watch_length(owner)
            if owner.kind == "module" and owner.module is not None and "__getattr__" not in owner.watched:
                self._makes_attributes(owner)
            if self.in_doubt and owner.kind != "library":
                self._everything(owner)
        return bool(self.stack)

    def _look_at_values(self) -> None:
        """Note the Values met since, as owners of what is stored on them."""
        values = {id(v): v for container in self.values[self._looked_through :] for v in container}
        self._looked_through = len(self.values)
        fresh = [v for key, v in values.items() if key not in self._with_attributes]
        self._with_attributes.update(values)
        for v in fresh:
            if stored := stored_on(v):
                self._owners.append(_Owner(stored, "value", attribute_name(v)))
            if type(v) is not Value and not is_library(type(v)):
                self._of_own_class(v)

    def _of_own_class(self, v: Value) -> None:
        """Follow the class of a Value, if somebody has derived it, and its slots."""
        kind = type(v)
        self.objects.append(v)
        self.kinds.append(kind)
        self.class_of(kind)
        for slot in [slot for slot in kinds.slots_of(kind) if not is_library(slot.__objclass__)]:
            place = Place(v, slot.__name__, attribute_name(v, slot.__name__))
            self.watch(functools.partial(kinds.inside_slot, slot, v), place)

    def _watch_length(self, owner: _Owner) -> None:
        """Look again where a module has more, or less, than it had: names that it had not may be looked up."""
        owner.watched.add("")
        held, length = owner.namespace, len(owner.namespace)
        self.checks.append((None, lambda: len(held) == length))

    def _spell(self) -> None:
        """Collect names from the texts seen so far, which code may look up."""
        if self._handed:
            texts = [x for x in self.facts[self._scanned :] if type(x) is str and len(x) < 1000]
            self._scanned = len(self.facts)
            dotted = [text for text in texts if text.replace(".", "_").isidentifier()]
            seen = dict.fromkeys([word for text in dotted for word in words(text)])
            self._of_values |= {*OF_VALUES} & {*self._names, *seen}
            self._spelled.update(self._texts | seen)

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
            inner = owner.kind == "module" and issubclass(type(owner.namespace[name]), (type, types.ModuleType))
            if name not in owner.watched and not name[:2] == "__" == name[-2:] and not inner:
                self._attribute(owner, name)

    # --- attributes of Values, functions and paths ------------------------------------------------------------------

    def watch_the_rest(self, functions: list[types.FunctionType]) -> None:
        """Compare what is read of Values and functions themselves, and say where files are read by paths."""
        self._watch_values()
        self._watch_functions(functions)
        self._watch_paths()

    def _watch_values(self) -> None:
        """Compare those attributes of the Values that code reads as they are."""
        everyone = [v for values in self.values for v in values]
        if "grad" in self._of_values:
            self.gradients = True
            self.content(None, lambda: np.array([v.grad for v in everyone]).tobytes())
        if "label" in self._of_values:
            self.content(None, lambda: [(v._label, getattr(v._label, "place", ())) for v in everyone])

    def _watch_functions(self, functions: list[types.FunctionType]) -> None:
        """Compare what code reads of functions themselves."""
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


@dataclass
class _Owner:
    """A class or a module, of which the attributes matter that code names."""

    namespace: Mapping[str, Any]
    kind: str  # "class", "module", "library" or "value"
    name: str
    module: Any = None
    only_spelled: bool = False  # a function's own globals, where names may be looked up by texts
    looked: int = 0  # how many names were looked up
    looked_spelled: int = 0  # and how many of those in texts

    def __post_init__(self) -> None:
        self.watched: set[str] = set()


def attribute_name(value: Value, name: str = "") -> str:
    """Return what to call a Value's attribute, or without a name the Value.

    >>> attribute_name(Value(2.0, "w"), "k"), attribute_name(Value(2.0), "k")
    ('w.k', 'Value.k')
    """
    called = str(value._label) or type(value).__name__
    return f"{called}.{name}" if name else called


def _name_of(held: Mapping[str, Any]) -> str:
    return str(held.get("__name__", "a module"))
