from nn.layers import bag_of_words

from .against_torch import assert_as_torch


def of_torch(torch, w, u, context, y):
    h = torch.nn.functional.embedding_bag(context, w, mode="mean")
    return torch.nn.functional.cross_entropy(h @ u, y)


def test_it_is_pytorchs():
    assert_as_torch(bag_of_words, of_torch)
