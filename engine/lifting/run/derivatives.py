"""What a program's derivatives are called by: each is an attribute of the program, and is called like it."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from engine.lifting.run.directional import Hvp, Jvp, Vjp
from engine.lifting.run.matrices import Hessian, Jacobian, SampleGradients
from engine.lifting.run.minimising import scipy_problem
from engine.lifting.run.saving import save

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


class Differentiable:
    """A program, as far as it is differentiated beyond its gradient.

    Every derivative takes the function's inputs, and these keywords:

    argnums
        The argument to differentiate by, as `engine.grad` has it; without it the captured parameters where there are
        any, else the first argument.

    Parameters
    ----------
        Flat vector in the order of `Program.pull`; without it the captured Values are read afresh.

    It is traced, guarded and proven as the program is; ``program.jacobian.source()``, `formulas` and `stats` are of
    what ran last.
    """

    @property
    def _program(self) -> Program:
        return cast("Program", self)

    @cached_property
    def jacobian(self) -> Jacobian:
        """The Jacobian, ``program.jacobian(*inputs, argnums=None, parameters=None, sparse=None)``.

        By an argument it has the structure of `engine.jacobian`: that of the results, and in place of each number that
        of the argument; arrays are indexed results first. By parameters it is a matrix, a row for each result and a
        column for each entry of the flat vector, or the gradient of one number. With samples and ``reduction="none"``
        there is an axis for these in front.

        With ``sparse=True``, and by default where a matrix of 1,024 entries and more has at most one in four that can
        be other than 0 and SciPy is installed, it is SciPy's `csr_array` of results by variables. Which entries these
        are is known from the trace, whatever the numbers.

        >>> import engine
        >>> program = engine.lift(lambda x: [x[0] * x[1], x[0] + x[1]])
        >>> program.jacobian([2.0, 3.0])
        [[3.0, 2.0], [1.0, 1.0]]
        """
        return Jacobian(self._program)

    @cached_property
    def hessian(self) -> Hessian:
        """The Hessian of one number, ``program.hessian(*inputs, argnums=None, parameters=None, sparse=None)``.

        By an argument it has the argument's structure twice, as `engine.hessian` has; by parameters it is a matrix.
        Sparse as `jacobian` is.

        >>> import engine, numpy as np
        >>> engine.lift(lambda x: x[0] * x[0] * x[1]).hessian(np.array([2.0, 3.0]))
        array([[6., 4.],
               [4., 0.]])
        """
        return Hessian(self._program)

    @cached_property
    def jvp(self) -> Jvp:
        """Results, and their derivative along a direction: ``program.jvp(*inputs, direction)``, in forward mode.

        The direction has the structure of what is differentiated by, for parameters a flat vector; results and tangents
        are nested as the function nests its results.

        >>> import engine
        >>> engine.lift(lambda x: [x[0] * x[1], x[0]]).jvp([2.0, 3.0], [1.0, 10.0])
        ([6.0, 2.0], [23.0, 1.0])
        """
        return Jvp(self._program)

    @cached_property
    def vjp(self) -> Vjp:
        """Results, and the variables' cotangents: ``program.vjp(*inputs, cotangent)``, in reverse mode.

        The cotangent has the structure of the results. Cotangents of parameters are summed over the samples.

        >>> import engine
        >>> engine.lift(lambda x: [x[0] * x[1], x[0]]).vjp([2.0, 3.0], [1.0, 10.0])
        ([6.0, 2.0], [13.0, 2.0])
        """
        return Vjp(self._program)

    @cached_property
    def hvp(self) -> Hvp:
        """The Hessian of one number times a vector, ``program.hvp(*inputs, vector)``, without forming the Hessian.

        >>> import engine
        >>> engine.lift(lambda x: x[0] ** 2 * x[1]).hvp([2.0, 3.0], [1.0, 0.0])
        [6.0, 4.0]
        """
        return Hvp(self._program)

    @cached_property
    def sample_gradients(self) -> SampleGradients:
        """One gradient for each sample of a batch, whatever its reduction: ``program.sample_gradients(*inputs)``.

        >>> import engine, numpy as np
        >>> w = engine.Value(3.0, "w")
        >>> engine.lift(lambda x: (w * x) ** 2, batch=True).sample_gradients(np.array([1.0, 2.0]))
        array([[ 6.],
               [24.]])
        """
        return SampleGradients(self._program)

    def scipy(self, *inputs: Any, hessian: str = "product") -> dict[str, Any]:
        """Return this as `scipy.optimize` takes it: ``minimize(**program.scipy(x0), method="trust-krylov")``.

        It is minimised over the captured parameters, which begin as they are, with the inputs fixed; where there are
        none, over the first input, which is where it begins. Afterwards ``program.push(found.x)`` sets parameters.

        Parameters
        ----------
        inputs
            As the function takes them.
        hessian
            "product" for ``hessp``, "matrix" for ``hess``, which may be sparse, "none" for methods that use neither.

        Returns
        -------
        dict
            ``fun``, ``x0``, ``jac`` and ``hessp`` or ``hess``, all of one flat vector; of a function of several
            results ``fun``, ``x0`` and ``jac``, as `scipy.optimize.least_squares` and `root` take residuals.

        Raises
        ------
        LiftError
            If there is nothing to minimise over, or one number for each sample.
        ValueError
            If `hessian` is none of these.

        Examples
        --------
        >>> import engine, numpy as np
        >>> problem = engine.lift(lambda x: (x[0] - 1.0) ** 4 + x[1] ** 2).scipy(np.array([3.0, 4.0]))
        >>> problem["hessp"](problem["x0"], np.array([1.0, 1.0]))
        array([48.,  2.])
        """
        return scipy_problem(self._program, inputs, hessian)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what ran last as a file of its own, which needs NumPy alone.

        It has the functions ``value`` and, of one number, ``value_and_grad``, which take the input arrays and
        ``parameters=``; its first lines say which. Parameters are by default as they are now. Where a branch goes
        another way, it raises a ValueError. A derivative is saved by itself, ``program.hessian.save(path)``.

        Parameters
        ----------
        path
            Of the file, which is replaced as a whole.

        Raises
        ------
        LiftError
            If the program was not called yet, or uses a rule whose source is not to be had.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import engine, pathlib, runpy, tempfile
        >>> program = engine.lift(lambda x: engine.exp(x[0]) * x[1])
        >>> program([0.0, 2.0])
        2.0
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "product.py"
        >>> program.save(file)
        >>> runpy.run_path(str(file))["value_and_grad"]([0.0, 3.0])
        (3.0, array([3., 1.]))
        """
        save(self._program, path)
