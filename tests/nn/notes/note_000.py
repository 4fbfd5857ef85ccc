"""Note 000: columns are samples, w[k, j] leads from input k to neuron j, and δ = ∂C/∂z.

The network is an `nn.MLP` of 3 inputs, 4 tanh neurons and 2 tanh outputs, with C = Σ (a - t)² / 2.
"""

from __future__ import annotations

import numpy as np

import engine
import nn

from .record import Note, grad, jacobian

note = Note(
    "000",
    "Gradient for Neural Network",
    silent={
        79: "introduces the index x of a sample",
        75: "praises δ",
        113: "a heading",
        115: "names loss and activation",
    },
)

RNG = np.random.default_rng(0)
W1, B1, W2, B2 = (RNG.normal(size=shape) for shape in [(3, 4), (4, 1), (4, 2), (2, 1)])
X, T = RNG.normal(size=(3, 1)), RNG.normal(size=(2, 1))
M = 5
X_BATCH, T_BATCH = RNG.normal(size=(3, M)), RNG.normal(size=(2, M))


def σ(z):
    return np.tanh(z)


def slope(z):
    return grad(lambda z: σ(z).sum(), z)


def cost(a):
    return 0.5 * ((a - T) ** 2).sum()


def tail(z1):
    return cost(σ(W2.T @ σ(z1) + B2))


def perceptron():
    """The same network as neurons."""
    network = nn.MLP(3, [4, 2], activation="tanh", output="tanh")
    network.load_state_dict({"layers.0.W": W1, "layers.0.b": B1[:, 0], "layers.1.W": W2, "layers.1.b": B2[:, 0]})
    return network


def gradients(X, T):
    """Gradients of the mean over columns of C, by the scalar engine through the neurons."""
    network, m = perceptron(), X.shape[1]
    for x, t in zip(X.T, T.T):
        (0.5 / m * engine.total([(a - b) ** 2 for a, b in zip(network(x), t)])).backward()
    return network.arrays("grad")


Z1 = W1.T @ X + B1
A1 = σ(Z1)
Z2 = W2.T @ A1 + B2
A2 = σ(Z2)
DELTA2 = grad(lambda z: cost(σ(z)), Z2)
DELTA1 = grad(tail, Z1)

Z1_BATCH = W1.T @ X_BATCH + B1
A1_BATCH = σ(Z1_BATCH)
Z2_BATCH = W2.T @ A1_BATCH + B2
GRAD_A_BATCH = σ(Z2_BATCH) - T_BATCH  # ∂C_x/∂a of each sample
DELTA2_BATCH = GRAD_A_BATCH * slope(Z2_BATCH)
DELTA1_BATCH = (W2 @ DELTA2_BATCH) * slope(Z1_BATCH)


def mean_cost(z2):
    return 0.5 * ((σ(z2) - T_BATCH) ** 2).sum() / M


# --- one sample ------------------------------------------------------------------------------------------------------


@note.right([18], "BP1", "δ^L = ∇_a C ⊙ σ'(z^L)")
def bp1():
    return DELTA2, grad(cost, A2) * slope(Z2)


@note.right([19], "BP2", "δ^l = (w^{l+1} δ^{l+1}) ⊙ σ'(z^l)")
def bp2():
    return DELTA1, (W2 @ DELTA2) * slope(Z1)


@note.right([20], "BP3", "∂C/∂b^l = δ^l")
def bp3():
    return gradients(X, T)["layers.0.b"], DELTA1[:, 0]


@note.right([21], "BP4", "∂C/∂w^l = a^{l-1} (δ^l)^T")
def bp4():
    return gradients(X, T)["layers.1.W"], A1 @ DELTA2.T


@note.right([23], "BP4", "“$a^{l-1}$ 等于 neural network 的输入”")
def bp4_of_the_first_layer_takes_the_input():
    return gradients(X, T)["layers.0.W"], X @ DELTA1.T


@note.right([25], "symbols", "z^l, a^l, σ'(z^l), ∇_a C, δ^l, b^l: column vectors, an entry a neuron")
def columns_have_an_entry_a_neuron():
    shape = len(perceptron().layers[1].neurons), 1
    return shape, Z2.shape, A2.shape, slope(Z2).shape, grad(cost, A2).shape, DELTA2.shape, B2.shape


