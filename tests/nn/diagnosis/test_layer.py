import numpy as np

from nn.diagnosis.layer import LayerPoint, is_differentiated

X, W = np.arange(6.0).reshape(2, 3) + 1.0, np.array([0.5, -1.0, 2.0])


def test_arrays_of_floats_are_differentiated():
    assert [is_differentiated(v) for v in (X, X.astype(np.float32), X.astype(int), 2.0, "x")] == [True, True] + [
        False
    ] * 3


def test_the_right_gradient_is_judged_right_and_others_wrong():
    def layer(backward):
        return LayerPoint(lambda x, w: x * w, backward, [X, W], ["x", "w"], np.random.default_rng(0)).diagnosis()

    assert layer(lambda dout, x, w: (dout * w, (dout * x).sum(axis=0))).ok
    diagnosis = layer(lambda dout, x, w: (dout * w, (dout * x).mean(axis=0)))
    assert diagnosis.parameters[0].verdict == "right"
    assert diagnosis.names == ["mean-for-sum"]


def test_lengths_that_forward_does_not_read_prove_nothing():
    kept = np.array([True, False, True])
    forward, backward = (lambda x: np.sum(x[np.arange(3)] ** 3 * kept)), (lambda dout, x: 3 * x**2 * dout)
    inputs = [np.array([0.5, -1.0, 2.0])], [np.array([0.5, -1.0, 2.0, 3.0])]
    point, longer = (LayerPoint(forward, backward, x, ["x"], np.ones(1)) for x in inputs)
    assert longer.runs and not longer.reads_more_than(point)
    summed = [LayerPoint(np.sum, lambda dout, x: dout * x, x, ["x"], np.ones(1)) for x in inputs]
    assert summed[1].reads_more_than(summed[0])
