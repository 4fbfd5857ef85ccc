"""Steps -> Steps, under names as the notes have them: z for pre-activations, a for activations, d for cotangents.

Where a result knows its author's variable, that is its name.  Names are chosen when all is decided, apart from those of
what the caller passes; no stage reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.lifting.ir import Steps
from engine.lifting.names import variable
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source, View

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "softplus", "erf")
LETTERS = {"max": "m", "exp": "e", "sum": "s", "log": "l", "gather": "picked", "less": "c", "less_equal": "c"}


def name_results(steps: Steps, taken: set[str]) -> Steps:
    """Name the results of the forward steps, then those of the backward ones, in order, then constants.

    Parameters
    ----------
    steps
        The array operations.
    taken
        Names of parameters, inputs and gradients.
    """
    roles, follows = _roles(steps)
    names = _Names(set(taken), roles, follows)
    for step in steps.forward:
        names.result(step)
    names.root(steps.roots[0])
    for step in steps.backward:
        names.cotangent(step.target.source)
    for source in steps.constants:
        names.numbered(source, "c")
    return steps.with_sources(_named(names))


def _named(names: _Names) -> dict[Source, Source]:
    """Return the sources under their names; what one is the cotangent of, or follows, was named before it."""
    named: dict[Source, Source] = {}
    for source, name in names.names.items():
        of = None if source.of is None else named.get(source.of, source.of)
        first = names.follows.get(source)
        follows = None if first is None else named[first]
        named[source] = source.called(name, role=names.roles.get(source, ""), of=of, follows=follows)
    return named


def _roles(steps: Steps) -> tuple[dict[Source, str], dict[Source, Source]]:
    """Find pre-activations and activations, and of which product each sum with it goes on: z1 = X @ W1, z1 + b1."""
    readers: dict[Source, list[Step]] = {}
    for step in steps.forward:
        for x in step.operands:
            if not isinstance(x, Literal):
                readers.setdefault(x.source, []).append(step)
    roles: dict[Source, str] = {}
    follows: dict[Source, Source] = {}
    for step in steps.forward:
        source = step.target.source
        if step.op == "matmul":
            roles.setdefault(source, "z")
            added = _added(readers.get(source, []))
            if added is not None and added not in roles:
                roles[added], follows[added] = "z", source
        elif step.op in ACTIVATIONS:
            roles.setdefault(source, "a")
    return roles, follows


def _added(readers: list[Step]) -> Source | None:
    """Return the result of the addition (of a bias, say) that is all that reads a product."""
    return readers[0].target.source if len(readers) == 1 and readers[0].op == "add" else None


@dataclass
class _Names:
    """The names given so far."""

    taken: set[str]
    roles: dict[Source, str]
    follows: dict[Source, Source]
    names: dict[Source, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    numbers: dict[Source, int] = field(default_factory=dict)  # of pre-activations
    continued: dict[Source, Source] = field(init=False)  # what each result is added up in, on the same line

    def __post_init__(self) -> None:
        self.continued = {first: source for source, first in self.follows.items()}

    def give(self, source: Source, name: str) -> None:
        """Name a source so, or with a number where that is taken."""
        candidate, n = name, 1
        while candidate in self.taken:
            n += 1
            candidate = f"{name}_{n}"
        self.taken.add(candidate)
        self.names[source] = candidate

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
        if source in self.names:
            return
        role, first, word = self.roles.get(source, ""), self.follows.get(source), self.word(source, step.op)
        if first is not None:
            self.names[source] = self.names[first]
            if first in self.numbers:
                self.numbers[source] = self.numbers[first]
        elif word:
            self.names[source] = variable(word, self.taken)
        elif role == "a":
            x = step.operands[0]
            n = self.numbers.get(x.source) if not isinstance(x, Literal) and self.roles.get(x.source) == "z" else None
            if n is not None and f"a{n}" not in self.taken:
                self.give(source, f"a{n}")
            else:
                self.numbered(source, "a")
        else:
            self.numbered(source, role or LETTERS.get(step.op, "t"))

    def word(self, source: Source, op: str) -> str:
        """Return the author's word for a result: of what goes on with it on the same line, where something does."""
        while source in self.continued:
            source = self.continued[source]
        origin = source.origin
        if origin is None:
            return ""
        if origin.variable or not origin.towards:
            return origin.variable
        role = self.roles.get(source, "")
        return f"{role}_{origin.towards}" if role else f"{origin.towards}_{op}"

    def root(self, root: object) -> None:
        """Call the result what it is, unless it has a name of the notes or its author's."""
        if isinstance(root, View) and root.source in self.names and root.is_whole() and root.source not in self.roles:
            if root.source.origin is not None and root.source.origin.variable:
                return
            self.taken.discard(self.names[root.source])
            self.give(root.source, "losses" if root.batched else "loss")

    def cotangent(self, source: Source) -> None:
        """Name what a backward step computes: after what it is the cotangent of, or with a number."""
        if source.kind != "value" or source in self.names:
            return
        if source.of is None:
            self.numbered(source, "g")
        else:
            self.give(source, f"d{self.names.get(source.of, source.of.name)}")
