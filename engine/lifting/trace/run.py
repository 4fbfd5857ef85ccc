"""Running a function on Values to see its graph: only what is the same whenever it runs can be lifted.

What a function sees says of most that it is; any other runs twice, or thrice, and its runs are compared.
"""

from __future__ import annotations

import functools
import threading
import time
import warnings
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.arguments import described, result
from engine.errors import LiftError, NotScalarError
from engine.graph import order
from engine.lifting.ir import Leaf, Trace
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.observed import Place
from engine.lifting.trace.record import Numbered, numbered, record
from engine.lifting.trace.replay import same_graph, uses_another_run
from engine.lifting.trace.sealed import sealed
from engine.lifting.trace.stand_in import Reading, copied
from engine.lifting.trace.watch import Index, Recording
from engine.lines import outside_engine
from engine.tracing import recording
from engine.tree import Structure, flatten
from engine.value import Value, is_constant


def traced(
    fn: Callable[..., Any],
    name: str,
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    around: Surroundings,
    choosing: bool = False,
) -> tuple[Trace, Recording, Structure]:
    """Return a function's trace, what was noted of its branches and indices, and how its results are nested.

    What a first run makes once and for all (a cached property, an entry of a memo, a parameter) is there in the next,
    and is seen as it then is. What every run changes is noted in `around`, and compared no more.

    Parameters
    ----------
    fn, name, around
        The function, what to call it in messages, and its surroundings as they are.
    names, specs, samples
        Of the input arrays: what to call them, how arguments are built of them, and one sample's numbers.
    choosing
        Whether algorithms choose where they could branch.

    Raises
    ------
    LiftError
        If the function did not compute the same twice, or uses what it has computed in another run.
    NotScalarError
        If it does not return numbers.
    """
    watch = functools.partial(Recording, gradients=around.gradients, choosing=choosing)
    run_of = functools.partial(run_on_values, name=name, names=names, specs=specs, samples=samples, new_watch=watch)
    run = functools.partial(run_of, fn)
    draws = around.randomness()
    captured = around.values
    runs = [_followed(run, around)]
    _make_parameters(around, captured)
    if around.randomness() != draws or not _is_repeatable(runs[0], around):
        runs.append(_followed(run, around))
        if runs[0].changed or runs[1].changed:  # the third run is as the second, or none is as another
            runs.append(_followed(run, around))
        around.reset = around.reset or any(run.changed for run in runs)
        _refuse_kept_values(name, runs)
        _refuse_another_graph(name, *runs[-2:], drew=around.randomness() != draws)
    last = runs[-1]
    if last.changed:
        last = _followed(run, around)
        _leave(name, around, _changed_by_the_function(name, [*runs[1:], last], around))
    last = _with_arrays_read(fn, functools.partial(run_of, hashes=True), last, around)
    return record(last.roots, last.inputs, last.graph, last.structure.size), last.watch, last.structure


WATCHED_FOR = 0.005  # seconds in which a thread that goes on changing things has changed them
SOMETHING = Place(None, None, "what it sees of its surroundings")  # where no place is known


@dataclass
class _Run:
    """A run of the function on Values.

    Attributes
    ----------
    roots
        Its results, then the conditions of its guards.
    inputs
        What the input leaves are.
    watch
        What was noted of branches and indices.
    structure
        How the results are nested.
    changed
        What the run has changed of the surroundings.
    stored_elsewhere
        Whether it has stored something where no call looks.
    """

    roots: list[Value]
    inputs: dict[Value, Leaf]
    watch: Recording
    structure: Structure
    changed: list[Place] = field(default_factory=list)
    stored_elsewhere: bool = False

    @functools.cached_property
    def graph(self) -> Numbered:
        """All that the roots were computed from, operands first."""
        return numbered(self.roots)

    @property
    def leaves(self) -> list[Value]:
        """The leaves of its graph."""
        return [self.graph.nodes[i] for i in self.graph.leaves]


def _followed(run: Callable[[], _Run], around: Surroundings) -> _Run:
    """Run the function, and note what it changes of its surroundings."""
    before = around.seen
    before.remember_libraries()
    done = run()
    replaced = {place.mark: place for place in before.replaced()}
    done.stored_elsewhere = before.stored_elsewhere()
    done.changed = (list(replaced.values()) or [SOMETHING]) if around.changed_since(before) else []
    around.look_for(done.watch.absences)
    return done


