"""Mistakes in a bias's gradient: BP3."""

QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"

WORDS = {
    "bias-wrong-axis": (
        "BP3",
        "delta is summed over the neurons, not over the samples: the wrong axis",
        "dC/db[l] = sum of delta[l] over neurons",
        "note 000, BP3b (the sum is over samples)",
    ),
    "bias-of-first-sample": (
        "BP3",
        "this is the first sample's delta, not the sum over samples",
        "dC/db[l] = delta[l] of sample 1",
        QUESTION,
    ),
    "bias-of-last-sample": (
        "BP3",
        "this is the last sample's delta, not the sum over samples",
        "dC/db[l] = delta[l] of sample N",
        QUESTION,
    ),
    "bias-without-slope": (
        "BP3",
        "f'(z) is missing in this bias gradient, though not in what is propagated",
        "dC/db[l] = sum of dC/da[l] over samples",
        "note 004 (dJ/db = dJ/da * da/dz)",
    ),
    "bias-missing": (
        "BP3",
        "the bias has no gradient at all",
        "dC/db[l] = 0",
        "Nielsen, Neural Networks and Deep Learning, chapter 2, BP3",
    ),
    "bias-from-weights": (
        "BP3",
        "the weight gradient's rows are summed: a bias's input is 1, not a[l-1]",
        "dC/db[l] = sum over rows of dC/dW[l]",
        "Ng, Machine Learning, exercise 4 (the bias unit, whose input is 1)",
    ),
    "bias-averaged-again": (
        "BP3",
        "the mean over samples is taken although delta contains 1/N already",
        "dC/db[l] = mean of delta[l] over samples",
        "note 000, batch gradient; " + QUESTION,
    ),
    "bias-not-averaged": (
        "BP3",
        "the 1/N of the mean is missing in this bias gradient alone",
        "dC/db[l] = N * sum of delta[l] over samples",
        QUESTION,
    ),
    "sign-of-bias": (
        "BP3",
        "the sign of this bias gradient alone is turned",
        "dC/db[l] = -(sum of delta[l] over samples)",
        "note 000, softmax with cross-entropy (a minus is lost between two lines)",
    ),
    "bias-not-summed": (
        "BP3",
        "the deltas of the samples are not summed: there is one row per sample",
        "dC/db[l] = delta[l], one row per sample",
        QUESTION,
    ),
    "bias-one-number": (
        "BP3",
        "samples and neurons are summed alike: every bias gets the same number",
        "dC/db[l] = sum, or mean over neurons, of all of delta[l]",
        QUESTION + " (np.sum or np.mean without an axis)",
    ),
}
