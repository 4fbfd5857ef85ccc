"""Note 002: Jacobians, J[i, j] = ∂z_i/∂x_j; x is a column in sections 1 and 5, a row in 2 and 6; δ = ∂J/∂z is a row.

In z = W x the weights are n × m, in z = x W they are m × n, with n = 3 and m = 2.
"""

from __future__ import annotations

import numpy as np

import engine
from engine import Value

from .record import Note, grad, jacobian

note = Note(
    "002",
    "神经网络中的常用梯度推导",
    silent={38: "a heading", 60: "a heading", 83: "a heading", 106: "a heading", 133: "introduces J"},
)

n, m = 3, 2
RNG = np.random.default_rng(2)
W, V = RNG.normal(size=(n, m)), RNG.normal(size=(m, n))  # W of z = W x, V of z = x W
COLUMN, ROW = RNG.normal(size=(m, 1)), RNG.normal(size=(1, m))


def loss(z):
    return (np.sin(z) * np.arange(1, n + 1).reshape(z.shape)).sum()


def unit(shape, *place):
    one = np.zeros(shape)
    one[place] = 1.0
    return one


def by_entry(product, weights):
    """∂z/∂W_ij for every i, j: the derivative of z along one entry of the weights."""

    def along(i, j):
        line = engine.jacobian(lambda s: product(weights + s * unit(weights.shape, i, j)).ravel())
        return np.asarray(line(0.0))

    return np.array([[along(i, j) for j in range(weights.shape[1])] for i in range(weights.shape[0])])


# --- the Jacobian ----------------------------------------------------------------------------------------------------


@note.right(
    [14, *range(19, 24), 29],
    "definition",
    "f: R^n → R^m, (∂f/∂x)_ij = ∂f_i/∂x_j, [[∂f_1/∂x_1 … ∂f_1/∂x_n] … [∂f_m/∂x_1 … ∂f_m/∂x_n]]",
)
def the_jacobian_has_a_row_an_output():
    def f(x):
        return [x[0] * x[1], engine.sin(x[2]) * x[0]]

    def entry(i, j):
        inputs = [Value(0.4), Value(-0.7), Value(1.3)]
        f(inputs)[i].backward()
        return inputs[j].grad

    return engine.jacobian(f)([0.4, -0.7, 1.3]), [[entry(i, j) for j in range(3)] for i in range(2)]


# --- 1: z = W x by x -------------------------------------------------------------------------------------------------


@note.right([41], "section 1", "W in R^{n×m}: m numbers to n, the Jacobian is n × m")
def shape_of_section_1():
    return jacobian(lambda x: W @ x, COLUMN).shape, (n, m)


@note.right([43], "section 1", "z_i = Σ_{k=1}^m W_ik x_k")
def product_of_section_1():
    truth = [engine.dot(list(map(Value, row)), COLUMN[:, 0]).data for row in W]
    return truth, [sum(W[i, k] * COLUMN[k, 0] for k in range(m)) for i in range(n)]


@note.right([47], "section 1", "∂z_i/∂x_j = ∂/∂x_j Σ_k W_ik x_k = Σ_k W_ik ∂x_k/∂x_j = W_ij")
def entry_of_section_1():
    by_itself = jacobian(lambda x: x, COLUMN)
    summed = [[sum(W[i, k] * by_itself[k, j] for k in range(m)) for j in range(m)] for i in range(n)]
    return jacobian(lambda x: W @ x, COLUMN), summed, [[W[i, j] for j in range(m)] for i in range(n)]


@note.right([54], "section 1", "∂z/∂x = W")
def result_of_section_1():
    return jacobian(lambda x: W @ x, COLUMN), W


# --- 2: z = x W by x -------------------------------------------------------------------------------------------------


@note.right([63], "section 2", "W in R^{m×n}: m numbers to n, the Jacobian is n × m")
def shape_of_section_2():
    return jacobian(lambda x: x @ V, ROW).shape, (n, m)


@note.right([65], "section 2", "z_i = Σ_{k=1}^m x_k W_ki")
def product_of_section_2():
    truth = [engine.dot(list(map(Value, column)), ROW[0]).data for column in V.T]
    return truth, [sum(ROW[0, k] * V[k, i] for k in range(m)) for i in range(n)]


@note.right([69], "section 2", "∂z_i/∂x_j = Σ_k ∂x_k/∂x_j W_ki = W_ji")
def entry_of_section_2():
    by_itself = jacobian(lambda x: x, ROW)
    summed = [[sum(by_itself[k, j] * V[k, i] for k in range(m)) for j in range(m)] for i in range(n)]
    return jacobian(lambda x: x @ V, ROW), summed, [[V[j, i] for j in range(m)] for i in range(n)]


@note.right([76], "section 2", "∂z/∂x = W^T")
def result_of_section_2():
    return jacobian(lambda x: x @ V, ROW), V.T


