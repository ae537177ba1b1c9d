"""What the embedded model proposes, on published problems and on compositions it never saw.

Rows: 1 calls of the tester that run, `codeio-test`, source shown; 2 lines and branches, and 3
mutants, for which the first 10 kept cases stand, `mbpp-test`, with the model alone, `heuristic`
alone, and both; 4 bodies of the coder that pass all tests. Prompts, sampling and selection are the
product's own, and the code is trusted. Problems are drawn by the seed from `--problems`; a row
whose file is not there is skipped. Brackets hold 95 % bootstrap intervals over problems, paired
where it is a difference.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from common import ROOT, Line, arguments, close_table, measured, rows_option
from proposing.coder import passes
from proposing.kept import killed, reached
from proposing.setting import Setting, open_setting
from proposing.tester import calls_that_run

PROBLEMS = ROOT.parent / "shared" / "data" / "problems"
LIMIT, QUICK = 200, 4  # problems of a set

ROWS: dict[int, Callable[[Setting], Iterator[Line]]] = {
    1: calls_that_run,
    2: reached,
    3: killed,
    4: passes,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose problems and the model."""
    parser.add_argument("--problems", type=Path, default=PROBLEMS, help="a folder of problem files")
    parser.add_argument("--limit", type=int, default=LIMIT, help="problems of a set, 0 for all")
    parser.add_argument("--model", help="a GGUF file (default: the embedded model)")
    parser.add_argument("--samples", type=int, default=16, help="answers of the tester")
    parser.add_argument("--coder-samples", type=int, default=16, help="of a problem, 10 or more")
    parser.add_argument("--mutants", type=int, default=60, help="of a program, at most")
    parser.add_argument("--seed", type=int, default=0, help="of problems and sampling")


def main() -> int:
    """Measure and print."""
    chosen = arguments(__doc__ or "", rows_option(ROWS), add_options)
    warnings.simplefilter("ignore", SyntaxWarning)  # odd escapes in problems and in samples
    warnings.simplefilter("ignore", DeprecationWarning)
    with ExitStack() as stack:
        setting = open_setting(
            stack,
            chosen.problems,
            quick=chosen.quick,
            limit=QUICK if chosen.quick else chosen.limit or None,
            samples=chosen.samples,
            coder_samples=chosen.coder_samples,
            mutants=chosen.mutants,
            seed=chosen.seed,
            model=chosen.model,
        )
        lines = measured(ROWS, chosen.rows, setting)
    return close_table("embedded_model", lines)


if __name__ == "__main__":
    sys.exit(main())
