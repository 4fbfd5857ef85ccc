"""Note 001: rows are samples, W (D, C) has a neuron a column, W_ij is weight j of neuron i, and y' = dL/dy.

The layer has 3 inputs and 4 neurons and reads 5 samples; what comes after it is L = Σ sin(y) c for a fixed c.
"""

from __future__ import annotations

import numpy as np

import engine
import nn

from .record import Note, grad, jacobian

note = Note(
    "001",
    "Mathmatics behind back propagation",
    silent={
        57: "names shapes",
        113: "introduces the next formula",
        119: "introduces y'",
        139: "introduces the next formula",
        161: "introduces X_1 and X_2",
        164: "a heading",
        172: "a heading",
        249: "names the label",
        280: "refers to a function that the note does not have",
    },
)

RNG = np.random.default_rng(1)
D, C, N = 3, 4, 5
W, X, COTANGENT = RNG.normal(size=(D, C)), RNG.normal(size=(N, D)), RNG.normal(size=(N, C))
x = X[:1]
NEXT = RNG.normal(size=(C, 2))  # the weights of a next layer
α = 0.1


def loss(y, c=COTANGENT):
    return (np.sin(y) * c).sum()


def loss_of(k, w):
    """L of sample k alone."""
    return loss(X[[k]] @ w, COTANGENT[[k]])


Y = X @ W
DY = grad(loss, Y)  # y', a row a sample
DW = grad(lambda w: loss(X @ w), W)
DW_1 = grad(lambda w: loss_of(0, w), W)  # of the first sample alone
J = 2  # a neuron


# --- 1, 2: matrices --------------------------------------------------------------------------------------------------


@note.wrong(
    [13],
    "correction",
    "“只有实数对矩阵的偏导，而不存在矩阵对矩阵的偏导”",
    "dy/dW exists, with an axis more, and the note uses it from line 136 on",
    "dy/dW is (C, D, C); dL/dy contracts it to dL/dW",
)
def the_derivative_of_a_vector_by_a_matrix_exists():
    return np.shape(engine.jacobian(lambda w: x[0] @ w)(W)), W.shape, (C, D, C)


@note.right([23, *range(26, 31), 33], "products", "y = A x = a_1 x_1 + a_2 x_2 + … + a_m x_m, n × 1")
def a_product_combines_columns():
    A, v = W, RNG.normal(size=(C, 1))
    truth = [engine.dot([engine.Value(w) for w in row], v[:, 0]).data for row in A]
    return np.reshape(truth, (D, 1)), A @ v, sum(A[:, [i]] * v[i] for i in range(C))


@note.right([38, *range(41, 51)], "products", "C = A B = [A b_1  A b_2 … A b_m]")
def a_product_goes_column_by_column():
    A, B = X, W
    network = nn.MLP(D, [C])
    network.load_state_dict({"layers.0.W": B, "layers.0.b": np.zeros(C)})
    return [[y.data for y in network(row)] for row in A], np.column_stack([A @ B[:, i] for i in range(C)])


@note.right([*range(59, 64), 66], "derivative", "dy/dX = [dy/dX_ij], of the size of X")
def the_derivative_by_a_matrix_has_its_shape():
    def entry(i, j):
        one = np.zeros((D, C))
        one[i, j] = 1.0
        return engine.grad(lambda w: loss(X @ (W + w * one)))(0.0)

    return DW, [[entry(i, j) for j in range(C)] for i in range(D)]


# --- 3: review of neurons --------------------------------------------------------------------------------------------


@note.wrong(
    [70],
    "review",
    "“当权重小于0的时候前一个神经元的输出就被截断了”",
    "a negative weight turns the signal's sign and passes it on; only an activation could cut it off",
    "da/dx = w f'(z), also where w < 0",
)
def a_negative_weight_does_not_cut_the_signal_off():
    w, signal = -2.0, 0.1
    neuron = nn.Neuron([w], activation="tanh")
    cut_off = 0.0
    return engine.grad(lambda s: neuron([s]))(signal), cut_off, w * (1 - np.tanh(w * signal) ** 2)


