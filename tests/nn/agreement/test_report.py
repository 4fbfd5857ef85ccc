"""The comparison as text, HTML and data."""

from __future__ import annotations

import numpy as np

import nn


def test_a_report_is_text_html_and_data():
    model = nn.MLP(3, [2])
    report = nn.compare_gradients(model, np.eye(4, 3), [0, 1, 1, 0])
    assert str(report).splitlines()[-1] == "all gradients agree to rounding"
    assert "<td>layers.0.W</td><td>3 x 2</td>" in report._repr_html_()
    assert report.data()[0]["parameter"] == "layers.0.W"
    assert report.value > 0
