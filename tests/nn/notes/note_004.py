"""Note 004: one sample, w_jk from neuron k to neuron j, sigmoid, J = Σ (y_i - a_i)² / 2m, layer l the output.

The network has n = 4 inputs, h = 3 hidden neurons and m = 2 outputs; vectors are one-dimensional but where rows matter.
"""

from __future__ import annotations

import numpy as np

import engine
import nn

from .record import Note, grad, jacobian

note = Note(
    "004",
    "Background propagation formula derivation",
    silent={
        14: "introduces θ, J and η",
        48: "announces step 1",
        49: "announces step 2",
        50: "announces step 3",
        51: "announces step 4",
        53: "announces step 1",
        66: "announces step 2",
        75: "announces step 3",
        83: "announces step 4",
        106: "repeats line 14",
    },
)

n, h, m = 4, 3, 2
η = 0.1
RNG = np.random.default_rng(4)
x, y = RNG.normal(size=n), RNG.uniform(size=m)
W1, b1, w, b = (RNG.normal(size=shape) for shape in [(h, n), h, (m, h), m])  # hidden layer; output layer


def σ(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    return σ(z) * (1 - σ(z))


def perceptron(w=w, b=b):
    """The same network as neurons."""
    network = nn.MLP(n, [h, m], activation="sigmoid", output="sigmoid")
    network.load_state_dict({"layers.0.W": W1.T, "layers.0.b": b1, "layers.1.W": w.T, "layers.1.b": b})
    return network


def J(w=w, b=b):
    return nn.half_mse(perceptron(w, b)(x), y).data


def descended():
    """The network after one step of gradient descent."""
    network = perceptron()
    nn.half_mse(network(x), y).backward()
    nn.SGD(η).step(network.parameters())
    return network


def gradients():
    network = perceptron()
    nn.half_mse(network(x), y).backward()
    W1, b1, w, b = network.arrays("grad").values()
    return W1.T, b1, w.T, b


a0 = np.array([a.data for a in perceptron().layers[0](x)])  # a^{l-1}
z = w @ a0 + b
a = σ(z)
DJ_DA = grad(lambda a: nn.half_mse(list(a), y), a)
DJ_DZ = grad(lambda z: nn.half_mse([engine.sigmoid(v) for v in z], y), z)
DJ_DW, DJ_DB = gradients()[2:]
SUM = sum(a[i] - y[i] for i in range(m)) / m  # 1/m Σ_i (a_i - y_i), which the steps keep
FACTOR = DJ_DA.sum() / DJ_DA  # and what it makes of ∂J/∂a_j


# --- symbols ---------------------------------------------------------------------------------------------------------


@note.right([16, 18], "update", "θ = θ - η ∂J/∂θ, ∂J/∂θ a vector of ∂J/∂θ_i")
def update():
    network = perceptron()
    nn.half_mse(network(x), y).backward()
    θ, by_θ = [p.data for p in network.parameters()], [p.grad for p in network.parameters()]
    return [p.data for p in descended().parameters()], [θ[i] - η * by_θ[i] for i in range(len(θ))]


@note.right([28, 29], "symbols", "n inputs, h hidden neurons, m outputs; x^1 = [x_1^1, x_2^1, …, x_n^1]")
def sizes():
    return perceptron().sizes, [n, h, m], [*x.shape, *a0.shape, *a.shape]


@note.wrong(
    [30],
    "symbols",
    "“$y_i$ 表示输出层的第 $i$ 个输出”",
    "the outputs are a_i^l; y_i is the true value (line 46), or J would be 0",
    "y_i is the target of output i",
)
def y_is_the_target_not_the_output():
    outputs = a.copy()
    return (
        J(),
        sum((outputs[i] - a[i]) ** 2 for i in range(m)) / (2 * m),
        sum((y[i] - a[i]) ** 2 for i in range(m)) / (2 * m),
    )


@note.right([31, 32], "symbols", "w_jk^l from neuron k of layer l-1 to neuron j of layer l; b_j^l of neuron j")
def weight_jk_leads_from_k_to_j():
    neurons = perceptron().layers[1].neurons
    return [[v.data for v in [*neuron.w, neuron.b]] for neuron in neurons], [
        [*[w[j, k] for k in range(h)], b[j]] for j in range(m)
    ]


@note.cannot_run(
    IndexError,
    [33, 42],
    "symbols; forward",
    "z_j^l = Σ_{k=1}^n w_jk^l a_k^{l-1} + b_j^l: “\\sum_{k=1}^{n} w_{jk}^l a_k^{l-1} + b_j^l”",
    "n is the number of inputs; the layer before has h",
    "Σ_{k=1}^h, in general the size of layer l-1",
)
def the_output_layer_sums_over_hidden_neurons():
    def summed_to(last):
        return [sum(w[j, k] * a0[k] for k in range(last)) + b[j] for j in range(m)]

    truth = [engine.dot(neuron.w, a0, neuron.b).data for neuron in perceptron().layers[1].neurons]
    return truth, lambda: summed_to(n), summed_to(h)


@note.wrong(
    [33, 42], "symbols; forward", "the same, where n < h", "drops the hidden neurons after the n-th", "Σ_{k=1}^h"
)
def with_few_inputs_the_sum_is_short():
    inputs, hidden = 2, 3
    network = nn.MLP(inputs, [hidden, 1], activation="sigmoid", seed=4)
    outputs, last = [v.data for v in network.layers[0]([0.4, -0.7])], network.layers[1].neurons[0]
    last.b.data = 0.3

    def summed_to(size):
        return sum(last.w[k].data * outputs[k] for k in range(size)) + last.b.data

    truth, lost = network([0.4, -0.7])[0].data, last.w[2].data * outputs[2]
    return truth, summed_to(inputs), summed_to(hidden), truth - lost


@note.right([34, 43], "symbols; forward", "a_j^l = σ(z_j^l), σ the sigmoid")
def activation():
    return [v.data for v in perceptron()(x)], [σ(z[j]) for j in range(m)]


@note.right(
    [36, 46], "J", "J = 1/(2m) Σ_{i=1}^m (y_i - a_i^l)², 0 where every y_j - a_j^l is", "half the mean squared error"
)
def loss():
    zero = nn.half_mse(list(a), a)
    return [J(), float(zero)], [sum((y[i] - a[i]) ** 2 for i in range(m)) / (2 * m), 0.0]


# --- step 1 ----------------------------------------------------------------------------------------------------------


@note.right(
    range(55, 59),
    "step 1, lines 1 to 4",
    "∂J/∂a_j = ∂/∂a_j 1/(2m) Σ_i (y_i - a_i)² = 1/(2m) Σ_i ∂/∂a_j (y_i - a_i)² "
    "= 1/(2m) Σ_i 2 (y_i - a_i) ∂/∂a_j (y_i - a_i) = 1/m Σ_i (y_i - a_i) ∂/∂a_j (-a_i)",
)
def step_1_before_the_slip():
    squares, errors, minus = (jacobian(f, a) for f in (lambda a: (y - a) ** 2, lambda a: y - a, lambda a: -a))
    second = [sum(squares[i, j] for i in range(m)) / (2 * m) for j in range(m)]
    third = [sum(2 * (y[i] - a[i]) * errors[i, j] for i in range(m)) / (2 * m) for j in range(m)]
    fourth = [sum((y[i] - a[i]) * minus[i, j] for i in range(m)) / m for j in range(m)]
    return DJ_DA, grad(lambda a: sum((y[i] - a[i]) ** 2 for i in range(m)) / (2 * m), a), second, third, fourth


@note.wrong(
    [59],
    "step 1, line 5",
    "1/m Σ_i (y_i - a_i)(-1): “(y_i - a_i^l) (-1)”",
    "∂a_i/∂a_j is 0 unless i = j",
    "(y_j - a_j)(-1)/m",
)
def step_1_line_5_keeps_the_sum():
    printed = sum((y[i] - a[i]) * -1 for i in range(m)) / m
    return DJ_DA, [printed] * m, [(y[j] - a[j]) * -1 / m for j in range(m)], DJ_DA * FACTOR


@note.wrong([60], "step 1, line 6", "1/m Σ_i (a_i - y_i)", "likewise", "(a_j - y_j)/m")
def step_1_line_6_keeps_the_sum():
    return DJ_DA, [SUM] * m, [(a[j] - y[j]) / m for j in range(m)], DJ_DA * FACTOR


@note.right([62], "step 1, vectors", "∂J/∂a^l = 1/m (a^l - y)", "does not follow from line 60")
def step_1_in_vectors():
    return DJ_DA, (a - y) / m


@note.inexact(
    [63],
    "step 1, meaning",
    "“增加 1 个单位时，损失函数 $J$ 的变化量是 $\\frac{\\partial J}{\\partial a_j^l}$”",
    "only in the limit of small steps: J is curved, a whole unit adds 1/(2m)",
    "∂J/∂a_j + 1/(2m)",
)
def a_unit_is_no_small_step():
    ones = np.eye(m)
    change = [float(nn.half_mse(list(a + ones[j]), y)) - J() for j in range(m)]
    return change, DJ_DA, DJ_DA + 1 / (2 * m)


# --- step 2 ----------------------------------------------------------------------------------------------------------


@note.right([68], "step 2, line 1", "∂J/∂z_j = ∂J/∂a_j ∂a_j/∂z_j")
def step_2_line_1():
    local = jacobian(lambda z: [engine.sigmoid(v) for v in z], z)
    return DJ_DZ, [DJ_DA[j] * local[j, j] for j in range(m)]


@note.right([70, 71, 72], "step 2, last factor", "∂σ(z_j)/∂z_j = σ'(z_j) = σ(z_j)(1 - σ(z_j)) = a_j (1 - a_j)")
def slope_of_the_sigmoid():
    return [engine.grad(engine.sigmoid)(v) for v in z], σ(z) * (1 - σ(z)), a * (1 - a)


@note.wrong(
    [69, 70, 71, 72],
    "step 2, lines 2 to 5",
    "1/m Σ_i (a_i - y_i) a_j (1 - a_j)",
    "the sum of step 1",
    "(a_j - y_j)/m a_j (1 - a_j)",
)
def step_2_keeps_the_sum():
    corrected = [(a[j] - y[j]) / m * a[j] * (1 - a[j]) for j in range(m)]
    return DJ_DZ, [SUM * a[j] * (1 - a[j]) for j in range(m)], corrected, DJ_DZ * FACTOR


# --- steps 3 and 4 ---------------------------------------------------------------------------------------------------


@note.right([77], "step 3, line 1", "∂J/∂w_jk = ∂J/∂z_j ∂z_j/∂w_jk")
def step_3_line_1():
    local = jacobian(lambda w: w @ a0 + b, w).reshape(m, m, h)
    return DJ_DW, [[DJ_DZ[j] * local[j, j, k] for k in range(h)] for j in range(m)]


@note.inexact(
    [78],
    "step 3, line 2",
    "∂/∂w_jk (Σ_{k=1}^n w_jk a_k^{l-1} + b_j)",
    "k is both the weight's and the sum's; summed, every entry is Σ_k a_k (and n is to be h)",
    "∂/∂w_jk (Σ_{r=1}^h w_jr a_r^{l-1} + b_j)",
)
def step_3_line_2_uses_k_twice():
    local = jacobian(lambda w: w @ a0 + b, w).reshape(m, m, h)
    summed = np.array([[sum(local[j, j, k] for k in range(h)) for _ in range(h)] for j in range(m)])
    corrected = [[DJ_DZ[j] * local[j, j, k] for k in range(h)] for j in range(m)]
    return DJ_DW, DJ_DZ[:, None] * summed, corrected, np.outer(DJ_DZ * a0.sum(), np.ones(h))


@note.wrong(
    [78, 79],
    "step 3, lines 2 and 3",
    "1/m Σ_i (a_i - y_i) a_j (1 - a_j) a_k^{l-1}",
    "the sum of step 1",
    "(a_j - y_j)/m a_j (1 - a_j) a_k^{l-1}",
)
def step_3_keeps_the_sum():
    printed = [[SUM * a[j] * (1 - a[j]) * a0[k] for k in range(h)] for j in range(m)]
    corrected = [[(a[j] - y[j]) / m * a[j] * (1 - a[j]) * a0[k] for k in range(h)] for j in range(m)]
    return DJ_DW, printed, corrected, np.outer(DJ_DZ * FACTOR, a0)


@note.right([85], "step 4, line 1", "∂J/∂b_j = ∂J/∂z_j ∂z_j/∂b_j, the last factor 1")
def step_4_line_1():
    local = jacobian(lambda b: w @ a0 + b, b)
    return DJ_DB, [DJ_DZ[j] * local[j, j] for j in range(m)], DJ_DZ * 1


@note.wrong(
    [86, 87],
    "step 4, lines 2 and 3",
    "1/m Σ_i (a_i - y_i) a_j (1 - a_j)",
    "the sum of step 1",
    "(a_j - y_j)/m a_j (1 - a_j)",
)
def step_4_keeps_the_sum():
    corrected = [(a[j] - y[j]) / m * a[j] * (1 - a[j]) for j in range(m)]
    return DJ_DB, [SUM * a[j] * (1 - a[j]) for j in range(m)], corrected, DJ_DB * FACTOR


# --- vectors and the update ------------------------------------------------------------------------------------------

A0, A, Y, Z = a0[None], a[None], y[None], z[None]  # rows, as line 62 writes them
PRINTED_DW = 1 / m * A0.T @ (A - Y) * slope(Z)


@note.wrong(
    [91, 93, 97],
    "vectors",
    "∂J/∂w^l = 1/m (a^{l-1})^T (a^l - y) ⊙ σ'(z^l)",
    "h × m, where w_jk is m × h (and ⊙ is between h × m and 1 × m); no sum here, unlike step 3",
    "1/m ((a^l - y) ⊙ σ'(z^l))^T a^{l-1}",
)
def the_gradient_of_the_weights_is_transposed():
    return DJ_DW, PRINTED_DW, 1 / m * ((A - Y) * slope(Z)).T @ A0, DJ_DW.T


@note.right([93], "vectors", "the same, for weights w_kj", "the transpose, with σ' broadcast over rows")
def the_gradient_of_transposed_weights():
    return DJ_DW.T, PRINTED_DW


@note.wrong(
    [91, 94],
    "vectors",
    "∂J/∂b^l = 1/m Σ_i (a_i^l - y_i) ⊙ σ'(z^l)",
    "the sum of step 1, and a number ⊙ a vector",
    "1/m (a^l - y) ⊙ σ'(z^l)",
)
def the_gradient_of_the_bias_keeps_the_sum():
    return DJ_DB, SUM * slope(z), (a - y) / m * slope(z), DJ_DB * FACTOR


@note.cannot_run(
    ValueError,
    [102],
    "update",
    "w^l = w^l - η ∂J/∂w^l with line 93",
    "m × h less h × m; where h = m it runs and is wrong",
    "with the corrected ∂J/∂w^l",
)
def the_update_of_the_weights_does_not_fit():
    return descended().arrays()["layers.1.W"].T, lambda: w - η * PRINTED_DW, w - η * DJ_DW


@note.right([103], "update", "b^l = b^l - η ∂J/∂b^l", "with the corrected ∂J/∂b^l")
def the_update_of_the_bias():
    return descended().arrays()["layers.1.b"], b - η * (a - y) / m * slope(z)


@note.inexact(
    [47, 91],
    "the four steps",
    "“四大步骤” up to the output layer's w and b",
    "nothing goes back to the layer before: the hidden layer has no gradient",
    "a fifth: ∂J/∂z^{l-1} = (w^l)^T ∂J/∂z^l ⊙ σ'(z^{l-1}), then steps 3 and 4",
)
def nothing_is_propagated_back():
    by_z1 = (w.T @ DJ_DZ) * a0 * (1 - a0)
    return gradients()[0], np.zeros((h, n)), np.outer(by_z1, x)
