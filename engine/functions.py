"""The functions of the calculus on any number: float, Value, array, or the expressions that lifting prints.

First in the chain ``functions <- rules <- value``: everything here dispatches on what it is given, and knows
Value only as "something with a method of this name".

>>> exp(0.0), relu(-2.0), maximum(1.0, 3.0)
(1.0, 0.0, 3.0)
>>> log(0.0), exp(1000.0)
(-inf, inf)
>>> import numpy as np
>>> sigmoid(np.array([0.0, 2.0])).round(3)
array([0.5  , 0.881])
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.arguments import described, listed
from engine.operands import NUMBERS, REAL, as_number, as_operand, check_operand, check_operands, check_shapes, undefined

INVERSE_SQRT_2 = 0.7071067811865476
TWO_OVER_SQRT_PI = 1.1283791670955126


class Forward(NamedTuple):
    """How an operation is computed: on one float, and on arrays (a ufunc, or operators over anything)."""

    scalar: Callable[..., float]
    array: Callable[..., Any]


FORWARD: dict[str, Forward] = {}


def ieee(scalar: Callable[..., float], array: Callable[..., Any]) -> Callable[..., float]:
    """Python's `math` without its exceptions: where it raises, NumPy's IEEE 754 answer is returned."""

    @functools.wraps(scalar)
    def total_function(*xs: float) -> float:
        try:
            return scalar(*xs)
        except (ValueError, OverflowError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return float(array(*[np.float64(x) for x in xs]))

    return total_function


def _on_arrays(function: Callable[..., Any], array: Callable[..., Any], name: str, *xs: Any) -> Any:
    """Apply to arrays: element by element by `function` where one holds objects, else by `array`."""
    for x in xs:
        if x.__class__ is not np.ndarray or x.dtype.kind not in REAL:
            check_operand(x, name)
    if len(xs) > 1:
        check_shapes(name, xs)
    if any(map(_holds_objects, xs)):
        return np.frompyfunc(function, len(xs), 1)(*xs)
    with np.errstate(all="ignore"):
        return array(*[x if isinstance(x, np.ndarray) else as_number(x, name) for x in xs])


def unary(name: str, scalar: Callable[[float], float], array: Callable[..., Any]) -> Callable[[Any], Any]:
    """Make the function `name` of one number from its scalar and its array form."""
    safe = ieee(scalar, array)
    FORWARD[name] = Forward(safe, array)

    def function(x: Any) -> Any:
        if x.__class__ is float:
            return safe(x)
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fiub":
                return _on_arrays(function, array, name, x)
            with np.errstate(all="ignore"):
                return array(x)
        if hasattr(x, "pullback"):
            try:
                return getattr(x, name)()
            except TypeError:
                if isinstance(x, type):  # the class Value, not one of its objects
                    raise undefined(name, x) from None
                raise
        if hasattr(x, "__array_ufunc__") and not isinstance(x, (np.generic, type)):
            return array(x)
        return safe(as_number(x, name))

    function.__name__ = function.__qualname__ = name
    return function


def binary(name: str, scalar: Callable[[float, float], float], array: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Make the function `name` of two numbers from its scalar and its array form."""
    safe = ieee(scalar, array)
    FORWARD[name] = Forward(safe, array)

    def function(x: Any, y: Any) -> Any:
        if x.__class__ is float and y.__class__ is float:
            return safe(x, y)
        if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
            return _on_arrays(function, array, name, x, y)
        for operand in (x, y):
            if hasattr(operand, "pullback"):
                return getattr(operand.__class__, name)(x, y)
        for operand in (x, y):
            if hasattr(operand, "__array_ufunc__") and not isinstance(operand, (np.generic, type)):
                return array(x, y)
        return safe(as_number(x, name), as_number(y, name))

    function.__name__ = function.__qualname__ = name
    return function


