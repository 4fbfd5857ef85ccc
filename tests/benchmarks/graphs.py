"""Graphs of 30,000 to 50,000 operations as people write them, over any Value with operators, exp, log, sqrt, erf, tanh.

Each function takes the class and returns `build`, which makes the graph anew and returns its result.
"""

from __future__ import annotations

import math
import random

# --- science -------------------------------------------------------------------------------------------------


def rk4(V, steps=440):
    """Lotka and Volterra's two species by Runge and Kutta's rule of fourth order."""
    a, b, c, d = V(1.1), V(0.4), V(0.1), V(0.4)

    def slope(x, y):
        return a * x - b * x * y, c * x * y - d * y

    def build():
        x, y, h = V(10.0), V(5.0), 0.01
        for _ in range(steps):
            k1, l1 = slope(x, y)
            k2, l2 = slope(x + h / 2 * k1, y + h / 2 * l1)
            k3, l3 = slope(x + h / 2 * k2, y + h / 2 * l2)
            k4, l4 = slope(x + h * k3, y + h * l3)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            y = y + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        return x * x + y * y

    return build


def n_body(V, bodies=6, steps=70):
    """Gravity between a few bodies, by leaps; the pull of each on each, coordinate by coordinate."""
    rng = random.Random(0)
    masses = [V(rng.uniform(0.5, 1.5)) for _ in range(bodies)]
    places = [[rng.uniform(-1.0, 1.0) for _ in range(3)] for _ in range(bodies)]

    def build():
        xs = [[V(x) for x in place] for place in places]
        vs = [[V(0.0) for _ in range(3)] for _ in range(bodies)]
        for _ in range(steps):
            for i in range(bodies):
                for j in range(i):
                    d = [p - q for p, q in zip(xs[i], xs[j])]
                    r2 = d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + 0.01
                    pull = 0.001 / (r2 * r2.sqrt())
                    for k in range(3):
                        vs[i][k] = vs[i][k] - d[k] * masses[j] * pull
                        vs[j][k] = vs[j][k] + d[k] * masses[i] * pull
            xs = [[x + 0.01 * v for x, v in zip(x3, v3)] for x3, v3 in zip(xs, vs)]
        return sum(x**2 for x3 in xs for x in x3)

    return build


def black_scholes(V, options=1000):
    """Prices of calls, whose derivatives with respect to the market are what a desk watches."""
    rng = random.Random(0)
    spot, rate, volatility = V(100.0), V(0.02), V(0.25)
    chain = [(rng.uniform(80.0, 120.0), rng.uniform(0.1, 2.0)) for _ in range(options)]

    def normal(x):
        return 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())

    def build():
        book = 0.0
        for strike, years in chain:
            t = V(years)
            spread = volatility * t.sqrt()
            d1 = ((spot / strike).log() + (rate + volatility**2 / 2) * t) / spread
            d2 = d1 - spread
            book = book + spot * normal(d1) - strike * (-rate * t).exp() * normal(d2)
        return book

    return build


# --- networks ------------------------------------------------------------------------------------------------


def rnn(V, hidden=20, inputs=5, steps=40):
    """Elman's network over a sequence, each unit a chain of products and sums."""
    rng = random.Random(0)
    w = [[V(rng.gauss(0, 0.2)) for _ in range(hidden)] for _ in range(hidden)]
    u = [[V(rng.gauss(0, 0.2)) for _ in range(inputs)] for _ in range(hidden)]
    b = [V(0.0) for _ in range(hidden)]
    xs = [[rng.gauss(0, 1) for _ in range(inputs)] for _ in range(steps)]

    def unit(ws, us, bias, h, x):
        return (sum((w * v for w, v in zip(ws, h)), bias) + sum(w * v for w, v in zip(us, x))).tanh()

    def build():
        h = [V(0.0) for _ in range(hidden)]
        for x in xs:
            h = [unit(ws, us, bias, h, x) for ws, us, bias in zip(w, u, b)]
        return sum(v * v for v in h)

    return build


