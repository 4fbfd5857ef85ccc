"""Random scalar programs: straight lines of operations with sharing, run on any kind of number."""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import engine

UNARY = {
    "tanh": cmath.tanh,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "exp": cmath.exp,
    "arctan": cmath.atan,
    "arcsinh": cmath.asinh,
    "sigmoid": lambda x: 1 / (1 + cmath.exp(-x)),
}
BINARY = ("add", "subtract", "multiply")


@dataclass(frozen=True)
class Program:
    """Inputs, then operations on what came before; the last result counts."""

    inputs: tuple[float, ...]
    lines: tuple[tuple[str, int, int], ...]

    def run(self, xs: list[Any], functions: dict[str, Any]) -> Any:
        """Compute on floats, Values or complex numbers; `functions` supplies the unary ones."""
        values = list(xs)
        for op, i, j in self.lines:
            a, b = values[i % len(values)], values[j % len(values)]
            if op == "add":
                values.append(a + b)
            elif op == "subtract":
                values.append(a - b)
            elif op == "multiply":
                values.append(a * b)
            else:
                values.append(functions[op](0.5 * a))
        return values[-1]

    def on_values(self, xs: list[Any]) -> Any:
        return self.run(xs, {name: getattr(engine, name) for name in UNARY})

    def on_complex(self, xs: list[complex]) -> complex:
        return self.run(xs, UNARY)


def programs(max_lines: int = 12) -> st.SearchStrategy[Program]:
    """Programs whose numbers stay moderate: three inputs in [-1, 1], at most `max_lines` operations."""
    line = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 30), st.integers(0, 30))
    number = st.floats(-1.0, 1.0, allow_nan=False).map(lambda x: round(x, 6))
    return st.builds(
        Program,
        st.tuples(number, number, number),
        st.lists(line, min_size=1, max_size=max_lines).map(tuple),
    )
