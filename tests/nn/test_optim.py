"""Optimisers follow their PyTorch counterparts for twenty steps."""

from __future__ import annotations

import copy
import json
import pickle
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import nn
from engine import Value
from nn import optim

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())
A, C = np.array(RECORDED["A"]), np.array(RECORDED["c"])


def gradient(x):
    return A @ x - C + np.cos(x)


def options(case):
    given = dict(case["options"])
    if "betas" in given:
        given["betas"] = tuple(given["betas"])
    return given


@pytest.mark.parametrize("case", RECORDED["runs"], ids=lambda c: f"{c['name']} {c['options']}")
def test_twenty_steps_agree_with_pytorch(case):
    optimizer = getattr(optim, case["name"])(**options(case))
    theta = np.array(RECORDED["start"])
    for want in case["trajectory"]:
        optimizer.update(theta, gradient(theta))
        np.testing.assert_allclose(theta, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", RECORDED["runs"][::3], ids=lambda c: c["name"])
def test_values_are_stepped_as_vectors_are(case):
    optimizer = getattr(optim, case["name"])(**options(case))
    values = [Value(x) for x in RECORDED["start"]]
    for want in case["trajectory"]:
        for value, g in zip(values, gradient(np.array([v.data for v in values]))):
            value.grad = float(g)
        optimizer.step(values)
        np.testing.assert_allclose([v.data for v in values], want, rtol=1e-12, atol=1e-12)


def test_a_schedule_is_asked_for_every_step():
    optimizer = nn.SGD(lr=optim.linear(1.0, 4))
    theta = np.array([0.0])
    for want in (-1.0, -1.75, -2.25, -2.5, -2.5):
        optimizer.update(theta, np.array([1.0]))
        assert theta[0] == want


def test_what_is_refused():
    with pytest.raises(ValueError, match="lr must be a number above 0; got 0.0"):
        nn.SGD(lr=0.0)
    with pytest.raises(ValueError, match="lr must be a number above 0; got nan"):
        nn.Adam(lr=float("nan"))
    with pytest.raises(ValueError, match="nesterov=True needs momentum"):
        nn.SGD(lr=0.1, nesterov=True)
    with pytest.raises(TypeError, match="Optimizer defines no update"):
        optim.Optimizer(0.1).update(np.ones(1), np.ones(1))


# --- one optimiser, one network --------------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(40, 2))
T = (X[:, 0] > 0).astype(int)
MAKE = {
    "SGD": lambda: nn.SGD(lr=0.1),
    "momentum": lambda: nn.SGD(lr=0.1, momentum=0.9),
    "Nesterov": lambda: nn.SGD(lr=0.1, momentum=0.9, nesterov=True),
    "Adam": nn.Adam,
    "AdamW": nn.AdamW,
    "a schedule": lambda: nn.SGD(lr=optim.cosine(0.1, 1000)),
    "a spent schedule": lambda: nn.SGD(lr=optim.linear(0.1, 3)),
    "a warm-up": lambda: nn.Adam(lr=optim.warmup(optim.cosine(0.1, 4), 2)),
}


def fit(model, optimizer, **how):
    return nn.fit(model, X, T, **({"optimizer": optimizer, "epochs": 3, "progress": False} | how))


def eager_steps(model, optimizer):
    for _ in range(3):
        model.zero_grad()
        nn.mean_loss(model, X[:5], T[:5]).backward()
        optimizer.step(model.parameters())


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("sizes", [[2], [5, 2]])
@pytest.mark.parametrize("first", [fit, eager_steps])
@pytest.mark.parametrize("second", [fit, eager_steps])
def test_a_second_network_is_refused_and_left_as_it_was(kind, sizes, first, second):
    optimizer, other = MAKE[kind](), nn.MLP(2, sizes, seed=5)
    first(nn.MLP(2, [2]), optimizer)
    steps, before = optimizer.steps, [v.data for v in other.parameters()]
    with pytest.raises(
        ValueError, match=r"has taken \d+ steps with another network's parameters; make a new one: nn\."
    ):
        second(other, optimizer)
    assert [v.data for v in other.parameters()] == before
    assert optimizer.steps == steps


@pytest.mark.parametrize("kind", [kind for kind in MAKE if kind not in ("a spent schedule", "a warm-up")])
def test_the_same_network_trains_further(kind):
    """In two halves as in one: state and schedule go on."""
    whole, halves = nn.MLP(2, [3, 2], seed=1), nn.MLP(2, [3, 2], seed=1)
    one, two = MAKE[kind](), MAKE[kind]()
    fit(whole, one, batch_size=40, epochs=6)
    for _ in range(2):
        fit(halves, two, batch_size=40, epochs=3)
    np.testing.assert_allclose([v.data for v in halves.parameters()], [v.data for v in whole.parameters()], rtol=1e-9)


@pytest.mark.parametrize("kind", ["a spent schedule", "a warm-up"])
def test_a_schedule_that_has_come_to_its_end_is_refused(kind):
    model, optimizer = nn.MLP(2, [2]), MAKE[kind]()
    fit(model, optimizer)
    with pytest.raises(ValueError, match=r"schedule of this \w+ is spent: after 6 steps its learning rate is 0"):
        fit(model, optimizer)


def test_a_schedule_serves_several_optimisers():
    schedule = optim.cosine(0.1, 6)
    results = []
    for _ in range(2):
        model = nn.MLP(2, [2], seed=1)
        fit(model, nn.SGD(lr=schedule))
        results.append([v.data for v in model.parameters()])
    assert results[0] == results[1]


def test_an_optimiser_that_has_taken_no_step_serves_anyone():
    optimizer = nn.SGD()
    optimizer.claim(nn.MLP(2, [2]).parameters())
    fit(nn.MLP(2, [3, 2]), optimizer)


def test_what_is_resumed_takes_the_checkpoints_state(tmp_path):
    path, optimizer = tmp_path / "c", nn.Adam(lr=0.01)
    fit(nn.MLP(2, [2]), nn.Adam(lr=0.01), checkpoint=path)
    fit(nn.MLP(2, [3, 2]), optimizer)
    whole, resumed = nn.MLP(2, [2]), nn.MLP(2, [2], seed=9)
    fit(whole, nn.Adam(lr=0.01), epochs=6)
    fit(resumed, optimizer, epochs=6, checkpoint=path, resume=True)
    assert [v.data for v in resumed.parameters()] == [v.data for v in whole.parameters()]


def test_a_vector_of_another_length():
    optimizer = nn.Adam()
    optimizer.update(np.zeros(3), np.ones(3))
    for theta, gradient in ((np.zeros(4), np.ones(4)), (np.zeros(3), np.ones(4))):
        with pytest.raises(ValueError, match=r"must have one shape; an optimiser belongs to one vector"):
            optimizer.update(theta, gradient)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_a_schedule_that_gives_no_learning_rate(rate):
    with pytest.raises(ValueError, match="the schedule's learning rate at step 0 must be a number of at least 0"):
        nn.SGD(lr=lambda step: rate).update(np.zeros(1), np.ones(1))


@pytest.mark.parametrize("given", [nn.MLP(2, [2]), nn.MLP(2, [2]).parameters(), iter([Value(1.0)]), "0.1", {}])
def test_parameters_are_no_learning_rate(given):
    with pytest.raises(TypeError, match=r"lr=.*: pass a learning rate; parameters go to step\(model.parameters\(\)\)"):
        nn.Adam(given)


@pytest.mark.parametrize(
    "schedule", [optim.cosine(0.1, 30), optim.linear(0.1, 30), optim.warmup(optim.cosine(0.1, 30), 5)]
)
def test_when_a_schedule_ends(schedule):
    for taken in (0, 12):
        optimizer = nn.SGD(schedule)
        optimizer.steps = taken
        for steps in range(50):
            rates = [schedule(taken + k) for k in range(steps)]
            assert optimizer.stops_after(steps) == (rates.index(0.0) if 0.0 in rates else None)
    assert nn.SGD(0.1).stops_after(100) is None
    assert nn.SGD(optim.cosine(0.1, 30, lowest=1e-3)).stops_after(100) is None
    with pytest.raises(ValueError, match="the schedule's learning rate at step 99 must be .*; got -0.98"):
        nn.SGD(lambda step: 1.0 - step / 50.0).stops_after(100)
    assert nn.SGD(lambda step: float(step % 3)).stops_after(7) == 6
    assert nn.SGD(lambda step: float(step % 3)).stops_after(6) is None


def test_a_schedule_that_is_shorter_than_the_training_is_said(tmp_path):
    X, T = nn.moons(20, seed=0)
    how = {"loss": "hinge", "batch_size": 5, "progress": False, "checkpoint": tmp_path / "c", "resume": True}
    network = nn.MLP(2, [3, 1])
    curve = optim.cosine(0.1, 10)
    assert nn.fit(network, X, T, epochs=2, optimizer=nn.SGD(curve), **how).said == []
    stopped = nn.fit(nn.MLP(2, [3, 1]), X, T, epochs=5, patience=9, optimizer=nn.SGD(curve), loss="hinge", batch_size=5)
    assert not [sentence for sentence in stopped.said if "schedule" in sentence]
    history = nn.fit(network, X, T, epochs=5, optimizer=nn.SGD(curve), **how)
    assert history.said == [
        "the schedule is shorter than the training: its learning rate is 0 from step 10 on, in epoch 3 of 5, and "
        "nothing moves then"
    ]


def test_a_schedule_that_goes_below_0_is_refused_before_the_first_step():
    X, T = nn.moons(20, seed=0)
    network, how = nn.MLP(2, [3, 1]), {"loss": "hinge", "batch_size": 5, "progress": False, "epochs": 10}
    before = [v.data for v in network.parameters()]
    with pytest.raises(ValueError, match="the schedule's learning rate at step 39 must be .*; got -0.29"):
        nn.fit(network, X, T, optimizer=nn.SGD(lambda step: 0.1 - 0.01 * step), **how)
    assert [v.data for v in network.parameters()] == before


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("make", [nn.SGD, partial(nn.SGD, momentum=0.9, nesterov=True), nn.Adam, nn.AdamW])
def test_an_update_takes_no_memory_but_at_its_first_step(make, weight_decay):
    optimizer, theta, gradient = make(lr=0.1, weight_decay=weight_decay), np.ones(100_000), np.full(100_000, 0.5)
    optimizer.update(theta, gradient)
    tracemalloc.start()
    optimizer.update(theta, gradient)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < theta.nbytes / 10
    assert (gradient == 0.5).all()


def test_what_an_update_writes_to_on_its_way_is_not_the_optimisers_state():
    optimizer = nn.Adam()
    optimizer.update(np.ones(3), np.ones(3))
    again = pickle.loads(pickle.dumps(optimizer))
    assert sorted(again.state) == ["m", "v"]
    results = []
    for each in (optimizer, again, copy.copy(optimizer)):
        theta = np.ones(3)
        each.state = {name: vector.copy() for name, vector in each.state.items()}
        each.update(theta, np.arange(3.0))
        results.append(theta.tolist())
    assert results[0] == results[1] == results[2]


def test_whose_code_a_step_runs():
    class Mine(nn.SGD):
        pass

    assert not nn.SGD(optim.cosine(0.1, 10)).runs_own_code
    assert nn.SGD(lambda step: 0.1).runs_own_code
    assert Mine(0.1).runs_own_code