def several(name: str, scalar: Callable[..., float], array: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function `name` of three numbers or more from its scalar and its array form."""
    safe = ieee(scalar, array)
    FORWARD[name] = Forward(safe, array)

    def function(*xs: Any) -> Any:
        if any(isinstance(x, np.ndarray) for x in xs):
            return _on_arrays(function, array, name, *xs)
        for operand in xs:
            if hasattr(operand, "pullback"):
                return getattr(operand.__class__, name)(*xs)
        return safe(*[as_number(x, name) for x in xs])

    function.__name__ = function.__qualname__ = name
    return function


def _holds_objects(x: Any) -> bool:
    return hasattr(x, "pullback") or (isinstance(x, np.ndarray) and x.dtype == object)


# --- scalar forms that `math` does not have, with NaN going through as in IEEE 754 ---------------------------


def _sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


def _relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x == x else x


def _maximum(x: float, y: float) -> float:
    return x if x > y or x != x else y if y > x or y != y else x + 0.0 if x else x + y


def _minimum(x: float, y: float) -> float:
    return x if x < y or x != x else y if y < x or y != y else x if x else -(-x - y)


def _logaddexp(x: float, y: float) -> float:
    return x if x == y and math.isinf(x) else max(x, y) + math.log1p(math.exp(-abs(x - y)))


def _leaky(x: float, slope: float) -> float:
    return slope * x if x <= 0.0 else x


def _clip(x: float, low: float, high: float) -> float:
    x = low if x < low else x
    return high if x > high else x


def _square(x: float) -> float:
    return x * x


def _reciprocal(x: float) -> float:
    return 1.0 / x


def _abs(x: float) -> float:
    return abs(x)


def _compare(relation: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda x, y: 1.0 if relation(x, y) else 0.0


# --- array forms NumPy has no ufunc for: operators over anything, so that they print as what they are --------


def _array_sign(x: Any) -> Any:
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0))


def _array_relu(x: Any) -> Any:
    return np.maximum(x, 0.0)


def _array_sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _array_softplus(x: Any) -> Any:
    return np.logaddexp(x, 0.0)


def _array_leaky(x: Any, slope: Any) -> Any:
    return where(x <= 0.0, slope * x, x)


def _array_clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


_erf_elementwise = np.frompyfunc(math.erf, 1, 1)


def _array_erf(x: Any) -> Any:
    if not isinstance(x, (np.ndarray, np.generic)):
        return x.call("erf", x)
    return np.asarray(_erf_elementwise(x), dtype=np.result_type(x, np.float32))


exp = unary("exp", math.exp, np.exp)
expm1 = unary("expm1", math.expm1, np.expm1)
log = unary("log", math.log, np.log)
log1p = unary("log1p", math.log1p, np.log1p)
sqrt = unary("sqrt", math.sqrt, np.sqrt)
sin = unary("sin", math.sin, np.sin)
cos = unary("cos", math.cos, np.cos)
tan = unary("tan", math.tan, np.tan)
arcsin = unary("arcsin", math.asin, np.arcsin)
arccos = unary("arccos", math.acos, np.arccos)
arctan = unary("arctan", math.atan, np.arctan)
sinh = unary("sinh", math.sinh, np.sinh)
cosh = unary("cosh", math.cosh, np.cosh)
tanh = unary("tanh", math.tanh, np.tanh)
arcsinh = unary("arcsinh", math.asinh, np.arcsinh)
arccosh = unary("arccosh", math.acosh, np.arccosh)
arctanh = unary("arctanh", math.atanh, np.arctanh)
negative = unary("negative", operator.neg, np.negative)
absolute = unary("abs", _abs, np.abs)
sign = unary("sign", _sign, _array_sign)
square = unary("square", _square, np.square)
reciprocal = unary("reciprocal", _reciprocal, np.reciprocal)
sigmoid = unary("sigmoid", _sigmoid, _array_sigmoid)
relu = unary("relu", _relu, _array_relu)
softplus = unary("softplus", _softplus, _array_softplus)
erf = unary("erf", math.erf, _array_erf)

add = binary("add", operator.add, np.add)
subtract = binary("subtract", operator.sub, np.subtract)
multiply = binary("multiply", operator.mul, np.multiply)
divide = binary("divide", operator.truediv, np.divide)
_power = binary("power", math.pow, np.power)
maximum = binary("maximum", _maximum, np.maximum)
minimum = binary("minimum", _minimum, np.minimum)
hypot = binary("hypot", math.hypot, np.hypot)
arctan2 = binary("arctan2", math.atan2, np.arctan2)
logaddexp = binary("logaddexp", _logaddexp, np.logaddexp)
less = binary("less", _compare(operator.lt), np.less)
less_equal = binary("less_equal", _compare(operator.le), np.less_equal)
equal = binary("equal", _compare(operator.eq), np.equal)

_leaky_relu = binary("leaky_relu", _leaky, _array_leaky)
_clipped = several("clip", _clip, _array_clip)


def power(x: Any, y: Any) -> Any:
    """Return ``x**y``; with a number as exponent, a Value's power is the rule of a fixed exponent.

    >>> power(2.0, 3.0)
    8.0
    """
    if hasattr(x, "pullback") and isinstance(y, (float, int, np.floating, np.integer)):
        return x.power_constant(y)
    return _power(x, y)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return `x` where `condition` holds, else `y`; the side not chosen gets no gradient, not even 0 times inf.

    A Python bool chooses at once.  While a function is being lifted, ``a < b`` is a condition that stays
    part of the program, so `where` is how a choice is written that every new input makes afresh.

    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    if x.__class__ is float and y.__class__ is float and condition.__class__ is bool:
        return x if condition else y  # what rules ask most
    if condition.__class__ is bool and hasattr(x, "pullback") and hasattr(y, "pullback"):
        return x if condition else y
    for operand in (x, y):
        if not hasattr(operand, "pullback"):
            check_operands(operand, "where")
    if condition.__class__ is not bool:
        if isinstance(condition, np.ndarray):
            check_operands(condition, "where")
            check_shapes("where", (condition, x, y))
            return np.where(condition, x, y)
        if hasattr(condition, "where"):
            return condition.where(x, y)
        if not isinstance(condition, NUMBERS) and not hasattr(condition, "pullback"):
            raise TypeError(f"where needs a comparison, or True or False, to choose by; got {described(condition)}.")
    chosen, other = (x, y) if condition else (y, x)
    if hasattr(other, "pullback") and not hasattr(chosen, "pullback"):
        return other.__class__.constant(chosen)
    return chosen


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """Return `x` where it is positive, else `slope` times it.

    >>> leaky_relu(-2.0), leaky_relu(3.0)
    (-0.02, 3.0)
    """
    return _leaky_relu(x, slope)


def clip(x: Any, low: Any, high: Any) -> Any:
    """Hold `x` between `low` and `high`; the gradient passes inside and on the bounds, outside it is the bound's.

    Raises
    ------
    ValueError
        If the bounds are numbers the wrong way round; where they are computed, `high` wins, as in NumPy.

    Examples
    --------
    >>> clip(5.0, -1.0, 1.0)
    1.0
    """
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        if low > high:
            raise ValueError(f"clip needs low <= high; got {described(low)} and {described(high)}. Swap them.")
        if hasattr(x, "pullback"):
            return x.clip(low, high)
    return _clipped(x, low, high)


def stop_gradient(x: Any) -> Any:
    """Return `x` as a constant: its value goes on, no gradient comes back.

    >>> stop_gradient(3.0)
    3.0
    """
    if x.__class__ is float:
        return x
    if hasattr(x, "pullback"):
        return x.stop_gradient()
    return _elementwise(x, stop_gradient, lambda v: v, "stop_gradient")


def select(table: Sequence[Any], i: Any) -> Any:
    """Return entry `i` of a table of numbers, or row `i` of a table of rows.

    With a Python integer this is ``table[i]``.  While a function is being lifted, `i` may be an integer input:
    the choice then stays in the program, and a new index needs no new trace.

    Raises
    ------
    TypeError
        If `i` is not an integer.
    IndexError
        If the table has no entry `i`; negative indices are refused, since a class or a token has none.

    Examples
    --------
    >>> select([10.0, 20.0, 30.0], 1)
    20.0
    """
    if hasattr(i, "choose_from"):
        return i.choose_from(table)
    if isinstance(i, np.ndarray) and i.ndim == 0:
        i = i[()]
    if isinstance(i, (bool, np.bool_)) or not isinstance(i, (int, np.integer)):
        raise TypeError(f"select needs an integer index; got {described(i)}. A class or token is an int.")
    if not isinstance(table, (list, tuple)) and not (isinstance(table, np.ndarray) and table.ndim):
        raise TypeError(f"select needs a table, which is a list of numbers or of rows; got {described(table)}.")
    if not 0 <= i < len(table):
        raise IndexError(
            f"select: index {described(i)} is outside a table of {len(table)} entries (0 to {len(table) - 1})."
        )
    entry = table[int(i)]
    if not isinstance(entry, (list, tuple)) and not hasattr(entry, "pullback"):
        check_operand(entry, "select")
    return entry


def _elementwise(x: Any, function: Callable[[Any], Any], array: Callable[[Any], Any], name: str) -> Any:
    """Apply to an array (of objects or of numbers), or to one number through an array of none."""
    if isinstance(x, np.ndarray):
        check_operand(x, name)
        return np.frompyfunc(function, 1, 1)(x) if x.dtype == object else array(x)
    return float(array(np.float64(as_number(x, name))))


def silu(x: Any) -> Any:
    """Sigmoid linear unit, x * sigmoid(x)  (Elfwing et al. 2017).

    >>> silu(0.0)
    0.0
    """
    x = as_operand(x, "silu")
    return x * sigmoid(x)


def gelu(x: Any) -> Any:
    """Gaussian error linear unit, x * Phi(x), in its exact form  (Hendrycks and Gimpel 2016).

    >>> round(gelu(1.0), 6)
    0.841345
    """
    x = as_operand(x, "gelu")
    return 0.5 * x * (1.0 + erf(INVERSE_SQRT_2 * x))


def logsumexp(xs: Sequence[Any]) -> Any:
    """log(sum(exp(x))) over a sequence, stable for any finite input; one node where `xs` holds Values.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return _variadic("logsumexp", _logsumexp, _items(xs, "logsumexp's operand"))


def softmax(xs: Sequence[Any]) -> list[Any]:
    """exp(x) / sum(exp(x)) as a list, stable for any finite input.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    xs = _items(xs, "softmax's operand")
    if not xs:
        return []
    highest = _variadic("shift", max, xs)
    es = [exp(x - highest) for x in xs]
    s = total(es)
    return [e / s for e in es]


def total(values: Sequence[Any]) -> Any:
    """Sum of a sequence as one node (its floats are summed exactly, as by `math.fsum`).

    >>> total([0.1] * 10)
    1.0
    """
    return _variadic("total", _fsum, _items(values, "total's operand"))


def dot(ws: Sequence[Any], xs: Sequence[Any], bias: Any = None) -> Any:
    """Sum of w * x over two sequences of equal length, plus `bias`, as one node: a neuron's pre-activation.

    Its local derivative with respect to its weights is its input (note 001, section 3).

    >>> dot([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    ws, xs = _items(ws, "dot's weights"), _items(xs, "dot's inputs")
    if len(ws) != len(xs):
        raise ValueError(
            f"dot needs as many weights as inputs; got {len(ws)} and {len(xs)}. Check the layer's input size."
        )
    if not ws and bias is None:
        return 0.0
    return _variadic("dot", _dot, ws + xs if bias is None else [*ws, *xs, bias])


def _items(xs: Any, name: str) -> list[Any]:
    return xs if xs.__class__ is list else listed(xs, name, "numbers and Values")


def _variadic(name: str, scalar: Callable[[Sequence[float]], float], operands: list[Any]) -> Any:
    for operand in operands:
        if hasattr(operand, "pullback"):
            return getattr(operand.__class__, name)(operands)
    return scalar([x if x.__class__ is float else as_number(x, name) for x in operands])


def _fsum(xs: Sequence[float]) -> float:
    try:
        return math.fsum(xs)
    except (OverflowError, ValueError):  # an intermediate overflow, or inf - inf
        return float(sum(xs))


def _dot(operands: Sequence[float]) -> float:
    half = len(operands) // 2
    products = sum(map(operator.mul, operands[:half], operands[half:]))
    return float(products + operands[-1]) if len(operands) % 2 else float(products)


def _logsumexp(xs: Sequence[float]) -> float:
    if not xs:
        return -math.inf
    highest = max(xs)
    if math.isinf(highest) or any(x != x for x in xs):
        return math.nan if any(x != x for x in xs) else highest
    return highest + math.log(sum([math.exp(x - highest) for x in xs]))


FORWARD["shift"] = Forward(max, np.max)
FORWARD["total"] = Forward(_fsum, np.sum)
FORWARD["dot"] = Forward(_dot, np.dot)
FORWARD["logsumexp"] = Forward(_logsumexp, np.logaddexp.reduce)
