"""The backward sweep of a list of steps: the steps so far, and how the cotangent of each source is added up.

>>> x = Source("x", (3,), "input")
>>> sweep = BackwardSweep({x}, handed={x})
>>> sweep.add(x.view, Literal(2.0), batched=False)
>>> sweep.cotangent[x].value, sweep.steps
(2.0, [])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lifting.exact import fold
from engine.lifting.ops import COMPARISONS, Step
from engine.lifting.views import Gather, Literal, Operand, Shape, Source, View


@dataclass
class BackwardSweep:
    """The backward steps so far, and the cotangent of each source."""

    needed: set[Source]
    steps: list[Step] = field(default_factory=list)
    cotangent: dict[Source, Operand] = field(default_factory=dict)
    handed: set[Source] = field(default_factory=set)  # sources whose cotangent is what their one reader hands back
    count: int = 0

    def begin(
        self,
        readings: dict[Source, list[View | Gather]],
        in_parts: set[Source],
        gradients: Mapping[Source, Source],
    ) -> None:
        """Fill an array with zeros for every source that is not read once and whole."""
        for source, views in readings.items():
            only = views[0]
            whole = isinstance(only, View) and only.unrepeated()[0].is_whole()
            if len(views) == 1 and whole and source not in gradients and source not in in_parts:
                self.handed.add(source)
            elif source in self.needed:
                array = gradients.get(source) or self.new(source.shape, source.batched, of=source)
                self.cotangent[source] = self.zeros(array)
        for source, array in gradients.items():
            if source not in readings:
                self.zeros(array)

    def zeros(self, array: Source) -> View:
        """Append the step that fills an array with zeros."""
        self.steps.append(Step("fill", array.view, (Literal(0.0),)))
        return array.view

    def new(self, shape: Shape, batched: bool, dtype: str = "float", of: Source | None = None) -> Source:
        """Return a fresh source for an intermediate result, or for the cotangent `of` a forward source."""
        self.count += 1
        return Source(f"g{self.count}", shape, "value", batched, dtype=dtype, of=of)

    def result(self, op: str, shape: Shape, batched: bool, *operands: Operand, **more: Any) -> View:
        """Append a step with a result of its own."""
        result = self.new(shape, batched, "bool" if op in COMPARISONS else "float").view
        self.steps.append(Step(op, result, operands, **more))
        return result

    def as_array(self, g: Operand, shape: Shape, batched: bool) -> View:
        """Return a cotangent as an array with an axis for samples where there are any, though it may be one number."""
        if isinstance(g, View) and g.batched == batched:
            return g
        return self.result("fill" if isinstance(g, Literal) else "copy", shape, batched, g)

    def in_shape(self, g: View, shape: Shape) -> View:
        """Return the same elements in another shape, of a copy where it takes one."""
        try:
            return g.reshape(shape)
        except ValueError:
            return self.result("copy", g.shape, g.batched, g).reshape(shape)

    # --- adding a cotangent where it belongs -------------------------------------------------------------------

    def add(self, x: View, g: Operand, batched: bool) -> None:
        """Add the cotangent `g` of a view to that of its source: summed over what the view repeats."""
        rest, axes = x.unrepeated()
        over_batch = batched and not x.batched
        if isinstance(g, Literal):
            count = math.prod([x.squeeze().shape[a] for a in axes])
            product = fold("multiply", g.value, float(count))
            if product is not None:
                self.store(x.source, rest, Literal(product, g.batch_power + over_batch))
                return
            g = self.as_array(g, x.squeeze().shape, batched)
        assert isinstance(g, View)
        g = g.squeeze()
        if over_batch and not g.batched:  # the same for every sample: their sum is N times it
            g, over_batch = self.result("multiply", g.shape, False, g, Literal(1.0, 1)), False
        if axes or over_batch:
            per_sample = g.batched and not over_batch
            total = self.new(rest.shape, per_sample, of=self.owner(x.source, per_sample))
            self.steps.append(Step("sum", total.view, (g,), axes=axes, over_batch=over_batch))
            g = total.view
        self.store(x.source, rest, g)

    def owner(self, source: Source, batched: bool) -> Source | None:
        """Return a source, if what is computed now will be its cotangent as it is."""
        return source if source in self.handed and source.batched == batched else None

    def store(self, source: Source, rest: View, g: Operand) -> None:
        """Take over a cotangent, or add it."""
        if source in self.handed:
            self.cotangent[source] = self.in_shape(g, source.shape) if isinstance(g, View) else g
        else:
            array = self.cotangent[source]
            assert isinstance(array, View)
            self.steps.append(Step("copy", rest.on(array.source), (g,), accumulate=True))

    def compute(
        self, x: View, op: str, batched: bool, operands: tuple[Operand, ...], turned: bool = False, **more: Any
    ) -> None:
        """Append a step that computes the cotangent of a view, or that `turned`, and add it."""
        whole = not x.unrepeated()[1]
        result = self.new(x.squeeze().shape, batched, of=self.owner(x.source, batched) if whole else None)
        target = result.view.reshape(x.shape)
        self.steps.append(Step(op, target.T if turned else target, operands, **more))
        self.add(x, result.view, batched)
