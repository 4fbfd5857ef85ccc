"""Note 003, (1.3) and (2.0): the gradients of W and b, the recursion from layer to layer, and their code."""

from __future__ import annotations

import numpy as np

import engine
import nn

from .note_003 import (
    BY_O,
    CLASS,
    DELTA,
    DELTA_ALL,
    O1,
    O1_ALL,
    O2,
    O2_ALL,
    S_1,
    S_2,
    W1,
    Z1,
    Z1_ALL,
    N,
    S_n,
    W,
    Z_n,
    b,
    b1,
    gradients,
    note,
    perceptron,
    softmax,
    total,
    y,
)
from .note_003_softmax import DZ_DW
from .record import grad, jacobian, run

# --- (1.3) -----------------------------------------------------------------------------------------------------------


@note.right([123, 125, 127], "(1.3)", "∂Z_n/∂W^{(n)}: S_n × S_n × S_{n-1}; Z_n = [Z_{(n,i)}], W^{(n)} = [W_ij^{(n)}]")
def shape_of_the_tensor():
    return DZ_DW.shape, (S_n, S_n, S_1), (Z_n.shape[1], *W.shape)


@note.right([129, 131, 133, 135], "(1.3)", "its S_n matrices: row i of matrix i is O_{n-1}, the others are 0")
def matrices_of_the_tensor():
    return DZ_DW, [[O1[0] if row == i else np.zeros(S_1) for row in range(S_n)] for i in range(S_n)]


@note.wrong(
    [137, 139],
    "(1.3)",
    "∂l_a/∂Z_n ∂Z_n/∂W^{(n)} = “[e_1, e_2, \\dots, e_{S_n}] \\frac{\\partial Z_n}{\\partial W^{(n)}}”",
    "e is ∂l_a/∂O_n since line 69; here ∂l_a/∂Z_n is meant",
    "another letter: δ = ∂l_a/∂Z_n",
)
def e_is_another_gradient_here():
    e, δ = BY_O, DELTA
    return gradients(O2, [CLASS])[2], np.tensordot(e, DZ_DW, axes=1)[0], np.tensordot(δ, DZ_DW, axes=1)[0], e.T @ O1


@note.right(
    [137, 139],
    "(1.3)",
    "[e_i O_{n-1,j}] = [e_1 … e_{S_n}]^T × [O_{n-1,1} … O_{n-1,S_{n-1}}], [e_i]^T * O_{n-1}",
    "with e = ∂l_a/∂Z_n",
)
def gradient_of_the_weights():
    e = DELTA
    return gradients(O2, [CLASS])[2], [[e[0, i] * O1[0, j] for j in range(S_1)] for i in range(S_n)], e.T @ O1


BLOCK = """
# 如果总LOSS = mean l_i
的话, 最后经过f(11,12,...)的计算进行汇总为总LOSS,
PloverPW = np.matmul(PloverPZ.T, O_prev)/N
"""


def product(PloverPZ, O_prev):
    return np.matmul(PloverPZ.T, O_prev) / N


@note.cannot_run(
    SyntaxError,
    [142, 147, 148],
    "(1.3), code",
    "“f(11,12,...)的计算进行汇总为总LOSS,” below a comment, prose between “...”",
    "a comment that runs on without its #",
    "# 的话, …",
)
def a_comment_runs_on_without_its_sign():
    names = {"PloverPZ": DELTA_ALL, "O_prev": O1_ALL, "N": N}
    return (
        gradients(O2_ALL, y)[2],
        lambda: run(BLOCK, **names),
        run(BLOCK.replace("的话", "# 的话"), **names)["PloverPW"],
    )


@note.wrong(
    [143], "(1.3), code", "PloverPZ “维度为样本量N*S_{n-1}”", "an entry for each Z_n, of which there are S_n", "N × S_n"
)
def the_delta_has_an_entry_a_neuron_of_layer_n():
    width = np.zeros((N, S_1))
    return W.shape, product(width, O1_ALL).shape, product(DELTA_ALL, O1_ALL).shape


@note.right([144], "(1.3), code", "O_{n-1} “维度为样本量N*S_{n-1}”")
def shape_of_the_output_before():
    return O1_ALL.shape, (N, S_1)


