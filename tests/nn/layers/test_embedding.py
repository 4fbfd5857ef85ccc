from nn.layers import embedding

from .against_torch import assert_as_torch


def of_torch(torch, w, tokens):
    return torch.nn.functional.embedding(tokens, w)


def test_it_is_pytorchs():
    assert_as_torch(embedding, of_torch)
