"""How things look: numbers, names, colours and shapes, which also tell apart in greyscale.

>>> number(1.2e-7), number(0.999999), number(3.0)
('1.2e-07', '0.999999', '3')
>>> clip("a" * 100, 8)
'aaaa…aaa'
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from typing import Any

from engine import graph
from engine.label import Label
from engine.rules import RULES
from engine.value import is_constant

FONT = "Helvetica,Arial,sans-serif"
QUIET = "#595959"

# Tints of Okabe and Ito's colours, which colour-blind people tell apart; each kind has a shape of its own as well.
KINDS: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse", "style": "filled", "fillcolor": "#d9edf9", "color": "#0072b2", "margin": "0.03,0"},
    "parameter": {"shape": "box", "style": "filled", "fillcolor": "#fde9c4", "color": "#a86400"},
    "constant": {"shape": "plain", "style": "", "fillcolor": "#ffffff", "color": "#8a8a8a", "fontcolor": QUIET},
    "leaf": {"shape": "hexagon", "style": "filled", "fillcolor": "#f1f1f1", "color": "#595959", "margin": "0,0"},
    "operation": {"shape": "box", "style": "rounded,filled", "fillcolor": "#ffffff", "color": "#595959"},
    "result": {
        "shape": "box",
        "style": "rounded,filled",
        "fillcolor": "#d8f1e6",
        "color": "#00704f",
        "peripheries": "2",
        "penwidth": "1.6",
    },
}

TITLE, LINE = 12.0, 10.5  # sizes of a title and of what is under it
_NARROW = {**dict.fromkeys("'ijl", 0.34), **dict.fromkeys(" /IJ\\|,.:;-", 0.42), **dict.fromkeys("f!()[]tr", 0.49)}
_BROAD = {**dict.fromkeys("ABDGHKNOQRUVX#+<=>^~&", 0.87), **dict.fromkeys("w%@MmW", 1.1)}
_BREADTHS = _NARROW | dict.fromkeys('_`"*?zcs', 0.6) | _BROAD

_SYMBOLS = {"*": "×", "-": "−", "/": "÷"}
_NAMES = {"power_constant": "power"}
_CONTROL = {c: 0x2400 + c for c in range(32) if c != 10} | {127: 0x2421}
_INPUT = re.compile(r"(x|t|y|input|target)s?([\W\d_]|$)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?:.*\.)?(w|b|weight|bias|theta|gamma|beta)s?([\W\d_]|$)", re.IGNORECASE)


def number(x: float, digits: int = 4) -> str:
    """Return x in few digits that do not mislead: what is not whole, or not zero, does not look so.

    >>> number(2 / 3), number(1234567.0), number(float("nan")), number(123456.7)
    ('0.6667', '1234567', 'nan', '1.235e+05')
    """
    if math.isfinite(x) and x == int(x) and abs(x) < 1e7 and str(x)[0:2] != "-0":
        return str(int(x))
    for places in (digits, 6, 9, 17):
        text = f"{x:.{places}g}"
        short = float(text)
        if short == x or (math.isfinite(short) and (not short.is_integer() or abs(x) >= 1000)) or x != x:
            break
    return text


def brief(x: float) -> str:
    """Return x in two digits, for averages.

    >>> brief(0.0031234), brief(0.25), brief(0.0)
    ('3.1e-3', '0.25', '0')
    """
    if x == 0 or not math.isfinite(x) or 0.01 <= abs(x) < 1000:
        return f"{x:.2g}" if abs(x) < 100 else f"{x:.0f}"
    mantissa, exponent = f"{x:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def clip(text: str, length: int = 40) -> str:
    """Return the text itself, or where it is longer its beginning and its end with an ellipsis between."""
    if len(text) <= length:
        return text
    return text[: length // 2] + "…" + text[len(text) - (length - length // 2 - 1) :]


def printable(text: str) -> str:
    """Return the text with control characters made visible and what no file can hold replaced.

    >>> printable("a" + chr(0) + "b")
    'a␀b'
    """
    clean = text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def literal(text: str, length: int = 40) -> str:
    r"""Return the text for a label in DOT, where backslashes and entities would mean something: literally, clipped.

    >>> print(literal("a & b" + chr(92) + "n"))
    a &amp; b\\n
    """
    shown = printable(clip(text, length)).replace("&", "&amp;").replace("\\", "\\\\")
    return "\\n".join([line or " " for line in shown.split("\n")])  # Graphviz in WebAssembly fails at empty lines


def marked(text: str, length: int = 40) -> str:
    r"""Return the text for an HTML-like label in DOT, where brackets and backslashes would mean something.

    >>> print(marked("a <b> & c" + chr(92)))
    a &lt;b&gt; &amp; c<FONT>&#92;</FONT>
    """
    shown = html.escape(printable(clip(text, length)), quote=True).replace("  ", "&#160; ")
    shown = shown.replace("\\", "<FONT>&#92;</FONT>")  # by itself: within one text \G is the graph's name
    return "<BR/>".join([line or " " for line in shown.split("\n")])


def symbol(op: str) -> str:
    """Return the operator's sign, or the function's name.

    >>> symbol("multiply"), symbol("tanh")
    ('×', 'tanh')
    """
    rule = RULES.get(op)
    if rule is None or rule.infix is None:
        return _NAMES.get(op, op)
    return _SYMBOLS.get(rule.infix[0], rule.infix[0])


def sign(node: Any) -> str:
    """Return the symbol of a node's operation, and a fixed exponent with it.

    >>> from engine import Value
    >>> sign(Value(3.0) ** 2), sign(Value(3.0) * 2.0), sign(Value(3.0))
    ('** 2', '×', '')
    """
    if node.op != "power_constant":
        return symbol(node.op) if node.parents else ""
    return f"** {number(node.pullback.args[-1])}"


def breadth(text: str, size: float, *, bold: bool = False) -> float:
    """Return how broad a text may come out, in points, in the broadest of the fonts a reader may have.

    Graphviz reckons with Arial; where it is missing, DejaVu or Verdana take a quarter more.

    >>> breadth("will", 10.0) < breadth("wwww", 10.0) < breadth("wwww", 10.0, bold=True)
    True
    """
    ems = sum([_BREADTHS.get(c) or (0.73 if c.isascii() else 1.35 if doubled(c) else 0.9) for c in text])
    return ems * size * (1.0 if bold else 0.91)


def doubled(character: str) -> bool:
    """Whether a character takes two columns: ideographs and emoji."""
    return unicodedata.east_asian_width(character) in "WF"


def kind(node: Any) -> str:
    """Return what a node is: "operation", or for a leaf "parameter", "input", "constant" or "leaf".

    A parameter is a leaf whose label has a place in an array (`nn` gives those) or reads like a weight or a bias; an
    input is one whose label reads like x, t or y.
    """
    if node.parents:
        return "operation"
    if is_constant(node):
        return "constant"
    label = node.label
    if isinstance(label, Label) or _PARAMETER.match(label):
        return "parameter"
    return "input" if _INPUT.match(label) else "leaf"


def in_order(root: Any) -> list[Any]:
    """Return the nodes, operands first, each leaf just before its first use.

    >>> from engine import Value
    >>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(1.0, "b")
    >>> [node.label or node.op for node in in_order(w * x + b)]
    ['w', 'x', 'multiply', 'b', 'add']
    """
    nodes = []
    seen = set()
    for node in graph.order(root):
        if not node.parents:
            continue
        for parent in node.parents:
            if not parent.parents and id(parent) not in seen:
                seen.add(id(parent))
                nodes.append(parent)
        nodes.append(node)
    return nodes or [root]


def plural(count: int, what: str) -> str:
    """Return a count and its noun.

    >>> plural(1, "node"), plural(2080, "parameter")
    ('1 node', '2,080 parameters')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