@note.inexact(
    [147],
    "(1.3), code",
    "“\\frac{1}{n} \\sum_{i=1}^n l_i”",
    "n is the layer; the code divides by N, rightly",
    "1/N Σ_{i=1}^N l_i",
)
def the_mean_is_over_samples():
    layers = len(perceptron().layers)
    truth = gradients(O2_ALL, y)[2]
    return truth, DELTA_ALL.T @ O1_ALL / layers, DELTA_ALL.T @ O1_ALL / N, truth * N / layers


def gradient_of_total():
    network = perceptron()
    losses = [nn.cross_entropy(network(row), int(t)) for row, t in zip(O2_ALL, y)]
    total(losses).backward()
    return network.arrays("grad")["layers.1.W"].T, engine.grad(total)([loss.data for loss in losses])


@note.right(
    [148],
    "(1.3), code",
    "“要对每个样本分别计算其梯度矩阵, 分别存储”, for another f",
    "right, but need not be: ∂f/∂l_i times row i of PloverPZ gives the same in one product",
)
def gradients_of_samples_one_by_one():
    truth, by_loss = gradient_of_total()
    stored = [gradients(O2_ALL[[i]], y[[i]])[2] for i in range(N)]
    return truth, sum(f * g for f, g in zip(by_loss, stored)), (np.array(by_loss)[:, None] * DELTA_ALL).T @ O1_ALL


@note.wrong([148], "(1.3), code", "“f(11,12,...)”", "digits for letters: a constant, with gradient 0", "f(l_1, l_2, …)")
def the_losses_are_no_numbers():
    truth, by_loss = gradient_of_total()
    printed = engine.grad(lambda w: total([11.0, 12.0]) + 0.0 * w)(1.0)
    return truth, printed * W, (np.array(by_loss)[:, None] * DELTA_ALL).T @ O1_ALL


LINE = "PloverPW = np.matmul(PloverPZ.T * O_{n-1})/N"


@note.cannot_run(
    SyntaxError,
    [149],
    "(1.3), code",
    f"“{LINE}”",
    "O_{n-1} is no name; N, the number of samples, is given nowhere",
    "O_prev",
)
def the_subscript_is_no_name():
    corrected = LINE.replace("O_{n-1}", "O_prev").replace(" *", ",")
    truth, names = gradients(O2_ALL, y)[2], {"PloverPZ": DELTA_ALL, "O_prev": O1_ALL, "N": N}
    return truth, lambda: run(LINE, **names), run(corrected, **names)["PloverPW"]


@note.cannot_run(
    ValueError,
    [149],
    "(1.3), code",
    "“np.matmul(PloverPZ.T * O_{n-1})/N” with a name for O_{n-1}",
    "S_n × N times N × S_{n-1} entry by entry, as matmul's only operand",
    "np.matmul(PloverPZ.T, O_prev)/N",
)
def matmul_of_one_product():
    return gradients(O2_ALL, y)[2], lambda: np.matmul(DELTA_ALL.T * O1_ALL) / N, np.matmul(DELTA_ALL.T, O1_ALL) / N


@note.right([154], "(1.3)", "∂Z_n/∂b^{(n)} is the identity S_n × S_n, so ∂l_a/∂b^{(n)} = ∂l_a/∂Z_n")
def bias_gradient_is_the_delta():
    by_bias = jacobian(lambda b: O1 @ W.T + b, b)
    both = np.vstack([np.eye(S_n), DELTA])
    return np.vstack([by_bias, gradients(O2, [CLASS])[3]]), both


# --- (2.0) -----------------------------------------------------------------------------------------------------------


def cost(z1, label):
    """The loss from the pre-activations of layer n-1 on."""
    return nn.cross_entropy(perceptron().layers[1]([engine.relu(z) for z in z1]), int(label))


def relu_gradient(output):
    return 1 * (output > 0)


DELTA1 = grad(lambda z: cost(z[0], CLASS), Z1)
RELU_JACOBIAN = jacobian(engine.relu, Z1)


