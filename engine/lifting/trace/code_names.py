"""What a function's code names, read off its instructions.

>>> names = names_of((lambda x: x * math.pi * MOST).__code__)
>>> names.globals, names.attributes
(('math', 'MOST'), ('pi',))
"""

from __future__ import annotations

import dis
import functools
import re
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from engine.lifting.trace.repeatable import formats, is_repeatable_code, makes_addressed

EVALUATED = {"eval", "exec"}
OF_NAMESPACE = {"globals", "vars", "locals", "import_module", *EVALUATED}  # these may look up a global
DYNAMIC = {
    "getattr", "hasattr", "attrgetter", "methodcaller", "dir", "getmembers", "getattr_static", "__dict__",
    "__getattribute__", *OF_NAMESPACE,
}  # fmt: skip
ASKING = {"getattr", "hasattr"}
KINDS = {  # these tell a Value, or an array of them, from a number of the same worth
    "isinstance", "issubclass", "type", "id", "hasattr", "singledispatch", "__class__", "dtype", "nan_to_num",
    "tobytes", "memoryview", "frombuffer", "itemsize", "nbytes", "view",
}  # fmt: skip
BUILDING = {"format", "join", "replace", "lower", "upper", "removeprefix", "removesuffix", "strip"}  # of texts
GLOBALS, ATTRIBUTES, STORED = ("LOAD_GLOBAL", "LOAD_NAME"), ("LOAD_ATTR", "LOAD_METHOD"), ("STORE_ATTR", "DELETE_ATTR")
NAMING = (
    *GLOBALS,
    *ATTRIBUTES,
    *STORED,
    "IMPORT_NAME",
    "IMPORT_FROM",
    "LOAD_SUPER",
)  # how the instructions begin that name
FLAGS = {  # bits of an instruction's argument that come before the number of its name
    **({"LOAD_GLOBAL": 1} if sys.version_info >= (3, 11) else {}),
    **({"LOAD_ATTR": 1, "LOAD_SUPER_ATTR": 2} if sys.version_info >= (3, 12) else {}),
}
_NAMING = {number: (op, FLAGS.get(op, 0)) for op, number in dis.opmap.items() if op.startswith(NAMING)}
_WORD = re.compile(r"[^\W\d]\w*")
_CACHE, _MATCHES = dis.opmap.get("CACHE"), dis.opmap["MATCH_CLASS"]


@dataclass(frozen=True)
class Names:
    """What a piece of code names.

    Attributes
    ----------
    globals, modules, attributes
        By kind; names in texts count as all of them where names are looked up by texts.
    texts
        Names in its texts: code that looks names up by texts may be handed them.
    inner
        Code of functions that are defined inside.
    files
        Whether it opens files.
    handed, of_namespace, computed
        Whether it looks up names that it may be handed; globals too; names that it puts together.
    kinds
        Whether it asks of what kind, or which object, something is.
    repeatable
        Whether it does nothing by itself that differs from run to run.
    formats, prints, addressed
        Whether it puts objects into texts; not only to look these up, or to raise them; whether it makes functions or
        iterators, which print as where they lie.
    stored
        Attributes that it sets or deletes.
    read_of
        (attribute, global) where an attribute is read; the global is "" where it is none, the attribute "" where a
        global is not only asked for attributes.
    """

    globals: tuple[str, ...]
    modules: tuple[str, ...]
    attributes: tuple[str, ...]
    texts: tuple[str, ...]
    inner: tuple[types.CodeType, ...]
    files: bool
    handed: bool
    of_namespace: bool
    computed: bool
    kinds: bool
    repeatable: bool
    formats: bool
    prints: bool
    addressed: bool
    stored: tuple[str, ...]
    read_of: tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=10_000)
def names_of(code: types.CodeType) -> Names:
    """Return the names that a function's code mentions; those in texts too where it looks names up by texts."""
    naming = naming_instructions(code)
    named = [at for at in naming if at is not OTHER]
    globals_ = _names(named, (*GLOBALS, "IMPORT_NAME"))
    attributes = _names(named, (*ATTRIBUTES, "IMPORT_FROM", "LOAD_SUPER"))
    files = "open" in globals_
    mentioned = {*globals_, *attributes}
    matches = _MATCHES in code.co_code[::2]
    if matches:  # attributes by the names in `__match_args__`, or in a tuple of the code
        attributes["__match_args__"] = None
    dynamic, of_namespace = matches or bool(DYNAMIC & mentioned), bool(OF_NAMESPACE & mentioned)
    handed, computed = _looked_up(list(dis.get_instructions(code)), mentioned) if dynamic else (False, False)
    spelled = dict.fromkeys(_spelled(code, bool(EVALUATED & mentioned)))
    read_of = _read_of(naming)
    if dynamic:
        globals_, attributes = {**globals_, **spelled}, {**attributes, **spelled}
        read_of |= dict.fromkeys([(name, "") for name in spelled])
    repeatable = not (handed or of_namespace) and is_repeatable_code(code, {*globals_, *attributes})
    inner = tuple([c for c in code.co_consts if isinstance(c, types.CodeType)])
    modules, stored = tuple(_names(named, ("IMPORT_NAME",))), tuple(_names(named, STORED))
    return Names(
        *(tuple(globals_), modules, tuple(attributes), tuple(spelled), inner, files),
        *(handed or matches, of_namespace, computed, matches or bool(KINDS & mentioned), repeatable),
        *(*formats(code), makes_addressed(code, globals_), stored, tuple(read_of)),
    )


