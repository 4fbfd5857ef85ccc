"""What computes the same whenever it runs, since it reads nothing but what it is handed.

A clock, a file, a generator of random numbers, the order of a set and the address of an object are not listed here, nor
is anything else that nobody has listed. A function that meets only what is, and changes nothing, need not run a second
time to be known to build the same graph.

>>> is_repeatable(math.sin), is_repeatable(np.sum), is_repeatable([1.0])
(True, True, True)
>>> import random, time
>>> is_repeatable(random.random), is_repeatable(time.time), is_repeatable(np.empty)
(False, False, False)
"""

from __future__ import annotations

import abc
import builtins
import cmath
import collections
import dataclasses
import dis
import enum
import functools
import itertools
import math
import operator
import reprlib
import types
import typing
from collections.abc import Iterable
from datetime import date, time, timedelta
from pathlib import PurePath
from typing import Any

import numpy as np

from engine.lines import ENGINE

BUILTINS = frozenset([
    "Ellipsis", "NotImplemented", "abs", "all", "any", "bool", "bytes", "callable", "chr", "classmethod", "complex",
    "dict", "divmod", "enumerate", "filter", "float", "format", "getattr", "hasattr", "int", "isinstance", "issubclass",
    "iter", "len", "list", "map", "max", "min", "next", "object", "ord", "pow", "property", "range", "repr", "reversed",
    "round", "slice", "sorted", "staticmethod", "str", "sum", "super", "tuple", "type", "zip",
])  # fmt: skip
OF_NUMPY = (
    "all", "allclose", "any", "append", "arange", "argmax", "argmin", "argsort", "array", "array_equal", "asarray",
    "atleast_1d", "atleast_2d", "average", "bincount", "broadcast_to", "clip", "column_stack", "concatenate",
    "convolve", "correlate", "count_nonzero", "cross", "cumprod", "cumsum", "delete", "diag", "diagonal", "diff", "dot",
    "e", "einsum", "expand_dims", "eye", "flip", "float64", "full", "full_like", "hstack", "identity", "inf", "inner",
    "int64", "interp", "isclose", "kron", "linspace", "max", "mean", "meshgrid", "min", "moveaxis", "nan", "ndim",
    "newaxis", "nonzero", "ones", "ones_like", "outer", "pad", "pi", "prod", "ptp", "ravel", "repeat", "reshape",
    "roll", "rot90", "round", "searchsorted", "shape", "size", "split", "squeeze", "stack", "std", "sum", "swapaxes",
    "take", "tensordot", "tile", "trace", "transpose", "tri", "tril", "triu", "unravel_index", "vander", "var", "vdot",
    "vstack", "where", "zeros", "zeros_like",
)  # fmt: skip
READ_ANEW = frozenset(("born", "ctypes", "gi_frame"))  # attributes of Values, arrays, generators: another at each run
MACHINERY = {"__hash__", "__sizeof__", "__dir__", "__getattribute__", "__reduce__", "__reduce_ex__", "__getstate__"}
PROTOCOLS = frozenset([  # what is asked of numbers and containers, and of classes
    *{*dir(float), *dir(list), *dir(dict)} - MACHINERY, "__call__", "__post_init__", "__name__", "__qualname__",
])  # fmt: skip
KINDS = frozenset([
    list, tuple, collections.deque, dict, collections.defaultdict, collections.OrderedDict, types.MappingProxyType,
    set, frozenset, types.MethodType, functools.partial, property, functools.cached_property, staticmethod, classmethod,
    types.CellType, np.ndarray, operator.itemgetter, types.MemberDescriptorType, types.GetSetDescriptorType,
])  # fmt: skip
READING_OUTSIDE = (date, time, timedelta, PurePath)  # plain, but they say what time it is, and what lies on a disk
_VARYING = ("BUILD_SET", "SET_ADD", "SET_UPDATE", "IMPORT_", "GET_A")  # sets have the order of addresses
VARYING = frozenset([number for op, number in dis.opmap.items() if op.startswith(_VARYING)])  # instructions


def is_repeatable_code(code: types.CodeType, names: Iterable[str]) -> bool:
    """Whether a piece of code does nothing by itself that differs from run to run; what it names is asked elsewhere.

    Parameters
    ----------
    code
        Which is not to build a set, import or wait.
    names
        The globals and attributes that it names, none of which is to be of Python's own machinery.
    """
    machinery = any(name[:2] == "__" == name[-2:] and name not in PROTOCOLS for name in names)
    return VARYING.isdisjoint(code.co_code[::2]) and not machinery and READ_ANEW.isdisjoint(names)


def is_repeatable_builtin(name: str) -> bool:
    """Whether a builtin of Python computes the same whenever it is called."""
    x = vars(builtins).get(name)
    return name in BUILTINS or (isinstance(x, type) and issubclass(x, BaseException))


def is_repeatable(x: Any) -> bool:
    """Whether an object of a library, be it a function, a class or a module, is known to compute the same each time."""
    kind = type(x)
    if kind in KINDS or kind in _PLAIN or id(x) in _KNOWN:
        return True
    if kind is types.FunctionType:
        filename: str = x.__code__.co_filename
        return filename.startswith(ENGINE) or (filename in _FILES and x.__name__.startswith("_"))
    if kind is types.BuiltinFunctionType and x.__self__ is not None:
        return is_repeatable(x.__self__)
    if kind is types.ModuleType:
        return bool(x.__name__.partition(".")[0] == "engine")
    of = x if issubclass(kind, type) else kind
    return str(type.__dict__["__module__"].__get__(of)).startswith("engine.") or issubclass(of, BaseException)


_PLAIN = frozenset((int, float, complex, bool, str, bytes, type(None), np.ufunc))
_FILES = frozenset(
    [str(module.__file__) for module in (abc, collections, dataclasses, enum, functools, reprlib, typing)]
)
_BY_TEXT = ("attrgetter", "methodcaller")  # these look up names that no code names
_LISTED = (
    *[x for m in (math, cmath, operator, itertools) for name, x in vars(m).items() if name not in _BY_TEXT],
    *[vars(builtins)[name] for name in BUILTINS],
    *[getattr(np, name) for name in OF_NUMPY],
    functools.partial, functools.reduce, functools.wraps, functools.cached_property, np.ndarray,
    collections.deque, collections.defaultdict, collections.OrderedDict, enum.Enum, enum.EnumMeta,
    abc.ABC, abc.ABCMeta, typing.Generic, typing.Protocol,
)  # fmt: skip
_KNOWN = frozenset(map(id, _LISTED))
