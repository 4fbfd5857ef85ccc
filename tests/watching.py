"""What stands in for a function that is being lifted: who is asked at branches, and told of numbers that leak."""

from __future__ import annotations


class Watch:
    """A trace that notes what it is told."""

    def __init__(self):
        self.branches, self.leaks = [], []

    def branch(self, condition):
        self.branches.append(condition)
        return condition._data != 0.0

    def leak(self, value, into):
        self.leaks.append(into)
        raise TypeError(into)
