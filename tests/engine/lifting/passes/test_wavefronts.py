"""Cells that differ by their distance from a boundary are one operation, and compute what they did."""

from __future__ import annotations

import numpy as np
import pytest
from grids import CELLS, EDGES, ORDERS, grid, heat
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering import lowering

import engine
from engine import Value
from engine.lifting.ir import Sum
from engine.lifting.passes import wavefronts as passes_wavefronts
from engine.lifting.passes.common_subexpressions import share_common
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.wavefronts import are_wide, in_wavefronts
from engine.lifting.trace.record import record


@pytest.fixture
def always(monkeypatch):
    """Groups are joined whatever it saves."""
    monkeypatch.setattr(passes_wavefronts, "FEWEST", 0)
    monkeypatch.setattr(passes_wavefronts, "FEWER", 0)


SIZES = st.integers(1, 4), st.integers(2, 4)
KINDS = st.sampled_from(list(CELLS)), st.sampled_from(EDGES), st.sampled_from(ORDERS)


def agrees(rows, columns, cell, edge, order, **options):
    """Whether a grid, lifted, has the scalar engine's value and gradient."""
    x = np.linspace(0.3, 0.9, 7)

    def f(x):
        return grid(list(x), rows, columns, cell, edge, order)

    value, gradient = engine.lift(f, **options).value_and_grad(x)
    values = [Value(v) for v in x]
    root = f(values)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-12)
    assert np.allclose(gradient.inputs[0], [v.grad for v in values], rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("always")
@settings(deadline=None, max_examples=25)
@given(*SIZES, *KINDS)
def test_grids_compute_what_their_cells_do(rows, columns, cell, edge, order):
    agrees(rows, columns, cell, edge, order, verify=False)


@pytest.mark.slow
@pytest.mark.usefixtures("always")
@settings(deadline=None, max_examples=25)
@given(*SIZES, *KINDS)
def test_grids_are_proven_to_compute_what_their_cells_do(rows, columns, cell, edge, order):
    agrees(rows + 1, columns + 1, cell, edge, order, strict=True)


# --- which operations are one --------------------------------------------------------------------------------------


def groups_of(f, n):
    x = [Value(0.5 + 0.01 * k, f"x[{k}]") for k in range(n)]
    return group(share_common(normalise(record([f(x)], {}))))


def square(n, cell="nearest", edge="one number"):
    return lambda x: grid(x, n, n, cell, edge, "rows")


def test_the_cells_of_an_anti_diagonal_are_one_group():
    apart = groups_of(square(16), 40)
    joined = in_wavefronts(apart)
    joined.check()
    sizes = [len(g.members) for g in joined.groups if g.op == "logsumexp"]
    assert sorted(sizes) == sorted(16 - abs(k - 15) for k in range(1, 31))  # the first cell reads numbers alone
    assert len(joined.groups) < len(apart.groups) / 4


def test_cells_keep_step_where_one_path_through_them_is_longer_than_another(monkeypatch):
    """What comes from above passes one maximum, what comes from the left passes two."""

    def f(x):
        row = [0.5] * 16
        for v in x:
            now = [0.25]
            for k in range(1, 16):
                now.append(v + engine.log(1.0 + engine.maximum(row[k], engine.maximum(now[-1], row[k - 1]))))
            row = now
        return row[-1]

    apart = groups_of(f, 16)
    in_step = len(in_wavefronts(apart).groups)
    monkeypatch.setattr(passes_wavefronts, "BEATS", 0)
    assert 1.5 * in_step < len(in_wavefronts(apart).groups)


def test_joined_groups_have_all_members_once():
    apart = groups_of(square(12, "weighted", "sums"), 40)
    joined = in_wavefronts(apart)
    assert joined is not apart
    before = sorted(i for g in apart.groups for i in g.members)
    after = sorted(i for g in joined.groups for i in g.members)
    assert after == [*before, len(apart.of), len(apart.of) + 1]  # and what is added, or multiplied by, for nothing
    assert all(joined.of[i] == k for k, g in enumerate(joined.groups) for i in g.members)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: engine.total([engine.tanh(v) * v for v in x]),
        lambda x: grid(x, 4, 4, "nearest", "one number", "rows"),
        lambda x: sum(engine.sin(v * k) if k % 2 else engine.cos(v - k) for k, v in enumerate(x)),
    ],
)
def test_what_has_few_groups_or_no_boundary_stays_as_it_is(f):
    apart = groups_of(f, 60)
    assert in_wavefronts(apart) is apart


def test_two_layers_side_by_side_stay_two():
    """Equal operations of equal height are a few groups each time: to copy these together would save nothing."""

    def two_chains(x):
        a, b = engine.sin(x[0]), engine.cos(x[1])
        for _ in range(100):
            a, b = engine.tanh(a), engine.tanh(b)
        return a * b

    apart = groups_of(two_chains, 2)
    assert in_wavefronts(apart) is apart


@pytest.mark.usefixtures("always")
def test_what_is_as_high_behind_another_operation_is_not_joined():
    joined = in_wavefronts(groups_of(lambda x: engine.exp(x[0] * x[1]) ** 3 + engine.sin(x[0] + x[1]) ** 3, 2))
    assert not any(g.mixed for g in joined.groups)


@pytest.mark.usefixtures("always")
def test_where_a_term_is_missing_nothing_is_added():
    def f(x):
        first = [engine.tanh(v) for v in x]
        inner = [first[k - 1] + first[k] * x[k] + first[k + 1] for k in range(1, 4)]
        return engine.total([engine.sin(v) for v in (first[0] + first[1], *inner)])

    joined = in_wavefronts(groups_of(f, 5))
    (mixed,) = [g for g in joined.groups if g.mixed and g.op == "sum"]
    sums = [joined.normal.items[i] for i in mixed.members]
    assert {len(item.left) for item in sums if isinstance(item, Sum)} == {3}
    leaves = joined.normal.trace.leaves
    read = [leaves[j] for item in sums for j in item.left if j in leaves]
    numbers = {leaf.value for leaf in read if leaf.role == "constant"}
    assert str(numbers) == "{-0.0}"  # x + 0.0 is 0.0 where x is -0.0


def test_wide_grids_are_arrays_and_narrow_ones_loops():
    assert not are_wide(in_wavefronts(groups_of(square(12), 40)))
    assert are_wide(in_wavefronts(groups_of(lambda x: heat(x, 60), 300)))


def test_a_stencil_is_an_operation_a_time_whatever_its_length():
    def steps(n):
        return len(lowering(lambda x: heat(list(x), 30), np.linspace(0.1, 0.9, n)).steps().forward)

    assert steps(120) == steps(80) < 11 * 30
