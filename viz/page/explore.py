r"""A page to step through a computation: forward, and backward with every product written out.

The page is one file that needs no network: layout, numbers and code are inside it. The code is the modules beside this
file, in one scope: each is a JavaScript module by itself, which an editor checks and a test runs without a browser.

>>> _scope("import { a } from './a.mjs';\nexport const b = a + 1;")
'const b = a + 1;'
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from engine.arguments import described
from engine.arguments import path as checked_path
from viz.files import write
from viz.page.data import page_data

HERE = Path(__file__).parent
MODULES = ("computation", "words", "packing", "camera", "scene", "panel", "pointer", "controls")  # uses go backwards
_IMPORT = re.compile(r"^import .*?;\n", re.DOTALL | re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def explore(root: Any, path: str | os.PathLike[str], *arguments: Any) -> Path:
    """Write one self-contained page that steps forward and backward through the graph of `root`.

    A function is run once, with the arguments that follow the path, and its page folds by functions and variables.

    >>> from engine import Value
    >>> from tempfile import mkdtemp
    >>> page = explore(Value(2.0, "x") * 3.0, Path(mkdtemp()) / "page.html")
    >>> "http://" in page.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    False
    """
    if not hasattr(root, "parents") and (not callable(root) or hasattr(root, "steps")):
        raise TypeError(f"explore steps through a Value's graph, not {described(root)}; give it a Value or a function.")
    target = Path(checked_path(path, "explore's path", "page.html"))
    # JSON's NaN and Infinity are JavaScript's too; no "<" may end the script early.
    data = json.dumps(page_data(root, *arguments), separators=(",", ":")).replace("<", "\\u003c")
    page = _read("page.html").replace("/*STYLE*/", _read("page.css"))
    scripts = "".join(_scope(_read(f"{name}.mjs")) for name in MODULES)
    write(target, page.replace("/*SCRIPT*/", scripts).replace("/*COMPUTATION*/null", data).encode("utf-8"))
    return target


def _scope(module: str) -> str:
    """Return a module's text as part of a scope that holds them all: nothing is imported or exported."""
    return _EXPORT.sub("", _IMPORT.sub("", module))


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")
