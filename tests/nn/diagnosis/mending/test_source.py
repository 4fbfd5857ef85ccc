import functools
import math
import sys

import numpy as np
from backward_texts import of_text

from nn.diagnosis.mending.source import bound, compiled, definition, is_authors, is_formula


def of_scale(scale):
    return lambda x: scale * x, lambda x: scale + x


def test_of_two_functions_in_a_line_each_has_its_own_text_or_none():
    for function in of_scale(3.0):
        tree = definition(function)
        if sys.version_info < (3, 11):  # whose code does not say in which column it is written
            assert tree is None
            continue
        again = bound(compiled(tree, function.__code__, ()), function, {})
        assert again(5.0) == function(5.0)


def test_a_function_that_a_decorator_wraps_is_itself():
    @functools.lru_cache
    def twice(x):
        return 2 * x

    tree = definition(twice.__wrapped__)
    assert bound(compiled(tree, twice.__wrapped__.__code__, ()), twice.__wrapped__, {})(4) == 8


def test_what_is_written_nowhere_or_otherwise_has_no_text():
    names = {}
    exec("def f(x): return x", names)
    assert definition(names["f"]) is None
    function = of_text("def backward(x): return x")
    assert definition(function) is not None
    function.__code__ = of_text("def backward(x): return 2 * x").__code__.replace(
        co_filename=function.__code__.co_filename
    )
    assert definition(function) is None


def test_libraries_are_nobodys():
    assert is_authors(of_scale) and not is_authors(np.mean) and not is_authors(definition) and not is_authors(len)


def density(x):
    """Return the standard normal density."""
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def step_by_step(x):
    half = x / 2
    return half


def test_a_formula_is_one_expression_of_mathematics():
    others = (lambda x: [].append(x), lambda x: np.save(x, x), lambda x: density(x), lambda x: np.linalg.norm(x))
    assert is_formula(density) and is_formula(lambda x: np.where(x > 0, x, 0.0))
    assert not any(map(is_formula, (step_by_step, *others)))
