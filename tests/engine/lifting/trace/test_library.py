"""What is as it is, asked without asking it: a class may answer for itself as it likes."""

from __future__ import annotations

import datetime
import functools
import math
import sys
import types

import numpy as np
import pytest

import engine
from engine.lifting.trace.library import has, is_library, is_of_library, is_plain, mro, namespace


class Liar(type):
    """A metaclass that answers wrongly."""

    __mro__ = ()


class Own(metaclass=Liar):
    attribute = 1


class Number(float):
    pass


@pytest.mark.parametrize("kind", [dict, np.ndarray, engine.Value, functools.partial, datetime.date])
def test_classes_of_libraries(kind):
    assert is_library(kind)


@pytest.mark.parametrize("kind", [Own, Number, Liar])
def test_classes_of_ones_own(kind):
    assert not is_library(kind)


@pytest.mark.parametrize("kind", [int, str, type(None), np.float64, datetime.date, range, type(np.dtype(int))])
def test_what_never_changes(kind):
    assert is_plain(kind)


@pytest.mark.parametrize("kind", [list, Number, np.ndarray, np.void, Own])
def test_what_may(kind):
    assert not is_plain(kind)


def test_a_class_is_looked_into_and_not_asked():
    assert mro(Own) == (Own, object)
    assert namespace(Own)["attribute"] == 1
    assert has(Own, "attribute") and not has(Own, "mro")


def test_modules():
    mine = types.ModuleType("mine")
    mine.__file__ = "/somewhere/mine.py"
    assert is_of_library(math, "math") and is_of_library(np, "numpy") and is_of_library(engine, "engine")
    assert not is_of_library(mine, "mine")
    assert not is_of_library(sys.modules["__main__"], "__main__") or hasattr(sys.modules["__main__"], "__file__")
    assert not is_of_library(None, "nowhere")