def _make_parameters(around: Surroundings, captured: Container[int]) -> None:
    """Make parameters of the Values that a first run has made and kept: they are there from now on."""
    for key, value in around.values.items():
        if key not in captured and is_constant(value):
            value.pullback = Value(0.0).pullback


def _is_repeatable(run: _Run, around: Surroundings) -> bool:
    """Whether another run is known to be as this one: it changed nothing, and all that it can have read is seen."""
    if around.own or around.readings:  # which are not compared
        return False
    return not (run.changed or run.stored_elsewhere or run.watch.absences) and around.repeatable


def _refuse_kept_values(name: str, runs: Sequence[_Run]) -> None:
    """Refuse a function that computes with what it has computed in another run."""
    others = {leaf: role for run in runs[:-1] for leaf, role in run.inputs.items()}
    if uses_another_run(runs[-1].leaves, others):
        places = runs[-1].changed or runs[0].changed
        raise LiftError(
            f"{name} keeps a Value that it has computed in one call{_in(places)}, and uses it in the next. "
            "Return it, and pass it to the next call as an input."
        )


def _refuse_another_graph(name: str, other: _Run, last: _Run, *, drew: bool) -> None:
    """Refuse a function of which two runs differ, or which has drawn random numbers."""
    if drew or not same_graph(last.roots, other.roots, last.inputs, other.inputs, last.graph):
        raise LiftError(_not_the_same(name, [] if drew else last.changed))


def _not_the_same(name: str, changed: Sequence[Place]) -> str:
    """Say why two runs differ."""
    beginning = f"{name} did not compute the same twice for the same inputs: it "
    if changed and SOMETHING not in changed:
        return f"{beginning}changes {_listed(changed)}, which it reads. Pass that as an input, or change it outside."
    return (
        f"{beginning}draws random numbers, counts, reads a clock, or uses up an iterator. "
        "Compute such numbers outside and pass them as inputs."
    )


def _changed_by_the_function(name: str, runs: Sequence[_Run], around: Surroundings) -> list[Place]:
    """Return the places that every run has changed, which stay as they are meanwhile: no other thread changes them."""
    marks = [{place.mark for place in run.changed} for run in runs]
    places = [place for place in runs[-1].changed if all(place.mark in each for each in marks)]
    if threading.active_count() > 1:
        before = around.seen
        time.sleep(WATCHED_FOR)
        alone = {place.mark for place in before.replaced()}
        places = [place for place in places if place.mark not in alone]
    if not places or len(places) < len(runs[-1].changed):
        raise LiftError(
            f"{_listed(runs[-1].changed)} changed while {name} was being traced, and not by each of its runs alone: "
            "another thread may change that. Pass it as an input, or call again when it does not change."
        )
    return places


def _leave(name: str, around: Surroundings, changed: Sequence[Place]) -> None:
    """Say, once, what every run changes, and compare it no more."""
    if SOMETHING in changed:
        raise LiftError(
            f"{name} changes what it sees of its surroundings whenever it runs, so that nobody can know whether a "
            "trace still holds. Keep what it writes apart from what it reads."
        )
    around.leave_to_the_function(changed)
    warnings.warn(
        f"{name} changes {_listed(changed)} whenever it runs, and a lifted program does not run it: "
        "that stays as the last run has left it, and is not compared. Return what later calls need.",
        stacklevel=outside_engine(),
    )


def _with_arrays_read(
    fn: Callable[..., Any], run: Callable[[Callable[..., Any]], _Run], plain: _Run, around: Surroundings
) -> _Run:
    """Return a run in which Values stand in for large captured arrays, or the plain one, which has their numbers."""
    large = around.candidates()
    if not large:
        around.read_at_each_call({}, ())
        return plain
    constants = [leaf._data for leaf in plain.leaves if is_constant(leaf)]
    readings = {
        k: reading
        for k, reading in large.items()
        if k in around.readings or bool(np.isin(reading.array, constants).any())
    }
    done = _on_a_copy(fn, run, plain, around, readings) if readings and not around.own else None
    if done is None:
        readings = {}
    around.read_at_each_call(readings, [k for k in large if k not in readings])
    return done or plain