@note.right(
    [156, 160],
    "(2.0)",
    "∂l_a/∂Z_{n-1}: 1 × S_{n-1}, ∂l_a/∂W^{(n-1)}: 1 × S_{n-1} × S_{n-2}, ∂l_a/∂b^{(n-1)}: 1 × S_{n-1}",
    "as Jacobians",
)
def shapes_of_layer_before():
    tensor = engine.jacobian(lambda w: np.ravel(O2 @ w.T + b1))(W1)
    return [*DELTA1.shape, 1, S_1, S_2], [1, S_1, *np.tensordot(DELTA1, tensor, axes=1).shape]


@note.right(
    [160],
    "(2.0)",
    "∂l_a/∂Z_{n-1} = ∂l_a/∂Z_n ∂Z_n/∂O_{n-1} ∂O_{n-1}/∂Z_{n-1} "
    "= ∂l_a/∂Z_n W^{(n)} ∂O_{n-1}/∂Z_{n-1}, ∂Z_n/∂O_{n-1} = W^{(n)}",
)
def delta_of_the_layer_before():
    by_output = jacobian(lambda o: o @ W.T + b, O1)
    return DELTA1, DELTA @ by_output @ RELU_JACOBIAN, DELTA @ W @ RELU_JACOBIAN


@note.right([162, 163], "(2.0)", "∂O_{n-1}/∂Z_{n-1} of softmax: the matrix of 1.1")
def softmax_in_the_layer_before():
    o = softmax(Z1)
    return jacobian(lambda z: engine.softmax(list(z[0])), Z1), np.diag(o[0]) - o.T @ o


RELU = """
def relu(0):
    ...
    输入: 0为某一层output, S_n-k * S_n-k-1
    ...
    0[0<0] = 0
    0[0>0] = 1
    return 0
"""


WITH_LETTER = RELU.replace("...", '"""').replace("(0)", "(O)").replace("0[0", "O[O").replace("return 0", "return O")
relu_in_place = run(WITH_LETTER)["relu"]


@note.cannot_run(
    SyntaxError,
    [168, 169, 172, 177],
    "(2.0), code",
    "“def relu(0):”, “return 0”",
    "the digit 0 for the letter O, and prose between Ellipses",
    "def relu(O):",
)
def relu_of_a_digit():
    return np.diag(RELU_JACOBIAN), lambda: run(RELU), relu_in_place(O1.copy())[0]


@note.wrong(
    [170],
    "(2.0), code",
    "“0为某一层output, S_n-k * S_n-k-1”",
    "that is the shape of W^{(n-k)}; an output has a row a sample",
    "N × S_{n-k}",
)
def an_output_has_a_row_a_sample():
    return O1_ALL.shape, W1.shape, (N, S_1)


@note.inexact(
    [168, 171],
    "(2.0), code",
    "relu: “relu计算的梯度”",
    "the function called relu gives relu's derivative, not relu (and line 171 prints ∂ and the word partial)",
    "def relu_gradient(O)",
)
def relu_is_the_name_of_its_derivative():
    truth = [[engine.grad(engine.relu)(z) for z in Z1[0]]]
    return truth, np.maximum(Z1, 0.0), relu_in_place(O1.copy()), O1


@note.wrong(
    [173, 174],
    "(2.0), code",
    "“0[0<0] = 0”, “0[0>0] = 1”, with the letter O",
    "overwrites the layer's output, which ∂l/∂W^{(n)} needs",
    "O = 1*(O>0), which makes another array",
)
def relu_overwrites_the_output():
    kept = O1_ALL.copy()
    relu_in_place(kept)
    with_slopes = DELTA_ALL.T @ (Z1_ALL > 0) / N
    return gradients(O2_ALL, y)[2], DELTA_ALL.T @ kept / N, DELTA_ALL.T @ O1_ALL / N, with_slopes


@note.right([176], "(2.0), code", "“0 = 1*(0>0)” with the letter O")
def slopes_of_relu():
    line = "0 = 1*(0>0)".replace("0 =", "O =").replace("(0>", "(O>")
    return [[engine.grad(engine.relu)(z) for z in row] for row in Z1_ALL], run(line, O=O1_ALL)["O"]