@note.right(
    [83, 88, 91],
    "review",
    "[x_1 … x_D] [[W_11 W_21 … W_C1] … [W_1D W_2D … W_CD]] = [y_1 y_2 … y_C]",
    "W_ij stands in row j, column i, unlike X_ij of line 59; line 88 prints \\ddots in a row",
)
def the_layer():
    weights = {(i, j): W[j, i] for i in range(C) for j in range(D)}  # W_ij: weight j of neuron i
    layer = nn.Layer(D, C)
    for i, neuron in enumerate(layer.neurons):
        neuron.w = [engine.Value(weights[i, j]) for j in range(D)]
    matrix = np.array([[weights[i, j] for i in range(C)] for j in range(D)])
    return [y.data for y in layer(x[0])], (x @ matrix)[0]


@note.right([93, 96], "review", "[x_1 … x_D] [W_j1 … W_jD]^T = [y_j], which depends on W_j alone")
def one_neuron():
    by_all = jacobian(lambda w: x @ w[:, J], W).reshape(D, C)
    others = np.delete(by_all, J, axis=1)
    return np.concatenate([Y[0, [J]], np.zeros(D * (C - 1))]), np.concatenate([x @ W[:, J], others.ravel()])


@note.right([99, 102], "review", "dy_j/dW_j = [x_1 x_2 … x_D]^T")
def output_of_a_neuron_by_its_weights():
    return grad(lambda w: (x @ w)[0], W[:, J]), x[0]


# --- 1: the process --------------------------------------------------------------------------------------------------


@note.wrong(
    [111],
    "process",
    "“将该层的权重W减去该层输出对W的偏导dW”",
    "the derivative of the loss, not of the layer's output, and times α, as line 116 has it",
    "W - α dL/dW",
)
def weights_descend_the_loss_not_the_output():
    w = engine.Value(W[0, J])
    neuron = nn.Neuron(W[:, J])
    neuron.w[0] = w
    (np.sin(neuron(x[0])) * COTANGENT[0, J]).backward()
    by_output = jacobian(lambda w: x @ w, W[:, J])[0, 0]
    return W[0, J] - α * w.grad, W[0, J] - x[0, 0], W[0, J] - α * DY[0, J] * x[0, 0], W[0, J] - by_output


@note.right([116], "process", "W_j^new = W_j^old - α dW_j = W_j^old - α dL/dy_j dy_j/dW_j")
def step_of_one_neuron():
    by_weights = jacobian(lambda w: x @ w, W[:, J])[0]
    return W[:, J] - α * DW_1[:, J], W[:, J] - α * DY[0, J] * by_weights


@note.right([122], "process", "dL/dy_j dy_j/dW_j = [x_1 … x_D]^T y_j' = [x_1 y_j' … x_D y_j']^T")
def gradient_of_one_neuron():
    return DW_1[:, J], x[0] * DY[0, J], [x[0, i] * DY[0, J] for i in range(D)]


@note.wrong(
    [128, 131],
    "process",
    "W = [W_1 W_2 … W_j]: “\\cdots W_j”",
    "the last column is neuron C's; j is any neuron",
    "[W_1 W_2 … W_C]",
)
def the_last_column_is_the_last_neurons():
    columns = [W[:, i] for i in range(C)]
    return W, np.column_stack(columns[: J + 1]), np.column_stack(columns[:C]), W[:, : J + 1]


@note.right(
    [136], "process", "W^new = W^old - α dW = W^old - α dL/dy dy/dW", "the product contracts a tensor (see line 13)"
)
def step_of_a_layer():
    tensor = engine.jacobian(lambda w: (x @ w)[0])(W)
    return W - α * DW_1, W - α * np.tensordot(DY[0], tensor, axes=1)


@note.right([142], "process", "[x_i y_j'] = [x_1 … x_D]^T [y_1' … y_C']")
def gradient_of_a_layer():
    return DW_1, [[x[0, i] * DY[0, j] for j in range(C)] for i in range(D)], x.T @ DY[:1]


@note.cannot_run(
    NameError,
    [142],
    "process, last member",
    "“X_1^T” [y_1' … y_C']",
    "X_1 has no meaning before line 149; the input is x here",
    "x^T [y_1' … y_C']",
)
def the_input_is_called_x_here():
    return DW_1, lambda: eval("X_1.T @ dy", {"x": x, "dy": DY[:1]}), x.T @ DY[:1]


