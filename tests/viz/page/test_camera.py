"""What part of the graph is seen."""

import random

import pytest


def test_a_zoom_leaves_a_place_where_it_is(node):
    rng = random.Random(0)
    zooms = [[{"x": rng.uniform(-99, 99), "y": 3.0, "k": rng.uniform(0.1, 4)}, rng.uniform(0.5, 2)] for _ in range(50)]
    body = "return given.map(([view, factor]) => [view, camera.zoomed(view, factor, 30, 40)])"
    for before, after in node(body, zooms):
        for axis, at in (("x", 30), ("y", 40)):
            assert (at - after[axis]) / after["k"] == pytest.approx((at - before[axis]) / before["k"])


def test_a_zoom_ends_somewhere(node):
    body = "return [1e-9, 1e9].map(factor => camera.zoomed({ x: 0, y: 0, k: 1 }, factor, 0, 0).k)"
    assert node(body) == [0.02, 8]


def test_no_room_is_left_empty_that_the_graph_could_fill(node):
    body = "return [0, 500, 1000].map(x => camera.lookingAt(x, 50, 1, [0, 0, 1000, 100], { width: 400, height: 300 }))"
    views = node(body)
    assert [view["x"] for view in views] == [0, -300, -600]  # the graph's left end, its middle, its right end
    assert {view["y"] for view in views} == {100}  # lower than the room, it stands in its middle


def test_all_of_the_graph_fits(node):
    body = """const frame = [-50, 20, 900, 700], room = { width: 390, height: 500 }, view = camera.whole(frame, room);
        return camera.shows(view, { x: 425, y: 360, w: 950, h: 680 }, room)"""
    assert node(body) is True
