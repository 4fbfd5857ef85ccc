"""Note 003: rows are samples, W^{(n)} (S_n, S_{n-1}) has a neuron a row; ReLU, then softmax with cross-entropy.

Layer n-1 reads 5 numbers (O_{n-2}) into 4, layer n those into 3 classes.  Here symbols, 1.0 to 1.2.
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
        85: "a comment in a block of code",
        93: "the end of a block of code",
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
    network = perceptron()
    hidden = [[neuron(list(row)) for neuron in network.layers[0].neurons] for row in samples]
    scores = [network.layers[1](row) for row in hidden]
    values = [
        [[v.data for v in row] for row in layer] for layer in (hidden, scores, [engine.softmax(z) for z in scores])
    ]
    O1, Z, O = map(np.array, values)
    return np.array([[z.data for z in nn_linear(row)] for row in samples]), O1, Z, O


def nn_linear(row):
    """Layer n-1 without its ReLU."""
    return [engine.dot(neuron.w, list(row), neuron.b) for neuron in perceptron().layers[0].neurons]


Z1_ALL, O1_ALL, Z_ALL, O_ALL = layers_of(O2_ALL)
Z1, O1, Z, O = layers_of(O2)


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


DELTA = grad(lambda z: nn.cross_entropy(list(z[0]), CLASS), Z)  # ∂l_a/∂Z_n
BY_O = grad(entropy, O)  # ∂l_a/∂O_n
DO_DZ = jacobian(softmax, Z)
DELTA_ALL = np.array([engine.grad(lambda z, t=int(t): nn.cross_entropy(z, t))(list(z)) for z, t in zip(Z_ALL, y)])


# --- 1: symbols ------------------------------------------------------------------------------------------------------


@note.wrong(
    [23, 158],
    "1, layer n; 2.0",
    "Z_n = W^{(n)} O_{n-1}^T + b^{(n)}: “W^{(n)} O_{n-1}^T + b^{(n)}”",
    "S_n × 1 plus 1 × S_n broadcasts to S_n × S_n, where line 27 has 1 × S_n",
    "O_{n-1} (W^{(n)})^T + b^{(n)}",
)
def layer_n_is_a_square():
    return Z, W @ O1.T + b, O1 @ W.T + b


@note.right([25, 29, 158], "1, layer n", "O_n = f_n(Z_n), 1 × S_n")
def output_of_layer_n():
    return O, softmax(Z)


@note.right(
    [27],
    "1, layer n",
    "O_{n-1}: 1 × S_{n-1}, Z_n: 1 × S_n, W^{(n)}: S_n × S_{n-1}, b^{(n)}: 1 × S_n",
    "as Z_n = O_{n-1} W^T + b",
)
def shapes_of_layer_n():
    by_input = jacobian(lambda o: softmax(o @ W.T + b), O1)
    return (S_n, S_1), by_input.shape, W.shape, (b.shape[1], O1.shape[1]), (Z.shape[1], O1.shape[1])


@note.wrong(
    [27, 37],
    "1",
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
    "1, layer n-1; 2.0",
    "Z_{n-1} = W^{(n-1)} O_{n-2}^T + b^{(n-1)}: “W^{(n-1)} O_{n-2}^T + b^{(n-1)}”",
    "as line 23",
    "O_{n-2} (W^{(n-1)})^T + b^{(n-1)}",
)
def layer_before_is_a_square():
    return Z1, W1 @ O2.T + b1, O2 @ W1.T + b1


@note.right([35, 39, 158], "1, layer n-1", "O_{n-1} = f_{n-1}(Z_{n-1}), 1 × S_{n-1}")
def output_of_layer_before():
    return O1, np.maximum(Z1, 0)


@note.right(
    [37],
    "1, layer n-1",
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
    "2 (1)",
    "“样本 a , $1 \\times k$ 的向量输入”",
    "k is nothing; the input has k_1 numbers",
    "1 × k_1",
)
def the_sample_has_k_1_numbers():
    names = {"k_1": len(perceptron().layers[0].neurons[0].w)}
    return O2.shape, lambda: eval("(1, k)", names), eval("(1, k_1)", names)


@note.inexact(
    [43],
    "2 (1)",
    "“$W_j^{(n)}$ 维度 $k_1 \\times 1$”",
    "of layer 1, not n; and W^{(n)} is S_n × S_{n-1} by line 27: a neuron is a row",
    "W_j^{(1)}, 1 × k_1",
)
def a_neuron_is_a_row():
    k_1 = S_2
    return W1[[0]].shape, (k_1, 1), (1, k_1)


@note.inexact(
    [43],
    "2 (1)",
    "“$1 \\times k_1 \\times (k_1 \\times 1 \\times k_2) + 1 \\times k_2 = 1 \\times k_2$”",
    "that product has an axis more, 1 × 1 × k_2, and keeps it",
    "(1 × k_1)(k_1 × k_2) + 1 × k_2 = 1 × k_2",
)
def the_tensor_has_an_axis_too_many():
    return Z1, np.tensordot(O2, W1.T[:, None, :], axes=1) + b1, O2 @ W1.T + b1


@note.right(
    [43], "2 (1)", "each neuron gives one number Z_{1,j}; Z_1 = [Z_{1,1} … Z_{1,k_2}], O_1 = [O_{1,1} … O_{1,k_2}]"
)
def neurons_one_by_one():
    one_by_one = [O2[0] @ W1[j] + b1[0, j] for j in range(S_1)]
    return [a.data for a in perceptron().layers[0](O2[0])], np.maximum(one_by_one, 0)


def total(losses):
    """A total Loss = f(l_1, l_2, …) that is no mean."""
    return engine.logsumexp(losses)


@note.right([47, 49, 51], "2 (3-5)", "Loss = f(l_1, l_2, …): its gradient by W^i is Σ_a ∂f/∂l_a ∂l_a/∂W^i")
def total_loss_by_the_chain_rule():
    network = perceptron()
    losses = [nn.cross_entropy(network(row), int(t)) for row, t in zip(O2_ALL, y)]
    total(losses).backward()
    by_loss = engine.grad(total)([loss.data for loss in losses])
    each = [gradients(O2_ALL[[a]], y[[a]])[0] for a in range(N)]
    return network.arrays("grad")["layers.0.W"].T, sum(f * g for f, g in zip(by_loss, each))


@note.wrong(
    [53],
    "2 (6)",
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


# --- 3: (1.0), (1.1) -------------------------------------------------------------------------------------------------


@note.right([59, 61], "(1.0)", "∂l_a/∂Z_n = ∂l_a/∂O_n ∂O_n/∂Z_n, 1 × S_n = (1 × S_n)(S_n × S_n)")
def delta_by_the_output():
    return DELTA, BY_O @ DO_DZ


DZ_DW = engine.jacobian(lambda w: (O1 @ w.T + b)[0])(W)  # (S_n, S_n, S_{n-1})


@note.right([59, 63, 123], "(1.0), (1.3)", "∂l_a/∂W^{(n)} = ∂l_a/∂Z_n ∂Z_n/∂W^{(n)}")
def weights_by_the_tensor():
    return gradients(O2, [CLASS])[2], np.tensordot(DELTA, DZ_DW, axes=1)[0]


@note.inexact(
    [63, 123],
    "(1.0), (1.3)",
    "“1 \\times S_n \\times S_{n-1} = (1 \\times S_n) * (S_n \\times S_n \\times S_{n-1}) = S_n \\times S_{n-1}”",
    "the product keeps its first axis, of length 1, which the last member drops",
    "… = 1 × S_n × S_{n-1}",
)
def the_product_keeps_the_axis_of_one():
    return np.tensordot(DELTA, DZ_DW, axes=1).shape, (S_n, S_1), (1, S_n, S_1)


@note.right([59, 65, 152], "(1.0), (1.3)", "∂l_a/∂b^{(n)} = ∂l_a/∂Z_n ∂Z_n/∂b^{(n)}, 1 × S_n = (1 × S_n)(S_n × S_n)")
def bias_by_the_chain_rule():
    return gradients(O2, [CLASS])[3], DELTA @ jacobian(lambda b: O1 @ W.T + b, b)


@note.right([73, 75], "(1.1)", "CrossEntropyLoss_a = -Σ_i y_i log O_{n,i}, y one-hot")
def cross_entropy():
    return nn.cross_entropy(Z[0], CLASS), -sum(Y_a[0, i] * np.log(O[0, i]) for i in range(S_n))


@note.right([69, 78, 79], "(1.1)", "∂l_a/∂O_{n,i} = e_i = -y_i/O_{n,i}, ∂l_a/∂O_n = [e_1 … e_{S_n}]")
def e_is_the_gradient_by_the_output():
    return BY_O, [[-Y_a[0, i] / O[0, i] for i in range(S_n)]]


@note.right([81], "(1.1)", "∂l_a/∂O_n = -Y_a/O_n", "with Y_a of numbers")
def gradient_by_the_output_broadcast():
    return BY_O, -Y_a / O


# --- (1.1): the first block of code ----------------------------------------------------------------------------------

ONE_HOT = np.array([engine.grad(lambda o, t=int(t): engine.select(o, t))(list(o)) for o, t in zip(O_ALL, y)])
BLOCK = """
...
O_n 为第n层的output，即样本量N*特征数S_n
...
Y_onehot = (y[:, np.newaxis] == np.arange(S_n))
"""


def run(code, **names):
    names.update(np=np)
    exec(code, names)
    return names


@note.cannot_run(
    SyntaxError, [84, 88, 89], "(1.1), code", "“...” around prose", "an Ellipsis does not open a comment", '"""'
)
def an_ellipsis_is_no_comment():
    in_quotes = BLOCK.replace("...", '"""')
    return ONE_HOT, lambda: run(BLOCK, y=y, S_n=S_n), run(in_quotes, y=y, S_n=S_n)["Y_onehot"]


