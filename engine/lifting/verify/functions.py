"""What each of NumPy's functions is in a field, and so which identities a proof knows.

    exp, expm1, sinh, cosh, tanh      g**x: exp(x + y) = exp(x) exp(y), tanh(x) = 2 sigmoid(2x) - 1
    sin, cos, tan                     exp(ix): the addition theorems, sin**2 + cos**2 = 1
    power                             exact for small whole exponents; x**0.5 is sqrt
    maximum, minimum, less, absolute  an order that is total and odd: max(x, y) = -min(-x, -y)
    logaddexp                         symmetric, and shifted: the shift cancels
    log, sqrt, arctan, ...            equal arguments give equal results, and nothing else

A compiler that starts to use another identity (log(x y) = log x + log y, say) has its place here first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.lifting.verify.elements import FUNCTIONS as FUNCTIONS
from engine.lifting.verify.elements import Elements, add, aligned, divide, matmul, multiply, subtract
from engine.lifting.verify.primes import U

MOST = 64  # largest exponent that is multiplied out


def _number(x: Elements, value: float) -> Elements:
    return Elements(x.field.plain.number(value), x.field)


def _truth(x: Elements, mask: np.ndarray) -> Elements:
    """Return a mask as numbers 0 and 1."""
    return x.like(np.broadcast_to(mask.astype(U), (x.field.levels, *mask.shape)))


# --- exponentials --------------------------------------------------------------------------------------------


def exp(x: Elements) -> Elements:
    """The homomorphism."""
    return x.like(x.field.exp(x.d))


def _i(x: Elements) -> Elements:
    return x.like(x.field.times_i(x.d))


def _half_sum(x: Elements, combine: Callable[[Elements, Elements], Elements]) -> Elements:
    """(e**x + e**-x) / 2, or their difference."""
    e = exp(x)
    return multiply(combine(e, e.like(e.field.reciprocal(e.d))), _number(x, 0.5))


def sin(x: Elements) -> Elements:
    """(e**ix - e**-ix) / 2i."""
    return -_i(_half_sum(_i(x), subtract))


def cos(x: Elements) -> Elements:
    """(e**ix + e**-ix) / 2."""
    return _half_sum(_i(x), add)


def tanh(x: Elements) -> Elements:
    """1 - 2 / (e**2x + 1)."""
    one = _number(x, 1.0)
    return subtract(one, divide(_number(x, 2.0), add(exp(add(x, x)), one)))


def logaddexp(x: Elements, y: Elements) -> Elements:
    """The larger, and the logarithm of what is left."""
    m = maximum(x, y)
    return add(m, m.call("log", add(exp(subtract(x, m)), exp(subtract(y, m)))))


# --- powers --------------------------------------------------------------------------------------------------


def power(x: Elements, y: Elements) -> Elements:
    """A product, a square root, or an oracle; where exponents differ from element to element, each by its own."""
    field = x.field
    small, n = field.whole(y.d)
    small = small & (np.abs(n) <= MOST)
    exponents = np.unique(n[small]).tolist()
    if small.all() and len(exponents) == 1:
        return whole_power(x, exponents[0])
    half = y.d[0] == field.plain.number(0.5)[0]
    if half.all():
        return x.call("sqrt", x)
    a, b = aligned(x, y)
    ndim = max(a.ndim, b.ndim)

    def where(mask: np.ndarray, chosen: Elements, other: np.ndarray) -> np.ndarray:
        full = mask.reshape((1,) * (ndim - mask.ndim) + mask.shape)
        return np.where(full, *aligned(chosen, x.like(other)))

    out = x.call("power", x, y).d
    out = where(half, x.call("sqrt", x), out)
    for exponent in exponents:
        out = where(small & (n == exponent), whole_power(x, exponent), out)
    return x.like(out)


def whole_power(x: Elements, n: int) -> Elements:
    """X * x * ... * x, by squares."""
    if n < 0:
        return whole_power(x.like(x.field.reciprocal(x.d)), -n)
    result, square = x.like(np.ones_like(x.d)), x
    while n:
        if n & 1:
            result = multiply(result, square)
        n >>= 1
        if n:
            square = multiply(square, square)
    return result


# --- order ---------------------------------------------------------------------------------------------------


def _compared(x: Elements, y: Elements, relation: Callable[[Any, Any], Any]) -> Elements:
    a, b = aligned(x, y)
    return _truth(x, relation(x.field.ranks(a), x.field.ranks(b)))


def maximum(x: Elements, y: Elements) -> Elements:
    """The later in the order."""
    a, b = aligned(x, y)
    return x.like(np.where(x.field.ranks(a) < x.field.ranks(b), b, a))


def minimum(x: Elements, y: Elements) -> Elements:
    """The earlier in the order."""
    a, b = aligned(x, y)
    return x.like(np.where(x.field.ranks(b) < x.field.ranks(a), b, a))


def equal(x: Elements, y: Elements) -> Elements:
    """Whether two numbers are the same."""
    a, b = aligned(x, y)
    return _truth(x, a[0] == b[0])


def not_equal(x: Elements, y: Elements) -> Elements:
    """Whether two numbers differ; from 0, whether the first counts as true."""
    if not y.ndim and not y.d.any():
        return _truth(x, x.field.truth(x.d))
    return subtract(_number(x, 1.0), equal(x, y))


FUNCTIONS.update(
    {
        "true_divide": divide,
        "negative": lambda x: -x,
        "positive": lambda x: x,
        "reciprocal": lambda x: x.like(x.field.reciprocal(x.d)),
        "square": lambda x: multiply(x, x),
        "exp": exp,
        "expm1": lambda x: subtract(exp(x), _number(x, 1.0)),
        "log1p": lambda x: x.call("log", add(_number(x, 1.0), x)),
        "sin": sin,
        "cos": cos,
        "tan": lambda x: divide(sin(x), cos(x)),
        "sinh": lambda x: _half_sum(x, subtract),
        "cosh": lambda x: _half_sum(x, add),
        "tanh": tanh,
        "logaddexp": logaddexp,
        "hypot": lambda x, y: x.call("sqrt", add(multiply(x, x), multiply(y, y))),
        "power": power,
        "float_power": power,
        "matmul": matmul,
        "less": lambda x, y: _compared(x, y, np.less),
        "less_equal": lambda x, y: _compared(x, y, np.less_equal),
        "greater": lambda x, y: _compared(y, x, np.less),
        "greater_equal": lambda x, y: _compared(y, x, np.less_equal),
        "equal": equal,
        "not_equal": not_equal,
        "logical_not": lambda x: _truth(x, ~x.field.truth(x.d)),
        "maximum": maximum,
        "minimum": minimum,
        "absolute": lambda x: maximum(x, -x),
    }
)