@note.right([27], "symbols", "z_j^l = Σ_k w_kj^l a_k^{l-1} + b_j^l")
def pre_activation():
    scores = [engine.dot(n.w, A1[:, 0], n.b).data for n in perceptron().layers[1].neurons]
    return scores, [sum(W2[k, j] * A1[k, 0] for k in range(4)) + B2[j, 0] for j in range(2)]


@note.right([28], "symbols", "a_j^l = σ(z_j^l)")
def activation():
    return [a.data for a in perceptron()(X[:, 0])], [σ(Z2[j, 0]) for j in range(2)]


@note.right([29], "symbols", "(σ'(z^l))_j: derivative of the activation by the pre-activation")
def slope_is_the_activations_derivative():
    return [engine.grad(engine.tanh)(z) for z in Z1[:, 0]], slope(Z1)[:, 0], 1 - A1[:, 0] ** 2


@note.right([30], "symbols", "(∇_a C)_j: derivative of C by the activation of output j")
def gradient_by_the_output():
    return grad(cost, A2), A2 - T


@note.right([31], "symbols", "δ_j^l = ∂C/∂z_j^l")
def delta_by_definition():
    return jacobian(tail, Z1).T, DELTA1


@note.right(
    [32, 33], "symbols", "b_j^l of neuron j of layer l; w_kj^l from neuron k of layer l-1 to neuron j of layer l"
)
def weight_kj_leads_from_k_to_j():
    def cut(k, j):
        network = perceptron()
        network.layers[1].neurons[j].w[k].data = 0.0
        return [a.data for a in network(X[:, 0])]

    without = W2.copy()
    without[3, 1] = 0.0
    return cut(3, 1), σ(without.T @ A1 + B2)[:, 0]


@note.right([36], "symbols", "w_jk^l in place of w_kj^l: a transpose")
def the_other_convention_is_a_transpose():
    w = W2.T  # w[j, k]
    return gradients(X, T)["layers.1.W"], (DELTA2 @ A1.T).T, grad(lambda w: cost(σ(w @ A1 + B2)), w).T


@note.right([47], "derivation of BP1", "δ_j^L = ∂C/∂z_j^L = ∂C/∂a_j^L ∂a_j^L/∂z_j^L")
def derivation_of_bp1():
    local = np.diag(jacobian(σ, Z2))
    return DELTA2[:, 0], [grad(cost, A2)[j, 0] * local[j] for j in range(2)]


@note.right(
    [50],
    "derivation of BP1",
    "“如果 output layer 用了 Softmax activation，那计算 $\\delta_j$ 其实需要 sum 所有的 $a_j$”",
)
def softmax_needs_the_sum_over_outputs():
    softmax, z = engine.softmax, [0.3, -0.8, 1.1]
    after = engine.grad(lambda a: a[0] ** 2 + 3.0 * a[1] * a[2])
    truth = engine.grad(lambda z: (a := softmax(z))[0] ** 2 + 3.0 * a[1] * a[2])(z)
    J, g = np.array(engine.jacobian(softmax)(z)), after([a.data if hasattr(a, "data") else a for a in softmax(z)])
    return truth, [sum(g[i] * J[i, j] for i in range(3)) for j in range(3)]


@note.right([50], "derivation of BP1", "∂a_j/∂z_j = 1, softmax belonging to the cost: δ_j^L as above")
def softmax_in_the_cost():
    z, t = Z2[:, 0], np.array([0.0, 1.0])
    by_a = engine.grad(lambda a: -(t * np.log(engine.softmax(a))).sum())(z)
    return engine.grad(lambda z: nn.cross_entropy(z, list(t)))(z), by_a * 1


@note.right([55], "derivation of BP2", "C = f(…, z_j^{l+1}, …), z_j^{l+1} = g(…, a_k^l, …)")
def cost_through_the_next_layer():
    through = jacobian(lambda z: cost(σ(z)), Z2) @ jacobian(lambda a: W2.T @ a + B2, A1)
    return jacobian(lambda a: cost(σ(W2.T @ a + B2)), A1), through


