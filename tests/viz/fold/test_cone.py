"""Cones hold what serves one result alone, and leave the order between them intact."""

from hypothesis import given
from hypothesis import strategies as st

from viz.fold.cone import cones


@st.composite
def users(draw):
    """A graph: of each box, which later ones read it."""
    n = draw(st.integers(1, 30))
    return [sorted(draw(st.sets(st.integers(i + 1, n - 1), max_size=3))) if i < n - 1 else [] for i in range(n)]


@given(users(), st.integers(1, 6))
def test_every_box_is_in_one_cone_and_only_the_last_is_read_outside(readers, most):
    found = cones(readers, lambda i, cone: len(cone) < most)
    assert sorted(i for cone in found for i in cone) == list(range(len(readers)))
    for cone in found:
        assert len(cone) <= most
        assert cone == sorted(cone)
        for i in cone[:-1]:
            assert readers[i]
            assert set(readers[i]) <= set(cone)


@given(users())
def test_no_arrow_leads_from_a_later_cone_to_an_earlier_one(readers):
    found = cones(readers, lambda i, cone: True)
    place = {i: k for k, cone in enumerate(found) for i in cone}
    assert all(place[i] <= place[reader] for i, those in enumerate(readers) for reader in those)


def test_what_an_earlier_box_reads_stays_by_itself():
    assert cones([[], [0]], lambda i, cone: True) == [[0], [1]]
