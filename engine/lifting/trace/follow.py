"""What a function can see of its surroundings: a walk over cells, globals, attributes and containers, in a fixed order.

The walk writes down *facts*, which are the same as long as what can be seen is, and *watches*, by which a call finds
out in microseconds that nothing was replaced: who held what, by identity, and the contents of arrays and buffers.
"""

from __future__ import annotations

import contextvars
import functools
import hashlib
import numbers
import operator
import os
import random
import re
import sys
import sysconfig
import threading
import types
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from engine.lifting.trace.code_names import names_of
from engine.value import Value

LARGE = 65_536  # bytes of an array that is compared where it lies
MOST = 200_000  # objects that are followed; plain numbers in containers are not counted
ENGINE = str(Path(__file__).resolve().parents[2])
INSTALLED = [sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")]
LIBRARIES = tuple([f"{path}{os.sep}" for path in (ENGINE, *INSTALLED)])
PLAIN = (
    int, float, complex, str, bytes, type(None), np.generic, range, slice, type(...), date, time, timedelta, np.dtype,
    numbers.Number, re.Pattern, np.ufunc, PurePath,
)  # fmt: skip
SPECIAL = (types.FunctionType, classmethod, staticmethod)  # what Python calls without being told: __call__, say
MISSING: Any = object()


@dataclass
class Walk:
    """What was found: facts, watches, the Values among it, and what could not be followed."""

    facts: list[Any] = field(default_factory=list)
    values: list[Iterable[Value]] = field(default_factory=list)  # in one container each
    reads: list[Callable[[], Any]] = field(default_factory=list)  # each is to give `held`, the very same object
    held: list[Any] = field(default_factory=list)
    sequences: list[Any] = field(default_factory=list)  # lists and other sequences, whose elements are to be the same
    elements: list[tuple[Any, ...]] = field(default_factory=list)
    lists: list[list[Value]] = field(default_factory=list)  # of Values alone
    copies: list[list[Value]] = field(default_factory=list)
    mappings: list[Mapping[Any, Any]] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)  # of all mappings, one after the other
    items: list[Any] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    kinds: list[type] = field(default_factory=list)  # the types of the objects, to be the same
    checks: list[Callable[[], bool]] = field(default_factory=list)  # of identity, in containers of other kinds
    contents: list[tuple[Callable[[], Any], Any]] = field(default_factory=list)  # to be equal
    blind: str = ""  # what cannot be followed
    grad: bool = False  # whether gradients of Values are read as numbers
    unread: bool = False  # whether a module that is named was not loaded

    _seen: dict[int, tuple[int, Any]] = field(default_factory=dict)
    _stack: list[Any] = field(default_factory=list)
    _names: dict[str, None] = field(default_factory=dict)  # of attributes
    _owners: list[_Owner] = field(default_factory=list)  # classes and modules

    def run(self, fn: Callable[..., Any]) -> Walk:
        """Follow everything that a function can see."""
        self._stack.append(fn)
        while self._stack or self._more_attributes():
            if len(self._seen) > MOST:
                self.blind = self.blind or f"more than {MOST:,} objects"
                break
            self._visit(self._stack.pop())
        if self.grad:
            self._content(lambda: np.array([v.grad for values in self.values for v in values]).tobytes())
        self.facts += [held for _, held in self.contents]
        return self

    # --- one object ------------------------------------------------------------------------------------------------

    def _visit(self, x: Any) -> None:
        if isinstance(x, PLAIN):
            self.facts.append(x)
            return
        if id(x) in self._seen:
            self.facts.append(self._seen[id(x)][0])
            return
        self._seen[id(x)] = len(self._seen), x
        self.facts.append(type(x))
        if isinstance(x, Value):
            self._value(x)
        elif isinstance(x, types.FunctionType):
            self._function(x)
        elif isinstance(x, (type, types.ModuleType)):
            self._owner(x)
        elif isinstance(x, np.ndarray):
            self._array(x)
        elif not self._known(x):
            self._object(x)

    def _value(self, x: Value) -> None:
        self.values.append((x,))
        self.facts.append(x)

    def _function(self, f: types.FunctionType) -> None:
        self._watch(functools.partial(getattr, f, "__code__"), follow=False)
        self._watch(functools.partial(getattr, f, "__defaults__"))
        self._watch(functools.partial(getattr, f, "__kwdefaults__"))
        for cell in f.__closure__ or ():
            self._watch(functools.partial(_inside_cell, cell))
        if f.__dict__:
            self._mapping(f.__dict__)
        if not f.__code__.co_filename.startswith(LIBRARIES):
            self._code(f.__code__, f.__globals__)

    def _code(self, code: types.CodeType, namespace: dict[str, Any]) -> None:
        names = names_of(code)
        self._names.update(dict.fromkeys(names.attributes))
        self.grad = self.grad or any(not isinstance(namespace.get(n), types.ModuleType) for n in names.grad_of)
        for name in names.globals:
            self._watch(functools.partial(namespace.get, name, MISSING), follow=name in namespace)
            if name not in namespace and name in sys.modules:
                self._watch(functools.partial(sys.modules.get, name, MISSING))
        self.unread = self.unread or any(n not in sys.modules for n in names.modules)
        if names.files and "open" not in namespace:
            self.blind = self.blind or "a file that it opens"
        for inner in names.inner:
            self._code(inner, namespace)

    def _owner(self, x: Any) -> None:
        """Note a class or a module; what of it matters is known when all code has been seen."""
        if isinstance(x, types.ModuleType):
            self._owners.append(_Owner(vars(x), _is_of_library(x, x.__name__), True))
        elif not is_library(x):
            self._watch(functools.partial(getattr, x, "__mro__"), follow=False)
            self._stack += x.__mro__[1:]
            namespace = vars(x)
            self._owners.append(_Owner(namespace, False, False))
            self._content(lambda: len(namespace))
            for name, special in list(namespace.items()):
                if name[:2] == "__" == name[-2:] and isinstance(special, SPECIAL):
                    self._watch(functools.partial(namespace.get, name, MISSING))

    def _more_attributes(self) -> bool:
        """Look up what the code seen so far names in the classes and modules seen so far; whether that leads on."""
        names = list(self._names)
        for owner in list(self._owners):
            fresh, owner.looked = names[owner.looked :], len(names)
            for name in fresh:
                if name in owner.namespace:
                    x = owner.namespace[name]
                    still = owner.library and (callable(x) or isinstance(x, types.ModuleType))
                    self._watch(functools.partial(owner.namespace.get, name, MISSING), follow=not still)
                elif owner.module and not owner.library:
                    self._watch(functools.partial(owner.namespace.get, name, MISSING), follow=False)
        return bool(self._stack)

    # --- containers ------------------------------------------------------------------------------------------------

    def _known(self, x: Any) -> bool:
        """Follow a container or a wrapper of a kind that is known; whether it was one."""
        if isinstance(x, (list, tuple, deque)):
            self._sequence(x)
        elif isinstance(x, (set, frozenset)):
            self._set(x)
        elif isinstance(x, (dict, types.MappingProxyType)):
            self._stack += [x.default_factory] if isinstance(x, defaultdict) else []
            self._mapping(x)
        elif isinstance(x, types.MethodType):
            self._stack += [x.__self__, x.__func__]
        elif isinstance(x, functools.partial):
            self._stack += [x.keywords, x.args, x.func]
        elif isinstance(x, (property, functools.cached_property, staticmethod, classmethod)):
            self._stack.append(getattr(x, "fget", None) or getattr(x, "func", None) or getattr(x, "__func__", None))
        elif isinstance(x, weakref.ref):
            self._watch(x)
        elif isinstance(x, contextvars.ContextVar):
            self._watch(functools.partial(x.get, MISSING))
        elif isinstance(x, types.CellType):
            self._watch(functools.partial(_inside_cell, x))
        elif isinstance(x, (types.BuiltinFunctionType, types.MethodWrapperType)):
            self._stack.append(x.__self__ if not isinstance(x.__self__, types.ModuleType) else None)
        elif isinstance(x, np.random.Generator):
            self._content(lambda: repr(x.bit_generator.state))
        elif isinstance(x, random.Random):
            self._content(x.getstate)
        else:
            return False
        if isinstance(x, (list, tuple, dict, set, deque)) and _attributes(x) is not None:
            self._object(x)
        return True

    def _sequence(self, x: Any) -> None:
        now = tuple(x)  # read once: another thread may be changing it
        kinds = set(map(type, now))
        self.facts.append(len(now))
        if kinds == {Value} and type(x) is list:
            self.lists.append(x)
            self.copies.append(list(now))
        elif not isinstance(x, tuple):
            self.sequences.append(x)
            self.elements.append(now)
        self._children(now, kinds)

    def _children(self, x: Iterable[Any], kinds: set[type]) -> None:
        if kinds == {Value}:
            self.facts += x
            self.values.append(tuple(x))
        elif all(issubclass(kind, PLAIN) for kind in kinds):
            self.facts += x
        else:
            self._stack += [*x][::-1]

    def _set(self, x: Any) -> None:
        elements = sorted(x, key=lambda v: (repr(type(v)), repr(v) if isinstance(v, PLAIN) else ""))
        self.facts.append(len(elements))
        if isinstance(x, set):
            self.checks.append(lambda: len(x) == len(elements) and {*map(id, x)} == {*map(id, elements)})
        self._children(elements, set(map(type, elements)))

    def _mapping(self, x: Mapping[Any, Any]) -> None:
        held = dict(x)  # read once: another thread may be changing it
        self.facts.append(len(held))
        if isinstance(x, types.MappingProxyType):
            self.checks.append(lambda: len(x) == len(held) and all(held.get(k, MISSING) is v for k, v in x.items()))
        else:
            self.mappings.append(x)
            self.keys += held
            self.items += held.values()
        self.facts += [k if isinstance(k, PLAIN) else type(k) for k in held]
        self._children(held.values(), set(map(type, held.values())))

    def _array(self, x: np.ndarray[Any, Any]) -> None:
        self.facts.append((x.shape, x.dtype.str))
        if x.dtype.hasobject:
            flat = x.reshape(-1).tolist()
            self.checks.append(lambda: all(map(operator.is_, x.reshape(-1).tolist(), flat)))
            self._children(flat, set(map(type, flat)))
        elif x.nbytes < LARGE or not x.flags.c_contiguous:
            self._content(lambda: (x.shape, x.tobytes()))
        else:
            held = x.copy()
            self.facts.append(hashlib.blake2b(_raw(held).tobytes()).digest())
            self.checks.append(lambda: x.shape == held.shape and np.array_equal(_raw(x), _raw(held)))

    # --- anything else ---------------------------------------------------------------------------------------------

    def _object(self, x: Any) -> None:
        kind: Any = type(x)
        if kind.__module__ == "engine.lifting.run.program" and kind.__name__ == "Program":
            self._stack.append(x.fn)  # a lifted program inside another is its function
            return
        self.objects.append(x)
        self.kinds.append(kind)
        seen = hasattr(kind, "__array__") and self._as_arrays(x)
        if not (seen and is_library(kind)):
            attributes = _attributes(x)
            if attributes is not None:
                self._mapping(attributes)
            for name in _slots(kind):
                self._watch(functools.partial(getattr, x, name, MISSING))
            held = self._as_buffer(x)  # an array or a structure of C's
            seen = seen or held or attributes is not None or bool(_slots(kind))
        self._owner_of(kind)
        if not seen and any(hasattr(kind, name) for name in ("__getitem__", "__iter__", "__float__", "__next__")):
            self.blind = self.blind or f"an object of type {kind.__module__}.{kind.__qualname__}"

    def _owner_of(self, kind: type) -> None:
        self._stack += [c for c in kind.__mro__ if c is not object and not is_library(c)]

    def _as_arrays(self, x: Any) -> bool:
        """Compare what a tensor or a data frame holds as arrays, its axes included."""

        def read() -> list[bytes]:
            whole = x.detach() if hasattr(x, "detach") else x
            arrays = [np.asarray(part) for part in (whole, *getattr(x, "axes", ()))]
            return [repr((a.shape, a.tolist())).encode() if a.dtype.hasobject else a.tobytes() for a in arrays]

        return self._tried(read)

    def _as_buffer(self, x: Any) -> bool:
        return self._tried(lambda: memoryview(x).tobytes())

    def _tried(self, read: Callable[[], Any]) -> bool:
        try:
            self._content(read)
        except Exception:  # of somebody else's class: whatever it raises, it cannot be read so
            return False
        return True

    def _content(self, read: Callable[[], Any]) -> None:
        """Have a call look whether what is read is still equal."""
        self.contents.append((read, read()))

    def _watch(self, read: Callable[[], Any], follow: bool = True) -> None:
        """Have a call look whether something is still there, and follow it."""
        x = read()
        self.reads.append(read)
        self.held.append(x)
        if follow:
            self._stack.append(x)
        else:
            self.facts.append(x)