# --- 3, 4: z = x, and entry by entry ---------------------------------------------------------------------------------


@note.right([86, 89, 90, 91], "section 3", "z_i = x_i: ∂z_i/∂x_j = 1 if i = j, else 0")
def entries_of_the_identity():
    return jacobian(lambda x: x, COLUMN), [[1 if i == j else 0 for j in range(m)] for i in range(m)]


@note.right([95, 98, 101], "section 3", "∂z/∂x = I, which a chain of products may leave out")
def the_identity_may_be_left_out():
    return jacobian(lambda x: W @ (x + 0.0), COLUMN), W @ np.eye(m), W


@note.right([111, 112, 113], "section 4", "∂z_i/∂x_j = ∂/∂x_j f(x_i) = f'(x_i) if i = j, else 0")
def entries_of_an_elementwise_function():
    x = COLUMN[:, 0]
    by_rule = [engine.grad(engine.sigmoid)(entry) for entry in x]
    return jacobian(engine.sigmoid, x), np.diag(by_rule)


@note.right([119, 122], "section 4", "∂z/∂x = diag(f'(x))")
def an_elementwise_function_has_a_diagonal_jacobian():
    return jacobian(np.tanh, COLUMN), np.diag(1 - np.tanh(COLUMN[:, 0]) ** 2)


@note.right(
    [125],
    "section 4",
    "“乘以一个对角阵相当于对角阵中的每个元素和矩阵的对应列的所有元素做element-wise乘法”",
    "with the diagonal on the right, as in δ diag(f')",
)
def a_diagonal_on_the_right_scales_columns():
    slopes = 1 - np.tanh(COLUMN[:, 0]) ** 2
    return jacobian(lambda x: W @ np.tanh(x), COLUMN), np.column_stack([W[:, j] * slopes[j] for j in range(m)])


@note.cannot_run(
    NameError, [125], "section 4", "“[\\circ f'(x_)]”", "x_ is not a name, and names no argument", "∘ f'(x)"
)
def the_slope_is_taken_at_x():
    def slopes(x):
        return 1 - np.tanh(x) ** 2

    names = {"x": COLUMN[:, 0], "W": W, "slopes": slopes}
    return (
        jacobian(lambda x: W @ np.tanh(x), COLUMN),
        lambda: eval("W * slopes(x_)", names),
        eval("W * slopes(x)", names),
    )


# --- 5: z = W x by W -------------------------------------------------------------------------------------------------

Δ = grad(loss, (W @ COLUMN).T)  # the row δ
BY_W = grad(lambda w: loss(w @ COLUMN), W)
Z_BY_W = by_entry(lambda w: w @ COLUMN, W)  # [i, j, k] = ∂z_k/∂W_ij


@note.right([130, 135], "section 5", "∂J/∂W = ∂J/∂z ∂z/∂W = δ ∂z/∂W, a row of n·m numbers")
def gradient_by_the_weights_as_a_row():
    row = jacobian(lambda w: loss(w @ COLUMN), W)
    return row, Δ @ jacobian(lambda w: w @ COLUMN, W), BY_W.reshape(1, n * m)


@note.right(
    [135, *range(138, 143), 146, 148],
    "section 5",
    "∂J/∂W = [[∂J/∂W_11 … ∂J/∂W_1m] … [∂J/∂W_n1 … ∂J/∂W_nm]], of the size of W, to be subtracted from it",
)
def gradient_by_the_weights_as_a_matrix():
    def along(i, j):
        return engine.grad(lambda s: loss((W + s * unit(W.shape, i, j)) @ COLUMN))(0.0)

    return BY_W, [[along(i, j) for j in range(m)] for i in range(n)]


@note.right(
    [150, 152],
    "section 5",
    "∂z/∂W: n × m × n, and a vector for each W_ij",
    "as an array of ∂z/∂W_ij; the Jacobian's order would be n × n × m",
)
def shape_of_the_tensor():
    tensor = engine.jacobian(lambda w: (w @ COLUMN)[:, 0])(W)
    return np.moveaxis(tensor, 0, -1).shape, (n, m, n), Z_BY_W.shape


@note.right([156, 157], "section 5", "z_k = Σ_{l=1}^m W_kl x_l; ∂z_k/∂W_ij = Σ_{l=1}^m ∂W_kl/∂W_ij x_l")
def entry_of_the_tensor():
    of_itself = by_entry(lambda w: w, W).reshape(n, m, n, m)
    summed = [
        [[sum(of_itself[i, j, k, r] * COLUMN[r, 0] for r in range(m)) for k in range(n)] for j in range(m)]
        for i in range(n)
    ]
    return Z_BY_W, summed


