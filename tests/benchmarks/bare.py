"""The smallest Value that a scalar GPT is usually taught with: slots, and the slopes stored when a node is made.

It is what `bench_engine.py` holds ours against, and nothing else: slopes are floats, so that there is no second
derivative, an infinite slope spoils whatever it is multiplied with, and `backward` recurses.
"""

from __future__ import annotations

import math
import sys

sys.setrecursionlimit(100_000)


class Bare:
    __slots__ = ("data", "grad", "operands", "slopes")

    def __init__(self, data, operands=(), slopes=()):
        self.data = data
        self.grad = 0.0
        self.operands = operands
        self.slopes = slopes

    def __add__(self, other):
        other = other if isinstance(other, Bare) else Bare(other)
        return Bare(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Bare) else Bare(other)
        return Bare(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Bare(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self):
        z = math.exp(self.data)
        return Bare(z, (self,), (z,))

    def log(self):
        return Bare(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        return Bare(max(0.0, self.data), (self,), (1.0 if self.data > 0.0 else 0.0,))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def __rsub__(self, other):
        return other + (-self)

    def __rtruediv__(self, other):
        return other * self**-1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        nodes, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                nodes.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(nodes):
            for operand, slope in zip(node.operands, node.slopes):
                operand.grad += slope * node.grad
