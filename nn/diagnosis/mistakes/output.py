"""Mistakes at the output: the derivative of the loss, and the softmax or sigmoid before it."""

SOFTMAX = "Cross Validated 235528, 'Backpropagation with softmax / cross entropy'"
JACOBIAN = "Data Science Stack Exchange 64746, 'Problem with chain rule in softmax layer'"
SLOW = "Nielsen, Neural Networks and Deep Learning, chapter 3 (the cross-entropy removes f' from delta)"

WORDS = {
    "softmax-diagonal": (
        "BP1",
        "only the diagonal of the softmax's Jacobian is used: every score changes every probability",
        "delta[L] = (-t / p) * p (1 - p) / N",
        JACOBIAN,
    ),
    "minus-one": (
        "BP1",
        "1 is subtracted from every probability, not only from the right class's",
        "delta[L] = (p - 1) / N",
        "note 003, gradient of the softmax (printed as O - 1)",
    ),
    "jacobian-twice": (
        "BP1",
        "p - t is multiplied with the softmax's Jacobian, which it contains already",
        "delta[L] = J (p - t) / N,  J = diag(p) - p p.T",
        "Artificial Intelligence Stack Exchange 35741, 'Trouble writing the backpropagation algorithm'",
    ),
    "no-reciprocal": (
        "BP1",
        "the cross-entropy's 1/p is forgotten: its derivative by p is -t / p",
        "delta[L] = J (-t) / N,  J = diag(p) - p p.T",
        JACOBIAN,
    ),
    "binary-on-softmax": (
        "BP1",
        "this is the binary cross-entropy's derivative on a softmax: (1 - t) log(1 - p) is no part of this loss",
        "delta[L] = J ((p - t) / (p (1 - p))) / N",
        "PyTorch documentation, BCELoss beside CrossEntropyLoss",
    ),
    "shift-in-numerator": (
        "BP1",
        "the shift by the largest score is differentiated in the score but not in the normaliser; it cancels",
        "delta[L] = (p - t + onehot(argmax z)) / N",
        "CS231n notes, 'Linear classification', numeric stability",
    ),
    "shift-in-denominator": (
        "BP1",
        "the shift by the largest score is differentiated in the normaliser but not in the score; it cancels",
        "delta[L] = (p - t - onehot(argmax z)) / N",
        "CS231n notes, 'Linear classification', numeric stability",
    ),
    "sigmoid-for-softmax": (
        "BP1",
        "the probabilities are sigmoids of the scores, not their softmax",
        "delta[L] = (sigmoid(z[L]) - t) / N",
        "Ng, Machine Learning, exercise 4 (one sigmoid per class) beside note 001's softmax",
    ),
    "softmax-over-batch": (
        "BP1",
        "the softmax is taken over the samples, not over the classes: the wrong axis",
        "delta[L] = (p - t) / N,  p normalised over samples",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 3",
    ),
    "softmax-twice": (
        "BP1",
        "the softmax is applied to probabilities: it was applied to the scores already",
        "delta[L] = (softmax(softmax(z[L])) - t) / N",
        "Karpathy, 'most common neural net mistakes' (softmaxed outputs given to a loss that expects raw logits)",
    ),
    "softmax-twice-through": (
        "BP1",
        "the softmax is applied twice, forward and backward: this loss expects raw scores",
        "delta[L] = J (softmax(p) - t) / N,  J = diag(p) - p p.T",
        "Karpathy, 'most common neural net mistakes'; PyTorch documentation, CrossEntropyLoss",
    ),
    "not-normalised": (
        "BP1",
        "exp(z) is not divided by its sum over the classes",
        "delta[L] = (exp(z[L]) - t) / N",
        "note 001, the softmax's denominator",
    ),
    "only-right-class": (
        "BP1",
        "only the right class's score gets a gradient: the others have p - 0",
        "delta[L] = (p - t) * t / N",
        SOFTMAX + " (its sum has only the term j = k)",
    ),
    "softmax-slope": (
        "BP1",
        "p - t is multiplied with p (1 - p): the cross-entropy has cancelled that already",
        "delta[L] = (p - t) * p (1 - p) / N",
        SLOW,
    ),
    "sigmoid-slope": (
        "BP1",
        "p - t is multiplied with p (1 - p): the cross-entropy has cancelled that already",
        "delta[L] = (p - t) * p (1 - p) / (m N)",
        SLOW,
    ),
    "no-sigmoid-slope": (
        "BP1",
        "this is the derivative by the probability; the sigmoid's p (1 - p) is missing",
        "delta[L] = (p - t) / (p (1 - p)) / (m N)",
        SLOW,
    ),
    "only-positive-targets": (
        "BP1",
        "the term (1 - t) log(1 - p) of the loss is missing: targets of 0 are ignored",
        "delta[L] = -t (1 - p) / (m N)",
        "PyTorch documentation, BCELoss (both terms)",
    ),
    "error-squared": (
        "BP1",
        "the squared error itself is propagated, not its derivative",
        "delta[L] = (a[L] - t)**2 ...",
        "Nielsen, Neural Networks and Deep Learning, chapter 2, BP1 (delta is the cost's derivative, not the cost)",
    ),
    "absolute-error": (
        "BP1",
        "this is the derivative of the absolute error, not of the squared one",
        "delta[L] = sign(a[L] - t) ...",
        "PyTorch documentation, L1Loss beside MSELoss",
    ),
    "error-summed-over-outputs": (
        "BP1",
        "every output's error is the sum over all outputs: only a_j itself depends on a_j",
        "delta_j[L] = 1/m * (sum over i of (a_i[L] - t_i)) ...",
        "note 004, dJ/da (the sum over i is printed to the last line)",
    ),
    "no-margin": (
        "BP1",
        "samples beyond the margin get a gradient too: where t * y > 1 the loss is constant",
        "delta[L] = -t everywhere ...",
        "CS231n notes, 'Optimization' (the indicator of the hinge loss's gradient)",
    ),
    "perceptron": (
        "BP1",
        "the margin is 0 in place of 1: this is the perceptron's loss",
        "delta[L] = -t where t a[L] < 0 ...",
        "Bishop, Pattern Recognition and Machine Learning, 4.1.7 beside 7.1.2",
    ),
    "hinge-without-target": (
        "BP1",
        "the target's sign is missing in the derivative: it is -t, not -1",
        "delta[L] = -1 where t a[L] < 1 ...",
        "CS231n notes, 'Optimization' (the hinge loss's gradient)",
    ),
    "hinge-squared": (
        "BP1",
        "this is the derivative of the squared hinge loss",
        "delta[L] = -2 t max(0, 1 - t a[L]) ...",
        "CS231n notes, 'Linear classification' (L2-SVM)",
    ),
    "margin-inverted": (
        "BP1",
        "the condition is inverted: samples inside the margin are those that count",
        "delta[L] = -t where t a[L] >= 1 ...",
        "CS231n notes, 'Optimization' (the hinge loss's gradient)",
    ),
    "error-at-z": (
        "BP1",
        "the error is taken at the pre-activation z, before the output's activation",
        "delta[L] = 2 (z[L] - t) ...",
        "note 004 (a and z of the output layer side by side)",
    ),
    "no-target": (
        "BP1",
        "the target is not subtracted",
        "delta[L] = p ..., or a[L] ...",
        "CS231n notes, case study (dscores[range(N), y] -= 1 left out)",
    ),
    "scores-for-probabilities": (
        "BP1",
        "the target is subtracted from the scores, not from the probabilities",
        "delta[L] = (z[L] - t) ...",
        "Artificial Intelligence Stack Exchange 24020, 'advantage of using cross-entropy loss and softmax'",
    ),
}
