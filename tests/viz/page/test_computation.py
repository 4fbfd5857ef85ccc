"""Steps forward and back: the engine's gradients, and nothing left of a step that is taken back."""

import random

import pytest
from browsing import large, network, neuron

from viz.nodes import in_order
from viz.page.data import page_data

GRAPHS = pytest.mark.parametrize("make", [neuron, network, large])
STATE = "[s.at, s.known, s.grads, s.arrived, s.computed, s.undo.length]"


AT_THE_END = "const s = computation.newState(given); computation.moveTo(s, s.end); return s.grads"


@pytest.mark.parametrize("make", [neuron, network])
def test_the_last_step_has_the_engines_gradients_bit_for_bit(node, make):
    root = make()
    grads = node(AT_THE_END, page_data(root))
    root.backward()
    assert [(v.label, grads[i]) for i, v in enumerate(in_order(root)) if v.label] == [
        (v.label, v.grad) for v in in_order(root) if v.label
    ]


def test_box_by_box_gradients_differ_in_the_last_bits_at_most(node):
    root = large()
    data = page_data(root)
    grads = dict(zip((n["name"] for n in data["nodes"]), node(AT_THE_END, data)))
    root.backward()
    labelled = [v for v in in_order(root) if v.label]
    assert len(labelled) == 64 * 16 + 16 + 16 * 10 + 10
    assert all(grads[v.label] == pytest.approx(v.grad, rel=1e-9, abs=1e-15) for v in labelled)


@GRAPHS
def test_wherever_one_comes_from_a_step_is_the_same(node, make):
    rng = random.Random(0)
    data = page_data(make())
    end = 2 * len(data["sweep"]) + 1
    targets = [rng.randint(0, end) for _ in range(20)]
    body = f"""const {{ data, targets }} = given, walked = computation.newState(data);
        return targets.map(target => {{
            const direct = computation.newState(data), state = s => JSON.stringify({STATE});
            computation.moveTo(walked, target);
            computation.moveTo(direct, target);
            return state(walked) === state(direct); }})"""
    assert all(node(body, {"data": data, "targets": targets}))


def test_the_first_step_is_as_if_nothing_had_happened(node):
    body = f"""const s = computation.newState(given), before = JSON.stringify({STATE});
        computation.moveTo(s, s.end); computation.moveTo(s, 0);
        return before === JSON.stringify({STATE})"""
    assert node(body, page_data(network()))


def test_a_target_outside_the_steps_is_the_nearest_step(node):
    body = """const s = computation.newState(given);
        return [-5, 10 ** 6].map(target => { computation.moveTo(s, target); return s.at === 0 || s.at === s.end; })"""
    assert node(body, page_data(neuron())) == [True, True]


def test_what_is_folded_is_one_step_and_one_unit(node):
    body = """const s = computation.newState(given), open = computation.following(s);
        computation.foldEvery(s, true);
        const shut = computation.following(s), touched = [...computation.moveTo(s, shut)];
        const back = computation.preceding(s), box = computation.boxOf(s, shut);
        return { open, shut, touched, back, box, all: s.folded.size, boxes: given.boxes.length }"""
    went = node(body, page_data(network()))
    assert (went["open"], went["shut"], went["back"], went["box"]) == (1, 8, 0, 0)
    assert -1 in went["touched"]
    assert went["all"] == went["boxes"]


def test_a_box_folds_and_opens(node):
    body = """const s = computation.newState(given);
        return [computation.toggleFold(s, 0), s.folded.has(0), computation.toggleFold(s, 0), s.folded.has(0)]"""
    assert node(body, page_data(network())) == [True, True, False, False]


def test_constants_receive_nothing(node):
    body = """const s = computation.newState(given);
        return s.steps.filter(step => step.kind === "backward").flatMap(step => computation.receivers(s, step))
            .filter(([parent]) => given.nodes[parent].kind === "constant").length"""
    assert node(body, page_data(network())) == 0
