"""The page: what becomes of a trace, stage after stage, on its way to NumPy's text or to JAX's.

Every stage takes a value of one type and returns one; none changes what it was given. Each prints itself, and is
checked where LIFTGRAD_CHECK is set. What a stage may find is what its type's `check` allows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from engine.lifting.emit.jax_source import emit_for_jax
from engine.lifting.emit.source import Emitted, emit
from engine.lifting.external import External
from engine.lifting.ir import Groups, Steps, Trace
from engine.lifting.names import variable
from engine.lifting.passes.allocate import allocate, renamed
from engine.lifting.passes.arrange import arrange
from engine.lifting.passes.attribute import attribute
from engine.lifting.passes.common_subexpressions import share_common
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.drop_unread import drop_unread
from engine.lifting.passes.factors import take_up_factors
from engine.lifting.passes.group import group
from engine.lifting.passes.join_parameters import join_parameters
from engine.lifting.passes.lower import lower
from engine.lifting.passes.name_arrays import name_arrays
from engine.lifting.passes.name_results import name_results
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.products import products
from engine.lifting.passes.scalars import scalar_steps
from engine.lifting.passes.scatters import simplify_scatters
from engine.lifting.passes.settle import settle
from engine.lifting.passes.signed_sums import with_signed_sums
from engine.lifting.passes.signed_terms import with_signed_terms
from engine.lifting.passes.signed_zeros import with_signed_zeros
from engine.lifting.passes.single_assignment import in_single_assignment
from engine.lifting.passes.split_parameters import split_parameters
from engine.lifting.passes.tidy import tidy
from engine.lifting.passes.unchosen import without_unchosen
from engine.lifting.passes.wavefronts import are_wide, in_wavefronts
from engine.lifting.straight.straighten import Straight, may_be_fronts, may_repeat, straightened
from engine.lifting.views import Indices, Literal, Operand, Source
from engine.watching.origin import Origin


@dataclass(frozen=True, eq=False)
class Task:
    """What is asked of a trace.

    Attributes
    ----------
    name
        What is lifted, for the title of its text.
    external
        What the caller passes: parameters, inputs, and where gradients go.
    cells
        Where each parameter of the trace lies in the flat vector.
    reduction
        "mean", "sum" or "none" over the samples of a batch; "" where there is no batch.
    wrt
        What is differentiated for: "parameters", "inputs" or "all"; "" for the value alone.
    origins
        Where the scalar operations come from, by their labels in the trace; empty where nobody has asked.
    """

    name: str
    external: External
    cells: Indices
    reduction: str = ""
    wrt: str = "parameters"
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def wanted(self) -> dict[Source, Source]:
        """What is differentiated for, and where each gradient goes."""
        external = self.external
        parameters = {external.theta: external.gradient} if self.wrt in ("parameters", "all") else {}
        return parameters | (dict(zip(external.numbers, external.slots)) if self.wrt in ("inputs", "all") else {})

    def seed(self, value: Operand) -> Literal:
        """Return the cotangent of one sample's value: 1 / N of a mean; of a sum of N equal values, N."""
        return Literal(1.0, {("mean", True): -1, ("sum", False): 1}.get((self.reduction, value.batched), 0))

    def leaves(self, groups: Groups) -> dict[int, Source]:
        """Return the source of each group of parameters or inputs."""
        numbers, leaves = self.external.numbers, groups.normal.trace.leaves
        return {
            k: self.external.theta if group.op == "parameter" else numbers[leaves[group.members[0]].argument]
            for k, group in enumerate(groups.groups)
            if group.op in ("parameter", "input")
        }

    def title(self, trace: Trace, steps: Steps) -> str:
        """Return the first line of a text."""
        return f"{self.name}: {len(trace.ops):,} scalar nodes as {len(steps.forward)} array operations."


class Lifted(NamedTuple):
    """Array operations under their names, and the text that computes them."""

    steps: Steps
    emitted: Emitted


def for_numpy(trace: Trace, task: Task) -> Lifted | Straight:
    """Lift a trace to NumPy's text, of arrays or of single numbers, whichever takes less time."""
    groups = None
    if not task.reduction and may_repeat(trace):
        groups = grouped(trace) if may_be_fronts(trace) else None
        if groups is None or not are_wide(groups):
            chosen = checked(without_unchosen(trace))  # Trace   what a choice left out hands back nothing
            straight = straightened(task.name, chosen, task.external, task.cells, task.wrt)
            if straight is not None:
                return straight
    return arrays_for_numpy(trace, task, groups)


