"""Text in a picture: clipped, made printable, escaped for DOT, and how wide it comes out.

>>> clip("a" * 100, 8)
'aaaa…aaa'
"""

from __future__ import annotations

import html
import unicodedata

# Widths in ems, in the widest of the fonts that a reader may have.
_NARROW = {**dict.fromkeys("'ijl", 0.34), **dict.fromkeys(" /IJ\\|,.:;-", 0.42), **dict.fromkeys("f!()[]tr", 0.49)}
_WIDE = {**dict.fromkeys("ABDGHKNOQRUVX#+<=>^~&", 0.87), **dict.fromkeys("w%@MmW", 1.1)}
_WIDTHS = _NARROW | dict.fromkeys('_`"*?zcs', 0.6) | _WIDE
_CONTROL = {c: 0x2400 + c for c in range(32) if c != 10} | {127: 0x2421}


def clip(text: str, length: int = 40) -> str:
    """Return the text itself, or where it is longer its beginning and its end with an ellipsis between."""
    if len(text) <= length:
        return text
    return text[: length // 2] + "…" + text[len(text) - (length - length // 2 - 1) :]


BREADTH, MOST_LINES = 44, 12  # characters of a line, lines of a text: nobody's names are longer
_ENDS = " ,;)]._/"  # a line may end after these


def wrapped(text: str, breadth: int = BREADTH, ends: str = _ENDS, indent: str = "") -> list[str]:
    """Return the lines of a text, long ones broken; the whole of it, up to some three hundred characters.

    >>> wrapped("losses"), [len(line) for line in wrapped("layers." * 20)], len(wrapped("x" * 10_000))
    (['losses'], [42, 42, 42, 14], 6)
    >>> wrapped("total = first_term + second_term", 20, " ", "    ")
    ['total = first_term ', '    + second_term']
    """
    if len(text) > BREADTH * MOST_LINES // 2 or text.count("\n") >= MOST_LINES:
        lines = clip(text, BREADTH * MOST_LINES // 2).split("\n")
        text = "\n".join(lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 2], "…", lines[-1]])
    return [part for line in text.split("\n") for part in _broken(line, breadth, ends, indent)]


def _broken(line: str, breadth: int, ends: str, indent: str) -> list[str]:
    parts = []
    while len(line) > breadth:
        end = max([line.rfind(c, breadth // 2, breadth) for c in ends]) + 1 or breadth
        parts.append(line[:end])
        line = indent + line[end:]
    return [*parts, line]


def printable(text: str) -> str:
    """Return the text with control characters made visible and what no file can hold replaced.

    >>> printable("a" + chr(0) + "b")
    'a␀b'
    """
    clean = text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def literal(text: str) -> str:
    r"""Return the text for a label in DOT, where backslashes and entities would mean something: literally.

    >>> print(literal("a & b" + chr(92) + "n"))
    a &amp; b\\n
    """
    shown = printable(text).replace("&", "&amp;").replace("\\", "\\\\")
    return "\\n".join([line or " " for line in shown.split("\n")])  # Graphviz in WebAssembly fails at empty lines


def marked(text: str) -> str:
    r"""Return the text for an HTML-like label in DOT, where brackets and backslashes would mean something.

    >>> print(marked("a <b> & c" + chr(92)))
    a &lt;b&gt; &amp; c<FONT>&#92;</FONT>
    """
    shown = html.escape(printable(text), quote=True).replace("  ", "&#160; ")
    shown = shown.replace("\\", "<FONT>&#92;</FONT>")  # by itself: within one text \G is the graph's name
    return "<BR/>".join([line or " " for line in shown.split("\n")])


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text may come out, in points, in the widest of the fonts that a reader may have.

    Graphviz assumes Arial; where it is missing, DejaVu or Verdana take a quarter more.

    >>> text_width("will", 10.0) < text_width("wwww", 10.0) < text_width("wwww", 10.0, bold=True)
    True
    """
    ems = sum([_WIDTHS.get(c) or (0.73 if c.isascii() else 1.35 if is_wide(c) else 0.9) for c in text])
    return ems * size * (1.0 if bold else 0.91)


def is_wide(character: str) -> bool:
    """Whether a character takes two columns: ideographs and emoji."""
    return unicodedata.east_asian_width(character) in "WF"
