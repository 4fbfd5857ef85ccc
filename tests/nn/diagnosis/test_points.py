import numpy as np

from nn.diagnosis.points import FARTHEST, NEAREST, TURNED, ZEROS, beyond, elsewhere, farther, longer, shorter, unlike


def test_other_numbers_of_the_same_signs_in_the_same_structure():
    x = {"a": np.array([[1.5, -2.0]], np.float32), "b": [0.0, (3.0, 2)], "c": np.arange(3), "d": "sum"}
    there = elsewhere(x, np.random.default_rng(0))
    assert there["a"].dtype == np.float32 and there["a"].shape == (1, 2)
    ratio = there["a"] / x["a"]
    assert (ratio > NEAREST - 1e-6).all() and (ratio < FARTHEST + 1e-6).all() and not (ratio == 1.0).any()
    assert there["b"][0] == 0.0 and there["b"][1][0] != 3.0 and there["b"][1][1] == 2
    assert there["c"] is x["c"] and there["d"] == "sum"


def test_arrays_that_are_longer_along_axes_of_one_length():
    x, w, labels = np.ones((3, 2)), np.ones((2, 2)), np.array([0, 1, 1])
    shapes = [[np.shape(y) for y in inputs] for inputs in longer([x, w, labels, 0.5], np.random.default_rng(0))]
    assert [(4, 2), (2, 2), (4,), ()] in shapes
    assert [(3, 3), (3, 3), (3,), ()] in shapes
    assert [(4, 2), (2, 2), (3,), ()] in shapes
    assert all(inputs[2].dtype == labels.dtype for inputs in longer([x, w, labels], np.random.default_rng(0)))


def test_a_length_of_one_stays():
    x, b = np.ones((4, 2)), np.ones((4, 1))
    assert all(inputs[1].shape[1] == 1 for inputs in longer([x, b], np.random.default_rng(0)))
    assert [(2, 4)] in [[y.shape for y in inputs] for inputs in longer([np.ones((1, 4))], np.random.default_rng(0))]


def test_numbers_stay_where_their_functions_are_defined():
    rng = np.random.default_rng(1)
    labels, signs, p = np.eye(3), np.array([1.0, -1.0]), rng.dirichlet(np.ones(4), size=5)
    assert (elsewhere(labels, rng) == labels).all() and (elsewhere(signs, rng) == signs).all()
    there = elsewhere(p, rng)
    assert np.allclose(there.sum(axis=-1), 1.0) and (there > 0.0).all() and not (there == p).any()
    odds = elsewhere(p[:, 0] * 0.999, rng)
    assert ((odds > 0.0) & (odds < 1.0)).all()
    assert isinstance(elsewhere(np.array(2.0), rng), np.ndarray)


def test_points_farther_and_farther_away_keep_signs():
    x = np.array([5.0, -2.0, 3.0])
    several = [there / x for there in farther(x, np.random.default_rng(0))]
    assert all((ratio > 0.0).all() for ratio in several)
    assert np.abs(np.log(several[:4])).max() < np.log(1.7) < 1.0 < np.abs(np.log(several[-4:])).max()


def test_what_is_held_in_place_of_an_array_is_of_its_kind():
    rng = np.random.default_rng(0)
    whole, signs, labels = np.array([0, 3, 1, 2]), np.array([-1.0, 1.0, 1.0]), np.eye(3)[[0, 2, 1, 1]]
    assert sorted(unlike(whole, rng)) == [0, 1, 2, 3] and unlike(whole, rng)[0] == 0
    assert sorted(unlike(signs, rng)) == [-1.0, 1.0, 1.0]
    soft = unlike(labels, rng)
    np.testing.assert_allclose(soft.sum(axis=1), 1.0)
    assert ((soft > 0.0) & (soft < 1.0)).all() and not np.array_equal(unlike(rng.normal(size=4), rng), np.zeros(4))


def test_unlike_points_have_the_other_sign_and_zeros_but_for_labels():
    inputs = [
        np.array([[1.0, 2.0], [3.0, 0.5]]),
        np.array([1.0, 0.0, 1.0]),
        np.array([[0.2, 0.8]]),
        np.zeros((0, 2)),
        3,
    ]
    (turned, there), (zeros, others) = beyond(inputs)
    assert (turned, zeros) == (TURNED, ZEROS)
    np.testing.assert_array_equal(there[0], -inputs[0])
    np.testing.assert_array_equal(others[0], [[0.0, 2.0], [3.0, 0.0]])
    for several in (there, others):
        assert all(x is y for x, y in zip(several[1:], inputs[1:]))
    assert [where for where, _ in beyond([np.array([1.0, -2.0, 3.0])])] == [ZEROS]


def test_shorter_ones_have_two_places_and_one_of_each_length():
    inputs = [np.ones((4, 3)), np.arange(4), np.ones((3, 3)), 4]
    shapes = [[[np.shape(x) for x in at] for at in pair] for pair in shorter(inputs)]
    assert shapes == [[[(m, 3), (m,), (3, 3), ()] for m in (2, 1)], [[(4, m), (4,), (m, m), ()] for m in (2, 1)]]
