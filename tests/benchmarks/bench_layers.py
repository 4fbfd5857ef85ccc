"""How often check_backward names what was injected into a layer's backward pass, and whether it tells right from wrong.

    python tests/benchmarks/bench_layers.py [--each 3] [--seed 0] [--layers softmax lstm] [--list]
    python tests/benchmarks/bench_layers.py --right 20000 --wrong 20000

Mistakes are injected by tests/nn/layers/injected.py, which changes one place of a backward pass's code, and knows nothing
of how they are found; the mistakes of nn/layers are among them. A right gradient is judged as it is, in single precision,
and as differences of the forward pass. Beside the second command's figures stand those of gradients that are off by little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from markdown import heading, row
from tqdm import tqdm

import nn
from nn.diagnosis.layer import LayerPoint
from nn.layers import LAYERS
from tests.nn.layers.injected import KINDS, Injected, injected, is_wrong
from tests.nn.layers.precisions import PRECISIONS

NAMED_COLUMNS = ("layer", "injected", "named as injected", "in other words", "unnamed", "median s", "longest s")
JUDGED_COLUMNS = (
    "layer",
    "right ones",
    "called right",
    "ambiguous",
    "named or unnamed",
    "wrong ones",
    "called right too",
)
ANY = "any value"


def title(layer) -> str:
    return layer.__name__.split(".")[-1].replace("_", " ")


def singles(layer, each: int, rng) -> list[tuple[Injected, set[str], tuple]]:
    """Return at most so many injections of each change, and those of the file; each with its names and inputs."""
    chosen = [
        (Injected(mistake.what, mistake.wrong, mistake.made_in(layer.backward)), set(mistake.names))
        for mistake in layer.MISTAKES
    ]
    by_change = defaultdict(list)
    for one in injected(layer):
        if one.change != ANY:
            by_change[one.change].append(one)
    for change, several in by_change.items():
        wrong = [one for one in several if is_wrong(layer, one.backward, layer.inputs(np.random.default_rng(0)), 0)]
        picked = rng.permutation(len(wrong))[:each]
        chosen += [(wrong[k], KINDS[change]) for k in picked]
    return [(one, names, layer.inputs(np.random.default_rng(rng.integers(1 << 30)))) for one, names in chosen]


def outcome(diagnosis, names: set[str]) -> str:
    """Return how a diagnosis stands to what was injected."""
    if diagnosis.verdict not in ("named", "ambiguous"):
        return diagnosis.verdict
    paths = [{finding.name for finding in path} for path in diagnosis.alternatives or (diagnosis.findings,)]
    if len(paths) > 3:
        return "unnamed"
    return "named" if any(path <= names for path in paths) else "other"


def naming(layers, each: int, seed: int, listed: bool) -> None:
    heading(NAMED_COLUMNS)
    totals, times = Counter(), []
    for layer in layers:
        counts, seconds = Counter(), []
        for one, names, inputs in tqdm(
            singles(layer, each, np.random.default_rng(seed)), desc=title(layer), leave=False
        ):
            if not is_wrong(layer, one.backward, inputs, 0):
                continue  # at these inputs the change makes no difference
            began = time.process_time()
            diagnosis = nn.check_backward(layer.forward, one.backward, *inputs)
            seconds.append(time.process_time() - began)
            said = outcome(diagnosis, names)
            counts[said] += 1
            if listed and said != "named":
                names_said = [
                    [(f.where, f.name) for f in path] for path in diagnosis.alternatives or [diagnosis.findings]
                ]
                tqdm.write(
                    f"{said}: {title(layer)}: {one.change}: {one.line}: {names_said} ({seconds[-1]:.1f} s)", sys.stderr
                )
        totals += counts
        times += seconds
        print_row(title(layer), counts, seconds)
    print_row("all", totals, times)
    many = sum(totals.values())
    print(
        f"\n{100 * (totals['named'] + totals['other']) / many:.1f}% of {many} named, or among at most three; {totals['right']} called right"
    )


def print_row(name: str, counts: Counter, seconds: list[float]) -> None:
    many = sum(counts.values())
    shares = [f"{100 * counts[kind] / max(1, many):.0f}%" for kind in ("named", "other")]
    missed = counts["unnamed"] + counts["right"]
    row([name, str(many), *shares, str(missed), f"{np.median(seconds):.2f}", f"{np.max(seconds):.1f}"])


def judging(layers, right: int, wrong: int, seed: int) -> None:
    heading(JUDGED_COLUMNS)
    totals = Counter()
    for place, layer in enumerate(layers):
        shares = [many // len(layers) + (place < many % len(layers)) for many in (right, wrong)]
        counts = right_ones(layer, shares[0], seed) + wrong_ones(layer, shares[1], seed)
        totals += counts
        print_judged(title(layer), counts)
    print_judged("all", totals)


def right_ones(layer, many: int, seed: int) -> Counter:
    counts = Counter()
    for turn in tqdm(range(many), desc=f"right, {title(layer)}", leave=False):
        rng = np.random.default_rng([seed, turn])
        kind, precision = list(PRECISIONS.items())[turn % len(PRECISIONS)]
        forward, backward, inputs = precision(layer, layer.inputs(rng))
        diagnosis = nn.check_backward(forward, backward, *inputs, seed=turn)
        counts["right ones"] += 1
        counts[f"right: {diagnosis.verdict}"] += 1
        if not diagnosis.ok:
            tqdm.write(
                f"{diagnosis.verdict}: {title(layer)}, {kind}, seed {seed}, turn {turn}: {diagnosis.names}", sys.stderr
            )
    return counts


def wrong_ones(layer, many: int, seed: int) -> Counter:
    counts, rng = Counter(), np.random.default_rng(seed)
    changes = injected(layer)
    with tqdm(total=many, desc=f"wrong, {title(layer)}", leave=False) as bar:
        while counts["wrong ones"] < many:
            one, inputs = changes[rng.integers(len(changes))], layer.inputs(rng)
            if not is_wrong(layer, one.backward, inputs, int(rng.integers(1 << 30))):
                continue
            counts["wrong ones"] += 1
            bar.update()
            if is_called_right(layer, one.backward, inputs):
                counts["wrong: right"] += 1
                tqdm.write(f"called right: {title(layer)}: {one.change}: {one.line}", sys.stderr)
    return counts


def is_called_right(layer, backward, inputs) -> bool:
    """Whether check_backward calls a gradient right; where it is wrong at the first point, no name is sought."""
    names = [f"input {k}" for k in range(len(inputs))]
    point = LayerPoint(layer.forward, backward, inputs, names, np.random.default_rng(0))
    return (
        all(comparison.outcome.ok for comparison in point.comparisons.values())
        and nn.check_backward(layer.forward, backward, *inputs).ok
    )


def print_judged(name: str, counts: Counter) -> None:
    falsely = counts["right: named"] + counts["right: unnamed"]
    cells = [
        counts["right ones"],
        counts["right: right"],
        counts["right: ambiguous"],
        falsely,
        counts["wrong ones"],
        counts["wrong: right"],
    ]
    row([name, *[f"{cell:,}" for cell in cells]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=3, help="injections of each change in a layer")
    parser.add_argument("--right", type=int, default=0, help="right gradients to judge, over all layers")
    parser.add_argument("--wrong", type=int, default=0, help="wrong gradients to judge, over all layers")
    parser.add_argument("--layers", nargs="+", help="only these")
    parser.add_argument("--list", action="store_true", help="print what is not named as it was injected")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    layers = [x for x in LAYERS if not chosen.layers or x.__name__.split(".")[-1] in chosen.layers]
    if chosen.right or chosen.wrong:
        judging(layers, chosen.right, chosen.wrong, chosen.seed)
    else:
        naming(layers, chosen.each, chosen.seed, chosen.list)


if __name__ == "__main__":
    main()