def one_hot(y):
    return y[:, np.newaxis] == np.arange(S_n)


@note.right([91], "(1.1), code", "“Y_onehot = (y[:, np.newaxis] == np.arange(S_n))”", "as booleans")
def one_hot_rows():
    return ONE_HOT, one_hot(y)


@note.wrong(
    [86], "(1.1), code", "y: “取值范围为0-Sn”", "class S_n has no column: a row of zeros, no error", "0 to S_n - 1"
)
def a_label_equal_to_the_number_of_classes_has_no_column():
    return np.ones(1), one_hot(np.array([S_n])).sum(axis=1), one_hot(np.array([S_n - 1])).sum(axis=1)


@note.wrong([86], "(1.1), code", "y: “维度为样本量N*1”", "of N × 1 labels the code makes N × 1 × S_n", "(N,)")
def labels_are_one_axis():
    return ONE_HOT, one_hot(y.reshape(N, 1)), one_hot(y.reshape(N))


@note.cannot_run(NameError, [87], "(1.1), code", "“Y_ont”", "the code calls it Y_onehot", "Y_onehot")
def the_rows_have_another_name():
    names = {"Y_onehot": one_hot(y)}
    return ONE_HOT, lambda: eval("Y_ont", names), eval("Y_onehot", names)


@note.wrong(
    [87, 88],
    "(1.1), code",
    "“样本量N*特征数S_n”",
    "S_n is the number of classes; features are what the input has",
    "N × classes",
)
def columns_are_classes_not_features():
    features, classes = O2_ALL.shape[1], len(perceptron().layers[1].neurons)
    return ONE_HOT.shape, (N, features), (N, classes)


