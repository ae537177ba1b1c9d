"""Training: its speed, what a kill costs, how long a round takes, and what three rounds bring.

Rows: 1 tokens a second of pretraining against `transformers.Trainer`, same model, batch and data
type, blocks of both in turns (on a GPU the model FLOP utilisation as well); 2 a run that is killed
in every stage of a round ends with the manifest of one that is not; 3 a round of
`models/rounds-nano.yaml` on two cores, with `--quick` extrapolated from a fraction of it; 4 Score
of both roles in a finished run (`--run`) and its arms, version 3 against version 1.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from common import ROOT, Line, arguments, close_table, measured, rows_option
from tuning.killed import resumed
from tuning.round import duration
from tuning.rounds import scores
from tuning.setting import CORES, Setting
from tuning.step import speed

PROBLEMS = ROOT.parent / "shared" / "data" / "problems"

ROWS: dict[int, Callable[[Setting], Iterator[Line]]] = {
    1: speed,
    2: resumed,
    3: duration,
    4: scores,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add where problems and finished runs are."""
    run = ROOT / "build" / "rounds-nano"
    parser.add_argument("--problems", type=Path, default=PROBLEMS, help="a folder of problem files")
    parser.add_argument("--run", type=Path, default=run, help="output folder of a finished run")
    parser.add_argument("--arm", type=Path, action="append", default=[], help="of a control arm")
    parser.add_argument("--threads", type=int, default=CORES, help="of a training step")


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", rows_option(ROWS), add_options)
    warnings.simplefilter("ignore", SyntaxWarning)  # odd escapes in problems
    setting = Setting(
        chosen.quick, chosen.problems.resolve(), chosen.run, tuple(chosen.arm), chosen.threads
    )
    lines = measured(ROWS, chosen.rows, setting)
    return close_table("training", lines)


if __name__ == "__main__":
    sys.exit(main())
