"""The table holds every function of NumPy's that asks an array; what a newer NumPy adds is listed here, and refused."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.arrays.loops import stand_in_of
from engine.arrays.table import FUNCTIONS, REFUSED, SAFE, dispatched, refused, title, treatment, written
from engine.arrays.ufuncs import SPECIAL

UFUNCS = {u.__name__: u for u in (getattr(np, name) for name in np.__all__) if isinstance(u, np.ufunc)}


@pytest.mark.parametrize(("module", "least"), [(np, 200), (np.linalg, 20), (np.fft, 16), (np.emath, 9)])
def test_every_function_that_asks_an_array_is_in_the_table(module, least):
    functions = dispatched(module)
    assert len(functions) >= least
    assert [name for name in functions if treatment(name) == "new"] == []


def test_every_ufunc_has_a_rule_or_is_refused():
    known = {name for name, u in UFUNCS.items() if name in SPECIAL or stand_in_of(u) is not None}
    assert len(known) > 60
    assert UFUNCS.keys() - known - REFUSED.keys() == set()


def test_nothing_is_treated_in_two_ways():
    assert FUNCTIONS.keys() & SAFE == set()
    assert (FUNCTIONS.keys() | SAFE) & REFUSED.keys() == set()


def test_what_is_not_in_the_table_is_refused_by_its_name():
    def to_come(x):
        """Stands for a function of a NumPy to come."""

    x = engine.array([Value(1.0)])
    assert treatment(title(to_come)) == "new"
    with pytest.raises(
        TypeError, match=r"np\.to_come is not defined for arrays of Values\. Write it with others, or pass"
    ):
        x.__array_function__(to_come, (type(x),), (x,), {})


def test_the_way_out_of_refusals_is_one():
    x = np.array([1.0, 3.0, 2.0])

    def f(x):
        counts, _ = np.histogram(np.array(engine.stop_gradient(x), dtype=float), bins=2)
        return np.sum(x * x) * counts[0]

    assert engine.grad(f)(x).tolist() == [2.0, 6.0, 4.0]


def test_a_function_is_entered_once():
    with pytest.raises(ValueError, match=r"np\.sum is in the table of NumPy's functions already"):
        written("sum")(len)
    with pytest.raises(ValueError, match=r"np\.stack is in the table"):
        written("stack")(len)
    try:
        refused("Do without.", "a_function")
        assert treatment("a_function") == "refused"
    finally:
        del REFUSED["a_function"]


def test_titles_are_those_of_numpys_names():
    assert [title(f) for f in (np.sum, np.linalg.norm, np.fft.fft, np.amax, np.concatenate)] == [
        "sum", "linalg.norm", "fft.fft", "amax", "concatenate",
    ]  # fmt: skip


def test_windows_that_slide_are_views_of_the_values():
    def f(x, kernel):
        return np.sum(np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(x, (2, 2)), kernel) ** 2)

    x, kernel = np.arange(1.0, 10.0).reshape(3, 3), np.array([[1.0, -0.5], [0.25, 2.0]])
    assert engine.check_gradients(lambda x: f(x, kernel), x).ok
    assert engine.lift(f)(x, kernel) == f(x, kernel)


def test_what_no_protocol_reaches_is_as_documented():
    v, x = engine.Value(2.0), engine.array([engine.Value(2.0), 1.0])
    assert not np.isscalar(v)
    assert np.ndim(v) == 0
    for unasked in (
        lambda: np.nditer(x),
        lambda: np.interp(0.3, [0.0, 1.0], [v, v]),
        lambda: np.zeros(2).__isub__(np.array([v, v])),
    ):
        with pytest.raises(TypeError):
            unasked()
    assert [item.data for item in (part.item() for part in np.nditer(x[:1], flags=["refs_ok"]))] == [2.0]
