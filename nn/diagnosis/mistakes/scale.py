"""Mistakes of scale: the mean's 1/N, the square's 2, signs."""

CS231N = "CS231n notes, 'Putting it together: minimal neural network case study'"
SOFTMAX_BATCH = "Stack Overflow 13489896, 'Why is softmax classifier gradient divided by batch size'"
CHAPTER = "Nielsen, Neural Networks and Deep Learning, chapter 2"

WORDS = {
    "no-mean": (
        "mean",
        "this is the gradient of the sum over the batch, without the 1/N of its mean",
        "delta[L] without the factor 1/N",
        SOFTMAX_BATCH,
    ),
    "mean-again": (
        "mean",
        "the 1/N of the batch is applied once more than it should be",
        "delta[L] with one more factor 1/N",
        "note 000, batch gradient (1/m once, at the output); " + CS231N,
    ),
    "wrong-count": (
        "mean",
        "the batch's sum is divided by the wrong number",
        "delta[L] divided by another count in place of N",
        "NumPy's mean of an (N, C) array divides by N * C; PyTorch documentation, MSELoss, reduction='mean'",
    ),
    "sum-for-mean-of-outputs": (
        "BP1",
        "the loss is a mean over the outputs, and its 1/m is missing",
        "delta[L] without the 1/m of the mean over m outputs",
        "note 004, J = 1/(2m) * sum over the m outputs; PyTorch documentation, MSELoss",
    ),
    "no-two": (
        "BP1",
        "the 2 that the derivative of a square brings is missing",
        "delta[L] = (a[L] - t) ...",
        "Cross Validated 490374, 'Backpropogation derivatives' (cost without the 1/2)",
    ),
    "two-too-many": (
        "BP1",
        "a factor 2 of the square is left over",
        "delta[L] = 2 * 2 (a[L] - t) ..., or 2 (a[L] - t) where the loss has 1/2",
        "note 004 (its 1/2 is there to cancel the 2); " + CHAPTER,
    ),
    "sign": (
        "BP1",
        "the sign is turned: t - a in place of a - t",
        "delta[L] = (t - a[L]) ...",
        "Artificial Intelligence Stack Exchange 24020 (its derivative is printed as t - o)",
    ),
    "sign-of-weights": (
        "BP4",
        "the sign of this weight gradient alone is turned",
        "dC/dW[l] = -({outer})",
        "note 000, softmax with cross-entropy (a minus is lost between two lines)",
    ),
    "weights-not-averaged": (
        "BP4",
        "the 1/N of the mean is missing in this weight gradient alone",
        "dC/dW[l] = N * {outer}",
        SOFTMAX_BATCH,
    ),
    "weights-averaged-again": (
        "BP4",
        "this weight gradient is divided by N although delta has been already",
        "dC/dW[l] = 1/N * {outer}",
        "note 000, batch gradient; Ng, Machine Learning, exercise 4 (1/m taken in two places)",
    ),
    "log-base": (
        "BP1",
        "the logarithm's derivative is that of another base: natural logarithms have no such factor",
        "delta[L] / ln(base)",
        "Shannon entropy in bits, beside cross-entropy in nats (Goodfellow, Bengio, Courville, Deep Learning, 3.13)",
    ),
    "factor": (
        "mean",
        "this is the right gradient times a constant",
        "c * delta[L]",
        "CS231n notes, 'Neural networks 3', gradient checks",
    ),
}
