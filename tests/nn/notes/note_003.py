"""Note 003: rows are samples, W^{(n)} (S_n, S_{n-1}) has a neuron a row; ReLU, then softmax with cross-entropy.

Layer n-1 reads 5 numbers (O_{n-2}) into 4, layer n those into 3 classes.  Here its sections 1 and 2.
"""

from __future__ import annotations

import numpy as np

import engine
import nn

from .record import Note, grad, jacobian

note = Note(
    "003",
    "手动计算全连接网络 (2023-03-31)",
    silent={
        15: "a question",
        31: "a heading",
        85: "says that rows are samples",
        121: "a heading",
        145: "closes a comment",
        175: "the word or",
    },
)

RNG = np.random.default_rng(3)
S_2, S_1, S_n, N = 5, 4, 3, 6  # widths of O_{n-2}, O_{n-1}, O_n; samples
W1, b1 = RNG.normal(size=(S_1, S_2)), RNG.normal(size=(1, S_1))
W, b = RNG.normal(size=(S_n, S_1)), RNG.normal(size=(1, S_n))
O2_ALL, y = RNG.normal(size=(N, S_2)), np.array([0, 2, 1, 1, 0, 2])
O2 = O2_ALL[:1]  # sample a
CLASS = int(y[0])
Y_a = np.eye(S_n)[[CLASS]]


def perceptron():
    """The same network as neurons, which end in scores: softmax belongs to the loss."""
    network = nn.MLP(S_2, [S_1, S_n], activation="relu")
    parameters = {"layers.0.W": W1.T, "layers.0.b": b1[0], "layers.1.W": W.T, "layers.1.b": b[0]}
    network.load_state_dict(parameters)
    return network


def layers_of(samples):
    """Z_{n-1}, O_{n-1}, Z_n and O_n of rows of samples, from the neurons."""
    first, last = perceptron().layers
    Z1 = [[engine.dot(neuron.w, list(row), neuron.b) for neuron in first.neurons] for row in samples]
    O1 = [[engine.relu(z) for z in row] for row in Z1]
    Z_n = [last(row) for row in O1]
    O_n = [engine.softmax(row) for row in Z_n]
    return [np.array([[v.data for v in row] for row in layer]) for layer in (Z1, O1, Z_n, O_n)]


Z1_ALL, O1_ALL, Z_ALL, O_ALL = layers_of(O2_ALL)
Z1, O1, Z_n, O_n = layers_of(O2)


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def entropy(o):
    return -(Y_a * np.log(o)).sum()


def gradients(samples, labels):
    """∂l/∂W and ∂l/∂b of both layers by the scalar engine, of the mean loss, in the note's layout."""
    network = perceptron()
    costs = [nn.cross_entropy(network(row), int(t)) for row, t in zip(samples, labels)]
    (engine.total(costs) * (1 / len(samples))).backward()
    W1, b1, W, b = network.arrays("grad").values()
    return W1.T, b1[None], W.T, b[None]


DELTA = grad(lambda z: nn.cross_entropy(list(z[0]), CLASS), Z_n)  # ∂l_a/∂Z_n
BY_O = grad(entropy, O_n)  # ∂l_a/∂O_n
DO_DZ = jacobian(softmax, Z_n)
DELTA_ALL = np.array([engine.grad(lambda z, t=int(t): nn.cross_entropy(z, t))(list(z)) for z, t in zip(Z_ALL, y)])


# --- 1: symbols ------------------------------------------------------------------------------------------------------


@note.wrong(
    [23, 158],
    "symbols, layer n; 2.0",
    "Z_n = W^{(n)} O_{n-1}^T + b^{(n)}: “W^{(n)} O_{n-1}^T + b^{(n)}”",
    "S_n × 1 plus 1 × S_n broadcasts to S_n × S_n, where line 27 has 1 × S_n",
    "O_{n-1} (W^{(n)})^T + b^{(n)}",
)
def layer_n_is_a_square():
    return Z_n, W @ O1.T + b, O1 @ W.T + b, (Z_n - b).T + b


@note.right([25, 29, 158], "symbols, layer n", "O_n = f_n(Z_n), 1 × S_n")
def output_of_layer_n():
    return O_n, softmax(Z_n)


@note.right(
    [27],
    "symbols, layer n",
    "O_{n-1}: 1 × S_{n-1}, Z_n: 1 × S_n, W^{(n)}: S_n × S_{n-1}, b^{(n)}: 1 × S_n",
    "as Z_n = O_{n-1} W^T + b",
)
def shapes_of_layer_n():
    by_input = jacobian(lambda o: softmax(o @ W.T + b), O1)
    return (S_n, S_1), by_input.shape, W.shape, (b.shape[1], O1.shape[1]), (Z_n.shape[1], O1.shape[1])


@note.wrong(
    [27, 37],
    "symbols",
    "“$b^{(n)}$ 为第 n 层的线性算子”",
    "no linear operator (the phrase is W's): what layer n gives to input 0",
    "the bias",
)
def the_bias_is_no_linear_operator():
    at_zero = [z.data for z in perceptron().layers[1]([0.0] * S_1)]
    anything_linear = np.zeros(S_1) @ W.T
    return at_zero, anything_linear, b[0]


