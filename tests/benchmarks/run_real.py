"""Real runs: digits, micrograd's moons, and MNIST by the matrix path.

    python tests/benchmarks/run_real.py [--mnist FOLDER]

Prints accuracies and seconds.  MNIST needs the folder with its test images: 8,000 train, the other 2,000 test.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import nn
from nn import matrix


def digits() -> None:
    X, T = nn.digits()
    X_train, T_train, X_test, T_test = nn.split(X / 16.0, T, 0.2, seed=0)
    for lifted, epochs, rate in ((True, 40, 5e-3), (False, 8, 1e-2)):
        began = time.perf_counter()
        model = nn.MLP(64, [32, 10], seed=0)
        nn.fit(model, X_train, T_train, epochs=epochs, optimizer=nn.Adam(lr=rate), lifted=lifted, progress=False)
        took = time.perf_counter() - began
        kind = "lifted" if lifted else "eager"
        print(
            f"digits, 64-32-10, {kind}, {epochs} epochs: test accuracy {nn.accuracy(model, X_test, T_test):.4f}, {took:.1f} s"
        )


def moons() -> None:
    X, T = nn.moons(100, noise=0.1, seed=1337)
    began = time.perf_counter()
    model = nn.MLP(2, [16, 16, 1], init="uniform", seed=1337)
    optimizer = nn.SGD(lr=nn.optim.linear(1.0, 100, 0.1))
    nn.fit(model, X, T, loss="hinge", epochs=100, batch_size=100, strength=2e-4, optimizer=optimizer, progress=False)
    took = time.perf_counter() - began
    print(
        f"100 moons, 2-16-16-1, hinge and L2, 100 steps: training accuracy {nn.accuracy(model, X, T, 'hinge'):.4f}, {took:.2f} s"
    )


def mnist(folder: Path, epochs: int = 20) -> None:
    X, T = nn.mnist(folder)
    X_train, T_train, X_test, T_test = nn.split(X, T, 0.2, seed=0)
    model = nn.MLP(784, [50, 10], seed=0)
    params: dict[str, Any] = {k: v.copy() for k, v in model.arrays().items()}
    optimizers = {k: nn.Adam(lr=nn.optim.cosine(3e-3, epochs * 125)) for k in params}
    began = time.perf_counter()
    for epoch in range(epochs):
        order = np.random.default_rng([0, epoch]).permutation(len(X_train))
        for begin in range(0, len(order), 64):
            rows = order[begin : begin + 64]
            _, gradients = matrix.value_and_gradients(params, X_train[rows], T_train[rows], l2=1e-4)
            for k, theta in params.items():
                optimizers[k].update(theta, gradients[k])
    took = time.perf_counter() - began
    model.load_state_dict(params)
    print(
        f"MNIST, 784-50-10 by the matrix path, {len(X_train):,} to train, {epochs} epochs: accuracy "
        f"{nn.accuracy(model, X_test, T_test):.4f} on the other {len(X_test):,}, {took:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Real runs: digits, moons, MNIST.")
    parser.add_argument("--mnist", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "data")
    folder = parser.parse_args().mnist
    moons()
    digits()
    if folder.is_dir():
        mnist(folder)
    else:
        print(f"MNIST: {folder} is not there; pass --mnist FOLDER")


if __name__ == "__main__":
    main()
