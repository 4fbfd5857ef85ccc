"""One exception per misunderstanding; each docstring shows the program that fails and the way out.

All of them are subclasses of the built-in exception a Python programmer would expect, so that
``except TypeError`` keeps working.
"""

from __future__ import annotations


class TraceError(TypeError):
    """A Value was asked for its number where the number cannot stand for it.

    In a function that is being lifted, the number would be frozen into the program:

    >>> import engine
    >>> def loss(x):
    ...     return x * float(x)
    >>> engine.lift(loss)(2.0)
    Traceback (most recent call last):
    ...
    engine.errors.TraceError: ... was turned into a float in ...

    Keep computing with the Value itself; choose with `engine.where`, `engine.maximum` or `engine.select`; say
    `engine.stop_gradient` where a constant is meant:

    >>> engine.lift(lambda x: x * engine.stop_gradient(x)).value_and_grad(2.0, wrt="inputs")[1].inputs
    (2.0,)

    In a function that is being differentiated, no derivative would come back through it:

    >>> import math
    >>> engine.grad(lambda x: math.exp(x))(0.0)
    Traceback (most recent call last):
    ...
    engine.errors.TraceError: a Value was turned into a float in ..., which cuts it off from what grad ...
    >>> engine.grad(lambda x: engine.exp(x))(0.0)
    1.0
    """


class GuardError(RuntimeError):
    """A branch taken while tracing would be taken the other way for these inputs.

    >>> import engine
    >>> def loss(x):
    ...     return x * x if x > 0 else -x
    >>> engine.lift(loss, batch=True)([1.0, -1.0])
    Traceback (most recent call last):
    ...
    engine.errors.GuardError: ... was True when lifted, is False for row 1. Write it as engine.where(...).

    One program serves every row of a batch, so a choice must be part of it:

    >>> engine.lift(lambda x: engine.where(x > 0, x * x, -x), batch=True)([1.0, -1.0])
    1.0
    """


class LiftError(ValueError):
    """A function or graph cannot become one array program, and the message says which part of it.

    >>> import engine
    >>> engine.lift(3.0)
    Traceback (most recent call last):
    ...
    engine.errors.LiftError: lift needs a Value or a function of numbers; got float.
    """


class ShapeError(ValueError):
    """Inputs do not have the structure or the shape that a program or transform was given first.

    >>> import engine
    >>> engine.jvp(lambda x: x * 2.0, (1.0,), ([1.0, 2.0],))
    Traceback (most recent call last):
    ...
    engine.errors.ShapeError: ...
    """


class NotScalarError(TypeError):
    """A gradient was asked of a function that returns more than one number.

    >>> import engine
    >>> engine.grad(lambda x: [x, x])(1.0)
    Traceback (most recent call last):
    ...
    engine.errors.NotScalarError: grad needs a function that returns one number; this one returned a list of 2. ...

    Sum the result, or ask for all rows at once:

    >>> engine.jacobian(lambda x: [x, 3 * x])(1.0)
    [1.0, 3.0]
    """


class MissingExtraError(ImportError):
    """An optional package is not installed; the message names the extra that brings it."""
