"""Products with a direction as programs: Jacobian times vector, vector times Jacobian, Hessian times vector.

What is multiplied comes last among the inputs, as in ``engine.hvp(f, x, v)``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine import transforms
from engine.lifting.passes.jacobians import cotangents_of, tangents_of
from engine.lifting.run.derivative import At, Derivative
from engine.lifting.run.derived import derivative_of
from engine.lifting.run.executable import NUMBER, Specialisation
from engine.lifting.run.plans import PossibleTrace
from engine.lifting.run.saving_derivatives import JOINED, DerivativeFile
from engine.lifting.run.search import Search
from engine.lifting.run.structured import Floats, as_argument, as_result, split
from engine.lifting.verify.transformed import cotangents_differ, tangents_differ


class Product(Derivative):
    """A kind of derivative that is multiplied by a direction."""

    takes_direction = True

    def __call__(self, *inputs: Any, argnums: int | None = None, parameters: Any = None) -> Any:
        """Return the product; see `Program.hvp`."""
        if not inputs:
            raise TypeError(f"{self.what} of {self.program.name} takes a direction after the inputs; got nothing.")
        *points, direction = inputs
        if self.is_eager(inputs, parameters):
            return self.eager(points, direction, self.place(argnums, len(points)))
        for at in self.ways(points, parameters, argnums):
            answer = self.product(at, direction)
            if answer is not None:
                return answer
        raise AssertionError("the last way is an answer")

    @abstractmethod
    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's product."""

    @abstractmethod
    def product(self, at: At, direction: Any) -> Any:
        """Return the product of one trace; None if branches differ."""

    def tangent(self, at: At, direction: Any) -> Floats:
        """Return a direction of the variables as a vector, or one for each sample."""
        what = f"{self.what}'s direction"
        if at.by is not None:
            return as_argument(direction, at.known.specs[at.by], self.program.batch, what)
        held = at.known.parameters
        vector = np.ascontiguousarray(direction, dtype=np.float64)
        held.check(vector, what)
        return held.flat.cells_of(vector)

    def of_variables(self, at: At, numbers: Floats) -> Any:
        """Return a number for each variable as the variables are nested."""
        if at.by is not None:
            return split(numbers, at.known.specs[at.by])
        return at.known.parameters.flat.vector_of(numbers)

    def of_function(self, points: Sequence[Any], argnums: int) -> Any:
        """Return the function of one argument, the others as they are."""
        points, program = list(points), self.program
        return lambda x: program(*points[:argnums], x, *points[argnums + 1 :])


