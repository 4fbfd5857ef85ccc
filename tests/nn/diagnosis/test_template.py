"""Files to start from: in every dialect a right gradient of a network of two layers."""

from __future__ import annotations

import pytest
from checked_files import check_file

from nn.diagnosis.dialects import DIALECTS
from nn.diagnosis.template import template


@pytest.mark.parametrize("convention", DIALECTS)
def test_a_template_is_a_right_gradient(convention, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(template(convention))
    assert f'CONVENTION = "{convention}"' in template(convention)
    assert check_file(path).ok
    path.write_text(template(convention).replace("(1.0 - a1**2)", "a1").replace("(1.0 - A1**2)", "A1"))
    assert check_file(path).names == ["activation-for-slope"]


@pytest.mark.parametrize("convention", DIALECTS)
def test_a_template_has_the_names_of_its_dialect(convention):
    dialect = DIALECTS[convention]
    names = [name.format(0, 1, 0) for name in dialect.also] or ["weights", "nabla_w"]
    if "[" not in dialect.weight:
        names = [
            f'"{dialect.gradient.format(name)}"' for name in (names if dialect.also else [dialect.parameter("W", 0)])
        ]
    assert all(name in template(convention) for name in names)
