"""Gradients as a line of a test, whose failure message is the diagnosis: of a layer's backward pass, or of a network.

>>> import numpy as np
>>> assert_gradients(lambda x: np.tanh(x), lambda dout, x: dout * (1 - np.tanh(x) ** 2), np.array([0.5, -1.0]))
"""

from __future__ import annotations

from typing import Any

from engine.arguments import described
from nn.diagnosis.backward import check_backward
from nn.diagnosis.network import diagnose, holds_parameters
from nn.neuron import MLP


def assert_gradients(forward: Any, backward: Any, *inputs: Any, seed: int = 0, **settings: Any) -> None:
    """Fail, with the diagnosis as the message, unless every gradient is right: a line of a test.

    Parameters
    ----------
    forward, backward, *inputs, seed
        As `check_backward` takes them; or, of a network, ``assert_gradients(model, X, T, candidate)`` as `diagnose`
        takes them.
    **settings
        Of a network: ``loss``, ``convention``, ``activation`` and whatever else `diagnose` takes.

    Raises
    ------
    AssertionError
        If a gradient is wrong, or right in another convention than the one declared.
    TypeError, ValueError
        As `check_backward` and `diagnose` do.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), np.array([[1.0], [0.0], [2.0]])
    >>> def gradient(w, X, y):
    ...     return {"w": X.T @ (X @ w - y) / len(X)}
    >>> assert_gradients({"w": np.array([[0.5], [-1.0]])}, X, y, gradient, loss="half_mse")
    """
    __tracebackhide__ = True  # pytest shows the line of the test, and the message
    if settings or _is_network(forward):
        if len(inputs) not in (2, 3):
            raise TypeError(
                "assert_gradients takes (forward, backward, *inputs) of a layer, or (model, X, T, gradients) of a "
                f"network; got {described(forward)} and {len(inputs) + 1} more."
            )
        diagnosis = diagnose(forward, backward, *inputs, **settings)
    else:
        diagnosis = check_backward(forward, backward, *inputs, seed=seed)
    if not diagnosis.ok:
        raise AssertionError(f"the gradients are wrong\n{diagnosis}")


def _is_network(model: Any) -> bool:
    """Whether this is a network, or its parameters, and not a function or a framework's module."""
    return isinstance(model, MLP) or (holds_parameters(model) and not callable(model))
