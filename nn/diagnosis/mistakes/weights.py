"""Mistakes in a weight's gradient, BP4: what meets what, transposes, reshapes, permutations."""

BP4 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP4"
VIEW = "Karpathy, 'most common neural net mistakes' (view and permute are not the same thing)"

WORDS = {
    "weights-transposed": (
        "BP4",
        "this gradient is transposed (square, so that shapes do not tell)",
        "dC/dW[l] = {turned}",
        BP4 + "; note 003 beside note 001 (their weights are each other's transposes)",
    ),
    "weights-reshaped": (
        "BP4",
        "the transposed gradient was reshaped, not transposed: the entries are in the wrong places",
        "dC/dW[l] = ({turned}) reshaped",
        VIEW,
    ),
    "inputs-reshaped": (
        "BP4",
        "the layer's input was reshaped to (D, N), not transposed: samples and features are mixed",
        "dC/dW[l] = a[l-1] reshaped to D x N, times delta[l]",
        VIEW,
    ),
    "pre-activation-for-activation": (
        "BP4",
        "the pre-activation z of the layer below is used where its activation a belongs",
        "dC/dW[l] = {of_z}",
        BP4,
    ),
    "input-for-activation": (
        "BP4",
        "the network's input is used where the activation of the layer below belongs",
        "dC/dW[l] = {of_x}",
        BP4,
    ),
    "own-activation": (
        "BP4",
        "the layer's own activation is used where that of the layer below belongs",
        "dC/dW[l] = {of_own}",
        "note 000, BP4 (the index l-1)",
    ),
    "no-slope-in-weights": (
        "BP4",
        "f'(z) is missing in this weight gradient, though not in what is propagated",
        "dC/dW[l] = {of_error}",
        "note 004 (dJ/dW = dJ/da * da/dz * dz/dW, its middle factor)",
    ),
    "delta-of-wrong-layer": (
        "BP4",
        "the delta of the layer above is used for this layer",
        "dC/dW[l] = {of_next}",
        "note 000, BP4 (the index l)",
    ),
    "averages-multiplied": (
        "BP4",
        "average input times average delta is not the average of their products",
        "dC/dW[l] = mean of a[l-1], times sum of delta[l]",
        "note 000, BP4b (the mean of products over samples)",
    ),
    "first-sample-only": (
        "BP4",
        "only the first sample's gradient is here",
        "dC/dW[l] of sample 1 alone",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "last-sample-only": (
        "BP4",
        "only the last sample's gradient is here: the loop overwrites in place of adding",
        "dC/dW[l] of sample N alone",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "layers-swapped": (
        "BP4",
        "this is the gradient of another layer's weights",
        "dC/dW[k] in place of dC/dW[l]",
        "note 003 (the index of W in the recursion)",
    ),
    "weights-permuted": (
        "BP4",
        "the entries are right but their rows or columns are in another order",
        "dC/dW[l] with its rows or columns permuted",
        "note 001 (row j of one convention is column j of another); " + VIEW,
    ),
}
