"""What a function's code names, read off its instructions.

>>> names = names_of((lambda x: x * math.pi * MOST).__code__)
>>> names.globals, names.attributes
(('math', 'MOST'), ('pi',))
"""

from __future__ import annotations

import dis
import functools
import re
import types
from dataclasses import dataclass

EVALUATED = {"eval", "exec"}
DYNAMIC = {"globals", "vars", "getattr", "hasattr", "import_module", "attrgetter", "locals", *EVALUATED}


@dataclass(frozen=True)
class Names:
    """What a piece of code names, and whether it opens files."""

    globals: tuple[str, ...]
    modules: tuple[str, ...]
    attributes: tuple[str, ...]
    inner: tuple[types.CodeType, ...]
    files: bool
    grad_of: tuple[str, ...]  # the globals of which `.grad` is read; "" of what is no global


@functools.lru_cache(maxsize=10_000)
def names_of(code: types.CodeType) -> Names:
    """Return the names that a function's code mentions; those in strings too where it looks names up by strings."""
    found: dict[str, dict[str, None]] = {"global": {}, "attribute": {}}
    modules: list[str] = []
    grad_of: list[str] = []
    before = None
    for at in dis.get_instructions(code):
        if at.opname in ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME"):
            found["global"][at.argval] = None
            modules += [at.argval] if at.opname == "IMPORT_NAME" else []
        if isinstance(at.argval, str) and at.opname.startswith(
            ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM", "LOAD_SUPER")
        ):
            found["attribute"][at.argval] = None
            if at.argval == "grad" and before is not None:
                grad_of.append(before.argval if before.opname in ("LOAD_GLOBAL", "LOAD_NAME") else "")
        before = at
    mentioned = {*found["global"], *found["attribute"]}
    strings = [c for c in code.co_consts if isinstance(c, str) and (c.isidentifier() or EVALUATED & mentioned)]
    if DYNAMIC & mentioned:
        said = dict.fromkeys([word for s in strings for word in re.findall(r"[^\W\d]\w*", s)])
        found = {kind: {**known, **said} for kind, known in found.items()}
    inner = tuple([c for c in code.co_consts if isinstance(c, types.CodeType)])
    attributes = tuple(found["attribute"])
    files = "open" in found["global"]
    return Names(tuple(found["global"]), tuple(modules), attributes, inner, files, tuple(grad_of))
