"""Mistakes in the forward pass that the backward pass looks at."""

WORDS = {
    "no-bias-forward": (
        "forward",
        "the biases were left out of the forward pass",
        "z[l] = {no_bias}",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 3 (forgetting bias terms)",
    ),
    "no-activation-forward": (
        "forward",
        "the activation was left out of the forward pass",
        "a[l] = z[l]",
        "note 000, a = sigma(z) in every layer",
    ),
    "stale-activations": (
        "forward",
        "the activations are those of the call before: run the forward pass again after an update",
        "z, a from before the update",
        "Tsugriy, LLM first principles, 'Common mistakes', stage 2 (caching forward values)",
    ),
}
