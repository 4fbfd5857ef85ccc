"""Mistakes in what regularisation adds."""

DECAY = "Loshchilov and Hutter 2019, 'Decoupled weight decay regularization'"
SCALAR = "'Train a logistic regression with regularization model from scratch' (np.sum((Lambda / m) * theta))"

WORDS = {
    "penalty-missing": (
        "penalty",
        "the regularisation's gradient is missing",
        "dC/dW[l] without l2 * W[l]",
        "note 001, dW += reg * W; CS231n notes, 'Neural networks 3', gradient checks",
    ),
    "penalty-twice": (
        "penalty",
        "the regularisation counts twice: it was added twice, or the 1/2 of 1/2 * l2 * W**2 was forgotten",
        "dC/dW[l] += 2 * l2 * W[l]",
        "note 001 (0.5 * reg * W**2); CS231n assignment 1 (reg with and without the 1/2)",
    ),
    "penalty-halved": (
        "penalty",
        "the regularisation keeps its 1/2 although the square's 2 cancels it",
        "dC/dW[l] += 1/2 * l2 * W[l]",
        "note 001 (0.5 * reg * W**2)",
    ),
    "penalty-averaged": (
        "penalty",
        "the regularisation is divided by N: it stands outside of the mean over samples",
        "dC/dW[l] += l2 / N * W[l]",
        "Ng, Machine Learning, exercise 4 (lambda / m, another convention)",
    ),
    "penalty-not-averaged": (
        "penalty",
        "the regularisation is added once a sample: it stands outside of the mean over samples",
        "dC/dW[l] += N * l2 * W[l]",
        "note 001, its loop over samples (reg * W inside the loop)",
    ),
    "penalty-sign": (
        "penalty",
        "this is weight decay, -l2 * W, as it stands in the update, not in the gradient",
        "dC/dW[l] -= l2 * W[l]",
        DECAY,
    ),
    "penalty-l1": (
        "penalty",
        "this is the gradient of the absolute values (L1), not of the squares",
        "dC/dW[l] += l2 * sign(W[l])",
        "CS231n notes, 'Neural networks 2', regularisation (L1 beside L2)",
    ),
    "penalty-value": (
        "penalty",
        "the penalty itself is added, not its derivative",
        "dC/dW[l] += 1/2 * l2 * W[l]**2",
        "note 001, its code (the loss's line beside the gradient's)",
    ),
    "penalty-summed": (
        "penalty",
        "the penalty's gradient was summed to one number",
        "dC/dW[l] += l2 * (sum of W[l])",
        SCALAR,
    ),
    "penalty-on-biases": (
        "penalty",
        "the regularisation is applied to the biases as well",
        "dC/db[l] += l2 * b[l]",
        "Ng, Machine Learning, exercise 4 (the bias column is left out); Goodfellow et al., Deep Learning, 7.1",
    ),
}
