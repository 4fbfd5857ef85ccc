"""The calculus, and nothing else: each operation, computed and differentiated, over an unspecified number type.

The decorator takes how an operation is computed, on a float and on arrays; the function under it is its derivative,
and its name becomes the operation.  A rule names what it keeps and ends with the cotangent `g`; it returns one
cotangent per parent, always a tuple.  `x, y` are the operands, `z` is the result, which a rule prefers to its operands;
`xs` is the list of operands where there may be any number of them; other names (`n`) are fixed numbers.  The same text
serves floats, Values (derivatives of derivatives), arrays, and printed programs, so a rule mentions no shape, no type
and no `.grad`, and a cotangent goes through `where`, never through a mask: 0 * inf is not 0.

Adding an operation is adding one rule.  Everything else follows from it: the function, the method, the NumPy ufunc,
``engine.sech``, its lifted form, its place in pictures, and its tests.  Operations put together of pieces are in
`engine.choices`.

>>> import math, numpy as np
>>> import engine
>>> from engine.rules import rule
>>> @rule(lambda x: 1.0 / math.cosh(x), lambda x: 1.0 / np.cosh(x), at=[(-2.0,), (0.3,), (1.7,)])
... def sech(x, z, g):
...     '''Hyperbolic secant; dz/dx = -z * tanh(x).'''
...     return (-g * (z * tanh(x)),)
>>> engine.sech(0.0), engine.grad(sech)(0.0), engine.lift(lambda x: sech(x) * x)(0.0)
(1.0, -0.0, 0.0)
>>> del RULES["sech"], engine.Value.sech
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from engine import calls, error_function, sums
from engine.error_function import TWO_OVER_SQRT_PI
from engine.rule import RULES as RULES
from engine.rule import Rule as Rule
from engine.rule import rule as rule
from engine.rule import table as table

Floats: TypeAlias = npt.NDArray[np.float64]

if TYPE_CHECKING:
    from engine.lifting.expr import Expr
    from engine.value import Value

    # A rule's number is one of these throughout: the type checker reads each rule four times.
    N = TypeVar("N", float, Value, Floats, Expr)

# --- arithmetic ----------------------------------------------------------------------------------------------

PAIRS = [(2.0, -3.0), (-0.5, 1.5), (0.7, 0.7)]
ANYWHERE = [(-2.0,), (0.3,), (1.7,)]
POSITIVE = [(0.2,), (1.0,), (3.5,)]


@rule(operator.add, np.add, infix=("+", 4), at=PAIRS)
def add(g: N) -> tuple[N, N]:
    """Sum; dz/dx = 1, dz/dy = 1."""
    return g, g


@rule(operator.sub, np.subtract, infix=("-", 4), at=PAIRS)
def subtract(g: N) -> tuple[N, N]:
    """Difference; dz/dx = 1, dz/dy = -1."""
    return g, -g


@rule(operator.mul, np.multiply, infix=("*", 5), at=PAIRS)
def multiply(x: N, y: N, g: N) -> tuple[N, N]:
    """Product; dz/dx = y, dz/dy = x."""
    return g * y, g * x


@rule(operator.truediv, np.divide, infix=("/", 5), at=PAIRS)
def divide(y: N, z: N, g: N) -> tuple[N, N]:
    """Quotient; dz/dx = 1 / y, dz/dy = -z / y."""
    return divide(g, y), -g * divide(z, y)


@rule(
    math.pow,
    np.power,
    at=[(-2.0, 3.0), (1.3, 2.0), (0.5, -1.5), (2.0, 0.0), (0.0, 3.0), (0.0, 1.0)],
)
def power_constant(x: N, n: float, g: N) -> tuple[N | float]:
    """Power with a fixed exponent n; dz/dx = n * x**(n - 1), and 0 where n is 0."""
    return (0.0,) if n == 0.0 else (g * (n * power_constant(x, n - 1.0)),)


@rule(
    math.pow,
    np.power,
    infix=("**", 7),
    at=[(2.0, -3.0), (0.5, 1.5), (0.7, 0.7), (1.3, 0.0)],
    analytic=True,
    number="power_constant",
    kinks=[
        ((0.0, 0.0), (0.0, 0.0), "PyTorch: a power of 0 is constant, and so is 0 to any power"),
        ((0.0, 2.0), (0.0, 0.0), "PyTorch: 0 ** y is constant in y where y >= 0"),
    ],
)
def power(x: N, y: N, z: N, g: N) -> tuple[N, N]:
    """Power; dz/dx = y * x**(y - 1), dz/dy = z * log(x)."""
    one = (x == 0.0) & (y == 0.0)  # 0**0, which is 1 in whichever direction
    still = (x == 0.0) & (y >= 0.0)
    dx = where(one, 0.0, g * (y * power(where(one, 1.0, x), y - 1.0)))
    dy = where(still, 0.0, g * (z * log(where(still, 1.0, x))))
    return dx, dy


@rule(operator.neg, np.negative, at=ANYWHERE)
def negative(g: N) -> tuple[N]:
    """Negation; dz/dx = -1."""
    return (-g,)


@rule(lambda x: 1.0 / x, np.reciprocal, at=ANYWHERE)
def reciprocal(z: N, g: N) -> tuple[N]:
    """Reciprocal; dz/dx = -z**2."""
    return (-g * (z * z),)


@rule(lambda x: x * x, np.square, at=ANYWHERE)
def square(x: N, g: N) -> tuple[N]:
    """Square; dz/dx = 2 * x."""
    return (g * (2.0 * x),)


@rule(math.sqrt, np.sqrt, at=POSITIVE)
def sqrt(z: N, g: N) -> tuple[N]:
    """Square root; dz/dx = 1 / (2 * z)."""
    return (divide(g, 2.0 * z),)


@rule(lambda x: float(np.cbrt(x)), np.cbrt, at=[(-8.0,), (0.5,), (27.0,)])
def cbrt(z: N, g: N) -> tuple[N]:
    """Cube root, of negative numbers as well; dz/dx = 1 / (3 * z**2)."""
    return (divide(g, 3.0 * (z * z)),)


@rule(operator.abs, np.abs, at=ANYWHERE, kinks=[((0.0,), (0.0,), "PyTorch: the middle of the slopes -1 and 1")])
def abs(x: N, g: N) -> tuple[N]:
    """Absolute value; dz/dx = sign(x), and 0 at 0."""
    return (where(x > 0.0, g, where(x < 0.0, -g, 0.0)),)


# --- exponentials and logarithms -----------------------------------------------------------------------------

LOG_2, LOG_10 = math.log(2.0), math.log(10.0)


@rule(math.exp, np.exp, at=ANYWHERE)
def exp(z: N, g: N) -> tuple[N]:
    """Exponential; dz/dx = z."""
    return (g * z,)


@rule(math.expm1, np.expm1, at=ANYWHERE)
def expm1(z: N, g: N) -> tuple[N]:
    """exp(x) - 1, exact for small x; dz/dx = z + 1."""
    return (g * (z + 1.0),)


@rule(math.log, np.log, at=POSITIVE)
def log(x: N, g: N) -> tuple[N]:
    """Natural logarithm; dz/dx = 1 / x."""
    return (divide(g, x),)


@rule(lambda x: 2.0**x, np.exp2, at=ANYWHERE)
def exp2(z: N, g: N) -> tuple[N]:
    """Power of two; dz/dx = log(2) * z."""
    return (g * (LOG_2 * z),)


@rule(math.log2, np.log2, at=POSITIVE)
def log2(x: N, g: N) -> tuple[N]:
    """Logarithm to base two; dz/dx = 1 / (log(2) * x)."""
    return (divide(g, LOG_2 * x),)


@rule(math.log10, np.log10, at=POSITIVE)
def log10(x: N, g: N) -> tuple[N]:
    """Logarithm to base ten; dz/dx = 1 / (log(10) * x)."""
    return (divide(g, LOG_10 * x),)


@rule(math.log1p, np.log1p, at=[(-0.5,), (0.3,), (2.0,)])
def log1p(x: N, g: N) -> tuple[N]:
    """log(1 + x), exact for small x; dz/dx = 1 / (1 + x)."""
    return (divide(g, 1.0 + x),)


def _logaddexp(x: float, y: float) -> float:
    return x if x == y and math.isinf(x) else max(x, y) + math.log1p(math.exp(-math.fabs(x - y)))


@rule(_logaddexp, np.logaddexp, at=PAIRS)
def logaddexp(x: N, y: N, g: N) -> tuple[N, N]:
    """log(exp(x) + exp(y)); dz/dx = sigmoid(x - y), dz/dy = sigmoid(y - x)."""
    return g * sigmoid(x - y), g * sigmoid(y - x)


# --- circular and hyperbolic functions -----------------------------------------------------------------------


@rule(math.sin, np.sin, at=ANYWHERE)
def sin(x: N, g: N) -> tuple[N]:
    """Sine; dz/dx = cos(x)."""
    return (g * cos(x),)


@rule(math.cos, np.cos, at=ANYWHERE)
def cos(x: N, g: N) -> tuple[N]:
    """Cosine; dz/dx = -sin(x)."""
    return (-g * sin(x),)


@rule(math.tan, np.tan, at=[(-1.2,), (0.3,), (1.1,)])
def tan(z: N, g: N) -> tuple[N]:
    """Tangent; dz/dx = 1 + z**2."""
    return (g * (1.0 + z * z),)


@rule(math.asin, np.arcsin, at=[(-0.8,), (0.1,), (0.6,)])
def arcsin(x: N, g: N) -> tuple[N]:
    """Inverse sine; dz/dx = 1 / sqrt(1 - x**2)."""
    return (divide(g, sqrt(1.0 - x * x)),)


@rule(math.acos, np.arccos, at=[(-0.8,), (0.1,), (0.6,)])
def arccos(x: N, g: N) -> tuple[N]:
    """Inverse cosine; dz/dx = -1 / sqrt(1 - x**2)."""
    return (-divide(g, sqrt(1.0 - x * x)),)


@rule(math.atan, np.arctan, at=ANYWHERE)
def arctan(x: N, g: N) -> tuple[N]:
    """Inverse tangent; dz/dx = 1 / (1 + x**2)."""
    return (divide(g, 1.0 + x * x),)


@rule(
    math.atan2,
    np.arctan2,
    at=PAIRS,
    kinks=[((0.0, 0.0), (0.0, -0.0), "PyTorch: zero where the direction is undefined")],
)
def arctan2(x: N, y: N, g: N) -> tuple[N, N]:
    """Angle of a point, height x first, breadth y second; dz/dx = y / (x**2 + y**2), dz/dy = -x / (x**2 + y**2)."""
    tip = (x == 0.0) & (y == 0.0)
    r = hypot(where(tip, 1.0, x), y)
    g_over_r = where(tip, 0.0, divide(g, r))
    return g_over_r * divide(y, r), -g_over_r * divide(x, r)


@rule(
    math.hypot,
    np.hypot,
    at=PAIRS,
    kinks=[((0.0, 0.0), (float("nan"), float("nan")), "PyTorch: 0 / 0, the tip of a cone")],
)
def hypot(x: N, y: N, z: N, g: N) -> tuple[N, N]:
    """sqrt(x**2 + y**2) without overflow; dz/dx = x / z, dz/dy = y / z."""
    return g * divide(x, z), g * divide(y, z)


@rule(math.sinh, np.sinh, at=ANYWHERE)
def sinh(x: N, g: N) -> tuple[N]:
    """Hyperbolic sine; dz/dx = cosh(x)."""
    return (g * cosh(x),)


@rule(math.cosh, np.cosh, at=ANYWHERE)
def cosh(x: N, g: N) -> tuple[N]:
    """Hyperbolic cosine; dz/dx = sinh(x)."""
    return (g * sinh(x),)


@rule(math.tanh, np.tanh, at=ANYWHERE)
def tanh(z: N, g: N) -> tuple[N]:
    """Hyperbolic tangent; dz/dx = 1 - z**2."""
    return (g * (1.0 - z * z),)


@rule(math.asinh, np.arcsinh, at=ANYWHERE)
def arcsinh(x: N, g: N) -> tuple[N]:
    """Inverse hyperbolic sine; dz/dx = 1 / sqrt(x**2 + 1)."""
    return (divide(g, sqrt(x * x + 1.0)),)


@rule(math.acosh, np.arccosh, at=[(1.2,), (2.0,), (5.0,)])
def arccosh(x: N, g: N) -> tuple[N]:
    """Inverse hyperbolic cosine; dz/dx = 1 / sqrt(x**2 - 1)."""
    return (divide(g, sqrt(x * x - 1.0)),)


@rule(math.atanh, np.arctanh, at=[(-0.8,), (0.1,), (0.6,)])
def arctanh(x: N, g: N) -> tuple[N]:
    """Inverse hyperbolic tangent; dz/dx = 1 / (1 - x**2)."""
    return (divide(g, 1.0 - x * x),)


def _array_erf(x: Any) -> Any:
    return x.call("erf", x) if hasattr(x, "call") else error_function.erf(x)


@rule(math.erf, _array_erf, at=ANYWHERE)
def erf(x: N, g: N) -> tuple[N]:
    """Error function; dz/dx = 2 / sqrt(pi) * exp(-x**2)."""
    return (g * (TWO_OVER_SQRT_PI * exp(-(x * x))),)


# --- activations ---------------------------------------------------------------------------------------------


@rule(lambda x: 1.0 / (1.0 + math.exp(-x)), lambda x: 1.0 / (1.0 + np.exp(-x)), at=ANYWHERE)
def sigmoid(z: N, g: N) -> tuple[N]:
    """1 / (1 + exp(-x)); dz/dx = z * (1 - z)."""
    return (g * (z * (1.0 - z)),)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x))) if x == x else x


@rule(_softplus, lambda x: np.logaddexp(x, 0.0), at=ANYWHERE)
def softplus(x: N, g: N) -> tuple[N]:
    """log(1 + exp(x)); dz/dx = sigmoid(x)."""
    return (g * sigmoid(x),)


@rule(
    lambda x: 0.0 if x <= 0.0 else x,
    lambda x: np.maximum(x, 0.0),
    at=ANYWHERE,
    kinks=[((0.0,), (0.0,), "PyTorch: the side that is off")],
)
def relu(z: N, g: N) -> tuple[N]:
    """max(x, 0); dz/dx = 1 where z > 0, else 0."""
    return (where(z <= 0.0, 0.0, g),)


@rule(
    lambda x, slope: slope * x if x <= 0.0 else x,
    lambda x, slope: where(x <= 0.0, slope * x, x),
    at=[(-2.0, 0.01), (0.3, 0.2), (1.7, 0.01)],
    operands=("x", "slope"),
    calls=calls.sloping,
    kinks=[((0.0, 0.01), (0.01, 0.0), "PyTorch: the side of the slope")],
)
def leaky_relu(x: N, slope: N, g: N) -> tuple[N, N]:
    """`x` where x > 0, else slope * x; dz/dx = 1 where x > 0, else slope; dz/dslope = x where x <= 0, else 0."""
    return where(x <= 0.0, slope * g, g), where(x <= 0.0, x * g, 0.0)


# --- choices -------------------------------------------------------------------------------------------------


def _truth(relation: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda x, y: 1.0 if relation(x, y) else 0.0


@rule(_truth(operator.lt), np.less, infix=("<", 3), at=[(2.0, -3.0), (-0.5, 1.5)], differentiable=False)
def less(g: N) -> tuple[N | float, N | float]:
    """1 where x < y, else 0; no derivative."""
    return 0.0, 0.0


@rule(_truth(operator.le), np.less_equal, infix=("<=", 3), at=[(2.0, -3.0), (-0.5, 1.5)], differentiable=False)
def less_equal(g: N) -> tuple[N | float, N | float]:
    """1 where x <= y, else 0; no derivative."""
    return 0.0, 0.0


@rule(_truth(operator.eq), np.equal, infix=("==", 3), at=[(2.0, -3.0), (-0.5, 1.5)], differentiable=False)
def equal(g: N) -> tuple[N | float, N | float]:
    """1 where x = y, else 0; no derivative."""
    return 0.0, 0.0


def _where(condition: float, x: float, y: float) -> float:
    return x if condition else y


@rule(
    _where,
    calls.where,
    calls=lambda _: calls.where,
    at=[(1.0, 2.0, 3.0), (0.0, 2.0, 3.0)],
    operands=("condition", "x", "y"),
)
def where(condition: N, g: N) -> tuple[N | float, N, N]:
    """`x` where the condition holds, else y; dz/dx = 1 and dz/dy = 0 where it holds, the reverse elsewhere."""
    return 0.0, where(condition, g, 0.0), where(condition, 0.0, g)


@rule(lambda x: x, lambda x: x, at=ANYWHERE, differentiable=False)
def stop_gradient(g: N) -> tuple[N | float]:
    """`x` itself, as a constant; dz/dx = 0 by definition."""
    return (0.0,)


@rule(lambda x: x, lambda x: x, at=ANYWHERE)
def identity(g: N) -> tuple[N]:
    """`x` itself, as a new node; dz/dx = 1."""
    return (g,)


# --- any number of operands ----------------------------------------------------------------------------------


@rule(sums.exact, np.sum, at=[(0.5,), (1.0, -2.0, 0.3), (2.0, 2.0)])
def total(n: int, g: N) -> tuple[N, ...]:
    """Sum of any number of operands; dz/dx = 1 each."""
    return (g,) * n


@rule(
    sums.of_products,
    sums.of_products,
    at=[(2.0, -3.0), (1.0, -2.0, 0.5, 0.3), (1.0, -2.0, 0.5, 0.3, 0.7)],
    calls=calls.weights_and_inputs,
)
def dot(xs: Sequence[N], g: N) -> tuple[N, ...]:
    """Weights times inputs, plus the bias if their number is odd; dz/dw = x, dz/dx = w, dz/dbias = 1."""
    half = len(xs) // 2
    return tuple([g * x for x in xs[half : 2 * half]] + [g * w for w in xs[:half]] + [g] * (len(xs) % 2))


@rule(sums.log_of_exponentials, np.logaddexp.reduce, at=[(0.5,), (1.0, -2.0, 0.3), (2.0, 2.0)])
def logsumexp(xs: Sequence[N], z: N, g: N) -> tuple[N, ...]:
    """Log of the sum of exponentials; dz/dx = exp(x - z) / sum(exp(x - z)), which is softmax however large x is."""
    es = [exp(x - z) for x in xs]
    scale = divide(g, total(es))
    return tuple([scale * e for e in es])


if not TYPE_CHECKING:  # type checkers and editors read the names themselves
    __all__ = [*RULES]
