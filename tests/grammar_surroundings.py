"""What random programs capture: Values under labels of every kind, numbers, containers, functions that change."""

from __future__ import annotations

import random
from collections.abc import Callable

from grammar_statements import Scope
from grammar_words import CONSTANTS, LABELS


def surroundings(scope: Scope, width: int, hostile: bool) -> list[str]:
    """Write what the function captures, and the function that changes it."""
    draw = scope.draw
    plain = draw.random() >= 0.4 and not hostile

    def label(default: str) -> str:
        return default if plain else draw.choice(LABELS) or default

    lines = [f"K = [{draw.choice(['2.0', '1', '0.5', '0', '3'])}]", f"MODE = {{'k': {draw.choice(['0', '1.5'])}}}"]
    lines += _values(scope, width, label)
    lines += _numbers_and_functions(scope)
    return [*lines, "", "", "def change():", *[f"    {line}" for line in _change(draw)]]


def _values(scope: Scope, width: int, label: Callable[[str], str]) -> list[str]:
    """Write Values: single ones, a vector, a matrix whose rows are now and then one and the same."""
    draw, lines = scope.draw, []
    for k in range(draw.choice([1, 2, 3])):
        lines.append(f"p{k} = {_value(draw, label(f'p{k}'))}")
        scope.scalars.append(f"p{k}")
        scope.parameters.append(f"p{k}")
    if draw.random() < 0.7:
        numbered = draw.random() < 0.6
        entries = [_value(draw, f"u[{i}]" if numbered else label("")) for i in range(width)]
        if draw.random() < 0.15:
            entries[-1] = "p0"  # one Value at two places
        lines.append(f"pu = [{', '.join(entries)}]")
        scope.vectors["pu"] = width
    if draw.random() < 0.6:
        n = draw.choice([1, 2, 3])
        tied = draw.random() < 0.15  # the same Values in every row
        rows = [f"[{', '.join(_value(draw, f'W[{i}, {j}]') for j in range(width))}]" for i in range(n)]
        lines.append(f"pW = [{rows[0]}] * {n}" if tied else f"pW = [{', '.join(rows)}]")
        scope.rows["pW"] = (n, width)
    return lines


def _value(draw: random.Random, label: str) -> str:
    number = round(draw.uniform(-1.5, 1.5), 3) if draw.random() < 0.85 else draw.choice([0.0, -0.0, 1.0, -1.0, 2.0])
    return f"Value({number}, {label!r})"


def _numbers_and_functions(scope: Scope) -> list[str]:
    """Write numbers of several kinds, and functions of one number."""
    draw = scope.draw
    lines = [f"RATE = {draw.choice(CONSTANTS)}", f"TABLE = np.array([{', '.join(draw.sample(CONSTANTS, 3))}], float)"]
    lines += ["", "", "class Setting:", f"    scale = {draw.choice(CONSTANTS)}"]
    lines += ["", "", f"def helper(u, shift={draw.choice(CONSTANTS)}):", "    return engine.sin(u) * RATE + shift"]
    scope.functions.append("helper")
    for text in draw.sample(["(0.0 + RATE)", "float(TABLE[1])", "(1.0 * Setting.scale)", "(1.0 * K[0])"], 2):
        scope.scalars.append(text)
    return [*lines, ""]


def _change(draw: random.Random) -> list[str]:
    """Return statements that alter what the function reads."""
    number = _value(draw, "again")
    return draw.choice(
        [
            ["K[0] = K[0] + 1"],
            ["p0.data = p0.data + 0.25"],
            [f"K[0] = {draw.choice(CONSTANTS)}", "p0.data = -p0.data"],
            ["global p0", f"p0 = {number}"],
            ["global RATE", f"RATE = {draw.choice(CONSTANTS)}", "MODE['k'] = 1 - MODE['k']"],
            ["TABLE[1] = TABLE[1] - 0.75"],
            [f"Setting.scale = {draw.choice(CONSTANTS)}"],
            ["global helper", "helper = lambda u: engine.cos(u) - 0.5"],
            [f"helper.__defaults__ = ({draw.choice(CONSTANTS)},)"],
            ["pass"],
        ]
    )
