"""Mistakes in what is done to a finished gradient: learning rates, updates, clipping, precision."""

WORDS = {
    "learning-rate": (
        "result",
        "the learning rate is multiplied in: that belongs to the update, not to the gradient",
        "lr * gradient",
        "note 001, one neuron's update (step and gradient in one formula)",
    ),
    "update": (
        "result",
        "this is the step that an optimiser takes, -lr * gradient, not the gradient",
        "-lr * gradient",
        "note 001, one neuron's update; PyTorch documentation, torch.optim.SGD",
    ),
    "updated-parameters": (
        "result",
        "these are the parameters after a step, W - lr * gradient, not the gradient",
        "W - lr * gradient",
        "note 001, one neuron's update (w is overwritten by its new value)",
    ),
    "accumulated": (
        "result",
        "gradients were added up over calls: set them to zero before each one",
        "gradient + gradient of the calls before",
        "Karpathy, 'most common neural net mistakes' (zero_grad forgotten); PyTorch documentation, Optimizer.zero_grad",
    ),
    "normalised": (
        "result",
        "the gradient was normalised, or clipped by its norm",
        "gradient * (limit / norm of gradient)",
        "Pascanu, Mikolov, Bengio 2013, algorithm 1 (clipping belongs after the check)",
    ),
    "clipped": (
        "result",
        "large entries of the gradient were cut off",
        "clip(gradient, -limit, limit)",
        "Pascanu, Mikolov, Bengio 2013; PyTorch documentation, clip_grad_value_",
    ),
    "single-precision": (
        "result",
        "these numbers have single precision (float32): use float64 to check a gradient",
        "float32(gradient)",
        "CS231n notes, 'Neural networks 3', gradient checks (use double precision)",
    ),
    "signs-only": (
        "result",
        "only the signs of the gradient's entries are left",
        "sign(gradient)",
        "Bernstein et al. 2018, signSGD (an update rule, not a gradient)",
    ),
}