@dataclass
class _Owner:
    """A class or a module, of which the attributes matter that code names."""

    namespace: Mapping[str, Any]
    library: bool
    module: bool
    looked: int = 0  # how many names were looked up


def _attributes(x: Any) -> dict[str, Any] | None:
    """Return an object's own attributes, without asking it."""
    if isinstance(x, threading.local):
        return vars(x)
    try:
        found = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return None
    return found if isinstance(found, dict) else None


def _raw(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return x.reshape(-1).view(np.uint8)


def _inside_cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # of a function that is still being defined
        return MISSING


@functools.lru_cache(maxsize=1000)
def _slots(kind: Any) -> tuple[str, ...]:
    found: list[str] = []
    for c in kind.__mro__:
        names = c.__dict__.get("__slots__", ())
        private = f"_{c.__name__.lstrip('_')}"
        names = [names] if isinstance(names, str) else list(names)
        found += [f"{private}{name}" if name[:2] == "__" != name[-2:] else name for name in names]
    return tuple([name for name in found if name not in ("__dict__", "__weakref__")])


@functools.lru_cache(maxsize=10_000)
def is_library(x: Any) -> bool:
    """Whether a class is of Python itself, of an installed package or of the engine: it is as it is."""
    return _is_of_library(sys.modules.get(x.__module__), x.__module__)


def _is_of_library(module: types.ModuleType | None, name: str) -> bool:
    file = getattr(module, "__file__", None)
    return name in sys.builtin_module_names and name != "__main__" if file is None else str(file).startswith(LIBRARIES)