@note.right([57], "derivation of BP2", "∂C/∂z_k^l = ∂C/∂a_k^l ∂a_k^l/∂z_k^l")
def bp2_first_member():
    return DELTA1, grad(lambda a: cost(σ(W2.T @ a + B2)), A1) * slope(Z1)


@note.wrong(
    [57],
    "derivation of BP2, second member",
    "(Σ_j ∂C/∂z_j^{l+1} ∂z_j^{l+1}/∂z_k^l) σ'(z_k^l): “\\partial z\\_j^{l+1}}{\\partial z\\_k^{l}}) \\sigma'(z\\_k^l)”",
    "∂z_j^{l+1}/∂z_k^l holds σ'(z_k^l) already: counted twice",
    "(Σ_j ∂C/∂z_j^{l+1} ∂z_j^{l+1}/∂a_k^l) σ'(z_k^l)",
)
def bp2_second_member_has_the_slope_twice():
    by_z = jacobian(lambda z: W2.T @ σ(z) + B2, Z1)
    by_a = jacobian(lambda a: W2.T @ a + B2, A1)
    return DELTA1, (by_z.T @ DELTA2) * slope(Z1), (by_a.T @ DELTA2) * slope(Z1), DELTA1 * slope(Z1)


@note.right([57], "derivation of BP2, last member", "(Σ_j δ_j^{l+1} w_kj^{l+1}) σ'(z_k^l)")
def bp2_last_member():
    return DELTA1[:, 0], [sum(DELTA2[j, 0] * W2[k, j] for j in range(2)) * slope(Z1)[k, 0] for k in range(4)]


@note.right([63], "derivation of BP3", "∂C/∂b_j^l = ∂C/∂z_j^l ∂z_j^l/∂b_j^l = δ_j^l")
def derivation_of_bp3():
    local = jacobian(lambda b: W1.T @ X + b, B1)
    return gradients(X, T)["layers.0.b"], [DELTA1[j, 0] * local[j, j] for j in range(4)], DELTA1[:, 0]


@note.right([69], "derivation of BP4", "∂C/∂w_kj^l = ∂C/∂z_j^l ∂z_j^l/∂w_kj^l = δ_j^l a_k^{l-1}")
def derivation_of_bp4():
    local = jacobian(lambda w: w.T @ A1 + B2, W2).reshape(2, 4, 2)
    members = [[[DELTA2[j, 0] * local[j, k, j], DELTA2[j, 0] * A1[k, 0]] for j in range(2)] for k in range(4)]
    return gradients(X, T)["layers.1.W"], np.array(members)[:, :, 0], np.array(members)[:, :, 1]


# --- a batch ---------------------------------------------------------------------------------------------------------


@note.right([81, 83], "batch", "C = 1/m Σ_{x in batch} C_x")
def cost_of_a_batch():
    network = perceptron()
    costs = [
        nn.mse(network(x), list(t)).data for x, t in zip(X_BATCH.T, T_BATCH.T)
    ]  # 2 outputs: the mean is half the sum
    return mean_cost(Z2_BATCH), np.mean(costs)


@note.right(
    [85],
    "batch",
    "∂C/∂b_j^l = Σ_x ∂C/∂z_{x,j}^l ∂z_{x,j}^l/∂b_j^l = 1/m Σ_x δ_{x,j}^l ⟹ 1/m Σ_x δ_x^l",
    "with δ_x = ∂C_x/∂z_x",
)
def bias_of_a_batch():
    by_z = grad(mean_cost, Z2_BATCH)
    return gradients(X_BATCH, T_BATCH)["layers.1.b"], by_z.sum(axis=1), sum(DELTA2_BATCH[:, x] for x in range(M)) / M


@note.right(
    [87],
    "batch",
    "∂C/∂w_kj^l = Σ_x ∂C/∂z_{x,j}^l ∂z_{x,j}^l/∂w_kj^l = 1/m Σ_x δ_{x,j}^l a_{x,k}^{l-1} ⟹ 1/m Σ_x a_x^{l-1} (δ_x^l)^T",
)
def weights_of_a_batch():
    columns = [(A1_BATCH[:, [x]], DELTA2_BATCH[:, [x]]) for x in range(M)]
    by_z = grad(mean_cost, Z2_BATCH)
    first = np.array([[sum(by_z[j, x] * A1_BATCH[k, x] for x in range(M)) for j in range(2)] for k in range(4)])
    return gradients(X_BATCH, T_BATCH)["layers.1.W"], first, sum(a @ delta.T for a, delta in columns) / M


