"""Note 003, (1.0) to (1.2): softmax with cross-entropy, its Jacobian, and the code of both."""

from __future__ import annotations

import numpy as np

import engine
import nn

from .note_003 import (
    BY_O,
    CLASS,
    DELTA,
    DELTA_ALL,
    DO_DZ,
    O1,
    O2,
    O2_ALL,
    O_ALL,
    S_1,
    N,
    O_n,
    S_n,
    W,
    Y_a,
    Z_n,
    b,
    entropy,
    gradients,
    note,
    perceptron,
    softmax,
    y,
)
from .record import grad, jacobian, run


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
    return nn.cross_entropy(Z_n[0], CLASS), -sum(Y_a[0, i] * np.log(O_n[0, i]) for i in range(S_n))


@note.right([69, 78, 79], "(1.1)", "∂l_a/∂O_{n,i} = e_i = -y_i/O_{n,i}, ∂l_a/∂O_n = [e_1 … e_{S_n}]")
def e_is_the_gradient_by_the_output():
    return BY_O, [[-Y_a[0, i] / O_n[0, i] for i in range(S_n)]]


@note.right([81], "(1.1)", "∂l_a/∂O_n = -Y_a/O_n", "with Y_a of numbers")
def gradient_by_the_output_broadcast():
    return BY_O, -Y_a / O_n


# --- (1.1): the first block of code ----------------------------------------------------------------------------------

ONE_HOT = np.array([engine.grad(lambda o, t=int(t): engine.select(o, t))(list(o)) for o, t in zip(O_ALL, y)])
BLOCK = """
...
O_n 为第n层的output，即样本量N*特征数S_n
...
Y_onehot = (y[:, np.newaxis] == np.arange(S_n))
"""


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
    return ONE_HOT, one_hot(y.reshape(N, 1)), one_hot(y.reshape(N)), ONE_HOT[:, None, :]


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
    return O_n[0], [np.exp(Z_n[0, i]) / sum(np.exp(Z_n[0, k]) for k in range(S_n)) for i in range(S_n)]


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
    "r_ij = (exp(Z_i) Σ_k exp(Z_k) - exp(Z_i)²)/(Σ_k exp(Z_k))² = O_i - O_i² if i = j; "
    "-exp(Z_i) exp(Z_j)/(Σ_k exp(Z_k))² = -O_i O_j if not",
)
def entries_of_the_jacobian_of_softmax():
    e, o, s, places = np.exp(Z_n[0]), O_n[0], np.exp(Z_n[0]).sum(), range(S_n)
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
    return DO_DZ, lambda: run(FUNCTION), run(opened + closed)["PloverPZ_softmax"](O_n[0])


@note.wrong(
    [104],
    "(1.1), code",
    "“PloverPZ_softmax”: ∂O_n/∂Z_n",
    "P l over P Z is ∂l/∂Z, as line 143 uses it; this is a factor of it",
    "POoverPZ_softmax",
)
def the_name_is_of_another_derivative():
    jacobian_of_softmax = np.diag(O_n[0]) - np.outer(O_n[0], O_n[0])
    return DELTA, jacobian_of_softmax, BY_O @ jacobian_of_softmax, DO_DZ


# --- (1.2) -----------------------------------------------------------------------------------------------------------


@note.wrong(
    [111], "(1.2)", "“softmax和softmax组合后”", "what is combined is softmax with cross-entropy", "softmax and CEloss"
)
def softmax_is_combined_with_cross_entropy():
    softmax_twice = grad(lambda z: nn.cross_entropy(list(softmax(z)[0]), CLASS), Z_n)
    printed, corrected = (lambda z: entropy(softmax(softmax(z)))), (lambda z: entropy(softmax(z)))
    return DELTA, grad(printed, Z_n), grad(corrected, Z_n), softmax_twice


@note.wrong(
    [113],
    "(1.2), line 1, last entry",
    "[-y_1/O_1 …] × […, -O_{S_n} O_{S_n} - O_{S_n}²]: “-O_{n,S_n}O_{n,S_n} - O_{n,S_n}^2”",
    "twice the off-diagonal form; the diagonal is O - O²",
    "O_{S_n} - O_{S_n}²",
)
def the_corner_of_the_jacobian():
    o = O_n[0, -1]
    return DO_DZ[-1, -1], -o * o - o**2, o - o**2, DO_DZ[-1, -1] - o - o * o


@note.right(
    [113],
    "(1.2), line 1",
    "[-y_1/O_1 … -y_{S_n}/O_{S_n}] × [r_ij] with the other entries of the matrix",
    "the corner corrected",
)
def the_product_of_line_1():
    o = O_n[0]
    matrix = [[o[i] - o[i] ** 2 if i == j else -o[i] * o[j] for j in range(S_n)] for i in range(S_n)]
    return DELTA, (-Y_a / O_n) @ np.array(matrix)


@note.wrong(
    [113],
    "(1.2), line 2",
    "[O_1 (Σ_k y_k) - 1, …]: “O_{n,1}(\\sum_k y_k) - 1”",
    "the diagonal leaves -y_i, which is 1 for one class only",
    "O_i Σ_k y_k - y_i",
)
def line_2_subtracts_one_from_every_class():
    return DELTA, O_n * Y_a.sum() - 1, O_n * Y_a.sum() - Y_a, DELTA + Y_a - 1


@note.wrong(
    [113],
    "(1.2), line 3",
    "[O_1 - 1, …]: “[O_{n,1} - 1, O_{n,2} - 1, ..., O_{n,S_n} - 1]”",
    "as line 2",
    "[O_1 - y_1, …]",
)
def line_3_subtracts_one_from_every_class():
    return DELTA, [[O_n[0, i] - 1 for i in range(S_n)]], [[O_n[0, i] - Y_a[0, i] for i in range(S_n)]], DELTA + Y_a - 1


@note.wrong(
    [115],
    "(1.2)",
    "∂l_a/∂Z_n = O_n - 1_{1×S_n}: “O_n - 1_{1 \\times S_n}”",
    "the target is subtracted, not ones",
    "O_n - Y_a",
)
def the_delta_subtracts_the_target_not_ones():
    return DELTA, O_n - np.ones((1, S_n)), O_n - Y_a, DELTA + Y_a - 1


@note.wrong([118], "(1.2), code", "“PloverPZ = On - 1”", "likewise", "O_n - Y_onehot")
def the_code_subtracts_one():
    On = O_ALL
    return DELTA_ALL, On - 1, On - one_hot(y), DELTA_ALL + ONE_HOT - 1


@note.cannot_run(NameError, [118], "(1.2), code", "“On”", "the block before calls it O_n", "O_n")
def the_output_has_another_name():
    names = {"O_n": O_ALL, "Y_onehot": one_hot(y)}
    return DELTA_ALL, lambda: eval("On - 1", names), eval("O_n - Y_onehot", names)
