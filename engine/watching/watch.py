"""A watched run: Python says which line of the author's functions runs, and what it assigned lends it its name.

Nodes are numbered as they are born. So it is enough to note, line by line, from which number on they are born there:
what was made in between, by whatever libraries and comprehensions the line went through, is that line's. No node is
touched, and nothing is noted of one that nobody names.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from engine.lines import OURS, is_looked_through
from engine.node import birth
from engine.value import Value
from engine.watching.held import CONTAINERS, length, values_in
from engine.watching.inlined import inlined
from engine.watching.origin import CallSite, Path
from engine.watching.stores import NOTHING, Store, fills_containers, stored

Tracer = Callable[[FrameType, str, Any], Any]

RETURNED, LOOPED, CONTAINED, ASSIGNED = range(4)
"""How good a name is: the function's that returned it, a loop's, the container's that it was put into, a variable's."""

SIZED = (list, dict)  # what grows
OFTEN = 4.0  # times that a node may be met in containers, on the average; after that, each container is looked at once
A_FEW = 10_000.0  # and in any case


class Run:
    """One call of one of the author's functions, while it was watched."""

    __slots__ = ("call", "caller", "code", "counts", "depth", "line", "number")

    def __init__(self, code: CodeType | None, call: CallSite | None, caller: Run | None, line: int) -> None:
        self.code, self.call, self.caller, self.line = code, call, caller, line
        self.counts: dict[tuple[int, int], int] = {}  # calls of each function from each line
        self.depth: int = 0 if caller is None else caller.depth + 1
        self.number = 0

    def chain(self) -> tuple[tuple[CallSite, ...], tuple[int, ...]]:
        """Return the places of the calls that led here, the outermost first, and how manyth each was."""
        calls, times = list[CallSite](), list[int]()
        run: Run | None = self
        while run is not None:
            if run.call is not None:
                calls.append(run.call)
                times.append(run.number)
            run = run.caller
        return tuple(calls[::-1]), tuple(times[::-1])


class Naming:
    """One name, lent by one line of one run to what it assigned.

    Attributes
    ----------
    name, run, line
        Whose.
    born
        When: what was born before was there.
    strength
        How good a name it is.
    count
        How many nodes were lent it.
    """

    __slots__ = ("born", "count", "line", "name", "run", "strength")

    def __init__(self, name: str, run: Run, line: int, born: float, strength: int) -> None:
        self.name, self.run, self.line, self.born, self.strength = name, run, line, born, strength
        self.count = 0


class Record:
    """What a watched run has left: whose line each node is, and who lent it which names. It holds no node."""

    def __init__(self) -> None:
        self.begun = birth()
        self.ended = float("inf")
        self.since: list[float] = []  # from which number on nodes are born at a spot
        self.spots: list[tuple[Run, int]] = []
        self.names: dict[float, list[tuple[Naming, Path]]] = {}  # by the number of a node
        self.leaves: dict[int, tuple[Value, Naming, Path]] = {}  # by identity: they have no number

    def at(self, run: Run, line: int) -> None:
        """Note that nodes are born at this line from now on."""
        now = birth()
        if self.since and self.since[-1] == now - 1.0:  # nothing was born at the last
            self.since[-1], self.spots[-1] = now, (run, line)
        else:
            self.since.append(now)
            self.spots.append((run, line))

    def spot(self, born: float) -> tuple[Run, int] | None:
        """Return where a node was born; None where nobody watched."""
        k = bisect_left(self.since, born) - 1
        return self.spots[k] if k >= 0 and born < self.ended else None

    def end(self) -> None:
        """Note that nobody watches from now on."""
        self.ended = birth()


class LineTracer:
    """What `sys.settrace` calls; who else traced before is told of everything as well.

    Parameters
    ----------
    record
        Where to note it.
    beside
        Who traces already: a debugger, a measurement of coverage.
    """

    def __init__(self, record: Record, beside: Tracer | None) -> None:
        self.record, self.beside, self.open = record, beside, True
        self.assignments: list[tuple[Store, Any, Run, int]] = []
        self.run = Run(None, None, None, 0)  # the innermost
        self.met = 0  # Values in containers
        self.scanned: dict[int, int] = {}
        self.known: dict[int, Known] = {}  # by identity: the hash of code looks through all of it

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Say who is told of the events in a new frame."""
        code = frame.f_code
        known = self.known.get(id(code))
        if known is None:
            known = self.known[id(code)] = Known(code, self._is_author_s(code))
        beside = None
        if self.beside is not None:
            beside = self.beside(frame, event, arg)
            self.stay()
        if not known.author:
            return None if beside is None else Passed(self, beside)
        if isinstance(frame.f_trace, Frame) and frame.f_trace.watch is self:  # a generator goes on
            return frame.f_trace.enter(beside)
        return Frame(self, frame, known, beside)

    def _is_author_s(self, code: CodeType) -> bool:
        """Whether code is the author's: a function, a module, and a lambda where nothing else is running."""
        name = code.co_name
        named = not name.startswith("<") or name == "<module>" or (name == "<lambda>" and self.run.code is None)
        return named and not is_looked_through(code.co_filename) and not code.co_filename.startswith(OURS)

    def stay(self) -> None:
        """Stay in the place of who traced before: some put themselves there, or leave for good."""
        now: Any = sys.gettrace()
        if now is not self and self.open:
            self.beside = now
            sys.settrace(self)

    def assigned(self, store: Store, x: Any, run: Run, line: int) -> None:
        """Lend the Values that something holds the name of what it was assigned to."""
        if self._hold(x, Naming(store.name, run, line, birth(), LOOPED if store.loops else ASSIGNED)):
            if not store.loops:
                self.assignments.append((store, x, run, line))

    def filled(self, name: str, x: Any, run: Run, line: int) -> None:
        """Lend the Values that were put into a container its name, as if it had held them from the beginning."""
        self._hold(x, Naming(name, run, line, 0.0, CONTAINED))

    def returned(self, x: Any, run: Run, line: int) -> None:
        """Lend what a function returns the function's name, until there is a better one."""
        if run.call is not None and run.code is not None:
            self._hold(x, Naming(run.code.co_name, run, line, 0.0, RETURNED))

    def _hold(self, x: Any, naming: Naming) -> bool:
        if not isinstance(x, Value):
            if not isinstance(x, CONTAINERS) or not self._worth_a_look(x):
                return False
        names, record, met = self.record.names, self.record, 0
        for path, value in values_in(x):
            met += 1
            if value.parents:
                known = names.get(value.born)
                if known is None:
                    names[value.born] = [(naming, path)]
                    naming.count += 1
                elif known[-1][0] is not naming:
                    known.append((naming, path))
                    naming.count += 1
            elif naming.strength == ASSIGNED and id(value) not in record.leaves:
                record.leaves[id(value)] = value, naming, path
        self.met += met
        return met > 0

    def _worth_a_look(self, x: Any) -> bool:
        """Whether a container is looked through: in proportion to the nodes that were born, then where it is new."""
        since = self.record.since
        if not since or self.met < OFTEN * (since[-1] - self.record.begun) + A_FEW:
            self.scanned[id(x)] = length(x)
            return True
        before, now = self.scanned.get(id(x)), length(x)
        worth = before is None or now > 2 * before
        self.scanned[id(x)] = now if worth or before is None else before
        return worth


