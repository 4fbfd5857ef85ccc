"""What a watched run tells of its nodes, once somebody asks: of all names that a node was lent, the best.

A variable is a better name than the function that returned it, the caller's variable than the callee's, all of
something than a part of it (`q` than ``q_h = q[:4]``), and of those the last that was assigned before its first use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from engine.graph import order
from engine.value import Value
from engine.watching.origin import Assignment, CallSite, Origin, Path
from engine.watching.stores import goes_on_to
from engine.watching.watch import ASSIGNED, RETURNED, LineTracer, Naming, Record, Run

NEVER = float("inf")
MOST = 8  # names after one another that are compared
Named = Sequence[tuple[Naming, Path]]


class Words:
    """What the author's functions say of the nodes that they have made.

    Parameters
    ----------
    record
        What was noted.
    watch
        Who noted it, and has seen the assignments.

    Examples
    --------
    >>> def half(x):
    ...     y = x * 0.5
    ...     return y
    >>> def f(x):
    ...     z = half(x)
    ...     return z + 1.0
    >>> from engine.watching.context import run_watched
    >>> result, words = run_watched(f, Value(3.0))
    >>> origin = words.origins(result)[result.parents[0]]
    >>> origin.variable, [call.function for call in origin.chain]
    ('z', ['f', 'half'])
    """

    def __init__(self, record: Record, watch: LineTracer) -> None:
        self.record, self._watch = record, watch
        self._chains: dict[int, tuple[Run, tuple[tuple[CallSite, ...], tuple[int, ...]]]] = {}

    def origins(self, *roots: Value) -> dict[Value, Origin]:
        """Return what is known of each node of a graph that was made meanwhile, and of leaves that a variable held."""
        nodes = order(*roots)
        used = first_uses(nodes)
        origins = {node: self.origin(node, used.get(node, NEVER)) for node in nodes}
        return {node: origin for node, origin in origins.items() if origin is not None}

    def origin(self, node: Value, used: float = NEVER) -> Origin | None:
        """Return what is known of a node that was first used by the node of that number; None if that is nothing."""
        if not node.parents:
            held = self.record.leaves.get(id(node))
            return None if held is None else self._of_leaf(*held[1:])
        spot = self.record.spot(node.born)
        if spot is None or spot[0].code is None:
            return None
        run, line = spot
        chain, times = self._chain(run)
        naming, path = self._best(self.record.names.get(node.born, ()), used)
        towards = ""
        if naming is None or naming.strength == RETURNED:
            towards = self._goes_on(run, line)
            naming = None
        variable, holder = ("", ()) if naming is None else (naming.name, self._chain(naming.run)[0])
        assert run.code is not None
        return Origin(variable, path if naming else (), holder, chain, times, run.code.co_filename, line, towards)

    def _best(self, names: Named, used: float) -> tuple[Naming | None, Path]:
        """Return the best of the names that a node was lent, in the order in which it was, before it was used."""
        chosen: tuple[Naming | None, Path] = None, ()
        for naming, path in names:
            held = chosen[0]
            if held is None:
                chosen = naming, path
            elif naming.born < used or (held.born >= used and naming.strength > held.strength):
                replaces = naming.strength == ASSIGNED and naming.run.depth <= held.run.depth
                if naming.strength > held.strength or (
                    naming.strength == held.strength and replaces and self._holds_all(naming, held)
                ):
                    chosen = naming, path
        return chosen

    def _holds_all(self, naming: Naming, earlier: Naming) -> bool:
        """Whether what was assigned holds all that was assigned earlier, and not a part of it."""
        return self._shared.get((id(earlier), id(naming)), 0) >= earlier.count

    @cached_property
    def _shared(self) -> Counter[tuple[int, int]]:
        """How many Values two names were lent to."""
        shared: Counter[tuple[int, int]] = Counter()
        for names in self.record.names.values():
            namings = [id(naming) for naming, _ in names if naming.strength == ASSIGNED]
            for k, naming in enumerate(namings):
                shared.update([(naming, later) for later in namings[k + 1 : k + MOST]])
        return shared

    def _of_leaf(self, naming: Naming, path: Path) -> Origin:
        chain, times = self._chain(naming.run)
        file = "" if naming.run.code is None else naming.run.code.co_filename
        return Origin(naming.name, path, chain, chain, times, file, naming.line)

    def _goes_on(self, run: Run, line: int) -> str:
        """Return what a line goes on to assign, or the function whose result it is part of.

        The outermost function says nothing, since all is part of its result, and a lambda has no name.  What is called
        as an object goes by the name of its class.
        """
        name = "" if run.code is None else goes_on_to(run.code, line)
        if run.code is None or name != run.code.co_name:
            return name
        if run.call is None or run.caller is None or run.caller.code is None:
            return ""
        return run.call.function.partition(".")[0] if name.startswith("__") else name

    def _chain(self, run: Run) -> tuple[tuple[CallSite, ...], tuple[int, ...]]:
        known = self._chains.get(id(run))
        if known is None:
            known = self._chains[id(run)] = run, run.chain()
        return known[1]

    @property
    def assignments(self) -> list[Assignment]:
        """What the author's lines have assigned, in order, as far as it holds Values."""
        return [
            Assignment(store.name, x, self._chain(run)[0], run.code.co_filename if run.code else "", line)
            for store, x, run, line in self._watch.assignments
        ]


def first_uses(nodes: Iterable[Value]) -> Mapping[Value, float]:
    """Return the number of the first node that was computed from each."""
    used: dict[Value, float] = {}
    for node in nodes:
        if node.parents:
            for parent in node.parents:
                if node.born < used.get(parent, NEVER):
                    used[parent] = node.born
    return used