def words(text: str) -> list[str]:
    """Return the identifiers in a text.

    >>> words("a.b[0] + 2 * c")
    ['a', 'b', 'c']
    """
    return _WORD.findall(text)


class Naming(NamedTuple):
    """An instruction that names something: what it does, and the name; of any other nothing."""

    op: str = ""
    name: str = ""


OTHER = Naming()


def naming_instructions(code: types.CodeType) -> list[Naming]:
    """Return a code's instructions, as `dis.get_instructions` does, but only what says which names it reads.

    >>> naming_instructions((lambda x: math.pi).__code__)[-3:-1]
    [Naming(op='LOAD_GLOBAL', name='math'), Naming(op='LOAD_ATTR', name='pi')]
    """
    instructions: list[Naming] = []
    raw, names, prefix = code.co_code, code.co_names, 0
    for number, argument in zip(raw[::2], raw[1::2]):
        if number == dis.EXTENDED_ARG:
            prefix = (prefix | argument) << 8
        elif number != _CACHE:
            op, flags = _NAMING.get(number, ("", 0))
            instructions.append(Naming(op, names[(prefix | argument) >> flags]) if op else OTHER)
            prefix = 0
    return instructions


def _names(naming: Sequence[Naming], starts: tuple[str, ...]) -> dict[str, None]:
    return {at.name: None for at in naming if at.op.startswith(starts)}


def _spelled(code: types.CodeType, evaluated: bool) -> list[str]:
    """Return the names in a code's texts: dotted ones, and all of a text that may be evaluated."""
    listed = [c for c in code.co_consts if isinstance(c, (tuple, frozenset))]
    texts = [c for c in chain(code.co_consts, *listed) if isinstance(c, str)]
    return [word for text in texts if evaluated or text.replace(".", "_").isidentifier() for word in words(text)]


def _looked_up(instructions: Sequence[dis.Instruction], mentioned: set[str]) -> tuple[bool, bool]:
    """Return whether a code looks up names that it is handed, and names that it puts together."""
    asked = [k for k, at in enumerate(instructions) if at.opname == "LOAD_GLOBAL" and at.argval in ASKING]
    sources = {_source(instructions, k) for k in asked} | ({""} if (DYNAMIC - ASKING) & mentioned else set())
    return sources != {"LOAD_CONST"}, "" in sources and _builds_texts(instructions, mentioned)


def _source(instructions: Sequence[dis.Instruction], k: int) -> str:
    """Return how the name that `getattr`, loaded by instruction `k`, looks up is loaded; "" of anything else."""
    depth, source = 0, ""  # of the arguments on the stack
    for at in instructions[k + 1 :]:
        depth += dis.stack_effect(at.opcode, at.arg, jump=False)
        if source and depth <= 2:
            return source if depth < 2 else ""  # called; at 2, the second argument was put together
        if depth == 2:
            if at.opname not in ("LOAD_CONST", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_NAME"):
                return ""
            source = at.opname
    return ""


def _builds_texts(instructions: Sequence[dis.Instruction], mentioned: set[str]) -> bool:
    """Whether a code puts texts together, as far as one can see."""
    if BUILDING & mentioned or any(at.opname.startswith(("BUILD_STRING", "FORMAT_")) for at in instructions):
        return True
    adds = any(
        (at.opname == "BINARY_OP" and at.argrepr in ("+", "%")) or at.opname in ("BINARY_ADD", "BINARY_MODULO")
        for at in instructions
    )
    return adds and any(at.opname == "LOAD_CONST" and isinstance(at.argval, str) for at in instructions)


def _read_of(naming: Sequence[Naming]) -> dict[tuple[str, str], None]:
    """Return which attributes are read, and of which globals."""
    readings: dict[tuple[str, str], None] = {}
    for at, after in zip(naming, naming[1:]):
        of = at.name if at.op in GLOBALS else ""
        if after.op.startswith(ATTRIBUTES):
            readings[after.name, of] = None
        elif of:
            readings["", of] = None
    return readings
