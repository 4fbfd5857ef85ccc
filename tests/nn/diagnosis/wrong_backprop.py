"""Backpropagation as people write it, one sample a column (note 000), with any of their mistakes switched on.

It shares no code with `nn`: what `nn.diagnose` names was made here, by other lines in another layout.
"""

from __future__ import annotations

import math

import numpy as np

EVERY = "every"
SVMS = ["svm-right-class-missing", "svm-right-class-once", "svm-right-class-counted", "svm-margins-for-ones"]
SVMS += ["svm-squared", "svm-no-margin"]


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1.0 + np.exp(-np.abs(z)))


def phi(z):
    return 0.5 * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0)))


F = {
    "identity": lambda z: z,
    "relu": lambda z: z * (z > 0),
    "leaky_relu": lambda z: z * (z > 0) + 0.01 * z * (z <= 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": lambda z: np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0),
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * phi(z),
}
DF = {
    "identity": lambda z: z * 0 + 1.0,
    "relu": lambda z: 1.0 * (z > 0),
    "leaky_relu": lambda z: 1.0 * (z > 0) + 0.01 * (z <= 0),
    "tanh": lambda z: 1.0 / np.cosh(z) ** 2,
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "softplus": sigmoid,
    "silu": lambda z: sigmoid(z) + z * sigmoid(z) * sigmoid(-z),
    "gelu": lambda z: phi(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
}


def softmax(z, axis=0):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def jacobian_times(p, g):
    """One sample at a time, with the whole Jacobian."""
    return np.stack([(np.diag(p[:, n]) - np.outer(p[:, n], p[:, n])) @ g[:, n] for n in range(p.shape[1])], axis=1)


class Wrong:
    """Gradients with mistakes: `bugs` maps a mistake's name to the layer it is in, or EVERY.

    `options` are numbers that some mistakes need: lr, sample, limit, previous (params, X, t).
    """

    def __init__(self, params, X, t, kinds, loss, *, reduction="mean", l2=0.0, bugs=None, options=None):
        self.W = [params[f"layers.{k}.W"] for k in range(len(kinds))]
        self.b = [params[f"layers.{k}.b"] for k in range(len(kinds))]
        self.x, self.t = X.T, t.T
        self.kinds, self.loss, self.l2 = kinds, loss, l2
        self.n = X.shape[0]
        self.share = 1.0 / self.n if reduction == "mean" else 1.0
        self.bugs, self.options = bugs or {}, options or {}

    def has(self, bug, layer=None):
        return bug in self.bugs and (layer is None or self.bugs[bug] in (EVERY, layer))

    # --- forward ---

    def data(self):
        x, t, i = self.x, self.t, self.options.get("sample", 0)
        if self.has("sample-dropped"):
            x, t = np.delete(x, i, axis=1), np.delete(t, i, axis=1)
            self.share *= self.n / (self.n - 1.0) if self.options.get("recount") else 1.0
        if self.has("sample-doubled"):
            x, t = np.hstack([x, x[:, [i]]]), np.hstack([t, t[:, [i]]])
        if self.has("one-sample-only"):
            x, t = x[:, [i]], t[:, [i]]
            self.share = 1.0
        if self.has("first-input-for-all"):
            x = x[:, [0]] + 0.0 * x
        if self.has("first-target-for-all"):
            t = t[:, [0]] + 0.0 * t
        if self.has("targets-late"):
            t = np.hstack([t[:, -1:], t[:, :-1]])
        if self.has("targets-early"):
            t = np.hstack([t[:, 1:], t[:, :1]])
        if self.has("targets-reversed"):
            t = np.fliplr(t)
        if self.has("classes-off-by-one"):
            t = np.vstack([t[-1:], t[:-1]])
        if self.has("classes-one-too-low"):
            t = np.vstack([t[1:], t[:1]])
        if self.has("classes-reversed"):
            t = np.flipud(t)
        return x, t

    def forward(self, x):
        a, zs = [x], []
        for k, kind in enumerate(self.kinds):
            b = 0.0 * self.b[k] if self.has("no-bias-forward", k) else self.b[k]
            z = self.W[k].T @ a[-1] + b.reshape(-1, 1)
            zs.append(z)
            a.append(z if self.has("no-activation-forward", k) else F[kind](z))
        return zs, a

    # --- the output ---

    def output(self, z, y, t):
        """dC_n/da of the last layer, one column a sample."""
        m, has = len(y), self.has
        if self.loss == "cross_entropy":
            p = softmax(z)
            top = 1.0 * (np.arange(m)[:, None] == z.argmax(axis=0))
            choices = {
                "softmax-diagonal": lambda: -t / p * p * (1 - p),
                "minus-one": lambda: p - np.ones_like(p),
                "jacobian-twice": lambda: jacobian_times(p, p - t),
                "no-reciprocal": lambda: jacobian_times(p, -t),
                "binary-on-softmax": lambda: jacobian_times(p, -t / p + (1 - t) / (1 - p)),
                "shift-in-numerator": lambda: p - t + top,
                "shift-in-denominator": lambda: p - t - top,
                "scores-for-probabilities": lambda: z - t,
                "sigmoid-for-softmax": lambda: sigmoid(z) - t,
                "softmax-over-batch": lambda: softmax(z, axis=1) - t,
                "softmax-twice": lambda: softmax(p) - t,
                "softmax-twice-through": lambda: jacobian_times(p, softmax(p) - t),
                "not-normalised": lambda: np.exp(z) - t,
                "only-right-class": lambda: np.where(t > 0, p - 1, 0),
                "softmax-slope": lambda: (p - t) * (p - p**2),
                "no-target": lambda: p,
            }
            right = jacobian_times(p, -t / p)
        elif self.loss == "binary_cross_entropy":
            p = sigmoid(z)
            choices = {
                "scores-for-probabilities": lambda: (z - t) / m,
                "sigmoid-slope": lambda: (p - t) * p * sigmoid(-z) / m,
                "no-sigmoid-slope": lambda: (-t / p + (1 - t) / (1 - p)) / m,
                "only-positive-targets": lambda: -t / p * p * (1 - p) / m,
                "no-target": lambda: p / m,
            }
            right = (p - t) / m
        elif self.loss == "svm":
            by_name = {name: np.zeros_like(z) for name in ("right", *SVMS)}
            for n in range(z.shape[1]):
                own = int(t[:, n].argmax())
                for j in range(m):
                    margin = z[j, n] - z[own, n] + 1
                    if j != own and margin > 0:
                        for name, count in (
                            ("right", 1),
                            ("svm-margins-for-ones", margin),
                            ("svm-squared", 2 * margin),
                        ):
                            by_name[name][j, n] += count
                            by_name[name][own, n] -= count
                        by_name["svm-right-class-missing"][j, n] = by_name["svm-right-class-once"][j, n] = 1
                        if margin > 1:
                            by_name["svm-no-margin"][j, n] += 1
                            by_name["svm-no-margin"][own, n] -= 1
                by_name["svm-right-class-once"][own, n] = -1
            by_name["svm-right-class-counted"] = by_name["right"] - t
            right = by_name["right"]
            choices = {name: lambda name=name: by_name[name] for name in SVMS}
        elif self.loss == "hinge":
            choices = {
                "no-margin": lambda: -t / m,
                "perceptron": lambda: -t * (y * t < 0) / m,
                "hinge-without-target": lambda: -1.0 * (y * t < 1) / m,
                "hinge-squared": lambda: -2 * t * (1 - y * t) * (y * t < 1) / m,
                "margin-inverted": lambda: -t * (y * t >= 1) / m,
                "error-at-z": lambda: -t * (z * t < 1) / m,
            }
            right = -t * (y * t < 1) / m
        else:
            two = 2.0 if self.loss == "mse" else 1.0
            choices = {
                "no-two": lambda: (y - t) / m,
                "two-too-many": lambda: 2 * two * (y - t) / m,
                "error-squared": lambda: (t - y) * (t - y) / m,
                "absolute-error": lambda: np.where(y > t, 1.0, -1.0) / m,
                "no-target": lambda: two * y / m,
                "error-summed-over-outputs": lambda: np.ones((m, 1)) @ np.ones((1, m)) @ (y - t) / m,
                "error-at-z": lambda: two * (z - t) / m,
            }
            right = two * (y - t) / m
        for bug, made in choices.items():
            if has(bug):
                return made()
        if has("sum-for-mean-of-outputs"):
            right = right * m
        if has("sign"):
            right = -right
        if has("log-base"):
            right = right / math.log(self.options.get("base", 2))
        return right

    def shares(self):
        """What a sample counts."""
        share, m = self.share, self.t.shape[0]
        if self.has("no-mean"):
            share = 1.0
        if self.has("mean-again"):
            share = share / self.n
        if self.has("wrong-count"):
            share = 1.0 / {"C": m, "NC": m * self.n, "D": len(self.x), "N-1": self.n - 1}[self.options["count"]]
        if self.has("factor"):
            share = share * self.options["factor"]
        return share

    # --- one layer ---

    def slope(self, k, zs, a, g):
        """f'(z) of layer k, or what somebody took for it."""
        kind, z, act, has = self.kinds[k], zs[k], a[k + 1], self.has
        if kind == "identity":
            return 1.0
        low = 0.01 if kind == "leaky_relu" else 0.0
        if has("no-slope", k):
            return 1.0
        if has("slope-twice", k):
            return DF[kind](z) * DF[kind](z)
        if has("slope-at-activation", k):
            return DF[kind](act)
        if has("slope-formula-on-z", k):
            return z * (1 - z) if kind == "sigmoid" else 1 - z * z
        if has("slope-formula-on-error", k):
            return g * (1 - g) if kind == "sigmoid" else 1 - g * g
        if has("activation-for-slope", k):
            return F[kind](z)
        if has("slope-without-square", k) or has("slope-without-complement", k):
            return 1 - act
        if has("mask-of-error", k):
            return np.where(g > 0, 1.0, low)
        if has("mask-of-both", k):
            return np.where(g > 0, 1.0, 0.0) * np.where(z > 0, 1.0, 0.0)
        if has("mask-inverted", k):
            return np.where(z > 0, low, 1.0)
        if has("slope-of-another", k):
            other = self.options["other"]
            if other == "tanh of a":
                return 1 - act**2
            return act - act**2 if other == "sigmoid of a" else DF[other](z)
        if has("leaky-slope", k):
            return np.where(z > 0, 1.0, self.options["slope"])
        if has("slope-of-wrong-layer", k):
            return DF[kind](zs[self.options["layer"]])
        return DF[kind](z)

    def back(self, k, delta, g, deltas, rate, dW):
        """dC/da of the layer below layer k."""
        W, b, has = self.W[k], self.b[k][:, None], self.has
        below = W.shape[0]
        if has("weights-untransposed", k):
            return W.T @ delta
        if has("bias-propagated", k):
            return (np.hstack([b, W.T]).T @ delta)[:-1]
        if has("bias-propagated-last", k):
            return (np.hstack([W.T, b]).T @ delta)[1:]
        if has("weights-forgotten", k):
            return delta
        if has("deltas-summed", k):
            return np.ones((below, 1)) * delta.sum(axis=0)
        if has("averaged-over-neurons", k):
            return (W[:, :, None] * delta[None]).mean(axis=1)
        if has("error-propagated", k):
            return W @ g
        if has("weights-absolute", k):
            return np.abs(W) @ delta
        if has("sign-propagated", k):
            return -(W @ delta)
        if has("averaged-per-layer", k):
            return W @ delta / self.n
        if has("wrong-weights", k):
            return self.W[self.options["layer"]] @ delta
        if has("delta-skips", k):
            return W @ deltas[-1]
        if has("updated-weights", k):
            return (W - rate * dW) @ delta
        return W @ delta

    def weights(self, k, a, zs, delta, g, deltas):
        """dC/dW of layer k, without its penalty."""
        source, has = a[k], self.has
        shape, n = self.W[k].shape, source.shape[1]
        if has("inputs-of-another-batch") and k == 0:
            source = self.options["previous"][1].T
        if has("inputs-shifted") and k == 0:
            source = np.hstack([source[:, -1:], source[:, :-1]])
        if has("weights-transposed", k):
            return delta @ source.T
        if has("weights-reshaped", k):
            return (delta @ source.T).ravel().reshape(shape)
        if has("inputs-reshaped", k):
            return source.T.copy().reshape(shape[0], n) @ delta.T
        if has("pre-activation-for-activation", k):
            return zs[k - 1] @ delta.T
        if has("input-for-activation", k):
            return a[0] @ delta.T
        if has("own-activation", k):
            return a[k + 1] @ delta.T
        if has("no-slope-in-weights", k):
            return source @ g.T
        if has("delta-of-wrong-layer", k):
            return source @ deltas[k + 1].T
        if has("averages-multiplied", k):
            return np.outer(source.mean(axis=1), delta.sum(axis=1))
        if has("first-sample-only", k):
            return np.outer(source[:, 0], delta[:, 0])
        if has("last-sample-only", k):
            return np.outer(source[:, n - 1], delta[:, n - 1])
        made = np.zeros(shape)
        for i in range(n):
            made += np.outer(source[:, i], delta[:, i])
        if has("sign-of-weights", k):
            made = -made
        if has("weights-not-averaged", k):
            made = made * self.n
        if has("weights-averaged-again", k):
            made = made / self.n
        return made

    def penalty(self, k):
        W, l2, has = self.W[k], self.l2, self.has
        if has("penalty-missing", k):
            return 0.0
        if has("penalty-twice", k):
            return l2 * W + l2 * W
        if has("penalty-halved", k):
            return 0.5 * l2 * W
        if has("penalty-averaged", k):
            return l2 / self.n * W
        if has("penalty-not-averaged", k):
            return sum(l2 * W for _ in range(self.n))
        if has("penalty-sign", k):
            return -l2 * W
        if has("penalty-l1", k):
            return l2 * np.where(W > 0, 1.0, -1.0)
        if has("penalty-value", k):
            return 0.5 * l2 * W * W
        if has("penalty-summed", k):
            return l2 * np.sum(W)
        return l2 * W

    def biases(self, k, a, delta, g):
        has = self.has
        if has("bias-wrong-axis", k):
            made = delta.sum(axis=0)
        elif has("bias-of-first-sample", k):
            made = delta[:, 0]
        elif has("bias-of-last-sample", k):
            made = delta[:, -1]
        elif has("bias-one-number", k):
            made = np.ones(len(delta)) * delta.sum() / (len(delta) if self.options.get("mean") else 1)
        elif has("bias-without-slope", k):
            made = g.sum(axis=1)
        elif has("bias-missing", k):
            made = np.zeros(len(delta))
        elif has("bias-from-weights", k):
            made = (a[k] @ delta.T).sum(axis=0)
        elif has("bias-averaged-again", k):
            made = delta.mean(axis=1)
        elif has("bias-not-averaged", k):
            made = delta.sum(axis=1) * self.n
        elif has("sign-of-bias", k):
            made = -delta.sum(axis=1)
        else:
            made = delta.sum(axis=1)
        return made + self.l2 * self.b[k] if has("penalty-on-biases", k) else made

    # --- all of it ---

    def gradients(self):
        x, t = self.data()
        zs, a = self.forward(x)
        if self.has("stale-activations"):
            params, X, _ = self.options["previous"]
            zs, a = Wrong(params, X, self.t.T, self.kinds, self.loss).forward(X.T)
        last, made, deltas = len(self.kinds) - 1, {}, [None] * len(self.kinds)
        g = self.output(zs[-1], a[-1], t) * self.shares()
        for k in range(last, -1, -1):
            delta = deltas[k] = g * self.slope(k, zs, a, g)
            made[f"layers.{k}.b"] = self.biases(k, a, delta, g)
            made[f"layers.{k}.W"] = self.weights(k, a, zs, delta, g, deltas) + self.penalty(k)
            if k:
                g = self.back(k, delta, g, deltas, self.options.get("lr", 0.1), made[f"layers.{k}.W"])
        return self.finished(made)

    def finished(self, made):
        rate, limit, has = self.options.get("lr", 0.1), self.options.get("limit", 1.0), self.has
        if has("layers-swapped"):
            one, two = self.options["swap"]
            made[f"layers.{one}.W"], made[f"layers.{two}.W"] = made[f"layers.{two}.W"], made[f"layers.{one}.W"]
        if has("weights-permuted"):
            name = f"layers.{self.bugs['weights-permuted']}.W"
            made[name] = made[name][self.options["order"]]
        if has("learning-rate"):
            made = {k: v * rate for k, v in made.items()}
        if has("update"):
            made = {k: -rate * v for k, v in made.items()}
        if has("updated-parameters"):
            old = {f"layers.{k}.{p}": v[k] for k in range(len(self.W)) for p, v in (("W", self.W), ("b", self.b))}
            made = {k: old[k] - rate * v for k, v in made.items()}
        if has("accumulated"):
            before = made
            if "previous" in self.options:
                before = Wrong(*self.options["previous"], self.kinds, self.loss, l2=self.l2).gradients()
            made = {k: v + before[k] for k, v in made.items()}
        if has("normalised"):
            norm = math.sqrt(sum((v**2).sum() for v in made.values()))
            made = {k: v / norm * limit for k, v in made.items()}
        if has("clipped"):
            limit = 0.5 * max(np.abs(v).max() for v in made.values())
            made = {k: np.where(np.abs(v) > limit, np.sign(v) * limit, v) for k, v in made.items()}
        if has("signs-only"):
            made = {k: np.sign(v) for k, v in made.items()}
        return made