@note.inexact(
    [145, 230],
    "process",
    "y_j' “表示的是后一层对第j个神经元输出值的偏导”",
    "the loss's derivative, as line 119 defines y', not the next layer's; right: dW is proportional to the input",
    "y_j' = dL/dy_j",
)
def y_prime_is_the_losss_derivative():
    def after(y):
        return np.tanh(y @ NEXT)

    truth = grad(lambda w: (after(x @ w) ** 2).sum(), W)
    by_layer, by_loss = grad(lambda y: after(y).sum(), Y[:1]), grad(lambda y: (after(y) ** 2).sum(), Y[:1])
    return truth, x.T @ by_layer, x.T @ by_loss, grad(lambda w: after(x @ w).sum(), W)


# --- 2: several inputs -----------------------------------------------------------------------------------------------


def descend(samples):
    w = W
    for k in samples:
        w = w - α * grad(lambda w, k=k: loss_of(k, w), w)
    return w


@note.right(
    [149, 154, 155],
    "several inputs, loop",
    "for i from 1 to N: W^new = W^old - α dL/dy dy/dW",
    "y is that of input i; one step starts where the last ended",
)
def a_loop_over_inputs():
    w = W.copy()
    for i in range(N):
        dy = grad(lambda y, i=i: loss(y, COTANGENT[[i]]), X[[i]] @ w)
        w = w - α * X[[i]].T @ dy
    return descend(range(N)), w


def of_neuron(k):
    """dL/dy_kj times the derivative of y_kj by the whole of W."""
    return DY[k, J] * jacobian(lambda w: X[k] @ w[:, J], W).reshape(D, C)


@note.inexact(
    [167, 175],
    "several inputs, 1 and 2",
    "dL/dy_1j dy_1j/dW = [X_11 … X_1D]^T y_1j': “{d y_{1j}}{d W}”",
    "right if W is W_j here; by all of W it is D × C, zero but for column j",
    "dL/dy_1j dy_1j/dW_j",
)
def the_derivative_of_one_neuron_is_by_its_own_weights():
    by_own = DY[0, J] * jacobian(lambda w: X[0] @ w, W[:, J])[0]
    return X[0] * DY[0, J], of_neuron(0), by_own, np.outer(by_own, np.eye(C)[J])


@note.wrong(
    [170, 178],
    "several inputs, 1 and 2",
    "“$$y_{1j}$$表示第1次输入时第j个神经元从后一层反向传播回来的偏导”",
    "the prime is missing: y_1j is the output",
    "y_1j'",
)
def y_without_a_prime_is_the_output():
    return (
        X[0] * engine.grad(lambda y: np.sin(y) * COTANGENT[0, J])(Y[0, J]),
        X[0] * Y[0, J],
        X[0] * DY[0, J],
        X[0] * (X[0] @ W[:, J]),
    )


@note.inexact(
    [180, 188, 235],
    "several inputs, two",
    "“将两次输入的效果叠加起来”",
    "after the first step W is another, so the steps add up only to first order in α (which is left out)",
    "add the gradients at the same W, then take one step",
)
def steps_one_after_another_do_not_add_up():
    truth = W - α * grad(lambda w: loss_of(0, w) + loss_of(1, w), W)
    return truth, descend([0, 1]), W - α * (X[:1].T @ DY[:1] + X[1:2].T @ DY[1:2])


@note.inexact(
    [184],
    "several inputs, two, left side",
    "dL/dy_j dy_j/dW = Σ_{k=1}^2 dL/dy_kj dy_kj/dW: “\\sum_{k = 1}^{2} \\frac{d L}{d y_{kj}} \\frac{d y_{kj}}{d W}”",
    "as line 167",
    "Σ_{k=1}^2 dL/dy_kj dy_kj/dW_j",
)
def two_inputs_by_the_neurons_own_weights():
    truth = grad(lambda w: (np.sin(X[:2] @ w) * COTANGENT[:2, J]).sum(), W[:, J])
    by_own = [DY[k, J] * jacobian(lambda w, k=k: X[k] @ w, W[:, J])[0] for k in range(2)]
    return truth, of_neuron(0) + of_neuron(1), sum(by_own), np.outer(truth, np.eye(C)[J])


