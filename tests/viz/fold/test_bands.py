"""What has no structure folds by depth."""

from __future__ import annotations

from folding import tangle

from viz.fold.fold import fold


def test_a_tangle_folds_until_its_arrows_are_few():
    folded = fold(tangle(5000))
    assert len(folded.edges) <= 3 * len(folded.boxes)
