"""Layers with their right backward passes, derived by hand, and the mistakes that people make in them.

Every file holds ``forward(*inputs) -> (out, cache)``, ``backward(dout, cache)``, ``inputs(rng)`` and ``MISTAKES``.

>>> import numpy as np
>>> import nn
>>> from nn.layers import batch_norm
>>> mistake = batch_norm.MISTAKES[0]
>>> mistake.what
'the variance is taken for a constant'
>>> x, gamma, beta = batch_norm.inputs(np.random.default_rng(0))
>>> wrong = mistake.made_in(batch_norm.backward)
>>> print(nn.check_backward(batch_norm.forward, wrong, x, gamma, beta).findings[0].sentence)
the path through `std` is missing
"""

from nn.layers import affine as affine
from nn.layers import attention as attention
from nn.layers import average_pooling as average_pooling
from nn.layers import bag_of_words as bag_of_words
from nn.layers import batch_norm as batch_norm
from nn.layers import convolution as convolution
from nn.layers import cross_entropy as cross_entropy
from nn.layers import dice as dice
from nn.layers import dropout as dropout
from nn.layers import embedding as embedding
from nn.layers import group_norm as group_norm
from nn.layers import gru as gru
from nn.layers import layer_norm as layer_norm
from nn.layers import logistic as logistic
from nn.layers import lstm as lstm
from nn.layers import matrix_factorisation as matrix_factorisation
from nn.layers import max_pooling as max_pooling
from nn.layers import multi_head_attention as multi_head_attention
from nn.layers import negative_sampling as negative_sampling
from nn.layers import rms_norm as rms_norm
from nn.layers import rnn as rnn
from nn.layers import softmax as softmax
from nn.layers import svm as svm
from nn.layers.reference import Reference

LAYERS: tuple[Reference, ...] = (
    affine, softmax, cross_entropy, svm, logistic,
    batch_norm, layer_norm, rms_norm, group_norm, dropout,
    convolution, max_pooling, average_pooling, embedding,
    rnn, lstm, gru, attention, multi_head_attention,
    bag_of_words, matrix_factorisation, dice, negative_sampling,
)  # fmt: skip
"""In the order of the pages."""
