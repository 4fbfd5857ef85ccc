"""Labels: text, and nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from engine import Label, Value


@pytest.mark.parametrize("label", [0, 7, None, ("w", 0), 1.5, b"w", ["w"], Value(1.0), object])
def test_a_label_that_is_no_text_is_refused_where_it_is_given(label):
    with pytest.raises(TypeError, match="label is text; got .* Pass str"):
        Value(2.0, label)
    v = Value(2.0)
    with pytest.raises(TypeError, match="label is text"):
        v.label = label
    assert v.label == ""


@pytest.mark.parametrize("label", ["", "w", np.str_("w"), Label("w.0", array="w", place=(0,)), "7*7", "日本", "\\N"])
def test_any_text_is_kept_as_it_is(label):
    v = Value(2.0, label)
    assert v.label is label
    v.label = "other"
    assert v.label == "other"
    w = pickle.loads(pickle.dumps(Value(2.0, label)))
    assert w.label == label
    assert type(w.label) is type(label)