@note.cannot_run(
    TypeError,
    [92],
    "(1.1), code",
    "“- Y_onehot/O_n”",
    "the minus binds first, and booleans have none",
    "-(Y_onehot/O_n)",
)
def booleans_have_no_minus():
    truth = np.array([engine.grad(lambda o, t=int(t): -engine.log(o[t]))(list(o)) for o, t in zip(O_ALL, y)])
    Y_onehot, O_n = one_hot(y), O_ALL
    return truth, lambda: -Y_onehot / O_n, -(Y_onehot / O_n)


# --- (1.1): the Jacobian of softmax ----------------------------------------------------------------------------------


@note.right([99], "(1.1)", "O_{n,i} = exp(Z_{n,i}) / Σ_k exp(Z_{n,k})")
def softmax_of_the_scores():
    return O[0], [np.exp(Z[0, i]) / sum(np.exp(Z[0, k]) for k in range(S_n)) for i in range(S_n)]


@note.wrong(
    [95, 97],
    "(1.1), row 2",
    "[[r_11 r_12 …] [r_22 r_22 …] …]: “r_{22} & r_{22}”",
    "the first column is r_21",
    "r_21 r_22",
)
def row_2_begins_with_r_21():
    r = DO_DZ
    return r, [r[0], [r[1, 1], r[1, 1], r[1, 2]], r[2]], [r[0], [r[1, 0], r[1, 1], r[1, 2]], r[2]]


@note.right(
    [101],
    "(1.1)",
    "r_ij = (exp(Z_i) Σ_k exp(Z_k) - exp(Z_i)²)/(Σ_k exp(Z_k))² = O_i - O_i² if i = j; -exp(Z_i) exp(Z_j)/(Σ_k exp(Z_k))² = -O_i O_j if not",
)
def entries_of_the_jacobian_of_softmax():
    e, o, s, places = np.exp(Z[0]), O[0], np.exp(Z[0]).sum(), range(S_n)
    quotients = [[(e[i] * s - e[i] ** 2) / s**2 if i == j else -e[i] * e[j] / s**2 for j in places] for i in places]
    return DO_DZ, quotients, [[o[i] - o[i] ** 2 if i == j else -o[i] * o[j] for j in places] for i in places]


