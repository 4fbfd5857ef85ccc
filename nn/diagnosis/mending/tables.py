"""What people confuse: the kind of a mistake, and the text of what belongs in place of what they write.

In a text, `v` is the value as it is written, `a` and `b` are its operands, `u` is another array at hand, `c` a number
that is fitted, `old` what an assignment overwrites, and `f` the function of a call.

>>> [text for kind, text in BINARY[ast.Pow] if kind == "operands-exchanged"]
['b ** a']
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import TypeAlias

Row: TypeAlias = tuple[str, str]


def _rows(**texts: str) -> list[Row]:
    """Return rows of a kind, with a word joined by an underscore, and the texts that are separated by semicolons."""
    return [(kind.replace("_", "-"), text.strip()) for kind, several in texts.items() for text in several.split(";")]


BINARY: Mapping[type[ast.AST], list[Row]] = {
    ast.Add: _rows(sign="a - b; b - a", term_added="a; b", wrong_operation="a * b"),
    ast.Sub: _rows(sign="a + b; b - a", term_added="a; b; -b", wrong_operation="a * b; a / b"),
    ast.Mult: _rows(
        factor_too_many="a; b; -a; -b",
        factor_inverted="a / b; b / a",
        wrong_operation="a ** b; a + b; a - b",
        elementwise_for_product="a @ b; a.T @ b; a @ b.T; b.T @ a; b @ a.T; np.outer(a, b); np.outer(b, a)",
    ),
    ast.Div: _rows(factor_too_many="a", factor_inverted="a * b; b / a", wrong_operation="a - b; a + b"),
    ast.Pow: _rows(
        operands_exchanged="b ** a", wrong_operation="a * b; a", wrong_constant="a ** -b; a ** (b - 1); a ** (b + 1)"
    ),
    ast.Mod: _rows(wrong_index="a // b"),
    ast.FloorDiv: _rows(wrong_index="a % b"),
    ast.MatMult: _rows(
        factor_transposed="a @ b.T; a.T @ b; a.T @ b.T",
        order_of_product="b @ a; b.T @ a; b @ a.T; b.T @ a.T",
        elementwise_for_product="a * b; np.outer(a, b); np.outer(b, a)",
    ),
}
COMPARISON = _rows(mask_inverted="a < b; a > b; a <= b; a >= b")
INDEX = _rows(wrong_index="v + 1; v - 1; -v; 1 - v; -1 - v")
INDEX_WITH = _rows(wrong_index="v * u; v + u; v - u; v // u; v % u")
PART = _rows(slice="a; a.sum(axis=0); a.mean(axis=0)")
STORED = _rows(overwritten="old + v; old")
ADDED = _rows(sign="-v", overwritten="v - old", term_added="0 * v")
BESIDE = (-1.0, -0.5, 0.5, 1.0)
"""What is added to a constant whose change is not in proportion, such as an exponent."""
_ROOTS = tuple(map(math.sqrt, (2.0, 0.5, 2.0 * math.pi, 0.5 / math.pi, 2.0 / math.pi, 4.0 / math.pi)))
ROUNDED = (math.pi, 2.0 * math.pi, 1.0 / math.pi, math.e, math.log(2.0), *_ROOTS)
"""Constants of which people write some digits."""
VALUE = _rows(sign="-v", factor="c * v", factor_unsigned="abs(v)")
BY_DIMENSIONS = {
    1: _rows(factor_rearranged="v[::-1]", off_by_one="np.roll(v, 1); np.roll(v, -1)"),
    2: _rows(factor_transposed="v.T", factor_rearranged="v[::-1]; v[:, ::-1]"),
    3: _rows(factor_transposed="np.swapaxes(v, -1, -2)"),
    4: _rows(factor_transposed="np.swapaxes(v, -1, -2)"),
}
MAPPED = _rows(
    wrong_operation="1 - v; v * (1 - v); 1 - v ** 2; v ** 2; 1 / v; np.sqrt(v); np.sign(v); v > 0; v < 0; 1 / v ** 2; "
    "1 / np.sqrt(v); 1 / (1 - v); v ** 3; np.exp(v); np.exp(-v); np.log(v); 1 / (1 + np.exp(-v)); np.tanh(v); 1 + v; "
    "v + c; np.sin(v); np.cos(v); np.maximum(v, 0)"
)
ALONG = _rows(
    unsummed="v.sum(axis={axis}); v.sum(axis={axis}, keepdims=True)",
    sum_for_mean="v.mean(axis={axis}, keepdims=True)",
    path_missing="v - v.mean(axis={axis}, keepdims=True); v - v.sum(axis={axis}, keepdims=True)",
)
SIMPLE = 3  # the rank of one operation with another array
OTHERS = [
    (2, _rows(wrong_operand="u")),
    (SIMPLE, _rows(factor_missing="v * u", factor_too_many="v / u", term_missing="v + c * u", wrong_operand="u.T")),
    (4, _rows(wrong_operand="1 - u; 1 - u ** 2; u ** 2; 1 / u; -u; u * (1 - u); np.sign(u); u > 0")),
    (
        5,
        _rows(
            factor_missing="v * (1 - u); v * (1 - u ** 2); v * u ** 2; v * u * (1 - u); v * np.sign(u); v * (u > 0); "
            "v * np.exp(u); v * np.exp(-u)",
            factor_too_many="v / u ** 2; v / np.sqrt(u)",
        ),
    ),
]
"""With another array at hand: how far what is written is from that, and the rows."""
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    name: tuple(others.split())
    for name, others in {
        "sum": "mean max", "mean": "sum max", "max": "sum min", "min": "sum max", "maximum": "minimum",
        "minimum": "maximum", "exp": "log tanh sqrt", "log": "exp log2 log10", "log2": "log", "log10": "log",
        "sin": "cos", "cos": "sin", "tanh": "cosh sinh exp", "cosh": "sinh tanh", "sinh": "cosh tanh",
        "sqrt": "square log", "square": "sqrt", "abs": "sign", "absolute": "sign", "sign": "abs",
        "dot": "outer multiply matmul", "outer": "dot multiply", "multiply": "dot divide outer", "matmul": "multiply",
        "floor": "ceil", "ceil": "floor", "cumsum": "sum", "tile": "repeat", "repeat": "tile", "argmax": "argmin",
        "argmin": "argmax", "logical_and": "logical_or", "logical_or": "logical_and",
    }.items()
}  # fmt: skip
"""Functions of NumPy's, and those that people confuse with them."""
AXES = (0, 1, 2, 3, -1)
ALONG_AXES = ("sum", "mean", "max", "min", "any", "all", "cumsum", "prod", "var", "std")
EXCHANGED = {("sum", "mean"): "sum-for-mean", ("mean", "sum"): "mean-for-sum"}
"""The kinds of exchanged functions that have a name of their own."""
