"""Containers and wrappers of known kinds, and how each is followed; the attributes and slots of any object."""

from __future__ import annotations

import contextvars
import decimal
import functools
import gc
import io
import operator
import threading
import types
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lifting.trace.library import has, is_plain, mro, namespace
from engine.lifting.trace.observed import MISSING, Place
from engine.value import Value

if TYPE_CHECKING:
    from engine.lifting.trace.noting import Notes

OPEN = ("__getitem__", "__iter__", "__float__", "__next__", "__enter__")  # what hands out what it holds
UNCHANGING = (types.CodeType, types.GenericAlias, type(threading.Lock()), type(threading.RLock()), type(NotImplemented))


def may_change(kind: type) -> bool:
    """Whether objects that cannot be looked into may hold what changes: functions and descriptors of C do not."""
    if issubclass(kind, UNCHANGING) or kind is object:
        return False
    return any(has(kind, name) for name in OPEN) or not (has(kind, "__call__") or has(kind, "__get__"))


def follow(walk: Notes, x: Any) -> bool:
    """Follow a container or a wrapper of a kind that is known; whether it was one."""
    for kinds, how in KINDS:
        if issubclass(type(x), kinds):
            how(walk, x)
            return True
    return False


# --- containers ----------------------------------------------------------------------------------------------------


def _sequence(walk: Notes, x: Any) -> None:
    now = tuple(x)  # read once: another thread may be changing it
    kinds = set(map(type, now))
    walk.facts.append(len(now))
    if kinds == {Value} and type(x) is list:
        walk.lists.append(x)
        walk.copies.append(list(now))
    elif not isinstance(x, tuple):
        walk.sequences.append(x)
        walk.elements.append(now)
    children(walk, now, kinds)


def children(walk: Notes, x: Iterable[Any], kinds: set[type]) -> None:
    """Follow what a container holds."""
    if kinds == {Value}:
        walk.facts += x
        walk.values.append(tuple(x))
    elif all(map(is_plain, kinds)):
        walk.facts += x
        walk.plain |= kinds
    else:
        walk.stack += [*x][::-1]


def _set(walk: Notes, x: Any) -> None:
    walk.may_vary("a set, of which the order is that of addresses")
    elements = sorted(x, key=lambda v: (repr(type(v)), repr(v) if is_plain(type(v)) else ""))
    walk.facts.append(len(elements))
    if isinstance(x, set):
        identities = {*map(id, elements)}
        walk.checks.append((x, lambda: len(x) == len(identities) and {*map(id, x)} == identities))
    children(walk, elements, set(map(type, elements)))


def mapping(walk: Notes, x: Mapping[Any, Any]) -> None:
    """Follow the keys and the items of a dictionary, apart from those that are skipped."""
    held = dict(x)  # read once: another thread may be changing it
    skipped = [key for key in held if (id(x), key) in walk.skipped] if walk.skipped else []
    if skipped:
        _items(walk, x, [key for key in held if key not in skipped])
        return
    walk.facts.append(len(held))
    if issubclass(type(x), types.MappingProxyType):
        walk.checks.append((x, lambda: len(x) == len(held) and all(held.get(k, MISSING) is v for k, v in x.items())))
    else:
        walk.mappings.append(x)
        walk.keys += held
        walk.items += held.values()
        walk.sizes.append(len(held))
    keys = set(map(type, held))
    walk.plain |= keys
    walk.facts += [k if is_plain(type(k)) else type(k) for k in held]
    walk.stack += [] if all(map(is_plain, keys)) else [k for k in held if not is_plain(type(k))]
    values = held.values()
    kinds = set(map(type, values))
    if not all(map(is_plain, kinds)) and len(held) < 1000:
        for key, value in held.items():
            walk.called.setdefault(id(value), walk.item(x, key))
    children(walk, values, kinds)


def _items(walk: Notes, x: Mapping[Any, Any], keys: list[Any]) -> None:
    """Follow some items of a dictionary, one by one."""
    for key in keys:
        walk.facts.append(key if is_plain(type(key)) else type(key))
        walk.plain.add(type(key))
        walk.watch(functools.partial(x.get, key, MISSING), Place(x, key, walk.item(x, key)))


def _defaultdict(walk: Notes, x: Any) -> None:
    walk.stack.append(x.default_factory)
    mapping(walk, x)


# --- wrappers ------------------------------------------------------------------------------------------------------


def _partial(walk: Notes, x: Any) -> None:
    walk.stack += [x.keywords, x.args, x.func]


