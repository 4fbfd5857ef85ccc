"""A long program folds by its author's functions, as the scalar graph that it was lifted from does."""

from __future__ import annotations

import numpy as np
import pytest
import scalar_gpt

import engine
from viz.dot import picture_of
from viz.fold.fold import LIMIT
from viz.operations import by_origin
from viz.program import read_program


@pytest.fixture(scope="module")
def program():
    lifted = engine.lift(scalar_gpt.of_select)
    lifted(np.array(scalar_gpt.tokens))
    return lifted


def test_a_long_program_is_in_its_authors_words(program):
    folded, _ = by_origin(read_program(program).boxes)
    headings = [box.heading for box in folded.boxes]
    assert len(headings) <= LIMIT
    assert {"attn_logits", "attn_weights = softmax", "head_out", "x = rmsnorm", "loss_t"} <= set(headings)
    assert all(headings.count(name) == 1 for name in scalar_gpt.PARAMETERS)
    assert ("gpt", -1) in folded.clusters


def test_every_operation_is_in_one_box(program):
    boxes = read_program(program).boxes
    folded, said = by_origin(boxes)
    assert len(folded.owner) == len(boxes)
    assert min(folded.owner) >= 0
    assert sum(box.count for box in folded.boxes) == len(boxes)
    assert len(said) == len(folded.boxes)


def test_the_picture_has_its_result_and_no_more_boxes(program):
    picture = picture_of(program)
    assert len(picture.cards) <= LIMIT
    assert [card.kind for card in picture.cards].count("result") == 1
