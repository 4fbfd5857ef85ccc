"""Random programs by the scalar engine, by NumPy, JAX and PyTorch: any number of them, from any seed.

    python tests/benchmarks/run_random.py 50000
    python tests/benchmarks/run_random.py 1000 --jax
    python tests/benchmarks/run_random.py 1000 --torch
    python tests/benchmarks/run_random.py 1000 --loops
    python tests/benchmarks/run_random.py 400 --names
    python tests/benchmarks/run_random.py 1 --seed 173 --show

Every program is lifted as users lift it, proven, and called three times; what was wrong, crashed or was refused is counted.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from contextlib import nullcontext
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[k]) for k in (1, 2)]

from grammar import generate
from random_programs import Tally, as_loops, as_phrases, run


def main() -> None:
    parser = argparse.ArgumentParser(description="Random programs, lifted and by the scalar engine.")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the next have the seeds that follow")
    parser.add_argument("--jax", action="store_true", help="compare the programs on JAX too")
    parser.add_argument("--torch", action="store_true", help="compare the scalar engine with PyTorch too")
    parser.add_argument(
        "--names", action="store_true", help="programs whose arguments and labels all have hostile names"
    )
    parser.add_argument("--loops", action="store_true", help="write all that can be as loops over floats")
    parser.add_argument("--phrases", action="store_true", help="write all that can be as phrases over floats")
    parser.add_argument("--show", action="store_true", help="print the programs that went wrong")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    backend = "jax" if arguments.jax else "torch" if arguments.torch else "numpy"
    written = as_phrases if arguments.phrases else as_loops if arguments.loops else nullcontext
    tally, begun = Tally(), time.perf_counter()
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        known = len(tally.seen)
        with written():
            run(seed, tally, backend, generate(seed, arguments.names))
        for at, how, what in tally.seen[known:]:
            if how != "refused" or arguments.show:
                print(f"seed {at}: {how}: {what[:300]}", flush=True)
                if arguments.show:
                    print(generate(at, arguments.names).text)
        if (seed - arguments.seed + 1) % 1000 == 0:
            print(f"{seed - arguments.seed + 1} programs, {tally}, {time.perf_counter() - begun:.0f} s", flush=True)
    print(f"{arguments.count} programs, {tally}, {time.perf_counter() - begun:.0f} s")
    sys.exit(bool(tally.counts["wrong"] or tally.counts["crash"]))


if __name__ == "__main__":
    main()
