"""Every layer: its forward pass is differentiable, its backward pass right, its mistakes wrong and named."""

import numpy as np
import pytest

import nn
from nn.layers import LAYERS
from nn.layers.reference import Slip, rewritten

from .injected import gradients, injected, is_wrong
from .precisions import PRECISIONS, differences, is_float

MISTAKES = [(layer, mistake) for layer in LAYERS for mistake in layer.MISTAKES]


def name_of(x):
    return x.__name__.split(".")[-1] if hasattr(x, "__name__") else getattr(x, "what", None)


def drawn(layer, seed=0):
    return layer.inputs(np.random.default_rng(seed))


@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
def test_the_backward_pass_agrees_with_differences_of_the_forward_pass(layer):
    for seed in range(3):
        inputs = drawn(layer, seed)
        out, _ = layer.forward(*inputs)
        dout = np.random.default_rng(seed).normal(size=np.shape(out))
        right = differences(lambda *inputs: layer.forward(*inputs)[0], dout, inputs)
        ours = gradients(layer, layer.backward, inputs, seed)
        assert len(ours) == len(right)
        for a, b in zip(ours, right):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7 * np.abs(b).max())


@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
def test_a_gradient_has_the_shape_and_the_precision_of_its_array(layer):
    inputs = [x.astype(np.float32) if is_float(x) else x for x in drawn(layer)]
    out, cache = layer.forward(*inputs)
    returned = layer.backward(np.ones_like(out), cache)
    arrays = returned if isinstance(returned, tuple) else (returned,)
    assert [g.shape for g in arrays] == [x.shape for x in inputs if is_float(x)]


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
def test_the_backward_pass_is_called_right(layer, precision):
    for seed in range(5):
        forward, backward, inputs = PRECISIONS[precision](layer, drawn(layer, seed))
        diagnosis = nn.check_backward(forward, backward, *inputs, seed=seed)
        assert diagnosis.ok, str(diagnosis)


@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
def test_its_mistakes_are_wrong_and_each_is_another(layer):
    assert len(layer.MISTAKES) >= 6
    assert len({mistake.what for mistake in layer.MISTAKES}) == len(layer.MISTAKES)
    returned = []
    for mistake in layer.MISTAKES:
        wrong = mistake.made_in(layer.backward)
        assert is_wrong(layer, wrong, drawn(layer), 0), mistake.what
        returned.append(np.concatenate([np.ravel(x) for x in gradients(layer, wrong, drawn(layer), 0)]))
    assert len({tuple(np.round(x, 9)) for x in returned}) == len(returned)


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "mistake"), MISTAKES, ids=name_of)
def test_a_mistake_has_its_name_or_is_said_to_have_none(layer, mistake):
    diagnosis = nn.check_backward(layer.forward, mistake.made_in(layer.backward), *drawn(layer))
    paths = diagnosis.alternatives or (diagnosis.findings,)
    names = [{finding.name for finding in path} for path in paths]
    if mistake.names:
        assert diagnosis.verdict in ("named", "ambiguous"), str(diagnosis)
        assert len(paths) <= 3 and any(path <= set(mistake.names) for path in names), str(diagnosis)
    else:
        assert diagnosis.verdict == "unnamed", str(diagnosis)


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS, ids=name_of)
def test_whatever_else_is_changed_is_not_called_right(layer):
    changes = injected(layer)
    rng = np.random.default_rng(1)
    for one in (changes[k] for k in rng.permutation(len(changes))[:2]):
        inputs = layer.inputs(rng)
        if is_wrong(layer, one.backward, inputs, 0):
            with pytest.raises(AssertionError, match="wrong"):
                nn.assert_gradients(layer.forward, one.backward, *inputs)


def test_a_mistake_of_a_text_that_is_not_there_or_twice_is_refused():
    (layer,) = (layer for layer in LAYERS if name_of(layer) == "affine")
    for text, times in (("dout @ x", 0), ("dout", 5)):
        with pytest.raises(ValueError, match=f"'{text}' is {times} times in nn.layers.affine, not once"):
            Slip("", text, "", ()).made_in(layer.backward)


def test_a_function_is_rewritten_among_the_names_of_its_module():
    assert rewritten(name_of, "def name_of(x): return MISTAKES[0][0]")(None) is LAYERS[0]
