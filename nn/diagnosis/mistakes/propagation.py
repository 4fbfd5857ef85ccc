"""Mistakes on the way from one layer's delta to the layer below: BP2."""

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"

WORDS = {
    "weights-untransposed": (
        "BP2",
        "the weights are not transposed on the way back (square, so that shapes do not tell)",
        "delta[l] = ({untransposed}) * f'(z[l])",
        BP2 + "; note 003 (transposes in its recursion)",
    ),
    "bias-propagated": (
        "BP2",
        "the bias is in the weight matrix's first row, and the last row was dropped in its place",
        "delta[l] = ([b; W] without its last row, in place of W) ...",
        "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
    ),
    "bias-propagated-last": (
        "BP2",
        "the bias is in the weight matrix's last row, and the first row was dropped in its place",
        "delta[l] = ([W; b] without its first row, in place of W) ...",
        "Ng, Machine Learning, exercise 4 (delta(2:end) removes the bias unit)",
    ),
    "weights-forgotten": (
        "BP2",
        "the weights are missing on the way back: delta is handed down as it is",
        "delta[l] = delta[l+1] * f'(z[l])",
        BP2,
    ),
    "deltas-summed": (
        "BP2",
        "the deltas of the layer above are summed without their weights",
        "delta[l] = (sum over k of delta_k[l+1]) * f'(z[l])",
        "note 000, BP2's sum over k",
    ),
    "averaged-over-neurons": (
        "BP2",
        "the sum over the neurons above was made a mean",
        "delta[l] = 1/C * ({back}) * f'(z[l])",
        "note 000, BP2's sum over k (np.mean in place of np.sum)",
    ),
    "error-propagated": (
        "BP2",
        "what goes down is dC/da, not delta: the f' of the layer above is lost on the way",
        "delta[l] = ({error_back}) * f'(z[l])",
        "note 003 (dl/dO and dl/dZ)",
    ),
    "weights-absolute": (
        "BP2",
        "the absolute values of the weights are used on the way back",
        "delta[l] = delta[l+1] |W[l+1]| * f'(z[l])",
        "note 001, its review of neurons (a weight as the strength of a signal)",
    ),
    "sign-propagated": (
        "BP2",
        "a sign is turned between these layers",
        "delta[l] = -({back}) * f'(z[l])",
        "note 000, softmax with cross-entropy (a minus is lost between two lines)",
    ),
    "averaged-per-layer": (
        "mean",
        "1/N is applied again at every layer on the way down",
        "delta[l] = 1/N * ({back}) * f'(z[l])",
        "note 000, batch gradient (1/m once, at the output)",
    ),
    "wrong-weights": (
        "BP2",
        "the weights of another layer are used on the way back",
        "delta[l] = ({other}) * f'(z[l])",
        "note 003 (the index of W in the recursion)",
    ),
    "delta-skips": (
        "BP2",
        "the output's delta is used here in place of the layer above's",
        "delta[l] = (delta[L] ...) * f'(z[l])",
        "note 000, BP2 (from l+1 to l, one layer at a time)",
    ),
    "updated-weights": (
        "BP2",
        "the weights above were updated before the delta below was computed",
        "delta[l] = ({updated}) * f'(z[l])",
        "Artificial Intelligence Stack Exchange 26136, 'only considering the old values'",
    ),
}
