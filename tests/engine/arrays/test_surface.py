"""Methods of arrays of Values are those of NumPy's arrays, and go by the rules."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_value

import engine
from engine import Value
from engine.arrays.array import OF_ONE_NAME, ValueArray
from engine.arrays.surface import METHODS

A = np.array([[3.0, 1.0, 2.0], [0.5, -1.0, 4.0]])
CALLS = {
    "sum": lambda a: a.sum(0), "prod": lambda a: a.prod(), "mean": lambda a: a.mean(1), "var": lambda a: a.var(),
    "std": lambda a: a.std(axis=1, ddof=1), "max": lambda a: a.max(), "min": lambda a: a.min(0),
    "any": lambda a: a.any(),
    "all": lambda a: a.all(0), "argmax": lambda a: a.argmax(), "argmin": lambda a: a.argmin(1),
    "argsort": lambda a: a.argsort(), "cumsum": lambda a: a.cumsum(), "cumprod": lambda a: a.cumprod(1),
    "clip": lambda a: a.clip(0.0, 2.0), "dot": lambda a: a.dot(a.T), "trace": lambda a: a.trace(),
    "round": lambda a: a.round(), "nonzero": lambda a: a[a.nonzero()], "ptp": lambda a: np.ptp(a, 0),
    "conj": lambda a: a.conj(), "conjugate": lambda a: a.conjugate(), "argpartition": lambda a: a.argpartition(1)[:, 1],
    "searchsorted": lambda a: np.sort(a[0]).searchsorted(1.5), "choose": lambda a: np.array([0, 1, 0]).choose(list(a)),
    "put": lambda a: (b := a * 1.0, b.put([0], 9.0), b)[2], "sort": lambda a: (b := a * 1.0, b.sort(0), b)[2],
    "partition": lambda a: (b := a * 1.0, b.partition(1), b[:, 1])[2],
    "compress": lambda a: a.compress([True, False], 0),
    "astype": lambda a: a.astype(float), "real": lambda a: a.real, "imag": lambda a: a.imag,
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_numpys(name):
    same_value(CALLS[name], A)


@pytest.mark.parametrize(
    "name", ["repeat", "take", "diagonal", "ravel", "swapaxes", "transpose", "flatten", "squeeze", "copy"]
)
def test_methods_that_move_elements_are_ndarrays_own(name):
    x = engine.array(A)
    arguments = {"repeat": (2,), "take": ([0, 1],), "swapaxes": (0, 1)}.get(name, ())
    got = getattr(x, name)(*arguments)
    assert type(got) is ValueArray
    assert got.tolist() == getattr(A, name)(*arguments).tolist()


def test_types_other_than_float_and_bool_are_refused():
    x = engine.array([Value(0.0), 2.0])
    assert x.astype(bool).tolist() == [False, True]
    assert x.astype("float64")[0] is x[0]
    for kind in (int, np.float32, complex):
        with pytest.raises(
            TypeError, match=r"np.ndarray.astype\(.*\) is not defined for arrays of Values. Values are float64"
        ):
            x.astype(kind)


def test_every_method_that_computes_is_replaced():
    """What ndarray's C code would do by comparing or adding objects is done by a rule in its place."""
    moves = {
        "reshape", "take", "repeat", "diagonal", "ravel", "flatten", "swapaxes", "transpose", "squeeze", "copy", "item",
        "tolist", "fill", "view", "resize", "tobytes", "tofile", "dump", "dumps", "byteswap", "setfield", "getfield",
        "setflags", "newbyteorder", "itemset", "tostring", "to_device", "mT",
    }  # fmt: skip
    public = {name for name in dir(np.ndarray) if not name.startswith("_") and callable(getattr(np.ndarray, name))}
    assert public - moves - METHODS.keys() == set()
    assert set(OF_ONE_NAME) <= METHODS.keys()