@note.right([163], "section 5", "∂W_kl/∂W_ij = 1 where i = k and j = l, else 0")
def an_entry_by_an_entry():
    deltas = [[[[float(i == k and j == r) for r in range(m)] for k in range(n)] for j in range(m)] for i in range(n)]
    return by_entry(lambda w: w, W).reshape(n, m, n, m), deltas


@note.right([164, *range(167, 172)], "section 5", "∂z_k/∂W_ij = x_j if k = i, else 0")
def entries_of_the_tensor():
    return Z_BY_W, [[[COLUMN[j, 0] if k == i else 0 for k in range(n)] for j in range(m)] for i in range(n)]


@note.right([177, 178], "section 5", "∂z/∂W_ij = [0 … 0 x_j 0 … 0]^T, x_j in place i")
def a_vector_with_one_entry():
    return Z_BY_W, [[np.insert(np.zeros(n - 1), i, COLUMN[j, 0]) for j in range(m)] for i in range(n)]


@note.right([183, 186], "section 5", "∂J/∂W_ij = δ ∂z/∂W_ij = Σ_{k=1}^n δ_k ∂z_k/∂W_ij = δ_i x_j")
def gradient_by_an_entry():
    summed = [[sum(Δ[0, k] * Z_BY_W[i, j, k] for k in range(n)) for j in range(m)] for i in range(n)]
    return BY_W, Z_BY_W @ Δ[0], summed, [[Δ[0, i] * COLUMN[j, 0] for j in range(m)] for i in range(n)]


@note.cannot_run(
    ValueError,
    [189, 192],
    "section 5, boxed",
    "“\\frac{\\partial J}{\\partial W} = \\delta^T x”, δ a row",
    "n × 1 times m × 1: x is a column",
    "δ^T x^T",
)
def a_column_times_a_column_has_no_shape():
    return BY_W, lambda: Δ.T @ COLUMN, Δ.T @ COLUMN.T


# --- 6: z = x W by W -------------------------------------------------------------------------------------------------

Δ6 = grad(loss, ROW @ V)
BY_V = grad(lambda v: loss(ROW @ v), V)
Z_BY_V = by_entry(lambda v: ROW @ v, V)


@note.right([198, 201, 203], "section 6", "∂J/∂W = ∂J/∂z ∂z/∂W = δ ∂z/∂W, W in R^{m×n}")
def gradient_of_section_6():
    return BY_V.reshape(1, m * n), Δ6 @ jacobian(lambda v: ROW @ v, V)


@note.right([207, 208], "section 6", "z_k = Σ_{l=1}^m x_l W_lk; ∂z_k/∂W_ij = Σ_{l=1}^m x_l ∂W_lk/∂W_ij")
def entry_of_the_tensor_of_section_6():
    of_itself = by_entry(lambda v: v, V).reshape(m, n, m, n)
    summed = [
        [[sum(ROW[0, r] * of_itself[i, j, r, k] for r in range(m)) for k in range(n)] for j in range(n)]
        for i in range(m)
    ]
    return Z_BY_V, summed


@note.right([212], "section 6", "∂W_lk/∂W_ij = 1 where j = k and l = i, else 0; ∂z_k/∂W_ij = 0 where k ≠ j")
def zeros_of_the_tensor_of_section_6():
    deltas = [[[[float(j == k and r == i) for k in range(n)] for r in range(m)] for j in range(n)] for i in range(m)]
    return by_entry(lambda v: v, V).reshape(m, n, m, n), deltas


@note.wrong(
    [212],
    "section 6",
    "∂W_lk/∂W_ij “只有在$$l=i$$时才有一个非零项$$x_i$$”",
    "that derivative is 1; it is in ∂z_k/∂W_ij that x_i stands (as section 5 says rightly)",
    "∂W_lk/∂W_ij = 1, ∂z_k/∂W_ij = x_i",
)
def an_entry_by_itself_is_one():
    i, j = 1, 2
    return [engine.grad(lambda w: w)(V[i, j])], [ROW[0, i]], [1.0]


@note.right([215], "section 6", "∂z/∂W_ij = [0 … x_i … 0], x_i in place j")
def a_row_with_one_entry():
    return Z_BY_V, [[np.insert(np.zeros(n - 1), j, ROW[0, i]) for j in range(n)] for i in range(m)]


@note.right([219], "section 6", "∂J/∂W_ij = δ ∂z/∂W_ij = Σ_{k=1}^n δ_k ∂z_k/∂W_ij = δ_j x_i")
def gradient_by_an_entry_of_section_6():
    summed = [[sum(Δ6[0, k] * Z_BY_V[i, j, k] for k in range(n)) for j in range(n)] for i in range(m)]
    return BY_V, Z_BY_V @ Δ6[0], summed, [[Δ6[0, j] * ROW[0, i] for j in range(n)] for i in range(m)]


@note.right([223], "section 6, boxed", "∂J/∂W = x^T δ")
def result_of_section_6():
    return BY_V, ROW.T @ Δ6
