"""Grids of cells that read their neighbours, with an edge around them: numbers, parameters, sums, or nothing."""

from __future__ import annotations

import engine

CELLS = {
    "nearest": lambda c, up, left, corner: c - engine.logsumexp([-up, -left, -corner]),
    "largest": lambda c, up, left, corner: engine.maximum(engine.maximum(up + 0.1, left * c), corner),
    "weighted": lambda c, up, left, corner: engine.tanh(0.3 * up + c * left - corner * up),
    "softmax": lambda c, up, left, corner: engine.dot(engine.softmax([up, left, corner]), [left, c, up]),
    "one after the other": lambda c, up, left, corner: up / (1.0 + left * left) + c,
    "where": lambda c, up, left, corner: engine.where(up < left, up * c, left - corner),
}
EDGES = ("numbers", "one number", "parameters", "sums", "missing")
ORDERS = ("rows", "columns", "backwards", "when asked for")


def grid(x, rows, columns, cell, edge, order):
    """A cell reads those above, on the left, and at the corner; around all cells is an edge of some kind."""
    cells = {}

    def at(i, j):
        if i >= 0 and j >= 0:
            if (i, j) not in cells:
                cells[i, j] = CELLS[cell](x[(3 * i + j) % len(x)] * 0.5, *neighbours(i, j))
            return cells[i, j]
        if edge == "parameters":
            return x[(i + 2 * j) % len(x)]
        if edge == "sums" and max(i, j) >= 0:
            return (at(i - 1, j) if i > 0 else at(i, j - 1) if j > 0 else x[0]) + 0.25
        return 0.1 if edge == "one number" else 0.25 * i - 0.5 * j

    def neighbours(i, j):
        read = [at(i - 1, j), at(i, j - 1), at(i - 1, j - 1)]
        if edge == "missing":
            inside = [v for v, whether in zip(read, (i > 0, j > 0, i > 0 and j > 0)) if whether] or [x[0]]
            return [*inside, *[inside[0]] * (3 - len(inside))]
        return read

    places = [(i, j) for i in range(rows) for j in range(columns)]
    if order == "columns":
        places.sort(key=lambda place: place[::-1])
    for place in {"when asked for": places[-1:], "backwards": [places[-1], *places]}.get(order, places):
        at(*place)
    return engine.total(list(cells.values())) if order == "rows" else at(rows - 1, columns - 1)


def heat(x, steps):
    u = list(x)
    for _ in range(steps):
        u = [0.0, *[engine.sin(u[i - 1] + u[i + 1]) * u[i] for i in range(1, len(u) - 1)], 1.0]
    return engine.total(u)
