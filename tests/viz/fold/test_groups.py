"""What nodes go by: the variable that their line goes on to assign, and the function that made them."""

from __future__ import annotations

from viz.fold.groups import Places, grouped
from viz.subject import subject_of


def groups_of(fn, *arguments):
    subject, places = subject_of(fn, arguments), Places()
    of = grouped(subject.numbered(), subject, places)
    return list({id(group): group for group in of if group is not None}.values()), places


def test_lines_that_assign_one_variable_are_one_group():
    def f(x):
        y = [
            x * 2.0
            + 1.0,
        ]  # fmt: skip
        z = y[0] * x
        y = z * z
        return y

    groups, _ = groups_of(f, 3.0)
    assert [(group.name, group.ops.total()) for group in groups if group.line] == [("y", 2), ("z", 1), ("y", 1)]


def test_a_result_and_what_its_line_computes_on_the_way_are_one_group():
    def g(x):
        x = x * 2.0 + 1.0
        return x

    def f(x):
        r = g(x)
        return r * r

    groups, places = groups_of(f, 3.0)
    assert [(places.all[group.place].call.function, group.ops.total()) for group in groups if group.line] == [
        ("g", 2),
        ("f", 1),
    ]


def test_runs_are_counted_in_each_run_of_the_caller():
    def inner(x):
        return x * x

    def outer(x):
        return sum(inner(x) for _ in range(3))

    def f(x):
        return outer(x) + sum([outer(x) for _ in range(2)])

    _, places = groups_of(f, 3.0)
    times = {(place.call.function, places.times(i)) for i, place in enumerate(places.all)}
    assert ("inner", 3) in times
    assert ("f", 1) in times
