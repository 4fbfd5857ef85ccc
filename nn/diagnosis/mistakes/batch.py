"""Mistakes in the data that the gradient was taken of: samples dropped, doubled or mixed up, targets off by one."""

LOOP = "note 001, its loop over samples (its first and its last index)"

WORDS = {
    "sample-dropped": ("batch", "one sample is missing from the sum", "C without C_i", LOOP),
    "sample-doubled": ("batch", "one sample counts twice", "C + 1/N * C_i", LOOP),
    "one-sample-only": (
        "batch",
        "this is one sample's gradient: the loop over the batch overwrites in place of adding",
        "C_i in place of their mean",
        "note 001, its loop over samples (= in place of +=)",
    ),
    "classes-off-by-one": (
        "batch",
        "the one-hot rows are built one class too high: class c has its 1 in column c + 1",
        "t with its columns moved right by one",
        "note 003, its one-hot code; classes counted from 1 (Ng, Machine Learning, exercise 4) used from 0",
    ),
    "classes-one-too-low": (
        "batch",
        "the one-hot rows are built one class too low: class c has its 1 in column c - 1",
        "t with its columns moved left by one",
        "classes counted from 1 (Ng, Machine Learning, exercise 4); note 003, its one-hot code",
    ),
    "classes-reversed": (
        "batch",
        "the targets' columns are in reverse order",
        "t with its columns reversed",
        "one-hot rows built from the right, as binary digits are written",
    ),
    "targets-late": ("batch", "every sample has the target of the sample before it", "t_(i-1) in place of t_i", LOOP),
    "targets-early": ("batch", "every sample has the target of the sample after it", "t_(i+1) in place of t_i", LOOP),
    "targets-reversed": (
        "batch",
        "the targets are in reverse order of the samples",
        "t_(N-i) in place of t_i",
        "note 001, its loop over samples",
    ),
    "first-target-for-all": (
        "batch",
        "every sample has the first sample's target",
        "t_1 in place of t_i",
        "broadcasting a target of shape (1, C) over the batch",
    ),
    "first-input-for-all": (
        "batch",
        "every sample has the first sample's input",
        "x_1 in place of x_i",
        "broadcasting an input of shape (1, D) over the batch",
    ),
    "inputs-of-another-batch": (
        "batch",
        "the first layer's gradient uses the inputs of the batch before",
        "x of another batch in dC/dW[1]",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
    ),
    "inputs-shifted": (
        "batch",
        "the first layer's gradient pairs every delta with the input of the sample next to it",
        "x_(i-1) or x_(i+1) in dC/dW[1]",
        LOOP,
    ),
}
