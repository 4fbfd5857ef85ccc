"""Formulas, read as a person reads them: text -> numbers, by a grammar of its own that knows nothing of the printer.

    z1 = x @ W1 + b1                                              whole arrays, with NumPy's axes and broadcasting
    dW[2:] -= x.T @ dz1                                           part of an array
    p[i, j] = sum over k <= i of q[i, k] * v[k, j]  for i < 5, j < 3      element by element; `+=` adds up every element
    4 times, t = 0, 1, ..:  h{t + 1} = tanh(h{t} @ W)             repeated lines, their names numbered

`read(text, names)` runs the lines in order and returns every name's array.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|==|[-+*/@<()\[\],.:=]))"
)
HEADING = re.compile(r"(\d+) times, (\w+) = (-?\d+), \.\.\., (-?\d+):")
TERMS = re.compile(r" for (\w+) = (-?\d+), \.\.\., (-?\d+)\)")
REDUCTIONS = ("sum", "max", "softmax", "logsumexp")
erf = np.vectorize(math.erf, otypes=[float])


def softmax(x: Any, axis: Any = None) -> Any:
    axis = None if axis is None else whole(axis)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def logsumexp(x: Any, axis: Any = None) -> Any:
    axis = None if axis is None else whole(axis)
    m = np.max(x, axis=axis, keepdims=True)
    return np.log(np.exp(x - m).sum(axis=axis)) + np.max(x, axis=axis)


SAME_IN_NUMPY = (
    *("exp", "expm1", "log", "log1p", "logaddexp", "sqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "hypot"),
    *("arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "maximum", "minimum", "outer", "sign", "abs"),
    *("reciprocal", "square", "cbrt", "log2", "log10", "exp2"),
)
FUNCTIONS = {name: getattr(np, name) for name in SAME_IN_NUMPY} | {
    "erf": erf, "softmax": softmax, "logsumexp": logsumexp, "where": lambda c, x, y: np.where(np.asarray(c) != 0, x, y),
    "sigmoid": lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)), "softplus": lambda x: np.logaddexp(0.0, x),
    "relu": lambda x: np.where(x > 0, x, np.where(np.isnan(x), x, 0.0)),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x), "clip": np.clip,
    "identity": lambda x: x, "stop_gradient": lambda x: x, "negative": np.negative,
    "power": np.power, "less": np.less, "less_equal": np.less_equal, "equal": np.equal,
    "zeros": lambda shape: np.zeros(whole(shape)), "arange": lambda *ends: np.arange(*map(whole, ends)),
    "broadcast_to": lambda x, shape: np.broadcast_to(x, whole(shape)),
}  # fmt: skip
METHODS = {"reshape", "transpose", "sum", "max", "T"}


def whole(x: Any) -> Any:
    """Return integers, which are read as floats."""
    return tuple(map(whole, x)) if isinstance(x, tuple) else int(x) if np.ndim(x) == 0 else np.asarray(x).astype(int)


class Reader:
    """One expression: its tokens, where it stands, what names are, and the variables of the loops around it."""

    def __init__(
        self, text: list[str], names: dict[str, Any], loops: dict[str, Any] | None = None, count: int = 1, at: int = 0
    ) -> None:
        self.tokens, self.names, self.loops, self.count, self.at = text, names, loops or {}, count, at

    # --- tokens --------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise SyntaxError(
                f"{wanted or 'more'} is missing after {' '.join(self.tokens[: self.at])!r}, not {token!r}"
            )
        self.at += 1
        return token

    # --- operators, from the loosest -----------------------------------------------------------------------------

    def comparison(self) -> Any:
        x = self.sum()
        while self.peek() in ("<", "<=", "=="):
            sign = self.take()
            y = self.sum()
            x = x < y if sign == "<" else x <= y if sign == "<=" else x == y
        return x

    def sum(self) -> Any:
        x = self.product()
        while self.peek() in ("+", "-"):
            x = x + self.product() if self.take() == "+" else x - self.product()
        return x

    def product(self) -> Any:
        x = self.signed()
        while self.peek() in ("*", "/", "@"):
            sign = self.take()
            y = self.signed()
            x = x * y if sign == "*" else np.divide(x, y) if sign == "/" else np.matmul(x, y)
        return x

    def signed(self) -> Any:
        if self.peek() == "-":
            self.take()
            return np.negative(self.signed())
        return self.power()

    def power(self) -> Any:
        x = self.item()
        if self.peek() == "**":
            self.take()
            return np.power(np.asarray(x, float), self.signed())
        return x

    # --- items ---------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        token = self.peek()
        if token in REDUCTIONS and self.peek(1) == "over":
            return self.reduction()
        x = self.atom()
        while self.peek() in (".", "["):
            x = self.subscript(x) if self.peek() == "[" else self.method(x)
        return x

    def atom(self) -> Any:
        token = self.take()
        if token == "(":
            x = self.comparison()
            if self.peek() == ",":
                items = [x]
                while self.peek() == ",":
                    self.take()
                    if self.peek() != ")":
                        items.append(self.comparison())
                x = tuple(items)
            self.take(")")
            return x
        if token == "[":
            return self.joined()
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if token in ("inf", "nan") and token not in self.names:
            return float(token)
        if self.peek() == "(":
            return FUNCTIONS[token](*self.arguments())
        return self.loops[token] if token in self.loops else self.names[token]

    def joined(self) -> Any:
        """Read arrays that are one: row upon row where they have rows of one shape, else end to end."""
        parts = [self.comparison()]
        while self.peek() == ",":
            self.take()
            parts.append(self.comparison())
        self.take("]")
        return join(parts)

    def arguments(self) -> list[Any]:
        self.take("(")
        found: list[Any] = []
        while self.peek() != ")":
            if self.peek(1) == "=":
                self.take()
                self.take()
            found.append(self.comparison())
            if self.peek() == ",":
                self.take()
        self.take(")")
        return found

    def method(self, x: Any) -> Any:
        self.take(".")
        name = self.take()
        assert name in METHODS, name
        if name == "T":
            return np.swapaxes(x, -1, -2) if np.ndim(x) > 2 else np.transpose(x)
        arguments = self.arguments()
        if name in ("sum", "max"):
            return getattr(np, name)(x, axis=whole(arguments[0]) if arguments else None)
        return getattr(np.asarray(x), name)(*map(whole, arguments))

    def subscript(self, x: Any) -> Any:
        return np.asarray(x)[self.index()]

    def index(self) -> Any:
        self.take("[")
        places = [self.place()]
        while self.peek() == ",":
            self.take()
            places.append(self.place())
        self.take("]")
        return tuple(places)

    def place(self) -> Any:
        if self.peek() == "None":
            self.take()
            return None
        parts: list[Any] = [None, None, None]
        k, sliced = 0, False
        while self.peek() not in (",", "]"):
            if self.peek() == ":":
                self.take()
                k, sliced = k + 1, True
            else:
                parts[k] = self.comparison()
        if sliced:
            return slice(*[None if part is None else int(part) for part in parts])
        return whole(parts[0])

    # --- reductions ----------------------------------------------------------------------------------------------

    def reduction(self) -> Any:
        kind = self.take()
        self.take("over")
        inside, owner = self.ranges()
        inside.take("of")
        body = np.broadcast_to(np.asarray(inside.product(), float), (inside.count,))
        self.at = inside.at
        total, most = np.zeros(self.count), np.full(self.count, -np.inf)
        np.maximum.at(most, owner, body)
        terms = body if kind == "sum" else np.exp(body - most[owner])
        np.add.at(total, owner, terms)
        result = {"sum": total, "max": most, "logsumexp": np.log(total) + most}.get(kind)
        if kind == "softmax":  # of the term at which the variables are what they are outside
            bound = [name for name in self.loops if name in inside.bound]
            mine = np.all([inside.loops[name] == self.loops[name][owner] for name in bound], axis=0)
            result = np.full(self.count, np.nan)
            result[owner[mine]] = (terms / total[owner])[mine]
        return result if self.loops else result[0]

    def ranges(self) -> tuple[Reader, Any]:
        """Read ranges: what is read in their loops, and the element that each of their elements belongs to."""
        inside, owner, bound = self, np.arange(self.count), []
        while True:
            name, low, stop = inside.range()
            lengths = np.maximum(stop - low, 0)
            each = np.repeat(np.arange(inside.count), lengths)
            within = np.arange(len(each)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            loops = {key: value[each] for key, value in inside.loops.items()} | {name: within + low[each]}
            bound.append(name)
            inside = Reader(self.tokens, self.names, loops, len(each), inside.at)
            owner = owner[each]
            inside.bound = bound
            if inside.peek() != ",":
                return inside, owner
            inside.take()

    def range(self) -> tuple[str, Any, Any]:
        """Read ``i < 3``, ``i <= j`` or ``1 <= i < 4``: the variable, where it begins and before what it stops."""
        low: Any = 0
        if self._begins():
            low = self.sum()
            self.take("<=")
        name = self.take()
        closed = self.take() == "<="
        low, stop = (np.broadcast_to(whole(end), (self.count,)) for end in (low, self.sum() + closed))
        return name, low, stop

    def _begins(self) -> bool:
        """Whether it is said where a range begins: ``j <= i < 4``."""
        depth, signs = 0, 0
        for token in self.tokens[self.at :]:
            if depth == 0 and token in (",", "of"):
                break
            depth += (token in ("(", "[")) - (token in (")", "]"))
            signs += depth == 0 and token in ("<", "<=")
        return signs > 1


def tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise SyntaxError(f"{text[at:]!r} cannot be read in {text!r}")
        found.append(match.group().strip())
        at = match.end()
    return found


def join(parts: list[Any]) -> Any:
    arrays = [np.asarray(x) for x in parts]
    if all(x.ndim for x in arrays) and len({x.shape[1:] for x in arrays}) == 1:
        return np.concatenate(arrays)
    return np.concatenate([x.reshape(-1) for x in arrays])


# --- lines -----------------------------------------------------------------------------------------------------------


def read(text: str, names: dict[str, Any], shapes: dict[str, tuple[int, ...]] | None = None) -> dict[str, Any]:
    """Return the arrays of all names, after every line.

    Parameters
    ----------
    text
        Formulas.
    names
        Parameters, inputs, constants; ``N``, the number of samples.
    shapes
        Of arrays that are written as parts of one, ``[dwq, dwk] = ...``.
    """
    names = {k: np.asarray(v) if k != "N" else v for k, v in names.items()}
    with np.errstate(all="ignore"):
        for line in unfolded(text.splitlines()):
            if line.strip():
                run(line, names, shapes or {})
    return names


def unfolded(lines: list[str]) -> Iterator[str]:
    """Yield the lines, those that are said to repeat as often as that is said."""
    at = 0
    while at < len(lines):
        heading = HEADING.fullmatch(lines[at])
        at += 1
        if heading is None:
            yield lines[at - 1]
            continue
        times, variable, first, last = int(heading[1]), heading[2], int(heading[3]), int(heading[4])
        assert last == first + times - 1, heading[0]
        block = []
        while at < len(lines) and lines[at].startswith("    "):
            block.append(lines[at].strip())
            at += 1
        for t in range(first, last + 1):
            for line in block:
                yield re.sub(r"\{([^{}]*)\}", lambda m: str(numbered(m[1], variable, t)), line)  # noqa: B023


def numbered(expression: str, variable: str, value: int) -> int:
    """Return which number a name in a repeated line has."""
    return int(Reader(tokens(expression), {variable: value}).comparison())


def written_out(line: str) -> str:
    """Return a line with every ``sum(b{t} for t = 1, ..., 3)`` as its terms."""
    while (last := TERMS.search(line)) is not None:
        depth, at = 1, last.start()
        while depth:
            at -= 1
            depth += (line[at] == ")") - (line[at] == "(")
        begin = at - len("sum")
        term, variable = line[at + 1 : last.start()], last[1]
        values = range(int(last[2]), int(last[3]) + 1)
        terms = [re.sub(r"\{([^{}]*)\}", lambda m: str(numbered(m[1], variable, t)), term) for t in values]  # noqa: B023
        line = f"{line[:begin]}({' + '.join(f'({x})' for x in terms)}){line[last.end() :]}"
    return line


def run(line: str, names: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> None:
    equation, _, ranges = written_out(line).partition("  for ")
    left, sign, right = re.split(r" (\+=|-=|=) ", equation, maxsplit=1)
    loops, count = {}, 1
    if ranges:
        inside, _ = Reader(tokens(ranges), names).ranges()
        loops, count = inside.loops, inside.count
    value = np.asarray(Reader(tokens(right), names, loops, count).comparison(), float)
    value = -value if sign == "-=" else value
    if left.isidentifier() and sign == "=" and not ranges:
        names[left] = value.copy()
    elif left.startswith("["):
        into_parts(left, sign, value, names, shapes, loops, count)
    else:
        base = re.match(r"\w+", left)[0]
        if base not in names:
            names[base] = np.full(extent(left, names, loops, count), np.nan)
        store(names[base], left, sign, value, names, loops, count)


def extent(left: str, names: dict[str, Any], loops: dict[str, Any], count: int) -> list[int]:
    """Return the shape of an array all of whose elements are written, by their places."""
    place = Reader(tokens(left), names, loops, count)
    place.take()
    return [int(np.max(i)) + 1 for i in place.index()]


def store(
    array: Any, left: str, sign: str, value: Any, names: dict[str, Any], loops: Any = None, count: int = 1
) -> None:
    """Put a value where the left side says, which is asked of an array of its elements' places."""
    base = re.match(r"\w+", left)[0]
    positions = np.arange(array.size).reshape(array.shape)
    places = np.asarray(Reader(tokens(left), {**names, base: positions}, loops, count).comparison())
    places = np.broadcast_to(places, (count,)) if loops else places
    flat = array.reshape(-1)
    if sign == "=":
        flat[places] = value
    else:
        np.add.at(flat, places, np.broadcast_to(value, places.shape))


def into_parts(
    left: str, sign: str, value: Any, names: dict[str, Any], shapes: dict[str, tuple[int, ...]], loops: Any, count: int
) -> None:
    """Write to arrays that are read as one."""
    inside, behind = left[1:].split("]", 1)
    parts = [name.strip() for name in inside.split(",")]
    for name in parts:
        names.setdefault(name, np.zeros(shapes[name]))
    whole = join([names[name] for name in parts])
    if behind:
        store(whole, f"joined{behind}", sign, value, names, loops, count)
    else:
        whole = np.broadcast_to(value, whole.shape) if sign == "=" else whole + value
    at = 0
    for name in parts:
        size = names[name].size
        names[name] = whole.reshape(-1)[at : at + size].reshape(names[name].shape).copy()
        at += size
