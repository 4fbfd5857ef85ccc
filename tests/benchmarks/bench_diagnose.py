"""How often diagnose names what was injected, and how long it takes.

    python tests/benchmarks/bench_diagnose.py [--single 20] [--right 10000] [--pairs 500] [--threes 200] [--seed 0]

Mistakes are injected by tests/nn/diagnosis/wrong_backprop.py, which shares no code with nn, into networks of several
shapes (square ones too), activations, losses, batch sizes and seeds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tqdm import tqdm

from nn import matrix
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from tests.nn.diagnosis.injection import NAMES, draw, gradients, outcome, right
from tests.nn.diagnosis.wrong_backprop import EVERY


def diagnosed(case, convention):
    given = matrix.from_rows(case.candidate, convention)
    return outcome(diagnose_problem(case.problem, given, convention), case.names)


def single(each: int, seed: int) -> None:
    rng, counts, missed = np.random.default_rng(seed), Counter(), Counter()
    for name in tqdm(NAMES, desc="single mistakes"):
        for turn in range(each):
            case = draw([name], rng)
            if case is None:
                print("cannot be made:", name)
                break
            said = diagnosed(case, matrix.CONVENTIONS[turn % 3])
            counts[said] += 1
            missed[name] += said not in ("named", "ambiguous (2)", "ambiguous (3)")
    good = counts["named"] + counts["ambiguous (2)"] + counts["ambiguous (3)"]
    total = sum(counts.values())
    print(f"single: {len(NAMES)} mistakes, {total:,} injected: {100 * good / total:.2f}% named, or among at most three")
    print("       ", dict(counts), "missed:", dict(+missed))


def rights(many: int, seed: int) -> None:
    rng, counts, named = np.random.default_rng(seed + 1), Counter(), 0
    for _ in tqdm(range(many), desc="right gradients"):
        kind, problem, candidate = right(rng)
        said = diagnose_problem(problem, candidate)
        counts[kind, said.verdict] += 1
        named += bool(said.findings or said.alternatives)
    print(f"right: {many:,} gradients, {named} false names;", {" ".join(k): v for k, v in counts.items()})


def pairs(many: int, seed: int) -> None:
    rng, counts = np.random.default_rng(seed + 2), Counter()
    with tqdm(total=many, desc="pairs") as bar:
        while sum(counts.values()) < many:
            case = draw(rng.choice(NAMES, 2, replace=False), rng, tries=5)
            if case is not None:
                counts[diagnosed(case, "rows")] += 1
                bar.update()
    good = counts["named"] + counts["ambiguous (2)"] + counts["ambiguous (3)"]
    print(f"pairs: {many:,} random pairs: {100 * good / many:.1f}% named, or among at most three;", dict(counts))


def threes(many: int, seed: int) -> None:
    """Of three mistakes at once, none that is called certain may be another."""
    rng, counts = np.random.default_rng(seed + 3), Counter()
    with tqdm(total=many, desc="threes") as bar:
        while sum(counts.values()) < many:
            case = draw(rng.choice(NAMES, 3, replace=False), rng, tries=3)
            if case is not None:
                said = diagnose_problem(case.problem, case.candidate)
                certain = any("is certain" in remark for remark in said.remarks)
                counts[len(said.names) if set(said.names) <= case.names else "false"] += certain
                counts["not certain"] += not certain
                bar.update()
    print(f"threes: {many:,} of three mistakes: how many are certain:", dict(counts))


def speed() -> None:
    problem = Problem.random((784, 50, 10), samples=32, activation="relu", l2=0.1)
    wrong = {k: v.copy() for k, v in problem.right.items()}
    wrong["layers.1.b"][3] *= 1.1
    rng = np.random.default_rng(0)
    cases = {
        "right": problem.right,
        "one mistake": gradients(problem, {"no-slope": 0}, {}),
        "two mistakes": gradients(problem, {"no-mean": EVERY, "no-slope": 0}, {}),
        "one wrong entry": wrong,
        "noise": {k: rng.normal(size=v.shape) for k, v in problem.right.items()},
    }
    for label, candidate in cases.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            said = diagnose_problem(problem, candidate).verdict
            times.append(time.perf_counter() - began)
        print(f"784-50-10, 32 samples, {label}: {said}, {statistics.median(times):.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--single", type=int, default=20, help="injections of each mistake")
    parser.add_argument("--right", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--threes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    speed()
    single(chosen.single, chosen.seed)
    pairs(chosen.pairs, chosen.seed)
    threes(chosen.threes, chosen.seed)
    rights(chosen.right, chosen.seed)


if __name__ == "__main__":
    main()
