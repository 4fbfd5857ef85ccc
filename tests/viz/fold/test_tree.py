"""A tree opens level by level, as far as there is room."""

from hypothesis import given
from hypothesis import strategies as st

from viz.fold.tree import Branch, Tree


@st.composite
def trees(draw):
    n = draw(st.integers(1, 60))
    parents = [-1, *(draw(st.integers(0, i - 1)) for i in range(1, n))]
    inner = set(parents)
    leaves = [i for i in range(n) if i not in inner]
    owner = draw(st.lists(st.sampled_from([*leaves, -1]), max_size=100))
    return Tree([Branch(str(i), parent) for i, parent in enumerate(parents)], owner)


@given(trees(), st.integers(1, 40))
def test_every_leaf_is_in_exactly_one_box_of_a_frontier(tree, limit):
    frontier = tree.frontier(limit)
    for i in range(len(tree.branches)):
        if tree.children[i]:
            continue
        above, holders = i, 0
        while above >= 0:
            holders += above in frontier
            above = tree.branches[above].parent
        assert holders == 1


@given(trees(), st.integers(1, 40))
def test_what_is_shown_is_of_the_frontier_or_open(tree, limit):
    frontier = tree.frontier(limit)
    for i, shown in enumerate(tree.shown(frontier)):
        assert shown in frontier or (shown == i and tree.children[i])


def test_the_largest_opens_first():
    branches = [Branch("all", -1), Branch("small", 0), Branch("large", 0), *[Branch("s", 1)] * 3, *[Branch("l", 2)] * 3]
    tree = Tree(branches, [3, 4, 5, *[6, 7, 8] * 9])
    assert tree.frontier(4) == {1, 6, 7, 8}
    assert tree.frontier(6) == {3, 4, 5, 6, 7, 8}
    assert tree.frontier(6, enough=3) == {1, 6, 7, 8}
