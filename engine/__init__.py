"""Scalar automatic differentiation: write a computation in numbers, get exact gradients.

>>> import engine
>>> from engine import Value
>>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
>>> a = engine.tanh(w * x + b)
>>> a.backward()
>>> w.grad, x.grad, b.grad
(2.0, 0.5, 1.0)
>>> engine.grad(lambda x: x**3)(2.0)
12.0
"""

from engine import operators as operators
from engine.check import check_gradients as check_gradients
from engine.conditions import Condition as Condition
from engine.errors import GuardError as GuardError
from engine.errors import LiftError as LiftError
from engine.errors import MissingExtraError as MissingExtraError
from engine.errors import NotScalarError as NotScalarError
from engine.errors import ShapeError as ShapeError
from engine.errors import TraceError as TraceError
from engine.functions import absolute as absolute
from engine.functions import arccos as arccos
from engine.functions import arccosh as arccosh
from engine.functions import arcsin as arcsin
from engine.functions import arcsinh as arcsinh
from engine.functions import arctan as arctan
from engine.functions import arctan2 as arctan2
from engine.functions import arctanh as arctanh
from engine.functions import clip as clip
from engine.functions import cos as cos
from engine.functions import cosh as cosh
from engine.functions import dot as dot
from engine.functions import erf as erf
from engine.functions import exp as exp
from engine.functions import expm1 as expm1
from engine.functions import gelu as gelu
from engine.functions import hypot as hypot
from engine.functions import leaky_relu as leaky_relu
from engine.functions import log as log
from engine.functions import log1p as log1p
from engine.functions import logaddexp as logaddexp
from engine.functions import logsumexp as logsumexp
from engine.functions import maximum as maximum
from engine.functions import minimum as minimum
from engine.functions import power as power
from engine.functions import reciprocal as reciprocal
from engine.functions import relu as relu
from engine.functions import select as select
from engine.functions import sigmoid as sigmoid
from engine.functions import sign as sign
from engine.functions import silu as silu
from engine.functions import sin as sin
from engine.functions import sinh as sinh
from engine.functions import softmax as softmax
from engine.functions import softplus as softplus
from engine.functions import sqrt as sqrt
from engine.functions import square as square
from engine.functions import stop_gradient as stop_gradient
from engine.functions import tan as tan
from engine.functions import tanh as tanh
from engine.functions import total as total
from engine.functions import where as where
from engine.label import Label as Label
from engine.lifting import lift as lift
from engine.nonfinite import find_nan as find_nan
from engine.transforms import grad as grad
from engine.transforms import hessian as hessian
from engine.transforms import hvp as hvp
from engine.transforms import jacobian as jacobian
from engine.transforms import jvp as jvp
from engine.transforms import value_and_grad as value_and_grad
from engine.transforms import vjp as vjp
from engine.value import Value as Value
from engine.value import zero_grad as zero_grad
from engine.version import __version__ as __version__
from engine.watching import provenance as provenance

abs = absolute  # NumPy has both names

# What `help` lists and `import *` brings.
__all__ = [name for name, found in list(globals().items()) if getattr(found, "__module__", "").startswith("engine.")]
__all__.remove("abs")  # Python's own is not replaced
