"""Rankers against each other on recorded pools, row by row against the goals of the default.

Pools are executed once, and what the outcome cache knows is not. Rows: 1 the dual critic from
passes alone, on each pool against the best other ranker there; 2 its lead over every other ranker
on the mean of the pools; 3 what observations add; 4 calibration out of fold; 5 time and memory on
1,000 x 1,000; 6 suspected bugs on mutants and on correct code. Then what each term of the model
is worth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common import ROOT, arguments, close_table
from scoring import ablation, pass_rates
from scoring.bugs import suspected
from scoring.calibration import out_of_fold
from scoring.limits import large
from scoring.setting import Setting, all_rankers, execute, open_bench, read_pools

POOLS = ROOT.parent / "shared" / "data" / "pools"
NAMES = ("humaneval-codegen16b-dev", "humaneval-davinci002-gpt-dev", "mbpp-mixed-dev")
QUICK = 8  # tasks of each HumanEval pool with --quick; the others are left out, as they are slow


def add_pools(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the pools."""
    default = [POOLS / f"{name}.jsonl.gz" for name in NAMES]
    parser.add_argument("--pool", type=Path, nargs="+", default=default, help="recorded samples")


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", add_pools)
    paths = [p for p in chosen.pool if not chosen.quick or p.name.startswith("humaneval")]
    loaded = read_pools(paths, QUICK if chosen.quick else None)
    with open_bench() as session:
        setting = Setting(tuple(loaded), execute(loaded, session), all_rankers(), session)
        found = pass_rates.measure(setting)
        pass_rates.show(setting, found)
        lines = [
            pass_rates.on_each_pool(found, [pool.name for pool in loaded]),
            pass_rates.on_the_mean(found),
            pass_rates.with_observations(found),
        ]
        for line in lines:
            print(line, flush=True)
        for row in (lambda: out_of_fold(setting), large, lambda: suspected(setting)):
            lines.append(row())
            print(lines[-1], flush=True)
        ablation.show(setting)
    return close_table("ranking", lines)


if __name__ == "__main__":
    sys.exit(main())
