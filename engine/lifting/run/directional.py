"""Products with a direction as programs: Jacobian times vector, vector times Jacobian, Hessian times vector.

What is multiplied comes last among the inputs, as in ``engine.hvp(f, x, v)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from engine import transforms
from engine.lifting.passes.jacobians import cotangents_of, tangents_of
from engine.lifting.run.derivative import Derivative
from engine.lifting.run.derived import derivative_of
from engine.lifting.run.executable import NUMBER, Specialisation
from engine.lifting.run.structured import Floats, as_argument, as_result, split
from engine.lifting.trace.inputs import Array
from engine.lifting.verify.transformed import cotangents_differ, tangents_differ


class Product(Derivative):
    """A kind of derivative that is multiplied by a direction."""

    def __call__(self, *inputs: Any, argnums: int | None = None, parameters: Any = None) -> Any:
        """Return the product; see `Program.hvp`."""
        if not inputs:
            raise TypeError(f"{self.what} of {self.program.name} takes a direction after the inputs; got nothing.")
        *points, direction = inputs
        if self.is_eager(inputs, parameters):
            return self.eager(points, direction, self.place(argnums))
        for specialisation, arrays, n in self.ways(points, parameters):
            by = self.by(specialisation, argnums)
            answer = self.product(specialisation, by, arrays, n, direction, parameters)
            if answer is not None:
                return answer
        raise AssertionError("the last way is an error")

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's product."""
        raise NotImplementedError

    def product(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, direction: Any, theta: Any
    ) -> Any:
        """Return the product of one trace; None if branches differ."""
        raise NotImplementedError

    def tangent(self, specialisation: Specialisation, by: int | None, direction: Any) -> Floats:
        """Return a direction of the variables as a vector, or one for each sample."""
        what = f"{self.what}'s direction"
        if by is not None:
            return as_argument(direction, specialisation.specs[by], self.program.batch, what)
        held = specialisation.parameters
        vector = np.ascontiguousarray(direction, dtype=np.float64)
        held.check(vector, what)
        return held.flat.cells_of(vector)

    def of_variables(self, specialisation: Specialisation, by: int | None, numbers: Floats) -> Any:
        """Return a number for each variable as the variables are nested."""
        if by is not None:
            return split(numbers, specialisation.specs[by])
        return specialisation.parameters.flat.vector_of(numbers)

    def of_function(self, points: Sequence[Any], argnums: int) -> Any:
        """Return the function of one argument, the others as they are."""
        points, program = list(points), self.program
        return lambda x: program(*points[:argnums], x, *points[argnums + 1 :])


class Jvp(Product):
    """The directional derivative of a program; see `Program.jvp`."""

    what = "the derivative along a direction"

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        return transforms.jvp(self.of_function(points, argnums), (points[argnums],), (direction,))

    def product(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, direction: Any, theta: Any
    ) -> Any:
        """Return results and tangents."""
        program, tangent = self.program, self.tangent(specialisation, by, direction)
        trace = self.made(specialisation, self.what, by, partial(tangents_of, primals=True), tangents_differ)
        derived = self.compiled(specialisation, (self.what, by), trace, tangent.shape[-1])
        lead = program.batch and by is not None
        runner = self.runner(samples=program.batch, reduction=program.reduction, direction=lead)
        found = self.run(runner, derived, [*arrays, tangent], theta, n)
        if found is None:
            return None
        return tuple([_results(specialisation, part) for part in np.split(found, 2, axis=-1)])


class Vjp(Product):
    """A program's cotangents; see `Program.vjp`."""

    what = "the cotangent"

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        value, pullback = transforms.vjp(self.of_function(points, argnums), points[argnums])
        return value, pullback(direction)[0]

    def product(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, direction: Any, theta: Any
    ) -> Any:
        """Return results and the variables' cotangents: of parameters, summed over the samples."""
        program, count = self.program, specialisation.returns.size
        each = program.batch and program.reduction == "none"
        cotangent = as_result(direction, specialisation, n if each else 0, f"{self.what}'s direction")
        differ = partial(cotangents_differ, seeded=True)
        trace = self.made(specialisation, self.what, by, partial(cotangents_of, primals=True), differ)
        derived = self.compiled(specialisation, (self.what, by), trace, count)
        reduction = program.reduction if by is None else "none"
        runner = self.runner(samples=program.batch, reduction=reduction, direction=each)
        found = self.run(runner, derived, [*arrays, cotangent], theta, n)
        if found is None:
            return None
        primals, cotangents = found[..., :count], found[..., count:]
        if each and by is None:
            cotangents = cotangents.sum(axis=0)
        elif program.batch and not each and by is not None:
            weight = 1.0 / n if program.reduction == "mean" else 1.0
            primals, cotangents = primals.sum(axis=0) * weight, cotangents * weight
        return _results(specialisation, primals), self.of_variables(specialisation, by, cotangents)


class Hvp(Product):
    """A program's Hessian times a vector; see `Program.hvp`."""

    what = "the Hessian times a vector"

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        return transforms.hvp(self.of_function(points, argnums), points[argnums], direction)

    def product(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, direction: Any, theta: Any
    ) -> Any:
        """Return it as the variables are nested."""
        specialisation.require_number("hvp")
        tangent = self.tangent(specialisation, by, direction)
        found = self.times(specialisation, by, arrays, n, tangent, theta)
        return None if found is None else self.of_variables(specialisation, by, found)

    def times(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, tangent: Floats, theta: Any
    ) -> Floats | None:
        """Return the Hessian of one trace times a vector, as a vector; None if branches differ."""
        program = self.program
        if program.batch and program.reduction != "none":
            return self._of_gradient(specialisation, by, arrays, n, tangent, theta)
        make = partial(tangents_of, primals=False)
        trace = self.made(specialisation, self.what, by, make, tangents_differ, of_gradient=True)
        derived = self.compiled(specialisation, (self.what, by), trace, tangent.shape[-1])
        lead = program.batch and by is not None
        runner = self.runner(samples=program.batch, reduction=program.reduction, direction=lead)
        found: Floats | None = self.run(runner, derived, [*arrays, tangent], theta, n)
        return found

    def _of_gradient(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, tangent: Floats, theta: Any
    ) -> Floats | None:
        """Return the gradient of the derivative along the vector, which sums over samples by products."""
        program, key = self.program, ("of the gradient", by)
        trace = self.made(specialisation, "along", by, partial(tangents_of, primals=False), tangents_differ)
        if key not in specialisation.derived:
            made = derivative_of(specialisation, trace, tangent.shape[-1])
            made.returns = NUMBER
            specialisation.derived[key] = made
        derived = specialisation.derived[key]
        runner = self.runner(samples=True, reduction=program.reduction, direction=by is not None)
        ran = runner.ran(derived, "parameters" if by is None else "inputs", [*arrays, tangent], theta, n)
        if ran is None or ran[2] is None:
            return None
        self.latest, runner.ran_last = runner, derived
        if ran[2].inputs is None or by is None:
            return ran[2].parameters
        return as_argument(ran[2].inputs[by], specialisation.specs[by], True, self.what)


def _results(specialisation: Specialisation, numbers: Floats) -> Any:
    """Return numbers along the last axis as the function nests its results."""
    if specialisation.trace.results > 1:
        return specialisation.restored(numbers)
    number = numbers[..., 0]
    return specialisation.restored(number if number.ndim else float(number))
