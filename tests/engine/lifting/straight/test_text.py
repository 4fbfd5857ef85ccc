import numpy as np
import pytest

import engine


def lifted(fn, theta, **more):
    values = [engine.Value(x) for x in theta]
    program = engine.lift(lambda *x: fn(values, *x), parameters=values, **more)
    return values, program


def pendulum(w, x=None):
    angle, speed = w[0], w[1]
    for k in range(120):
        force = x[k] if x is not None else 0.0
        angle, speed = angle + 0.01 * speed, speed - 0.01 * (w[2] * engine.sin(angle) + force)
    return angle * angle + speed


def eager(fn, values, *x):
    for v in values:
        v.grad = 0.0
    root = fn(values, *x)
    root.backward()
    return root.data, [v.grad for v in values]


def test_value_and_gradient_are_the_engine_s_to_the_last_bit():
    values, program = lifted(pendulum, [0.3, 0.1, 9.81])
    value, gradient = program.value_and_grad()
    assert (value, gradient.parameters.tolist()) == eager(pendulum, values)
    assert program.stats.proof.kind == "exact" and not program.stats.proof.differs
    text = program.source()
    assert "for " in text and len(text.splitlines()) < 80


@pytest.mark.parametrize("wrt", ["parameters", "inputs", "all"])
def test_gradients_by_parameters_and_inputs(wrt):
    force = np.random.default_rng(0).normal(size=120)
    values, program = lifted(pendulum, [0.3, 0.1, 9.81])
    _, gradient = program.value_and_grad(force, wrt=wrt)
    x = [engine.Value(v) for v in force]
    _, slopes = eager(pendulum, values, x)
    if wrt != "inputs":
        assert gradient.parameters.tolist() == slopes
    if wrt != "parameters":
        assert gradient.inputs[0].tolist() == [v.grad for v in x]


def test_float32_is_rounded_at_the_end():
    _, program = lifted(pendulum, [0.3, 0.1, 9.81], dtype=np.float32)
    value, gradient = program.value_and_grad()
    _, exact = lifted(pendulum, [0.3, 0.1, 9.81])
    assert value == pytest.approx(exact()) and np.allclose(gradient.parameters, exact.value_and_grad()[1].parameters)


def test_branches_are_guarded():
    def fn(w, x):
        s = w[0]
        for _k in range(120):
            s = s * w[1] if s > x else s + w[2]
        return s

    values, program = lifted(fn, [0.3, 0.1, 0.02])
    for limit in (0.5, 0.4, 0.5, 2.0):
        value, gradient = program.value_and_grad(limit)
        wanted, slopes = eager(fn, values, limit)
        assert value == wanted and gradient.parameters == pytest.approx(slopes, rel=1e-13)  # sums of parts, by loops


def test_what_is_read_at_other_times_is_found():
    def fn(w):
        s = list(w)
        for k in range(150):
            s.append(s[k] * s[-1] + s[-3] / (2.0 + s[(k * 7) % len(s)] ** 2))
        return s[-1] + s[40]

    values, program = lifted(fn, [0.3, 0.7, 0.2, 0.1])
    value, gradient = program.value_and_grad()
    wanted, slopes = eager(fn, values)
    assert value == wanted and np.allclose(gradient.parameters, slopes, rtol=1e-13)
    assert not program.stats.proof.differs


def test_a_function_of_a_power_of_zero_is_proven():
    def fn(w):
        s = w[0]
        for _k in range(120):
            s = s * engine.tanh(w[1] ** 0) + engine.exp((s * s) ** 0) * w[2]
        return s

    values, program = lifted(fn, [0.3, 0.1, 0.02], strict=True)
    value, gradient = program.value_and_grad()
    wanted, slopes = eager(fn, values)
    assert value == pytest.approx(wanted, rel=1e-13) and np.allclose(gradient.parameters, slopes, rtol=1e-13)
    assert program.stats.proof.kind == "exact" and "for " in program.source()


def test_one_result_of_the_time_before_that_began_as_several_numbers():
    """An error's square, and what it was: at first there is a constant in the place of one of its factors."""

    def fn(w):
        x, last, total = 0.0, 1.0, 0.0
        for _k in range(120):
            error = 1.0 - x
            force = w[0] * error + w[1] * (error - last)
            last = error
            x = x + 0.02 * (force - x)
            total = total + error * error
        return total

    values, program = lifted(fn, [1.5, 0.6], strict=True)
    value, gradient = program.value_and_grad()
    wanted, slopes = eager(fn, values)
    assert value == pytest.approx(wanted, rel=1e-13) and np.allclose(gradient.parameters, slopes, rtol=1e-12)
    assert "put = v.append" in program.source() and program.stats.proof.kind == "exact"


def guarded(w, x):
    s = w[0]
    for k in range(120):
        s = s * w[1] if s > x else s + w[2] * (2.0 if k % 7 and s < 0.2 else 1.0)
    return s


def guarded_and_chosen(w, x):
    """A condition that decides a branch is a number as well."""
    s = w[0]
    for _k in range(120):
        above = s > x
        s = s * w[1] + engine.where(above, w[2], 0.0) if above else s + w[2]
    return s


@pytest.mark.parametrize(("fn", "told"), [(guarded, True), (guarded_and_chosen, False)])
def test_conditions_that_nothing_computes_with_are_told(fn, told):
    values, program = lifted(fn, [0.3, 0.1, 0.02], strict=True, verify="exact")
    for limit in (0.5, 0.4, 0.25, 0.5, 2.0):
        value, gradient = program.value_and_grad(limit)
        wanted, slopes = eager(fn, values, limit)
        assert value == pytest.approx(wanted, rel=1e-14) and gradient.parameters == pytest.approx(slopes, rel=1e-13)
    text = program.source()
    assert ("tell(" in text) == told and "put = v.append" in text and program.stats.proof.kind == "exact"
