"""Names for intermediate results, as the notes call them: z for pre-activations, a for activations, d for cotangents.

They are chosen when all is decided, apart from the names of what the caller passes; no stage reads them.
"""

from __future__ import annotations

from engine.lifting.ir import Literal, Source, Step, Steps, View

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "softplus", "erf")
LETTERS = {"max": "m", "exp": "e", "sum": "s", "log": "l", "gather": "picked", "less": "c", "less_equal": "c"}


def name_results(steps: Steps, taken: set[str]) -> None:
    """Name the results of the forward steps, then of the backward ones, in order.

    Parameters
    ----------
    steps
        The array operations.
    taken
        Names of parameters, inputs and gradients.
    """
    names = _Names(set(taken))
    _roles(steps)
    for step in steps.forward:
        names.result(step)
    names.root(steps.roots[0])
    for step in steps.backward:
        names.cotangent(step.target.source)


def _roles(steps: Steps) -> None:
    """Find pre-activations, what is added to them, and activations."""
    readers: dict[Source, list[Step]] = {}
    for step in steps.forward:
        for x in step.operands:
            if not isinstance(x, Literal):
                readers.setdefault(x.source, []).append(step)
    for step in steps.forward:
        source = step.target.source
        if step.op == "matmul":
            source.role = source.role or "z"
            added = _added(readers.get(source, []))
            if added is not None and not added.role:
                added.role, added.follows = "z", source
        elif step.op in ACTIVATIONS:
            source.role = source.role or "a"


def _added(readers: list[Step]) -> Source | None:
    """Return the result of the addition (of a bias, say) that is all that reads a product."""
    return readers[0].target.source if len(readers) == 1 and readers[0].op == "add" else None


class _Names:
    """The names given so far."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.named: set[Source] = set()
        self.counts: dict[str, int] = {}
        self.numbers: dict[Source, int] = {}  # of pre-activations

    def give(self, source: Source, name: str) -> None:
        """Name a source so, or with a number where that is taken."""
        candidate, n = name, 1
        while candidate in self.taken:
            n += 1
            candidate = f"{name}_{n}"
        self.taken.add(candidate)
        self.named.add(source)
        source.name = candidate

    def numbered(self, source: Source, letter: str) -> None:
        """Name a source by a letter and the next number."""
        n = self.counts.get(letter, 0) + 1
        while f"{letter}{n}" in self.taken:
            n += 1
        self.counts[letter] = self.numbers[source] = n
        self.give(source, f"{letter}{n}")

    def result(self, step: Step) -> None:
        """Name what a forward step computes, at its first step."""
        source = step.target.source
        if source in self.named:
            return
        if source.follows is not None:
            source.name = source.follows.name
            self.named.add(source)
            self.numbers[source] = self.numbers[source.follows]
        elif source.role == "a":
            x = step.operands[0]
            n = self.numbers.get(x.source) if not isinstance(x, Literal) and x.source.role == "z" else None
            if n is not None and f"a{n}" not in self.taken:
                self.give(source, f"a{n}")
            else:
                self.numbered(source, "a")
        else:
            self.numbered(source, source.role or LETTERS.get(step.op, "t"))

    def root(self, root: object) -> None:
        """Call the result what it is, unless it has a name of the notes."""
        if isinstance(root, View) and root.source.kind == "value" and root.is_whole() and not root.source.role:
            self.taken.discard(root.source.name)
            self.give(root.source, "losses" if root.batched else "loss")

    def cotangent(self, source: Source) -> None:
        """Name what a backward step computes."""
        if source.kind == "value" and source not in self.named:
            self.give(source, f"d{source.of.name}" if source.of is not None else source.name)