def _method(walk: Notes, x: Any) -> None:
    walk.stack += [x.__self__, x.__func__]


def _descriptor(walk: Notes, x: Any) -> None:
    walk.stack += [getattr(x, name) for name in ("func", "__func__", "fdel", "fset", "fget") if hasattr(x, name)]


def _getter(walk: Notes, x: Any) -> None:
    """Follow an `attrgetter`, a `methodcaller` or an `itemgetter`: what it looks up, and what it passes."""
    maker, arguments = x.__reduce__()[:2]
    if isinstance(maker, functools.partial):  # a methodcaller with keywords
        walk.stack.append(maker.keywords)
        arguments = (*maker.args, *arguments)
    walk.stack += [*arguments][::-1]
    if not issubclass(type(x), operator.itemgetter):
        walk.named([text for text in arguments if isinstance(text, str)])


def _builtin(walk: Notes, x: Any) -> None:
    of_module = issubclass(type(x.__self__), types.ModuleType)
    walk.stack.append(x.__name__ if of_module or x.__self__ is None else x.__self__)


def _ufunc(walk: Notes, x: Any) -> None:
    walk.facts.append(x)
    walk.stack += [held for held in gc.get_referents(x) if callable(held)]  # the function of `np.frompyfunc`


def _proxy(walk: Notes, x: Any) -> None:
    walk.watch(functools.partial(_behind, x), Place(x, "", "what a weak reference is of"))


def _behind(proxy: Any) -> Any:
    try:
        return proxy.__getattribute__.__self__  # of what it stands for
    except ReferenceError:
        return MISSING


def _of_context(x: contextvars.ContextVar[Any]) -> Any:
    try:
        return x.get()
    except LookupError:
        return MISSING


def _text_file(walk: Notes, x: Any) -> None:
    walk.content(x, lambda: (x.closed, None if x.closed else (x.tell(), x.getvalue())))


KINDS: tuple[tuple[Any, Callable[[Notes, Any], None]], ...] = (
    ((list, tuple, deque), _sequence),
    ((set, frozenset), _set),
    (defaultdict, _defaultdict),
    ((dict, types.MappingProxyType), mapping),
    (types.MethodType, _method),
    (functools.partial, _partial),
    ((property, functools.cached_property, staticmethod, classmethod), _descriptor),
    (weakref.ref, lambda walk, x: walk.watch(functools.partial(weakref.ref.__call__, x), Place(x, "", "a weakref"))),
    ((weakref.ProxyType, weakref.CallableProxyType), _proxy),
    (
        contextvars.ContextVar,
        lambda walk, x: walk.watch(functools.partial(_of_context, x), Place(x, "", f"the context variable {x.name}")),
    ),
    (types.CellType, lambda walk, x: walk.watch(functools.partial(inside_cell, x), Place(x, "", "a variable"))),
    ((operator.attrgetter, operator.methodcaller, operator.itemgetter), _getter),
    ((types.BuiltinFunctionType, types.MethodWrapperType), _builtin),
    (np.ufunc, _ufunc),
    ((io.StringIO, io.BytesIO), _text_file),
    (decimal.Context, lambda walk, x: walk.content(x, lambda: repr(x))),
)

OF_PYTHON: dict[type, Callable[[Notes, Any], None]] = {list: _sequence, tuple: _sequence, set: _set, dict: mapping}
"""How the commonest are followed, those that no class derives: there is nothing else to them."""


# --- attributes ----------------------------------------------------------------------------------------------------


def attributes_of(x: Any) -> dict[str, Any] | None:
    """Return an object's own attributes, without asking it."""
    if issubclass(type(x), threading.local):
        of_thread: dict[str, Any] = vars(x)
        return of_thread
    try:
        held = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return None
    return held if isinstance(held, dict) else None


def slots_of(kind: type) -> tuple[types.MemberDescriptorType, ...]:
    """Return the slots of a class and its bases."""
    return tuple([
        slot
        for c in mro(kind)
        if "__slots__" in namespace(c)
        for slot in namespace(c).values()
        if type(slot) is types.MemberDescriptorType
    ])  # fmt: skip


def inside_slot(slot: types.MemberDescriptorType, x: Any) -> Any:
    """Return what a slot holds, or MISSING."""
    try:
        return slot.__get__(x)
    except AttributeError:
        return MISSING


def inside_cell(cell: types.CellType) -> Any:
    """Return what a cell holds, or MISSING of a function that is still being defined."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
