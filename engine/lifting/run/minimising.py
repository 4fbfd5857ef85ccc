"""A program as `scipy.optimize` takes it: functions of one flat vector, and where to begin.

>>> import engine, numpy as np
>>> problem = scipy_problem(engine.lift(lambda x: (x[0] - 1.0) ** 2 + x[1] ** 2), (np.array([3.0, 4.0]),))
>>> sorted(problem), problem["fun"](np.array([3.0, 4.0])), problem["jac"](np.array([3.0, 4.0]))
(['fun', 'hessp', 'jac', 'x0'], 20.0, array([4., 8.]))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.arguments import one_of
from engine.errors import LiftError
from engine.lifting.run.structured import Floats, as_argument, split
from engine.tree import LEAF, flatten

if TYPE_CHECKING:
    from engine.lifting.run.program import Program

Vector = npt.NDArray[np.float64]
SECOND = ("product", "matrix", "none")


def scipy_problem(program: Program, inputs: Sequence[Any], hessian: str = "product") -> dict[str, Any]:
    """Return a program as `scipy.optimize` takes it; see `Program.scipy`."""
    one_of(hessian, "scipy's hessian", SECOND)
    if program.batch and program.reduction == "none":
        raise LiftError(f"{program.name} gives one number for each sample; lift it with reduction='mean' or 'sum'.")
    program(*inputs)
    problem = _OfParameters(program, inputs) if program.traces.parameters.size else _OfFirst(program, inputs)
    if program.require_trace("scipy").returns.kind != LEAF:
        return {"fun": problem.residuals, "x0": problem.start(), "jac": problem.jacobian}
    second: dict[str, Callable[..., Any]] = {"product": problem.product, "matrix": problem.hessian}
    keyword = {"product": "hessp", "matrix": "hess"}
    arguments: dict[str, Any] = {"fun": problem.value, "x0": problem.start(), "jac": problem.gradient}
    return arguments if hessian == "none" else {**arguments, keyword[hessian]: second[hessian]}


class _Problem(ABC):
    """Functions of the flat vector of what is minimised over; value and gradient are computed together, once."""

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        self.program, self.inputs = program, list(inputs)
        self._at: Vector | None = None
        self._known: tuple[float, Vector] = (0.0, np.zeros(0))

    @abstractmethod
    def start(self) -> Vector:
        """Return where to begin."""

    @abstractmethod
    def called(self, x: Vector) -> tuple[list[Any], dict[str, Any]]:
        """Return what the program is called with at a point."""

    @abstractmethod
    def flat(self, of_variables: Any) -> Vector:
        """Return what has the structure of the variables as a vector."""

    def _both(self, x: Vector) -> tuple[float, Vector]:
        if self._at is None or not np.array_equal(self._at, x):
            inputs, keywords = self.called(x)
            value, gradient = self.program.value_and_grad(*inputs, **keywords)
            slopes = gradient.parameters if gradient.inputs is None else self.flat(gradient.inputs[0])
            assert slopes is not None
            self._at, self._known = x.copy(), (value, slopes)
        return self._known

    def value(self, x: Vector) -> float:
        """Return the number that is minimised."""
        return self._both(x)[0]

    def gradient(self, x: Vector) -> Vector:
        """Return its gradient."""
        slopes: Vector = self._both(x)[1].copy()
        return slopes

    def product(self, x: Vector, direction: Vector) -> Vector:
        """Return its Hessian times a vector."""
        inputs, keywords = self.called(x)
        return self.flat(self.program.hvp(*inputs, self.variables(direction), **keywords))

    def hessian(self, x: Vector) -> Any:
        """Return its Hessian, SciPy's sparse matrix where few entries can be other than 0."""
        inputs, keywords = self.called(x)
        return self.program.hessian.flat(*inputs, **keywords)

    def residuals(self, x: Vector) -> Vector:
        """Return all results as a vector."""
        inputs, keywords = self.called(x)
        results = self.program(*inputs, **keywords)
        numbers: Vector = np.reshape(results if isinstance(results, np.ndarray) else flatten(results)[0], -1)
        return numbers

    def jacobian(self, x: Vector) -> Any:
        """Return their Jacobian, SciPy's sparse matrix where few entries can be other than 0."""
        inputs, keywords = self.called(x)
        return self.program.jacobian.flat(*inputs, **keywords)

    def variables(self, vector: Vector) -> Any:
        """Return a vector in the structure of the variables."""
        return vector


class _OfParameters(_Problem):
    """Over the captured parameters, the inputs as they are."""

    def start(self) -> Vector:
        return self.program.pull()

    def called(self, x: Vector) -> tuple[list[Any], dict[str, Any]]:
        return self.inputs, {"parameters": np.ascontiguousarray(x, dtype=np.float64)}

    def flat(self, of_variables: Any) -> Vector:
        return np.asarray(of_variables)


class _OfFirst(_Problem):
    """Over the first input, the others as they are."""

    def __init__(self, program: Program, inputs: Sequence[Any]) -> None:
        super().__init__(program, inputs)
        if not inputs:
            raise LiftError(f"{program.name} has no parameters and takes no inputs to minimise over.")
        if program.batch:
            raise LiftError(
                f"{program.name} has no parameters, and its inputs are samples; lift it without batch=True."
            )
        self.spec = program.require_trace("scipy").specs[0]

    def start(self) -> Vector:
        return self.flat(self.inputs[0])

    def called(self, x: Vector) -> tuple[list[Any], dict[str, Any]]:
        return [self.variables(x), *self.inputs[1:]], {}

    def flat(self, of_variables: Any) -> Vector:
        return as_argument(of_variables, self.spec, False, "x0")

    def variables(self, vector: Vector) -> Any:
        numbers: Floats = np.array(vector, dtype=np.float64)
        return split(numbers, self.spec)