def arrays_for_numpy(trace: Trace, task: Task, groups: Groups | None = None) -> Lifted:
    """Lift a trace, whose groups may be known, to NumPy's text of arrays: `build`, in it `forward` and `backward`."""
    steps = named_steps(trace, task, groups)
    lowered = checked(lower(steps))  # Steps   of the functions that libraries have
    lowered = checked(simplify_scatters(lowered))  # Steps   that add at places as seldom as can be
    single = checked(in_single_assignment(lowered))  # Steps   that add to no array as a whole
    fewer = checked(take_up_factors(single))  # Steps   signs and numbers are parts of what comes after
    needed = checked(drop_unread(fewer))  # Steps   that somebody reads
    split = checked(split_parameters(needed, task.external.arrays))  # Steps   W1, b1 in place of the flat vector
    spelled = checked(products(split, for_blas=True))  # Steps   products by their kind
    scalar = scalar_steps(spelled)  # which steps are of single numbers
    arrays = allocate(spelled, scalar)  # in which array each result lives
    if task.origins:
        spelled, arrays = name_arrays(spelled, arrays)  # arrays go by the best name of what lives in them
        scalar = scalar_steps(spelled)
    return Lifted(steps, emit(task.title(trace, steps), spelled, arrays, task.external, task.reduction, scalar))


def named_steps(trace: Trace, task: Task, groups: Groups | None = None, *, gaps: bool = True) -> Steps:
    """Turn scalar operations into array operations and their adjoints, under names."""
    arranged = array_operations(trace, task, groups, gaps=gaps)
    steps = checked(differentiate(arranged, task.wanted, task.seed(arranged.roots[0])))  # Steps   and their adjoints
    steps = checked(tidy(steps))  # Steps   without copies and zeros for nothing
    return name_results(steps, task.external.taken)  # Steps   z1, a1, dW1: for people


def for_jax(trace: Trace, task: Task) -> Lifted:
    """Lift a trace to one pure function of JAX arrays; for the value alone, JAX is to differentiate."""
    steps = array_operations(trace, task, gaps=False)  # which would take a branch
    external = task.external
    seed = Source(variable("seed", external.taken), (), "input", steps.roots[0].batched)  # an argument, not a number
    returned: Sequence[Source] | None = None
    if task.wrt:
        steps = checked(tidy(checked(differentiate(steps, task.wanted, seed.view))))
        returned = [*([named.gradient for named in external.arrays] if task.wrt != "inputs" else [])]
        returned += external.slots if task.wrt != "parameters" else []
    steps = name_results(steps, external.taken)
    needed = checked(drop_unread(checked(lower(steps))))
    blocks = join_parameters(needed, external.arrays, external.taken)  # arrays that are read as one
    split = checked(split_parameters(needed, [block.whole for block in blocks]))
    spelled = checked(products(split, for_blas=False))
    emitted = emit_for_jax(task.title(trace, steps), spelled, renamed(spelled), blocks, external, seed, returned)
    return Lifted(steps, emitted)


def grouped(trace: Trace) -> Groups:
    """Put together the scalar operations of which each array operation is made."""
    trace = checked(without_unchosen(trace))  # Trace   what a choice left out hands back nothing
    trace = checked(with_signed_zeros(trace))  # Trace   sums and choices keep the sign of a zero where it matters
    trace = checked(with_signed_sums(trace))  # Trace   chains of subtractions are one
    normal = checked(normalise(trace))  # Normal  chains of additions are sums of products
    normal = checked(with_signed_terms(normal))  # Normal  sums and differences of one kind are sums of signed terms
    normal = checked(share_common(normal))  # Normal  what is computed twice is one operation
    groups = checked(group(normal))  # Groups  operations of equal signature are one array operation
    return checked(in_wavefronts(groups))  # Groups  so are those that differ by their distance from a boundary


def array_operations(trace: Trace, task: Task, groups: Groups | None = None, *, gaps: bool = True) -> Steps:
    """Turn scalar operations into array operations; both libraries' texts are made of these."""
    groups = groups or grouped(trace)
    labels = groups.normal.trace.labels
    choosing = dict(zip(task.external.numbers, task.external.inputs))
    steps = checked(arrange(groups, task.leaves(groups), choosing, task.cells, gaps=gaps))  # Steps   operands are views
    if task.origins:
        steps = checked(attribute(steps, labels, task.origins))  # Steps   results know their author's words
    return checked(settle(steps))  # Steps   which results are booleans or integers


class Stage(Protocol):
    """What a stage returns."""

    def check(self) -> None:
        """Raise AssertionError, with the lines around, if this is not what the next stage takes for granted."""


S = TypeVar("S", bound=Stage)


def checked(stage: S) -> S:
    """Return what a stage returned, having checked it where LIFTGRAD_CHECK is set."""
    if os.environ.get("LIFTGRAD_CHECK"):
        stage.check()
    return stage