@note.right([89, 91], "batch", "“一个 batch 不过就是多个 column vector 而已”: one pass over the matrix of columns")
def columns_at_once():
    one_by_one = [W2.T @ σ(W1.T @ X_BATCH[:, [x]] + B1) + B2 for x in range(M)]
    network = perceptron()
    return np.array([[a.data for a in network(x)] for x in X_BATCH.T]).T, σ(np.hstack(one_by_one)), σ(Z2_BATCH)


@note.inexact(
    [93],
    "BP1b",
    "δ^L = ∇_a C ⊙ σ'(z^L)",
    "C is the batch's mean since line 81; ∇_a of it has 1/m already, and BP3b and BP4b divide again",
    "∇_a C_x of each sample, in its column",
)
def bp1b_means_each_samples_cost():
    literal = grad(lambda a: 0.5 * ((a - T_BATCH) ** 2).sum() / M, σ(Z2_BATCH)) * slope(Z2_BATCH)
    truth = gradients(X_BATCH, T_BATCH)["layers.1.b"]
    return truth, literal @ np.ones(M) / M, DELTA2_BATCH @ np.ones(M) / M, truth / M


@note.right([94], "BP2b", "δ^l = (w^{l+1} δ^{l+1}) ⊙ σ'(z^l)")
def bp2b():
    truth = [
        grad(lambda z, t=t: 0.5 * ((σ(W2.T @ σ(z) + B2[:, 0]) - t) ** 2).sum(), z)
        for z, t in zip(Z1_BATCH.T, T_BATCH.T)
    ]
    return np.array(truth).T, DELTA1_BATCH


@note.right([95], "BP3b", "∂C/∂b^l = 1/m δ^l 1")
def bp3b():
    return gradients(X_BATCH, T_BATCH)["layers.0.b"], DELTA1_BATCH @ np.ones(M) / M


@note.right([96], "BP4b", "∂C/∂w^l = 1/m a^{l-1} (δ^l)^T")
def bp4b():
    return gradients(X_BATCH, T_BATCH)["layers.0.W"], X_BATCH @ DELTA1_BATCH.T / M


@note.right(
    [98],
    "remark on BP3b, BP4b",
    "1/m “再 $\\nabla\\_a C$ 这个阶段做，这样可以不用每层都做这个计算”",
    "BP3b and BP4b then lose their 1/m, as the remark implies; kept in both places it counts twice",
)
def the_mean_moved_into_the_delta():
    delta = (W2 @ (GRAD_A_BATCH / M * slope(Z2_BATCH))) * slope(Z1_BATCH)
    return gradients(X_BATCH, T_BATCH)["layers.0.W"], X_BATCH @ delta.T


@note.inexact(
    [100], "remark", "“n 个 column vector”", "the batch has m samples (line 83); n is the number of outputs below", "m"
)
def the_batch_has_m_columns():
    outputs = len(perceptron().layers[1].neurons)
    return [X_BATCH.shape[1]], [outputs], [M]


@note.right([106], "shapes", "δ^L, ∇_a C, σ'(z^L), δ^l, a^{l-1}: rows = layer size, columns = batch size")
def shapes_of_a_batch():
    size = len(perceptron().layers[1].neurons), M
    return size, DELTA2_BATCH.shape, GRAD_A_BATCH.shape, slope(Z2_BATCH).shape


@note.right(
    [107, 108, 109], "shapes", "w^l: row index input, column index output; b^l a vector; as many rows in 1 as samples"
)
def shapes_of_parameters():
    shapes = [v.shape for v in perceptron().arrays().values()]
    return np.concatenate([*shapes, [M]]), np.concatenate(
        [W1.shape, B1[:, 0].shape, W2.shape, B2[:, 0].shape, np.ones(M).shape]
    )
