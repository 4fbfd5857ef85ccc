"""Names, labels, functions and constants that random programs are made of."""

from __future__ import annotations

HOSTILE = [
    "N", "np", "theta", "gradient", "seed", "constants", "forward", "backward", "strided", "dx", "dw", "dt", "z1", "a1",
    "s1", "value", "loss", "scale", "dtype", "build", "out", "x_view", "ones_N", "jnp", "lax", "jax", "program",
    "index", "dtheta", "d_theta", "c1", "erf", "list", "max", "print", "t", "d", "g1", "W", "b", "x", "dz1", "losses",
    "picked", "n_rows", "partial", "float", "total", "add", "p0_0", "dp0", "x0_1",
]  # fmt: skip
"""Names that a compiler might want for itself."""

USED = {"np", "list", "max", "print", "float", "engine"}
"""Names that the programs themselves need as they are."""

ARGUMENT_NAMES = [name for name in HOSTILE if name not in USED]

LABELS = [
    *HOSTILE, "7*7", "0_1", "1-2", "a b", "layers.0.W", "class", "w[0]", "w[1]", "lambda", "é", "", "", "x.y", "w",
    "None", "w[-1]", "w[0", "{x}", "%s", "'", '"', "\\", "#", "w[0, 1, 2]", "__import__", "π", "𝑥", "if",
]  # fmt: skip

UNARY = [
    "tanh", "sin", "cos", "sigmoid", "relu", "softplus", "abs", "arctan", "square", "sign", "erf", "arcsinh", "silu",
    "gelu", "leaky_relu", "stop_gradient", "negative",
]  # fmt: skip

BOUNDED = {  # functions of what is bounded first, or made positive
    "exp": "engine.exp(engine.sin({x}))",
    "exp2": "engine.exp2(engine.sin({x}))",
    "log2": "engine.log2(0.5 + {x} ** 2)",
    "cbrt": "engine.cbrt(1.5 + engine.sin({x}))",
    "expm1": "engine.expm1(engine.sin({x}))",
    "log": "engine.log(0.5 + {x} ** 2)",
    "log1p": "engine.log1p(engine.square({x}))",
    "sqrt": "engine.sqrt(0.25 + {x} ** 2)",
    "cosh": "engine.cosh(engine.tanh({x}))",
    "sinh": "engine.sinh(engine.tanh({x}))",
    "arcsin": "engine.arcsin(0.9 * engine.sin({x}))",
    "arccos": "engine.arccos(0.9 * engine.tanh({x}))",
    "reciprocal": "engine.reciprocal(1.5 + engine.sin({x}))",
}

PAIRS = ["arctan2({a}, {b})", "hypot({a}, 0.5 + {b} ** 2)", "logaddexp({a}, {b})", "maximum({a}, {b})"]

CONSTANTS = ["0.0", "1.0", "2.0", "-1.0", "0.5", "0.1", "3", "0", "1", "-0.25", "-0.0", "-1"]
