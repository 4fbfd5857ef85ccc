"""Mistakes in the activation's derivative: missing, twice, at the wrong place, of the wrong function, a wrong mask."""

BP2 = "Nielsen, Neural Networks and Deep Learning, chapter 2, BP2"
BIAS_QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"

WORDS = {
    "no-slope": ("BP2", "the activation's derivative f'(z) is missing", "delta[l] = {back}", BP2),
    "slope-twice": (
        "BP2",
        "the activation's derivative f'(z) is applied twice",
        "delta[l] = ({back}) * f'(z[l]) * f'(z[l])",
        BP2,
    ),
    "slope-at-activation": (
        "BP2",
        "the derivative is taken at the activation a, not at the pre-activation z",
        "delta[l] = ({back}) * f'(a[l])",
        "note 000, BP2 (f' is taken at z); Ng, Machine Learning, exercise 4 (sigmoidGradient of a)",
    ),
    "slope-formula-on-z": (
        "BP2",
        "the derivative's formula in terms of a is given z: it is a (1 - a) or 1 - a**2, with the activation",
        "delta[l] = ({back}) * z[l] (1 - z[l]), or 1 - z[l]**2",
        "Mathematics Stack Exchange 1731965; note 004 (a' = a (1 - a))",
    ),
    "slope-formula-on-error": (
        "BP2",
        "the derivative's formula is given the error from above, not the activation",
        "delta[l] = g * g (1 - g), or g * (1 - g**2), with g = {back}",
        BIAS_QUESTION + " (dz2 = dh2 * (1 - dh2))",
    ),
    "activation-for-slope": (
        "BP2",
        "the activation itself is used in place of its derivative",
        "delta[l] = ({back}) * f(z[l])",
        "Stack Overflow 51812911 (the ReLU's derivative left at x)",
    ),
    "slope-without-square": (
        "BP2",
        "tanh's derivative is 1 - a**2: the square is missing",
        "delta[l] = ({back}) * (1 - a[l])",
        "CS231n notes, 'Optimization 2' (1 - tanh**2)",
    ),
    "slope-without-complement": (
        "BP2",
        "the sigmoid's derivative is a (1 - a): the factor a is missing",
        "delta[l] = ({back}) * (1 - a[l])",
        BIAS_QUESTION,
    ),
    "mask-of-error": (
        "BP2",
        "the ReLU's mask is made from the gradient that arrives, not from the pre-activation",
        "delta[l] = ({back}) * (that > 0)",
        "Zeiler and Fergus 2014 (a deconvolutional network does so on purpose)",
    ),
    "mask-of-both": (
        "BP2",
        "negative gradients are cut off as well as inactive units",
        "delta[l] = max({back}, 0) * (z[l] > 0)",
        "Springenberg et al. 2015, 'guided backpropagation' (on purpose there)",
    ),
    "mask-inverted": (
        "BP2",
        "the ReLU's mask is inverted: it lets through where z < 0",
        "delta[l] = ({back}) * (z[l] < 0)",
        "graduateml.com, 'ReLU backward pass'; CS231n notes, case study (dhidden[hidden <= 0] = 0)",
    ),
    "slope-of-another": (
        "BP2",
        "this is the derivative of another activation function",
        "delta[l] = ({back}) * g'(z[l]), g another function",
        "note 003 beside note 004 (ReLU and sigmoid); " + BIAS_QUESTION,
    ),
    "leaky-slope": (
        "BP2",
        "the slope below zero is another one than the network's rectifier has",
        "delta[l] = ({back}) * (1 where z[l] > 0, else another slope)",
        "scientific-computing/FKB, issue 15 (the slope of the forward pass is not that of the backward pass)",
    ),
    "slope-of-wrong-layer": (
        "BP2",
        "the derivative (or the ReLU's mask) is that of another layer, perhaps overwritten in place",
        "delta[l] = ({back}) * f'(z[k]), k another layer",
        "note 003 (the index of Z in the recursion)",
    ),
}
