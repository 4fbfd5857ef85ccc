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

from typing import TYPE_CHECKING, Any

from engine.arrays.functions import array as array
from engine.check import check_gradients as check_gradients
from engine.conditions import Condition as Condition
from engine.errors import GuardError as GuardError
from engine.errors import LiftError as LiftError
from engine.errors import MissingExtraError as MissingExtraError
from engine.errors import NotScalarError as NotScalarError
from engine.errors import ShapeError as ShapeError
from engine.errors import TraceError as TraceError
from engine.functions import *  # noqa: F403  # every rule's operation, and what is composed of them
from engine.label import Label as Label
from engine.lifting import lift as lift
from engine.lifting.run.parameters import Parameters as Parameters
from engine.rules import RULES
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
from engine.watching.context import provenance as provenance
from engine.watching.nonfinite import find_nan as find_nan

# What `help` lists and `import *` brings.
__all__ = [name for name, value in list(globals().items()) if getattr(value, "__module__", "").startswith("engine.")]
__all__.remove("abs")  # Python's own is not replaced

if not TYPE_CHECKING:  # to whom any name would then seem right

    def __getattr__(name: str) -> Any:
        """Return the operation of a rule that somebody has added."""
        if name in RULES:
            return RULES[name].operation
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
