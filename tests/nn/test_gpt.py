"""The GPT of scalars: lifted and eager train alike, and new tokens need no new trace."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from nn.__main__ import main
from nn.data import DataError, names
from nn.gpt import GPT, sample, train

DOCUMENTS = [[4, 0, 1, 2, 4], [4, 3, 3, 1, 4], [4, 2, 4], [4, 1, 0, 3, 2, 4]]


def test_it_has_the_size_that_is_common():
    model = GPT(27)
    assert len(model.parameters()) == 4192
    assert {k: v.shape for k, v in model.arrays().items()} == {
        "wte": (27, 16), "wpe": (16, 16), "wq": (16, 16), "wk": (16, 16), "wv": (16, 16), "wo": (16, 16),
        "fc1": (64, 16), "fc2": (16, 64), "lm_head": (27, 16),
    }  # fmt: skip


@pytest.mark.slow
def test_twenty_steps_lifted_and_eager_have_the_same_losses():
    a, b = (GPT(5, channels=8, heads=2, context=6, seed=3) for _ in range(2))
    lifted, eager = train(a, DOCUMENTS, 20), train(b, DOCUMENTS, 20, lifted=False)
    assert lifted == pytest.approx(eager, abs=1e-9)
    assert lifted[-1] < lifted[0]
    np.testing.assert_allclose([v.data for v in a.parameters()], [v.data for v in b.parameters()], atol=1e-9)


def test_one_program_serves_every_name_of_a_length():
    model = GPT(5, channels=4, heads=2, context=6)
    program = engine.lift(model.loss, parameters=model.parameters())
    theta = program.pull()
    for tokens in DOCUMENTS:
        value, gradient = program.value_and_grad(tokens, parameters=theta)
        model.zero_grad()
        root = model.loss(tokens)
        root.backward()
        assert value == pytest.approx(root.data, rel=1e-13)
        want = [v.grad for v in program.traces.parameters.values]
        np.testing.assert_allclose(gradient.parameters, want, rtol=1e-9, atol=1e-14)
    assert len(program.specialisations) == 3
    assert all(len(v) == 1 for v in program.specialisations.values())


def test_the_causal_sums_are_segmented_and_the_layers_products():
    model = GPT(5, channels=8, heads=2, context=6)
    program = engine.lift(model.loss, parameters=model.parameters())
    program.value_and_grad([4, 0, 1, 2, 3, 4])
    ops = [s.op for s in program.steps]
    assert ops.count("segment_sum") >= 2
    qkv = [s for s in program.steps if s.op == "matmul" and s.shape == (5, 24)]
    assert len(qkv) == 1  # query, key and value are one product
    assert len(ops) < 100


def test_samples_end_and_are_of_the_letters():
    drawn = sample(GPT(4, channels=8, heads=2, context=6), "abc", np.random.default_rng(0))
    assert set(drawn) <= set("abc")
    assert len(drawn) <= 6


def test_names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("bea\nabe\n")
    documents, letters = names(path)
    assert letters == "abe"
    assert sorted(documents) == [[3, 0, 1, 2, 3], [3, 1, 2, 0, 3]]
    path.write_text("")
    with pytest.raises(DataError, match=r"names\.txt: no names in it"):
        names(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="byte 0 is not UTF-8"):
        names(path)


@pytest.mark.parametrize("options", [[], ["--eager"]])
def test_the_command(tmp_path, capsys, options):
    path = tmp_path / "names.txt"
    path.write_text("bea\nabe\n")
    assert main(["gpt", "--data", str(path), "--steps", "3", "--samples", "2", *options]) == 0
    assert "2 names of 3 letters" in capsys.readouterr().out
    assert main(["gpt", "--data", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
