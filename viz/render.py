"""Pictures as SVG and as files, which are written whole or not at all.

>>> from engine import Value
>>> svg(Value(1.0, "x") * 2.0).lstrip()[:4]
'<svg'
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import graphviz

from engine.arguments import path as checked_path
from viz.dot import draw, picture_of
from viz.files import write
from viz.layout import as_svg, by_dot
from viz.page.explore import explore

ENDINGS = (".svg", ".png", ".pdf", ".dot", ".gv", ".html")


def svg(root: Any, *arguments: Any, **options: Any) -> str:
    """Return the picture of a graph, a function, a program or a `graphviz.Digraph` as SVG; options are `draw`'s."""
    return as_svg(_picture(root, arguments, options).source)


def save(root: Any, path: str | os.PathLike[str], *arguments: Any, **options: Any) -> Path:
    """Write the picture in the form its ending names: .svg, .png, .pdf, .dot, .gv or .html; options are `draw`'s.

    What a function is called with comes after the path.

    >>> from engine import Value
    >>> from tempfile import mkdtemp
    >>> save(Value(1.0, "x") * 2.0, Path(mkdtemp()) / "product.dot").name
    'product.dot'
    """
    target = Path(checked_path(path, "save's path", "picture.svg"))
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{target.name!r}: pictures end in {', '.join(ENDINGS)}; name the file with one of them.")
    if ending == ".html":
        if options:
            raise TypeError(f"An explore page takes no {', '.join(options)}; leave it out, or save as .svg.")
        return explore(root, target, *arguments)
    write(target, _content(root, ending[1:], arguments, options))
    return target


def _content(root: Any, form: str, arguments: Sequence[Any], options: dict[str, Any]) -> bytes:
    if form == "svg":
        return svg(root, *arguments, **options).encode("utf-8")
    if form in ("dot", "gv"):
        return str(_picture(root, arguments, options).source).encode("utf-8")
    if isinstance(root, graphviz.Digraph):
        return by_dot(_picture(root, arguments, options).source, form)
    return by_dot(picture_of(root, *arguments, **options).rich().source, form)


def _picture(root: Any, arguments: Sequence[Any], options: dict[str, Any]) -> graphviz.Digraph:
    """Return a picture that is drawn already, or draw it."""
    if not isinstance(root, graphviz.Digraph):
        return draw(root, *arguments, **options)
    if arguments or options:
        raise TypeError(
            f"this graph is drawn already, and takes no {', '.join(options) or 'arguments'}; pass them to viz.draw."
        )
    return root
