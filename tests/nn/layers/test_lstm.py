import numpy as np
import pytest

from nn.layers import lstm

from .against_torch import assert_as_torch


def of_torch(torch, x, h0, c0, w_x, w_h, b):
    layer = torch.nn.LSTM(x.shape[2], h0.shape[1], batch_first=True, dtype=x.dtype)
    i, f, o, g = torch.arange(4 * h0.shape[1]).reshape(4, -1)
    order = torch.cat([i, f, g, o])  # of PyTorch's gates
    weights = {
        "weight_ih_l0": w_x.T[order], "weight_hh_l0": w_h.T[order], "bias_ih_l0": b[order],
        "bias_hh_l0": torch.zeros_like(b),
    }  # fmt: skip
    return torch.func.functional_call(layer, weights, (x, (h0[None], c0[None])))[0]


def test_it_is_pytorchs():
    assert_as_torch(lstm, of_torch)


def test_the_sigmoid_is_torchs():
    torch = pytest.importorskip("torch")
    z = np.linspace(-30.0, 30.0, 13)
    np.testing.assert_allclose(lstm.sigmoid(z), torch.sigmoid(torch.tensor(z)).numpy(), rtol=1e-14)
