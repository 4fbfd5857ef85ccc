"""What each line of a function assigns, read off its instructions: they are there where its source is not.

>>> def f(self, xs):
...     total = 0.0
...     for x in xs:
...         total += x
...     self.out = total
...     self.cache.sum += total * 2.0
>>> first = f.__code__.co_firstlineno
>>> for line, stores in stored(f.__code__).items():
...     print(line - first, [(store.name, store.loops) for store in stores])
1 [('total', False)]
2 [('x', True)]
3 [('total', False)]
4 [('out', False)]
5 [('cache.sum', False)]
"""

from __future__ import annotations

import dis
import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import groupby
from types import CodeType, FrameType
from typing import Any

from engine.watching.inlined import PUTS_ASIDE, inlined

NOTHING = object()
NAMES = ("STORE_DEREF", "STORE_NAME", "STORE_GLOBAL")
LOADS = ("LOAD_FAST", "LOAD_DEREF", "LOAD_NAME", "LOAD_GLOBAL", "STORE_FAST_LOAD_FAST")
ADDING = (
    "append",
    "extend",
    "insert",
    "setdefault",
    "update",
    "appendleft",
)  # methods that put things into a container
IN_ORDER = ("UNPACK", "COPY", "DUP", "SWAP", "ROT", "STORE", "FOR_ITER")  # what the first target may follow
CONDITIONAL = re.compile("JUMP.*IF")
NO_CODE = ("EXTENDED_ARG", "CACHE", "NOP", "PRECALL", "NOT_TAKEN", "END_FOR")


@dataclass(frozen=True)
class Store:
    """One variable or attribute that a line assigns.

    Attributes
    ----------
    name
        What it is called; attributes of `self` go by their own names.
    root, attributes
        The variable, and the attributes that lead from it to what is assigned.
    loops
        Whether it is what a loop runs over.
    """

    name: str
    root: str
    attributes: tuple[str, ...] = ()
    loops: bool = False

    def read(self, frame: FrameType, local: dict[str, Any]) -> Any:
        """Return what is assigned now; NOTHING where that cannot be said without running anybody's code."""
        x = local.get(self.root, NOTHING)
        if x is NOTHING:
            x = frame.f_globals.get(self.root, NOTHING)
        for name in self.attributes:
            x = _attribute(x, name)
        return x


def _attribute(x: Any, name: str) -> Any:
    try:
        return object.__getattribute__(x, "__dict__").get(name, NOTHING)
    except (AttributeError, TypeError):
        pass
    slot: Any = next((vars(kind)[name] for kind in type(x).__mro__ if name in vars(kind)), None)
    if type(slot).__name__ != "member_descriptor":
        return NOTHING
    try:
        return slot.__get__(x)
    except AttributeError:
        return NOTHING


Steps = list[tuple[int, dis.Instruction]]


@functools.lru_cache(maxsize=10_000)
def stored(code: CodeType) -> dict[int, tuple[Store, ...]]:
    """Return what the lines of a function's code assign, by the line's number."""
    lines: dict[int, list[Store]] = {}
    for line, stores in _all_stores(code):
        lines.setdefault(line, []).extend(stores)
    return {line: tuple(dict.fromkeys(stores)) for line, stores in lines.items() if stores}


@functools.lru_cache(maxsize=1000)
def _all_stores(code: CodeType) -> list[tuple[int, list[Store]]]:
    """Return each instruction's line, and what it assigns."""
    steps, inside = _instructions(code), inlined(code)
    waiting = 0  # targets of a loop that are still to come
    stores: list[tuple[int, list[Store]]] = []
    for k, (line, step) in enumerate(steps):
        if step.offset in inside:  # as where a comprehension is a function of its own
            stores.append((line, []))
            continue
        names = _stored_names(step)
        assigned = [Store(name, name, (), waiting > 0) for name in names]
        if step.opname == "STORE_ATTR":
            assigned, names = [store] if (store := _of_attribute(steps, k)) else [], [""]
        stores.append((line, assigned))
        if step.opname == "FOR_ITER":
            waiting = 1
        elif step.opname in ("UNPACK_SEQUENCE", "UNPACK_EX") and waiting:
            waiting += _targets(step) - 1
        else:
            waiting = max(0, waiting - len(names)) if names else 0
    _put_in_order(steps, stores, [k for k, (_, step) in enumerate(steps) if step.offset not in inside])
    return stores


def _put_in_order(steps: Steps, stores: list[tuple[int, list[Store]]], own: Iterable[int]) -> None:
    """Put the targets of ``p, q = a, b`` in the order that is written: since 3.11 the last is stored first."""
    before = ""
    for (stored_there, line), run in groupby(own, lambda k: (bool(_stored_names(steps[k][1])), steps[k][0])):
        numbers = list(run)
        between = any(steps[k][1].opname == "STORE_FAST_LOAD_FAST" for k in numbers[:-1])
        if stored_there and not between and not before.startswith(IN_ORDER):
            targets = [store for k in numbers for store in stores[k][1]]
            for k in numbers:
                stores[k] = line, []
            stores[numbers[0]] = line, targets[::-1]
        before = steps[numbers[-1]][1].opname


@functools.lru_cache(maxsize=10_000)
def fills_containers(code: CodeType) -> bool:
    """Whether a function puts things into containers by their keys, which changes no length."""
    return any(step.opname == "STORE_SUBSCR" for _, step in _instructions(code))