@note.right(
    [184],
    "several inputs, two, right side",
    "X_1^T y_1j' + X_2^T y_2j' = [[X_11 X_21] … [X_1D X_2D]] [y_1j' y_2j']^T = [X_1^T X_2^T] [y_1j' y_2j']^T",
)
def two_inputs_in_matrices():
    truth = grad(lambda w: (np.sin(X[:2] @ w) * COTANGENT[:2, J]).sum(), W[:, J])[:, None]
    stacked = np.hstack([X[:1].T, X[1:2].T])
    entries = np.array([[X[0, i], X[1, i]] for i in range(D)])
    return truth, X[:1].T * DY[0, J] + X[1:2].T * DY[1, J], entries @ DY[:2, [J]], stacked @ DY[:2, [J]]


@note.right([197], "several inputs, one neuron", "[X_k^T X_l^T] [y_kj' y_lj']^T")
def one_neuron_any_two_inputs():
    k, l = 1, 3  # noqa: E741 - the note's letter
    truth = grad(lambda w: (np.sin(X[[k, l]] @ w) * COTANGENT[[k, l], J]).sum(), W[:, J])
    return truth, (np.hstack([X[[k]].T, X[[l]].T]) @ DY[[k, l]][:, [J]])[:, 0]


@note.right([203], "several inputs, one of them", "X_k^T [y_k1' … y_kC'] = X_k^T y_k'")
def all_neurons_one_input():
    k = 3
    return grad(lambda w: loss_of(k, w), W), X[[k]].T @ DY[[k]]


@note.right(
    [209, 215],
    "several inputs, N",
    "[X_1^T … X_N^T] [[y_11' … y_1C'] … [y_N1' … y_NC']] = [X_1^T … X_N^T] [y_1' … y_N']^T, X_k a row",
)
def all_neurons_all_inputs():
    columns = np.hstack([X[[k]].T for k in range(N)])
    entries = np.array([[DY[k, j] for j in range(C)] for k in range(N)])
    return DW, columns @ entries, columns @ np.vstack([DY[[k]] for k in range(N)])


@note.wrong(
    [219],
    "several inputs, N",
    "y_k' = [y_k1' y_k2' … y_kC]: “\\dots & y_{kC} \\end{bmatrix}”, “表示该layer第k次输出”",
    "the last prime is missing, and y_k' is the loss's derivative by output k, not output k",
    "[y_k1' y_k2' … y_kC']",
)
def the_last_prime_is_missing():
    k = 3
    printed = np.array([[*DY[k, :-1], Y[k, -1]]])
    truth = grad(lambda w: loss_of(k, w), W)
    last_by_the_output = np.column_stack([truth[:, :-1], X[k] * Y[k, -1]])
    return truth, X[[k]].T @ printed, X[[k]].T @ DY[[k]], last_by_the_output


@note.right([224, 227, 230], "several inputs, N", "dW = X^T dOut: D × N times N × C, the size of W")
def gradient_of_a_batch():
    network = nn.MLP(D, [C])
    network.load_state_dict({"layers.0.W": W, "layers.0.b": np.zeros(C)})
    for row, c in zip(X, COTANGENT):
        engine.dot([np.sin(y) for y in network(row)], list(c)).backward()
    return network.arrays("grad")["layers.0.W"], X.T @ DY


@note.inexact(
    [10],
    "introduction",
    "“写出任何layer的反向传播”",
    "the gradient by a layer's input, which every layer below needs, is nowhere; X^T dOut is the only product given",
    "and dX = dOut W^T",
)
def the_gradient_by_the_input_is_missing():
    return grad(lambda x: loss(x @ W), X), X.T @ DY, DY @ W.T


@note.inexact(
    [237],
    "summary, 4",
    "“重点掌握两部分，该神经元的输出对输入的偏导，以及后一层对该神经元输出的偏导”",
    "the output's derivative by the input is W_j; a weight's gradient needs the one by the weights, x",
    "and the output's derivative by the weights",
)
def the_weights_gradient_needs_the_derivative_by_weights():
    by_input, by_weights = jacobian(lambda x: x @ W[:, J], x)[0], jacobian(lambda w: x @ w, W[:, J])[0]
    return DW_1[:, J], by_input * DY[0, J], by_weights * DY[0, J], W[:, J] * DY[0, J]