def _on_a_copy(
    fn: Callable[..., Any],
    run: Callable[[Callable[..., Any]], _Run],
    plain: _Run,
    around: Surroundings,
    readings: Mapping[int, Reading],
) -> _Run | None:
    """Run a copy of the function that reads Values in place of arrays; None if that is not the same computation."""
    held = [around.seen.met[id(reading.array)] for reading in readings.values()]
    try:
        done = run(copied(fn, list(readings.values()), held))
    except Exception:  # of a function that needs numbers, or of what cannot be copied
        done = None
    if around.changed():  # it has left Values where it leaves numbers
        run(fn)
        around.changed()
        return None
    return done if done is not None and _is_as_plain(done, plain, list(readings.values())) else None


def _is_as_plain(done: _Run, plain: _Run, readings: Sequence[Reading]) -> bool:
    """Whether a run with arrays read is the plain one: as large, with nothing but arithmetic of their numbers."""
    if len(done.roots) != len(plain.roots) or len(done.graph.nodes) > 2 * len(plain.graph.nodes):
        return False
    conditions = done.roots[done.structure.size :]
    if any(node in reading.position for node in order(*conditions, *done.watch.asked) for reading in readings):
        return False
    if any(reading.array.dtype != np.float64 for reading in readings) and _operations(done) != _operations(plain):
        return False  # NumPy computes in the arrays' floats, Values in double precision
    x, y = [np.array([root._data for root in run.roots[: run.structure.size]]) for run in (done, plain)]
    return done.structure == plain.structure and bool(np.isclose(x, y, rtol=1e-6, equal_nan=True).all())


def _operations(run: _Run) -> int:
    return len(run.graph.nodes) - len(run.graph.leaves)


def _in(changed: Sequence[Place]) -> str:
    return f", in {_listed(changed)}" if changed else ""


def _listed(changed: Sequence[Place]) -> str:
    called = list(dict.fromkeys([place.called for place in changed]))
    return ", ".join(called[:3]) + (f" and {len(called) - 3} more" if len(called) > 3 else "")


def run_on_values(
    fn: Callable[..., Any],
    name: str,
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    new_watch: Callable[[], Recording],
    hashes: bool = False,
) -> _Run:
    """Run the function on Values; with `hashes`, note which it hashes."""
    watch = new_watch()
    leaves: list[list[Value]] = []
    inputs: dict[Value, Leaf] = {}
    for argument, (called, sample) in enumerate(zip(names, samples)):
        of_argument = [_leaf(watch, argument, x, sample.dtype.kind == "i") for x in sample.reshape(-1).tolist()]
        for position, leaf in enumerate(of_argument):
            inputs[leaf] = Leaf("input", position, argument)
            index = ", ".join(map(str, np.unravel_index(position, sample.shape)))
            watch.names[leaf] = f"{called}[{index}]" if index else called
        leaves.append(of_argument)
    supply = iter(leaves)
    arguments = [spec.build(supply) for spec in specs]
    with sealed(hashes), recording(watch):
        returned = result(fn, arguments, {}, "lift")
    if watch.refused is not None:  # and the function went on, another way than it goes where nothing is refused
        raise watch.refused
    results, structure = _results(returned, name)
    return _Run([*results, *[g.condition for g in watch.guards]], inputs, watch, structure)


def _leaf(watch: Recording, argument: int, x: float, integer: bool) -> Value:
    if not integer:
        return Value(x)
    leaf = Index(x)
    leaf.argument, leaf.recording = argument, watch
    return leaf


def _results(returned: Any, name: str) -> tuple[list[Value], Structure]:
    """Return what a function returned as Values, and how they are nested."""
    if isinstance(returned, np.ndarray) and returned.ndim == 0:
        returned = returned.item()
    try:
        numbers, structure = flatten(returned, f"what {name} returned")
    except TypeError as error:
        what, *_ = str(error).partition(". ")
        raise NotScalarError(
            f"lift needs a function that returns numbers, or lists, tuples, dicts and arrays of them; {what}."
        ) from None
    if not numbers or any(isinstance(x, (bool, np.bool_)) for x in numbers):
        raise NotScalarError(f"lift needs a function that returns numbers; {name} returned {described(returned)}.")
    return [x if isinstance(x, Value) else Value.constant(x) for x in numbers], structure
