"""One program, many threads: whatever shapes they call it with, and whatever changes, each gets numbers of its own."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import engine
from engine import Value


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Have threads take turns as often as Python lets them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(work: Callable[[int], None], count: int = 6) -> None:
    """Run `work` in several threads at once; what one of them raises is raised."""
    raised: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(k: int) -> None:
        try:
            gate.wait()
            work(k)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


class Holder:
    """What a function reads of its surroundings."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.w = Value(1.0, "w")


@pytest.mark.parametrize("attempt", range(6))
def test_calls_of_several_shapes(attempt):
    """A repeated call goes without asking, by its shape: another thread's specialisation only if it is its own."""
    w, b = [Value(0.5 + k, f"w[{k}]") for k in range(5)], Value(0.25, "b")

    def f(x):
        return sum(a * c for a, c in zip(w, x)) * float(len(x)) + b

    program = engine.lift(f, strict=True)

    def work(k):
        draw = random.Random(100 * attempt + k)
        for _ in range(60):
            n = draw.randint(1, 5)
            x = np.array([draw.uniform(-1.0, 1.0) for _ in range(n)])
            weights = np.arange(n) + 0.5
            value, gradient = program.value_and_grad(x)
            assert value == pytest.approx(n * weights @ x + 0.25)
            slopes = dict(zip(program.traces.parameters.values, gradient.parameters.tolist()))
            assert [slopes.pop(v) for v in (*w[:n], b)] == pytest.approx([*(n * x), 1.0])
            assert not any(slopes.values())

    together(work)


@pytest.mark.parametrize("attempt", range(6))
def test_batches_of_several_sizes(attempt):
    w = Value(2.0, "w")
    program = engine.lift(lambda x: engine.tanh(x[0] * w) * x[1], batch=True, strict=True)

    def work(k):
        draw = np.random.default_rng(100 * attempt + k)
        for _ in range(60):
            x = draw.normal(size=(int(draw.integers(1, 14)), 2))
            value, gradient = program.value_and_grad(x)
            assert value == pytest.approx(np.mean(np.tanh(2.0 * x[:, 0]) * x[:, 1]))
            slope = np.mean((1.0 - np.tanh(2.0 * x[:, 0]) ** 2) * x[:, 0] * x[:, 1])
            assert gradient.parameters == pytest.approx([slope])

    together(work)


@pytest.mark.parametrize("attempt", range(4))
def test_a_change_is_seen_by_every_call_that_begins_after_it(attempt):
    held = Holder()

    def f(x):
        return (x * x).sum() * held.scale

    program = engine.lift(f, strict=True)
    lock, now = threading.Lock(), [1.0]

    def work(k):
        draw = np.random.default_rng(100 * attempt + k)
        for step in range(25):
            if k == 0:
                with lock:
                    held.scale = now[0] = 2.0 + step
            x = np.ones(int(draw.integers(1, 4)))
            before = now[0]
            try:
                got = program.value_and_grad(x, wrt="inputs")[0] / len(x)
            except engine.LiftError:  # it changed while the function was being traced
                continue
            assert before <= got <= now[0]

    together(work)
    assert program(np.ones(3)) == 3.0 * held.scale


@pytest.mark.parametrize("attempt", range(4))
def test_captured_values_that_are_replaced_are_read_where_they_are(attempt):
    held = Holder()

    def f(x):
        return (x * x).sum() * held.w

    program = engine.lift(f, strict=True)
    now = [1.0]

    def work(k):
        draw = np.random.default_rng(100 * attempt + k)
        for step in range(25):
            if k == 0:
                now[0] = 2.0 + step
                held.w = Value(now[0], "w")
            x = np.ones(int(draw.integers(1, 4)))
            before = now[0]
            try:
                value, gradient = program.value_and_grad(x)
            except engine.LiftError:
                continue
            assert before - 1.0 <= value / len(x) <= now[0]
            assert len(x) in gradient.parameters.tolist()

    together(work)
    value, gradient = program.value_and_grad(np.ones(3))
    assert value == 3.0 * held.w.data
    assert gradient.parameters.tolist() == [3.0]


@pytest.mark.parametrize("attempt", range(4))
def test_parameters_of_ones_own_in_every_thread(attempt):
    w = [Value(1.0, "w[0]"), Value(2.0, "w[1]")]
    program = engine.lift(lambda x: x * w[0] + x * x * w[1], strict=True)
    program(1.0)

    def work(k):
        draw = np.random.default_rng(100 * attempt + k)
        for _ in range(50):
            theta, x = draw.normal(size=2), float(draw.normal())
            value, gradient = program.value_and_grad(x, parameters=theta)
            assert value == pytest.approx(x * theta[0] + x * x * theta[1])
            np.testing.assert_allclose(gradient.parameters, [x, x * x])

    together(work)


def test_branches_are_each_threads_own():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x * w if x > 0 else x * x * w, strict=True)

    def work(k):
        draw = np.random.default_rng(k)
        for _ in range(60):
            x = float(draw.normal())
            assert program.value_and_grad(x)[0] == pytest.approx(x * 2.0 if x > 0 else x * x * 2.0)

    together(work)


def test_a_first_call_that_waited_for_another_one_looks_at_what_that_saw():
    held, x = Holder(), np.ones(2)

    def f(x):
        return (x * x).sum() * held.scale

    program, results = engine.lift(f), []
    waiting = threading.Thread(target=lambda: results.append(program(x)))
    with program.traces.lock:
        waiting.start()
        while not waiting_for(waiting, "candidates"):
            time.sleep(1e-3)
        time.sleep(0.02)  # from its first line to the lock
        assert program(x) == 2.0
        held.scale = 3.0
    waiting.join()
    assert results == [6.0]


def waiting_for(thread, name):
    """Whether a thread is in a function of some name."""
    frame = sys._current_frames().get(thread.ident)
    while frame is not None and frame.f_code.co_name != name:
        frame = frame.f_back
    return frame is not None