def mlp(V, layers=8, width=50, inputs=100, neuron=None):
    """Eight layers of 50 neurons over 100 inputs: 45,000 multiplications, additions and tanh."""
    rng = random.Random(0)
    sizes = [inputs] + [width] * layers
    weights = [[[V(rng.uniform(-0.1, 0.1)) for _ in range(n)] for _ in range(m)] for n, m in zip(sizes, sizes[1:])]
    x = [V(rng.random()) for _ in range(inputs)]
    neuron = neuron or chain

    def build():
        a = x
        for layer in weights:
            a = [neuron(ws, a) for ws in layer]
        loss = a[0]
        for v in a[1:]:
            loss = loss + v
        return loss

    return build


def chain(ws, xs):
    acc = ws[0] * xs[0]
    for w, x in zip(ws[1:], xs[1:]):
        acc = acc + w * x
    return acc.tanh()


class ScalarGPT:
    """A character model of one layer, 16 channels and 4 heads, in lists of Values, as it is taught."""

    def __init__(self, V, vocabulary=27, channels=16, heads=4, block=16):
        rng = random.Random(42)

        def matrix(rows, columns):
            return [[V(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.channels, self.heads = channels, heads
        self.tokens, self.places = matrix(vocabulary, channels), matrix(block, channels)
        self.q, self.k, self.v, self.o = [matrix(channels, channels) for _ in range(4)]
        self.up, self.down = matrix(4 * channels, channels), matrix(channels, 4 * channels)
        self.head = matrix(vocabulary, channels)
        matrices = [self.tokens, self.places, self.q, self.k, self.v, self.o, self.up, self.down, self.head]
        self.parameters = [p for m in matrices for row in m for p in row]

    def scores(self, token, place, keys, values):
        x = normalised([t + p for t, p in zip(self.tokens[token], self.places[place])])
        before, x = x, normalised(x)
        q = linear(x, self.q)
        keys.append(linear(x, self.k))
        values.append(linear(x, self.v))
        mixed, size = [], self.channels // self.heads
        for h in range(0, self.channels, size):
            own = q[h : h + size]
            logits = [sum(a * b for a, b in zip(own, k[h : h + size])) / size**0.5 for k in keys]
            weights = softmax(logits)
            mixed += [sum(w * v[h + j] for w, v in zip(weights, values)) for j in range(size)]
        x = [a + b for a, b in zip(linear(mixed, self.o), before)]
        before, x = x, normalised(x)
        x = linear([v.relu() for v in linear(x, self.up)], self.down)
        return linear([a + b for a, b in zip(x, before)], self.head)

    def loss(self, text):
        keys, values, losses = [], [], []
        for place, (token, target) in enumerate(zip(text, text[1:])):
            p = softmax(self.scores(token, place, keys, values))
            losses.append(-p[target].log())
        return (1 / len(losses)) * sum(losses)


def linear(x, matrix):
    return [sum(w * v for w, v in zip(row, x)) for row in matrix]


def softmax(xs):
    highest = max(x.data for x in xs)
    es = [(x - highest).exp() for x in xs]
    s = sum(es)
    return [e / s for e in es]


def normalised(x):
    mean_square = sum(v * v for v in x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [v * scale for v in x]


TEXT = [0, 5, 13, 13, 1, 22, 8, 0]


def gpt(V):
    """The loss of a short text."""
    model = ScalarGPT(V)
    return lambda: model.loss(TEXT)


def gpt_step(V):
    """A whole step of training it: loss, gradients, Adam."""
    model = ScalarGPT(V)
    m, v, count = [0.0] * len(model.parameters), [0.0] * len(model.parameters), 0

    def step():
        nonlocal count
        loss = model.loss(TEXT)
        loss.backward()
        count += 1
        for i, p in enumerate(model.parameters):
            m[i] = 0.85 * m[i] + 0.15 * p.grad
            v[i] = 0.99 * v[i] + 0.01 * p.grad**2
            p.data -= 0.01 * (m[i] / (1 - 0.85**count)) / ((v[i] / (1 - 0.99**count)) ** 0.5 + 1e-8)
            p.grad = 0.0
        return loss

    return step


GRAPHS = {"RK4": rk4, "N-body": n_body, "Black-Scholes": black_scholes, "RNN": rnn, "MLP": mlp, "GPT, plain": gpt}