@functools.lru_cache(maxsize=100_000)
def goes_on_to(code: CodeType, line: int) -> str:
    """Return what a line computes for: the next variable that is assigned, the list that it appends to, the function.

    What decides a branch goes by the first variable that is looked at.

    >>> def f(x):
    ...     y = [x +
    ...          1.0]
    ...     y.append(x)
    ...     if y[0] > x:
    ...         y = []
    ...     return y
    >>> [goes_on_to(f.__code__, f.__code__.co_firstlineno + k) for k in (1, 2, 3, 4, 6)]
    ['y', 'y', 'y', 'y', 'f']
    """
    steps, stores, inside = _instructions(code), _all_stores(code), inlined(code)
    start = next((k for k, (at, _) in enumerate(steps) if at == line), len(steps))
    jumps = False
    for k in range(start, len(steps)):
        at, step = steps[k]
        if step.offset in inside:
            continue
        jumps = jumps or step.opname == "FOR_ITER" or CONDITIONAL.search(step.opname) is not None
        if jumps and at > line:  # the body of a loop or a branch
            own = [(at, step) for at, step in steps[start:k] if step.offset not in inside]
            loops = any(step.opname == "FOR_ITER" for _, step in own)
            looked = [step for at, step in own if at == line]
            return "" if loops else _first_looked_at(looked, {*code.co_cellvars, *code.co_freevars})
        names = [store.name for store in stores[k][1] if not store.loops]
        if names:
            return names[0]
        if step.opname.startswith(("RETURN_VALUE", "RETURN_CONST", "YIELD_VALUE")):
            return code.co_name
        if step.opname == "POP_TOP" and k > start:
            return _added_to(steps[start:k])
    return ""


def _added_to(steps: Steps) -> str:
    """Return the name of the container that an expression adds to."""
    for (_, load), (_, method) in zip(steps, steps[1:]):
        if method.opname in ("LOAD_METHOD", "LOAD_ATTR") and method.argval in ADDING and _loaded(load):
            return _loaded(load)
    return ""


def _first_looked_at(steps: Iterable[dis.Instruction], cells: Set[str]) -> str:
    """Return the first variable that is read, and no cell that is handed to an inner function, nor `self`."""
    for step in steps:
        handed = cells if step.opname.startswith("LOAD_FAST") else ()  # since 3.13; what cells hold is read otherwise
        names = [] if step.opname == "LOAD_GLOBAL" else _loaded_names(step)
        name = next((name for name in names if name != "self" and name not in handed), "")
        if name:
            return name
    return ""


@functools.lru_cache(maxsize=1000)
def _instructions(code: CodeType) -> Steps:
    """Return the instructions with their lines, without those that end a loop, of which 3.13 has two."""
    ranges = [(start, line) for start, _, line in code.co_lines()]
    starts = [start for start, _ in ranges]
    steps, before = list[dis.Instruction](), ""
    for step in dis.get_instructions(code):
        if step.opname not in NO_CODE and (step.opname, before) != ("POP_TOP", "END_FOR"):
            steps.append(step)
        before = step.opname
    return [(ranges[bisect_right(starts, step.offset) - 1][1] or 0, step) for step in steps]


def _stored_names(step: dis.Instruction) -> list[str]:
    """Return the variables that an instruction stores; since 3.13 one may store two, or store one and load another."""
    if step.opname.startswith("STORE_FAST"):
        names = [step.argval] if isinstance(step.argval, str) else list(step.argval)
        return names[:1] if step.opname == "STORE_FAST_LOAD_FAST" else names
    return [step.argval] if step.opname in NAMES else []


def _loaded_names(step: dis.Instruction) -> list[str]:
    """Return the variables that an instruction loads, in their order; since 3.13 one may load two."""
    if not step.opname.startswith(LOADS) or step.opname == PUTS_ASIDE:
        return []
    names = [step.argval] if isinstance(step.argval, str) else list(step.argval)
    return names[1:] if step.opname == "STORE_FAST_LOAD_FAST" else names


def _loaded(step: dis.Instruction) -> str:
    """Return the variable that an instruction leaves on top of the stack, if that is what it does."""
    return str((_loaded_names(step) or [""])[-1])


def _of_attribute(steps: Steps, k: int) -> Store | None:
    """Return what ``a.b.c = ...`` or ``a.b.c += ...`` assigns; None where more than names leads to it."""
    attributes = [str(steps[k][1].argval)]
    if k and steps[k - 1][1].opname in ("SWAP", "ROT_TWO"):  # of the second, what it adds to has been read
        pairs = range(k - 2, 0, -1)
        k = next((i for i in pairs if steps[i][1].opname in ("COPY", "DUP_TOP") and _reads(steps[i + 1], steps[k])), 0)
    for _, step in reversed(steps[:k]):
        root = _loaded(step)
        if root:
            name = ".".join(attributes if root == "self" else [root, *attributes])
            return Store(name, root, tuple(attributes))
        if step.opname != "LOAD_ATTR":
            return None
        attributes.insert(0, str(step.argval))
    return None


def _reads(read: tuple[int, dis.Instruction], store: tuple[int, dis.Instruction]) -> bool:
    """Whether an instruction reads the attribute that another one stores."""
    return read[1].opname == "LOAD_ATTR" and read[1].argval == store[1].argval


def _targets(step: dis.Instruction) -> int:
    count = step.arg or 0
    return count if step.opname == "UNPACK_SEQUENCE" else (count & 0xFF) + (count >> 8) + 1