@note.wrong(
    [33, 158],
    "symbols, layer n-1; 2.0",
    "Z_{n-1} = W^{(n-1)} O_{n-2}^T + b^{(n-1)}: “W^{(n-1)} O_{n-2}^T + b^{(n-1)}”",
    "as line 23",
    "O_{n-2} (W^{(n-1)})^T + b^{(n-1)}",
)
def layer_before_is_a_square():
    return Z1, W1 @ O2.T + b1, O2 @ W1.T + b1, (Z1 - b1).T + b1


@note.right([35, 39, 158], "symbols, layer n-1", "O_{n-1} = f_{n-1}(Z_{n-1}), 1 × S_{n-1}")
def output_of_layer_before():
    return O1, np.maximum(Z1, 0)


@note.right(
    [37],
    "symbols, layer n-1",
    "O_{n-2}: 1 × S_{n-2}, Z_{n-1}: 1 × S_{n-1}, W^{(n-1)}: S_{n-1} × S_{n-2}, b^{(n-1)}: 1 × S_{n-1}",
    "likewise",
)
def shapes_of_layer_before():
    by_input = jacobian(lambda o: np.tanh(o @ W1.T + b1), O2)
    return (S_1, S_2), by_input.shape, W1.shape, (b1.shape[1], O2.shape[1]), (Z1.shape[1], O2.shape[1])


# --- 2: the program --------------------------------------------------------------------------------------------------


@note.cannot_run(
    NameError,
    [43],
    "program (1)",
    "“样本 a , $1 \\times k$ 的向量输入”",
    "k is nothing; the input has k_1 numbers",
    "1 × k_1",
)
def the_sample_has_k_1_numbers():
    names = {"k_1": len(perceptron().layers[0].neurons[0].w)}
    return O2.shape, lambda: eval("(1, k)", names), eval("(1, k_1)", names)


@note.inexact(
    [43],
    "program (1)",
    "“$W_j^{(n)}$ 维度 $k_1 \\times 1$”",
    "of layer 1, not n (as b_j^{(n)}); and W^{(n)} is S_n × S_{n-1} by line 27: a neuron is a row",
    "W_j^{(1)}, 1 × k_1",
)
def a_neuron_is_a_row():
    k_1 = S_2
    return W1[[0]].shape, (k_1, 1), (1, k_1)


@note.inexact(
    [43],
    "program (1)",
    "“$1 \\times k_1 \\times (k_1 \\times 1 \\times k_2) + 1 \\times k_2 = 1 \\times k_2$”",
    "that product has an axis more, 1 × 1 × k_2, and keeps it",
    "(1 × k_1)(k_1 × k_2) + 1 × k_2 = 1 × k_2",
)
def the_tensor_has_an_axis_too_many():
    return Z1, np.tensordot(O2, W1.T[:, None, :], axes=1) + b1, O2 @ W1.T + b1, Z1[None]


@note.right(
    [43],
    "program (1)",
    "each neuron gives one number Z_{1,j}; Z_1 = [Z_{1,1} … Z_{1,k_2}], O_1 = [O_{1,1} … O_{1,k_2}]",
    "numbers of the first layer's neurons, which the note calls the second layer's",
)
def neurons_one_by_one():
    one_by_one = [O2[0] @ W1[j] + b1[0, j] for j in range(S_1)]
    return [a.data for a in perceptron().layers[0](O2[0])], np.maximum(one_by_one, 0)


def total(losses):
    """A total Loss = f(l_1, l_2, …) that is no mean."""
    return engine.logsumexp(losses)


@note.right([47, 49, 51], "program (3-5)", "Loss = f(l_1, l_2, …): its gradient by W^i is Σ_a ∂f/∂l_a ∂l_a/∂W^i")
def total_loss_by_the_chain_rule():
    network = perceptron()
    losses = [nn.cross_entropy(network(row), int(t)) for row, t in zip(O2_ALL, y)]
    total(losses).backward()
    by_loss = engine.grad(total)([loss.data for loss in losses])
    each = [gradients(O2_ALL[[a]], y[[a]])[0] for a in range(N)]
    return network.arrays("grad")["layers.0.W"].T, sum(f * g for f, g in zip(by_loss, each))


@note.wrong(
    [53],
    "program (6)",
    "“$W^j, b^j, j < i$”",
    "the layers after i have j > i; where all are square, earlier weights fit and are wrong. No b^j is needed",
    "W^j, j > i",
)
def the_layers_that_follow_have_a_higher_number():
    width, label = 3, 1
    network = nn.MLP(width, [width] * 3, activation="tanh", seed=3)
    x = [0.4, -0.7, 1.3]
    outputs = [x]
    for layer in network.layers:
        outputs.append([a.data for a in layer(outputs[-1])])
    nn.cross_entropy(network(x), label).backward()
    O_1, O_2, scores = map(np.array, outputs[1:])
    W_1, W_3 = (network.arrays()[f"layers.{i}.W"].T for i in (0, 2))

    def by_W_2(weights):
        delta_3 = softmax(scores) - np.eye(width)[label]
        return np.outer((delta_3 @ weights) * (1 - O_2**2), O_1)

    return network.arrays("grad")["layers.1.W"].T, by_W_2(W_1), by_W_2(W_3)
