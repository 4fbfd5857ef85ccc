"""The GPT of scalars against losses recorded once from the same model written in PyTorch, with the same weights."""

from __future__ import annotations

import pytest

from nn.gpt import GPT, train

DOCUMENTS = [[4, 0, 1, 2, 4], [4, 3, 3, 1, 4], [4, 2, 4], [4, 1, 0, 3, 2, 4]]

# torch 64-bit, torch.optim.Adam(betas=(0.9, 0.95), eps=1e-8), rate from 1e-2 to 0 along a line.
RECORDED = [
    1.602038250851009, 1.658322567463278, 1.6588928849196218, 1.7175571997325143, 1.3516970085265545,
    1.4629066340276213, 1.3858737165828157, 1.6297991739173128, 1.2536157793326819, 1.4147251279164266,
    1.1992332415418563, 1.5762924247354186, 1.202984853492504, 1.387638032636341, 1.0869257711643223,
    1.5344677211582802, 1.1721282412055731, 1.367720831657256, 1.038221060091621, 1.509292234938615,
]  # fmt: skip


@pytest.mark.parametrize("lifted", [True, False], ids=["lifted", "eager"])
def test_twenty_steps_have_the_losses_of_pytorch(lifted):
    model = GPT(5, channels=8, heads=2, context=6, seed=3)
    assert train(model, DOCUMENTS, 20, lifted=lifted) == pytest.approx(RECORDED, abs=1e-11)
