import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, attempted, gradients_of, pulling, saving, scaled
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

X = np.array([0.5, -1.0, 2.0])
SWEEP = Sweep(*record(lambda x: (np.exp(x) * np.tanh(x)).sum(), [("x", X)]))


def edge_of(op):
    return tuple(edge for edge in SWEEP.edges if edge.step.op == op)


def test_several_alterations_at_once():
    missing = saving("slope-missing", edge_of("tanh"), lambda e: np.ones(3))
    gone = scaled(edge_of("exp"), 0.0, "path-missing")
    np.testing.assert_allclose(gradients_of((missing, gone), SWEEP)[0], np.exp(X), rtol=1e-14)


def test_an_alteration_of_the_function_and_one_of_its_sweep():
    (step,) = [step for step in SWEEP.steps if step.op == "tanh"]
    without = BackwardAlteration(
        "step-left-out", edge_of("tanh"), changes={step: lambda step, xs: step.again(2.0 * xs[0].value)}
    )
    gone = scaled(edge_of("exp"), 0.0, "path-missing")
    assert gradients_of((without, gone), SWEEP)[0].tolist() == [0.0, 0.0, 0.0]


def test_arrays_that_do_not_go_together_have_no_gradient():
    impossible = pulling("wrong-upstream", edge_of("exp"), lambda edge, g: np.ones(7) @ g)
    assert np.isnan(attempted((impossible,), SWEEP)[0]).all()


def test_a_run_of_its_own():
    own = BackwardAlteration("truncated", edge_of("exp"), run=lambda sweep: [np.ones(3)])
    assert gradients_of((own,), SWEEP)[0].tolist() == [1.0, 1.0, 1.0] and own.name == ("truncated", "")


def test_what_is_saved_for_edges_of_another_function_is_no_gradient():
    sweep = Sweep(*record(lambda x: np.tanh(x).sum(), [("x", np.ones(3))]))
    nothing_saved: dict = {}
    assert np.isnan(
        attempted((saving("wrong-operand", tuple(sweep.edges[-1:]), nothing_saved.__getitem__),), sweep)
    ).all()