class Jvp(Product):
    """The directional derivative of a program; see `Program.jvp`."""

    what, function, answers = (
        "the derivative along a direction",
        "jvp",
        "results, and their derivative along a direction",
    )

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        return transforms.jvp(self.of_function(points, argnums), (points[argnums],), (direction,))

    def product(self, at: At, direction: Any) -> Any:
        """Return results and tangents."""
        program, tangent = self.program, self.tangent(at, direction)
        trace = self.made(at, self.what, partial(tangents_of, primals=True), tangents_differ)
        derived = self.compiled(at, trace, tangent.shape[-1])
        lead = program.batch and at.by is not None
        runner = self.runner(samples=program.batch, reduction=program.reduction, direction=lead)
        numbers = self.run(at.towards(tangent), runner, derived)
        if numbers is None:
            return None
        return tuple([_results(at.known, part) for part in np.split(numbers, 2, axis=-1)])

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the function of a saved file."""
        parts = [file.results(name, lead=file.lead) for name in ("_primals", "_tangents")]
        split_in_two = "_primals, _tangents = np.split(_found, 2, axis=-1)"
        yield JOINED
        yield file.function([*file.tangent(), *file.found(), split_in_two, f"return {', '.join(parts)}"])


class Vjp(Product):
    """A program's cotangents; see `Program.vjp`."""

    what, function, answers = "the cotangent", "vjp", "results, and the variables' cotangents"
    direction_said = "a number for each result"

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        value, pullback = transforms.vjp(self.of_function(points, argnums), points[argnums])
        return value, pullback(direction)[0]

    def product(self, at: At, direction: Any) -> Any:
        """Return results and the variables' cotangents: of parameters, summed over the samples."""
        program, count = self.program, at.known.returns.size
        each = program.batch and program.reduction == "none"
        cotangent = as_result(direction, at.known, at.samples if each else 0, f"{self.what}'s direction")
        differ = partial(cotangents_differ, seeded=True)
        trace = self.made(at, self.what, partial(cotangents_of, primals=True), differ)
        derived = self.compiled(at, trace, count)
        reduction = program.reduction if at.by is None else "none"
        runner = self.runner(samples=program.batch, reduction=reduction, direction=each)
        numbers = self.run(at.towards(cotangent), runner, derived)
        if numbers is None:
            return None
        primals, cotangents = numbers[..., :count], numbers[..., count:]
        if each and at.by is None:
            cotangents = cotangents.sum(axis=0)
        elif program.batch and not each and at.by is not None:
            weight = 1.0 / at.samples if program.reduction == "mean" else 1.0
            primals, cotangents = primals.sum(axis=0) * weight, cotangents * weight
        return _results(at.known, primals), self.of_variables(at, cotangents)

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the function of a saved file."""
        program, returns, by = self.program, file.at.known.returns, file.at.by
        each = program.batch and program.reduction == "none"
        lines = [*file.joined(returns, samples=each), *file.found()]
        lines.append(f"_primals, _cotangents = _found[..., :{returns.size}], _found[..., {returns.size}:]")
        if each and by is None:
            lines.append("_cotangents = _cotangents.sum(axis=0)")
        elif program.batch and not each and by is not None:
            weight = f" * (1.0 / len({file.plain[0]}))" if program.reduction == "mean" else ""
            lines.append(f"_primals, _cotangents = _primals.sum(axis=0){weight}, _cotangents{weight}")
        yield JOINED
        yield file.function([*lines, f"return {file.results('_primals', lead=each)}, {file.variables('_cotangents')}"])


class Hvp(Product):
    """A program's Hessian times a vector; see `Program.hvp`."""

    what, function, answers = "the Hessian times a vector", "hvp", "the Hessian times a vector"

    def eager(self, points: Sequence[Any], direction: Any, argnums: int) -> Any:
        """Return the scalar engine's."""
        return transforms.hvp(self.of_function(points, argnums), points[argnums], direction)

    def product(self, at: At, direction: Any) -> Any:
        """Return it as the variables are nested."""
        at.known.require_number("hvp")
        tangent = self.tangent(at, direction)
        product = self.times(at, tangent)
        return None if product is None else self.of_variables(at, product)

    def times(self, at: At, tangent: Floats) -> Floats | None:
        """Return the Hessian of one trace times a vector, as a vector; None if branches differ."""
        program = self.program
        if program.batch and program.reduction != "none":
            return self._of_gradient(at, tangent)
        make = partial(tangents_of, primals=False)
        trace = self.made(at, self.what, make, tangents_differ, of_gradient=True)
        derived = self.compiled(at, trace, tangent.shape[-1])
        lead = program.batch and at.by is not None
        runner = self.runner(samples=program.batch, reduction=program.reduction, direction=lead)
        product: Floats | None = self.run(at.towards(tangent), runner, derived)
        return product

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the functions of a saved file."""
        yield JOINED
        yield file.times()
        product = f"_times({file.passed()})"
        yield file.function([*file.tangent(), f"_found = {product}", f"return {file.variables('_found')}"])

    def _of_gradient(self, at: At, tangent: Floats) -> Floats | None:
        """Return the gradient of the derivative along the vector, which sums over samples by products."""
        program, key, held = self.program, ("of the gradient", at.by), at.known.derived
        trace = self.made(at, "along", partial(tangents_of, primals=False), tangents_differ)
        if key not in held:
            specialisation = derivative_of(at.known, trace, tangent.shape[-1])
            specialisation.returns = NUMBER
            held[key] = specialisation
        derived = held[key]
        runner = self.runner(samples=True, reduction=program.reduction, direction=at.by is not None)
        wrt = "parameters" if at.by is None else "inputs"
        runner.latest_wrt = wrt
        way = PossibleTrace(derived, [*at.arrays, tangent], at.samples, Search())
        ran = runner.ran(way, wrt, at.parameters)
        if ran is None or ran[2] is None:
            return None
        self.ran_last(at, runner, derived)
        if ran[2].inputs is None or at.by is None:
            return ran[2].parameters
        return as_argument(ran[2].inputs[at.by], at.known.specs[at.by], True, self.what)


def _results(specialisation: Specialisation, numbers: Floats) -> Any:
    """Return numbers along the last axis as the function nests its results."""
    if specialisation.trace.results > 1:
        return specialisation.restored(numbers)
    number = numbers[..., 0]
    return specialisation.restored(number if number.ndim else float(number))
