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
import re
import types
import typing
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from engine.lines import ENGINE

BUILTINS = frozenset([
    "Ellipsis", "NotImplemented", "abs", "all", "any", "bool", "bytes", "callable", "chr", "classmethod", "complex",
    "dict", "divmod", "enumerate", "filter", "float", "getattr", "hasattr", "int", "isinstance", "issubclass",
    "iter", "len", "list", "map", "max", "min", "next", "object", "ord", "pow", "property", "range", "reversed",
    "round", "slice", "sorted", "staticmethod", "sum", "super", "tuple", "type", "zip",
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
READ_ANEW = frozenset(("born", "ctypes", "gi_frame", "cr_frame", "ag_frame", "format", "format_map"))  # attributes
APART = frozenset(
    ("__hash__", "__repr__", "__str__", "__format__")
)  # methods asked for only by what is not listed here
MACHINERY = {*APART, "__sizeof__", "__dir__", "__getattribute__", "__reduce__", "__reduce_ex__", "__getstate__"}
PROTOCOLS = frozenset([  # what is asked of numbers and containers, and of classes
    *{*dir(float), *dir(list), *dir(dict)} - MACHINERY, "__call__", "__post_init__", "__name__", "__qualname__",
])  # fmt: skip
KINDS = frozenset([
    list, tuple, collections.deque, dict, collections.defaultdict, collections.OrderedDict, types.MappingProxyType,
    types.MethodType, functools.partial, property, functools.cached_property, staticmethod, classmethod,
    types.CellType, np.ndarray, operator.itemgetter, types.MemberDescriptorType, types.GetSetDescriptorType,
])  # fmt: skip
OF_ARRAYS = frozenset(
    ("where", "empty", "now", "today")
)  # words for which NumPy leaves memory as it is, or asks a clock
_VARYING = ("BUILD_SET", "SET_ADD", "SET_UPDATE", "IMPORT_", "GET_A", "MATCH_CLASS")  # sets have the order of addresses
VARYING = frozenset([number for op, number in dis.opmap.items() if op.startswith(_VARYING)])  # instructions
_VIEWS = ("keys", "items")  # what makes sets by its operators
_READ_AT_ONCE = ("GET_ITER", "CALL", "CONTAINS_OP")  # how a view's instruction begins that makes none
_FORMATS = ("FORMAT_", "BUILD_STRING")
_ADDRESSED = frozenset(
    ("object", "iter", "map", "zip", "filter", "enumerate", "reversed")
)  # make what prints as where it lies


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
    texts = {text for c in code.co_consts for text in (c if isinstance(c, tuple) else (c,)) if isinstance(text, str)}
    return (
        VARYING.isdisjoint(code.co_code[::2])
        and not machinery
        and READ_ANEW.isdisjoint(names)
        and is_repeatable_text(texts)
        and not _keeps_views(code)
    )


def is_repeatable_text(texts: Iterable[str]) -> bool:
    """Whether texts neither ask NumPy for what is never the same, nor print objects, which say where they lie.

    >>> is_repeatable_text(["mean"]), is_repeatable_text(["where"]), is_repeatable_text(["%s of 3"])
    (True, False, False)
    """
    return not any(text in OF_ARRAYS or _PRINTING.search(text) for text in texts)


def _keeps_views(code: types.CodeType) -> bool:
    """Whether a code does more with the keys or the items of a dictionary than to go through them at once."""
    if not any(name in _VIEWS for name in code.co_names):
        return False
    instructions = [at for at in dis.get_instructions(code) if at.opname not in ("CACHE", "PRECALL")]
    return any(
        at.argval in _VIEWS and not (call.opname.startswith("CALL") and after.opname.startswith(_READ_AT_ONCE))
        for at, call, after in zip(instructions, instructions[1:], instructions[2:])
        if at.opname.startswith(("LOAD_ATTR", "LOAD_METHOD"))
    )


def formats(code: types.CodeType) -> tuple[bool, bool]:
    """Whether a code puts objects into texts; and whether it does more with such a text than look it up, or raise it.

    >>> formats((lambda d, i: d[f"w{i}"]).__code__), formats((lambda x: f"{x}").__code__)
    ((True, False), (True, True))
    """
    if _FORMATTING.isdisjoint(code.co_code[::2]):
        return False, False
    at = [i.opname for i in dis.get_instructions(code) if i.opname not in ("CACHE", "PRECALL")]
    return True, any(op.startswith(_FORMATS) and not _is_looked_up(at, k + 1) for k, op in enumerate(at))


def _is_looked_up(at: Sequence[str], k: int) -> bool:
    """Whether the instructions from `k` on look up an entry by a text, raise it, or put it into a longer one first."""
    if at[k] == "BINARY_SUBSCR" or (at[k].startswith("CALL") and at[k + 1] == "RAISE_VARARGS"):
        return True
    rest = next(op for op in at[k:] if not op.startswith(("LOAD_", "FORMAT_")))
    return at[k - 1] != "BUILD_STRING" and rest == "BUILD_STRING"


def makes_addressed(code: types.CodeType, names: Iterable[str]) -> bool:
    """Whether a code makes objects that print as where they lie: functions, generators, iterators."""
    inner = [c.co_name for c in code.co_consts if isinstance(c, types.CodeType)]
    return not _ADDRESSED.isdisjoint(names) or any(not name.endswith("comp>") for name in inner)


def is_repeatable_number(kind: type) -> bool:
    """Whether what is plain, of a kind of number or text, computes the same each time, and can ask for nothing else."""
    return kind in _PLAIN or kind in _NUMBERS or issubclass(kind, (np.number, np.bool_, np.character, np.dtype))


def holds_unseen(kind: type) -> bool:
    """Whether objects of a class derived from a library's hold what no walk sees: where an iterator stands, say."""
    if kind in KINDS or kind in _PLAIN or id(kind) in _EMPTY:
        return False
    return not _module_of(kind).startswith(("engine.", "enum"))


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
        return bool(x.__name__ == "engine")
    is_class = issubclass(kind, type)
    return _module_of(x if is_class else kind).startswith("engine.") or (is_class and issubclass(x, BaseException))


def _module_of(kind: type) -> str:
    return str(type.__dict__["__module__"].__get__(kind))


_PRINTING = re.compile(r"%[-#0 +*.\d]*[sra(]")  # an object by %
_FORMATTING = frozenset([number for op, number in dis.opmap.items() if op.startswith(_FORMATS)])
_PLAIN = frozenset((int, float, complex, bool, str, bytes, type(None)))
_NUMBERS = frozenset((range, slice, type(...), Decimal, Fraction, re.Pattern))
_EMPTY = frozenset(map(id, (object, abc.ABC, typing.Generic, typing.Protocol)))
_FILES = frozenset([str(module.__file__) for module in (abc, collections, dataclasses, enum, functools, typing)])
_BY_TEXT = ("attrgetter", "methodcaller")  # these look up names that no code names
_LISTED = (
    *[x for m in (math, cmath, operator, itertools) for name, x in vars(m).items() if name not in _BY_TEXT],
    *[vars(builtins)[name] for name in BUILTINS],
    *[getattr(np, name) for name in OF_NUMPY], *[x for x in vars(np).values() if type(x) is np.ufunc],
    functools.partial, functools.reduce, functools.wraps, functools.cached_property,
    collections.deque, collections.defaultdict, collections.OrderedDict, enum.Enum, enum.EnumMeta,
    abc.ABC, abc.ABCMeta, typing.Generic, typing.Protocol,
)  # fmt: skip
_KNOWN = frozenset(map(id, _LISTED))
