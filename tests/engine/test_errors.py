"""Every error is a subclass of the built-in one that a Python programmer would catch, and shows its cure."""

from __future__ import annotations

import inspect

import pytest

from engine import errors

OURS = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


@pytest.mark.parametrize("name", OURS)
def test_an_error_is_caught_as_a_built_in_one(name):
    built_in = [base for base in OURS[name].__mro__ if base.__module__ == "builtins"]
    assert built_in[0] not in (Exception, BaseException, object)
    assert OURS[name].__module__ == "engine.errors"


@pytest.mark.parametrize("name", sorted(OURS.keys() - {"MissingExtraError"}))  # whose message is the cure
def test_its_docstring_shows_the_program_that_fails(name):
    assert ">>>" in OURS[name].__doc__


def test_all_of_them_are_public():
    import engine

    assert set(OURS) <= set(engine.__all__)