@note.cannot_run(
    ValueError,
    [160, 165, 171],
    "(2.0), code",
    "relu(O_{n-1}) as the matrix ∂O_{n-1}/∂Z_{n-1} of “W^{(n)} \\frac{\\partial O_{n-1}}{\\partial Z_{n-1}}”",
    "the code returns slopes, N × S_{n-1}, not N matrices S_{n-1} × S_{n-1} (line 198 calls them a vector)",
    "(∂l/∂Z_n W^{(n)}) ⊙ relu(O_{n-1})",
)
def slopes_are_no_matrix():
    truth = [engine.grad(lambda z, t=t: cost(z, t))(list(z)) for z, t in zip(Z1_ALL, y)]
    slopes = relu_in_place(O1_ALL.copy())
    return truth, lambda: DELTA_ALL @ W @ slopes, (DELTA_ALL @ W) * slopes


@note.right([182, 184], "(2.0)", "∂l_a/∂W^{(n-1)} = ∂l_a/∂Z_{n-1} ∂Z_{n-1}/∂W^{(n-1)} = (∂l_a/∂Z_{n-1})^T * O_{n-2}")
def weights_of_the_layer_before():
    tensor = engine.jacobian(lambda w: np.ravel(O2 @ w.T + b1))(W1)
    return gradients(O2, [CLASS])[0], np.tensordot(DELTA1, tensor, axes=1)[0], DELTA1.T @ O2


@note.right([186], "(2.0)", "∂l_a/∂b^{(n-1)} = ∂l_a/∂Z_{n-1}")
def bias_of_the_layer_before():
    return gradients(O2, [CLASS])[1], DELTA1


@note.right([190], "(2.0)", "both layers: ∂l_a/∂Z ⇒ ∂l_a/∂W = (∂l_a/∂Z)^T * O, ∂l_a/∂b = ∂l_a/∂Z")
def both_layers():
    by_z1 = DELTA @ W @ RELU_JACOBIAN
    printed = [by_z1.T @ O2, by_z1, DELTA.T @ O1, DELTA]
    return np.concatenate([g.ravel() for g in gradients(O2, [CLASS])]), np.concatenate([g.ravel() for g in printed])


def recursion(network, x, label):
    """Line 194 for k = 1, 2, … down to the first layer, and line 190 for layer n."""
    weights = [network.arrays()[f"layers.{i}.W"].T for i in range(len(network.layers))]
    outputs = [np.array([x])]
    for layer in network.layers:
        outputs.append(np.array([[a.data for a in layer(outputs[-1][0])]]))
    delta = softmax(outputs.pop()) - np.eye(len(weights[-1]))[[label]]
    found = {}
    for i in reversed(range(len(weights))):
        found |= {f"layers.{i}.W": (delta.T @ outputs[i]).T, f"layers.{i}.b": delta[0]}
        delta = delta @ weights[i] @ np.diag(relu_gradient(outputs[i][0]))
    return found


@note.right(
    [194, 196],
    "(2.0)",
    "∂l_a/∂Z_{n-k} = ∂l_a/∂Z_{n-k+1} W^{(n-k+1)} ∂O_{n-k}/∂Z_{n-k} "
    "⇒ ∂l_a/∂W^{(n-k)} = (∂l_a/∂Z_{n-k})^T * O_{n-k-1}, ∂l_a/∂b^{(n-k)} = ∂l_a/∂Z_{n-k}; k = 1, 2, …",
)
def the_recursion():
    network, x = nn.MLP(4, [6, 5, 5, 3], activation="relu", seed=2), [0.4, -0.7, 1.3, 0.2]
    nn.cross_entropy(network(x), 1).backward()
    truth, printed = network.arrays("grad"), recursion(network, x, 1)
    return np.concatenate([g.ravel() for g in truth.values()]), np.concatenate([printed[k].ravel() for k in truth])


@note.wrong(
    [198],
    "(2.0), closing sentence",
    "“即可计算得到n-k层的 $\\frac{\\partial O_{n-k}}{\\partial Z_{n-k}}$ ，也即该层对于常数项 $b^{(n-k)}$ 的梯度向量”",
    "∂O/∂Z is what goes in; what comes out, and is the bias's gradient, is ∂l_a/∂Z_{n-k}",
    "∂l_a/∂Z_{n-k}",
)
def the_biases_gradient_is_that_of_the_loss():
    return gradients(O2, [CLASS])[1], relu_gradient(O1), DELTA @ W * relu_gradient(O1), np.diag(RELU_JACOBIAN)[None]
