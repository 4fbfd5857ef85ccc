"""Names for intermediate results, as the notes call them: z for pre-activations, a for activations."""

from __future__ import annotations

from engine.lift.ir import Layout, Literal, Source, Step, View

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "softplus", "erf")
LETTERS = {"max": "m", "exp": "e", "sum": "s", "log": "l", "gather": "picked", "less": "c", "less_equal": "c"}


def christen(layout: Layout) -> None:
    """Rename the results of the forward steps, in order."""
    counts: dict[str, int] = {}
    readers: dict[Source, list[Step]] = {}
    for step in layout.steps:
        for x in step.operands:
            if not isinstance(x, Literal):
                readers.setdefault(x.source, []).append(step)
    for step in layout.steps:
        source = step.target.source
        if source.name[0] != "v" or not source.name[1:].isdigit():
            continue
        if step.op == "matmul" and (added := _added(readers.get(source, []))):
            source.name = added.target.source.name = _next(counts, "z")
        elif step.op == "matmul":
            source.name = _next(counts, "z")
        elif step.op in ACTIVATIONS:
            x = step.operands[0]
            of = "" if isinstance(x, Literal) else x.source.name
            number = of[1:] if of[:1] == "z" and of[1:].isdigit() else ""
            source.name = f"a{number}" if number and f"a{number}" not in counts else _next(counts, "a")
            counts[source.name] = 1
        else:
            source.name = _next(counts, LETTERS.get(step.op, "t"))
    _christen_result(layout)


def _christen_result(layout: Layout) -> None:
    """Call the result what it is, unless it has a name of the notes."""
    root = layout.roots[0]
    if isinstance(root, View) and root.source.kind == "value" and root.is_whole() and root.source.name[0] not in "za":
        root.source.name = "losses" if root.batched else "loss"


def _added(readers: list[Step]) -> Step | None:
    """Return the addition (of a bias, say) that is all that reads a product."""
    if len(readers) == 1 and readers[0].op == "add" and readers[0].target.source.name[0] == "v":
        return readers[0]
    return None


def _next(counts: dict[str, int], letter: str) -> str:
    counts[letter] = counts.get(letter, 0) + 1
    while f"{letter}{counts[letter]}" in counts:  # an activation that has its pre-activation's number
        counts[letter] += 1
    return f"{letter}{counts[letter]}"