FUNCTION = """
def PloverPZ_softmax(On):
    ...
    输出: partial On over partial Zn 的matrix
    ...
"""


@note.cannot_run(
    SyntaxError,
    range(104, 109),
    "(1.1), code",
    "“def PloverPZ_softmax(On):” and prose",
    "prose between Ellipses again, and no body",
    'prose in """; return np.diag(On) - np.outer(On, On)',
)
def the_function_has_no_body():
    opened, closed = FUNCTION.replace("...", '"""'), "    return np.diag(On) - np.outer(On, On)"
    return DO_DZ, lambda: run(FUNCTION), run(opened + closed)["PloverPZ_softmax"](O[0])


@note.wrong(
    [104],
    "(1.1), code",
    "“PloverPZ_softmax”: ∂O_n/∂Z_n",
    "P l over P Z is ∂l/∂Z, as line 143 uses it; this is a factor of it",
    "POoverPZ_softmax",
)
def the_name_is_of_another_derivative():
    jacobian_of_softmax = np.diag(O[0]) - np.outer(O[0], O[0])
    return DELTA, jacobian_of_softmax, BY_O @ jacobian_of_softmax


# --- (1.2) -----------------------------------------------------------------------------------------------------------


@note.wrong(
    [111], "(1.2)", "“softmax和softmax组合后”", "what is combined is softmax with cross-entropy", "softmax and CEloss"
)
def softmax_is_combined_with_cross_entropy():
    return DELTA, grad(lambda z: entropy(softmax(softmax(z))), Z), grad(lambda z: entropy(softmax(z)), Z)


@note.wrong(
    [113],
    "(1.2), line 1, last entry",
    "[-y_1/O_1 …] × […, -O_{S_n} O_{S_n} - O_{S_n}²]: “-O_{n,S_n}O_{n,S_n} - O_{n,S_n}^2”",
    "twice the off-diagonal form; the diagonal is O - O²",
    "O_{S_n} - O_{S_n}²",
)
def the_corner_of_the_jacobian():
    o = O[0, -1]
    return DO_DZ[-1, -1], -o * o - o**2, o - o**2


@note.right(
    [113],
    "(1.2), line 1",
    "[-y_1/O_1 … -y_{S_n}/O_{S_n}] × [r_ij] with the other entries of the matrix",
    "the corner corrected",
)
def the_product_of_line_1():
    o = O[0]
    matrix = [[o[i] - o[i] ** 2 if i == j else -o[i] * o[j] for j in range(S_n)] for i in range(S_n)]
    return DELTA, (-Y_a / O) @ np.array(matrix)


@note.wrong(
    [113],
    "(1.2), line 2",
    "[O_1 (Σ_k y_k) - 1, …]: “O_{n,1}(\\sum_k y_k) - 1”",
    "the diagonal leaves -y_i, which is 1 for one class only",
    "O_i Σ_k y_k - y_i",
)
def line_2_subtracts_one_from_every_class():
    return DELTA, O * Y_a.sum() - 1, O * Y_a.sum() - Y_a


@note.wrong(
    [113],
    "(1.2), line 3",
    "[O_1 - 1, …]: “[O_{n,1} - 1, O_{n,2} - 1, ..., O_{n,S_n} - 1]”",
    "as line 2",
    "[O_1 - y_1, …]",
)
def line_3_subtracts_one_from_every_class():
    return DELTA, [[O[0, i] - 1 for i in range(S_n)]], [[O[0, i] - Y_a[0, i] for i in range(S_n)]]


@note.wrong(
    [115],
    "(1.2)",
    "∂l_a/∂Z_n = O_n - 1_{1×S_n}: “O_n - 1_{1 \\times S_n}”",
    "the target is subtracted, not ones",
    "O_n - Y_a",
)
def the_delta_subtracts_the_target_not_ones():
    return DELTA, O - np.ones((1, S_n)), O - Y_a


@note.wrong([118], "(1.2), code", "“PloverPZ = On - 1”", "likewise", "O_n - Y_onehot")
def the_code_subtracts_one():
    On = O_ALL
    return DELTA_ALL, On - 1, On - one_hot(y)


@note.cannot_run(NameError, [118], "(1.2), code", "“On”", "the block before calls it O_n", "O_n")
def the_output_has_another_name():
    names = {"O_n": O_ALL, "Y_onehot": one_hot(y)}
    return DELTA_ALL, lambda: eval("On - 1", names), eval("O_n - Y_onehot", names)
