"""Schedules follow their PyTorch counterparts, and it is known which run nobody's own code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nn.schedules import cosine, is_known, linear, step_decay, warmup

RECORDED = json.loads((Path(__file__).parent / "torch_recorded.json").read_text())


def test_schedules_agree_with_pytorch():
    for k, want in enumerate(RECORDED["schedules"]["step_decay"]):
        assert step_decay(0.3, 5, 0.5)(k) == pytest.approx(want, rel=1e-14)
    for k, want in enumerate(RECORDED["schedules"]["cosine"]):
        assert cosine(0.3, 19, 0.01)(k) == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("make", [lambda: cosine(0.1, 10), lambda: linear(0.1, 10), lambda: step_decay(0.1, 2)])
def test_a_schedule_is_known_unless_something_in_it_is_somebodys_own(make):
    assert is_known(make())
    assert is_known(warmup(warmup(make(), 3), 2))
    assert not is_known(lambda step: 0.1)
    assert not is_known(warmup(warmup(lambda step: 0.1, 3), 2))


def test_the_number_of_a_step_is_a_whole_one():
    with pytest.raises(TypeError, match="step"):
        cosine(0.1, 10)(1.5)