class Known:
    """What is known of a function's code."""

    __slots__ = ("author", "code", "fills", "inlined", "lines", "method")

    def __init__(self, code: CodeType, author: bool) -> None:
        self.code, self.author = code, author
        self.lines = stored(code) if author else {}
        self.inlined = inlined(code) if author else frozenset()
        self.fills = author and fills_containers(code)
        self.method = bool(code.co_argcount) and code.co_varnames[0] == "self"

    def name(self, frame: FrameType) -> str:
        """Return the function's name, for a method with the class of its object."""
        if self.method and "self" in frame.f_locals:
            return f"{type(frame.f_locals['self']).__name__}.{self.code.co_name}"
        return self.code.co_name


class Passed:
    """What Python calls for the events in a frame that is none of the author's, where somebody else asks for them."""

    __slots__ = ("local", "watch")

    def __init__(self, watch: LineTracer, local: Any) -> None:
        self.watch, self.local = watch, local

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Hand an event on."""
        self.local = self.local(frame, event, arg)
        self.watch.stay()
        return None if self.local is None else self


class Frame:
    """What Python calls for the events in one frame of an author's function."""

    __slots__ = ("beside", "held", "known", "line", "resumed", "run", "sizes", "watch")

    def __init__(self, watch: LineTracer, frame: FrameType, known: Known, beside: Any) -> None:
        code, caller = known.code, watch.run
        self.watch, self.known = watch, known
        call = None if code.co_name.startswith("<") else CallSite(known.name(frame), code.co_filename, caller.line)
        self.run = Run(code, call, caller, frame.f_lineno)
        key = id(code), caller.line
        self.run.number = caller.counts.get(key, 0)
        caller.counts[key] = self.run.number + 1
        self.line = self.run.line  # that runs, whose assignments are still to come
        self.held: dict[str, Any] = {}  # what each variable held when it was last looked at
        self.sizes: dict[str, int] = {}
        self.enter(beside)

    def enter(self, beside: Any) -> Frame:
        """Begin, or go on with, the frame."""
        self.beside, self.resumed = beside, self.watch.run
        self.watch.run = self.run
        self.watch.record.at(self.run, self.run.line)
        return self

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Note what the line before has assigned, and which line runs now."""
        if self.beside is not None:
            self.beside = self.beside(frame, event, arg)
            self.watch.stay()
        if event == "line" and frame.f_lasti not in self.known.inlined:  # a comprehension is at the line that begins it
            self.look(frame)
            self.line = self.run.line = frame.f_lineno
            self.watch.run = self.run
            self.watch.record.at(self.run, self.line)
        elif event == "return":
            self.look(frame)
            self._leave(arg)
        return self

    def look(self, frame: FrameType) -> None:
        """Lend what the line before has assigned its names; what the next will replace is looked at before."""
        lines = self.known.lines
        stores, following = lines.get(self.line, ()), lines.get(frame.f_lineno, ())
        if not stores and not (following and self.sizes):
            return
        local = frame.f_locals
        for store in stores:
            x = store.read(frame, local)
            if x is NOTHING or self.held.get(store.name, NOTHING) is x:
                continue
            self.held[store.name] = x
            self.sizes.pop(store.name, None)
            if isinstance(x, SIZED):
                self.sizes[store.name] = length(x)
            self.watch.assigned(store, x, self.run, self.line)
        for store in following:
            if store.name in self.sizes and not store.loops:
                self._filled(store.name)

    def _filled(self, name: str, anyway: bool = False) -> None:
        x = self.held[name]
        size = self.sizes.get(name)
        if anyway or (size is not None and length(x) != size):
            self.watch.filled(name, x, self.run, self.line)
            self.sizes[name] = length(x)

    def _leave(self, result: Any) -> None:
        """Look at what has grown meanwhile, and go back to the caller."""
        for name, x in self.held.items():
            if isinstance(x, CONTAINERS):
                self._filled(name, self.known.fills)
        self.watch.returned(result, self.run, self.line)
        self.watch.run = self.resumed
        self.watch.record.at(self.resumed, self.resumed.line)
