"""What is as it is: code and classes of Python, of installed packages and of the engine, and objects that never change.

>>> is_library(dict), is_library(np.ndarray), is_plain(int), is_plain(list)
(True, True, True, False)
"""

from __future__ import annotations

import builtins
import numbers
import os
import re
import sys
import sysconfig
import types
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path, PurePath
from typing import Any

import numpy as np

ENGINE = str(Path(__file__).resolve().parents[2])
INSTALLED = [sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")]
LIBRARIES = tuple([f"{path}{os.sep}" for path in (ENGINE, *INSTALLED)])
PLAIN = (
    int, float, complex, str, bytes, type(None), np.generic, range, slice, type(...), date, time, timedelta, np.dtype,
    numbers.Number, re.Pattern, PurePath,
)  # fmt: skip
MADE = 1 << 9  # the flag of a class that was made while Python runs (Py_TPFLAGS_HEAPTYPE)
BUILTIN = (int, float, complex, str, bytes)  # what classes derive from that are numbers or texts with attributes

_MRO: Any = type.__dict__["__mro__"]
_MODULE: Any = type.__dict__["__module__"]
_NAME: Any = type.__dict__["__name__"]
_OF_CLASS: Any = type.__dict__["__dict__"]
_OF_MODULE: Any = vars(types.ModuleType)["__dict__"]
_known: dict[int, tuple[type, bool, bool]] = {}  # by identity: a class need not be hashable


def mro(kind: type) -> tuple[type, ...]:
    """Return a class and its bases, whatever its metaclass makes of `__mro__`."""
    bases: tuple[type, ...] = _MRO.__get__(kind)
    return bases


def namespace(owner: Any) -> Mapping[str, Any]:
    """Return what a class or a module holds, whatever its class makes of `__dict__`."""
    of = _OF_MODULE if issubclass(type(owner), types.ModuleType) else _OF_CLASS
    names: Mapping[str, Any] = of.__get__(owner)
    return names


def has(kind: type, name: str, apart: type | None = None) -> bool:
    """Whether objects of a class have an attribute by their class, its metaclass not asked, apart from one base."""
    return any(name in namespace(c) for c in mro(kind) if c is not apart)


def looks_up(kind: type) -> bool:
    """Whether a class of somebody's has its own way to look entries up."""
    own = [namespace(c) for c in mro(kind) if not is_library(c)]
    return any(name in held for held in own for name in ("__getitem__", "__missing__"))


def is_told(kind: type) -> bool:
    """Whether an attribute of a class is told when it is set or deleted, as properties are."""
    return has(kind, "__set__") or has(kind, "__delete__")


def is_library(kind: type) -> bool:
    """Whether a class is of Python itself, of an installed package or of the engine: it is as it is."""
    return _looked_up(kind)[1]


def is_plain(kind: type) -> bool:
    """Whether objects of a class never change, and are told apart by what they look like."""
    return _looked_up(kind)[2]


def _looked_up(kind: type) -> tuple[type, bool, bool]:
    known = _known.get(id(kind))
    if known is None:
        name = _MODULE.__get__(kind)
        library = isinstance(name, str) and is_of_library(sys.modules.get(name), name) and not _is_of_nobody(kind)
        known = kind, library, library and issubclass(kind, PLAIN) and not issubclass(kind, np.void)
        if len(_known) > 10_000:
            _known.clear()
        _known[id(kind)] = known
    return known


def _is_of_nobody(kind: type) -> bool:
    """Whether somebody's `class` has no module: executed in a namespace without a name, it says that it is Python's."""
    at_run_time = bool(kind.__flags__ & MADE)
    return at_run_time and _MODULE.__get__(kind) == "builtins" and vars(builtins).get(_NAME.__get__(kind)) is not kind


def is_of_library(module: types.ModuleType | None, name: str) -> bool:
    """Whether a module, loaded or not, is of Python, of an installed package or of the engine.

    What is run is not, whoever runs it: under ``python -m cProfile``, the module of that name is the profiler's.
    """
    if name == "__main__":
        return False
    file = namespace(module).get("__file__") if isinstance(module, types.ModuleType) else None
    if isinstance(file, str):
        return file.startswith(LIBRARIES)
    return name in sys.builtin_module_names
