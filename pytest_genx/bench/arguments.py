"""The arguments of `genx bench`: one function for each verb makes its parser and names its run.

Nothing is imported here but the option table; a verb imports what it needs when it is run.
"""

# ruff: noqa: PLC0415 -- as said above

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_genx.options import OPTIONS

if TYPE_CHECKING:
    from pytest_genx.config import Config

POOLS = (
    "A pool is a file of JSON lines, gzipped or not, one task a line, with the fields\n"
    "  task_id, entry_point\n"
    "  prompt        code that the code samples continue, or a statement\n"
    "  code_samples  raw completions of the prompt (cut as CodeT does), or whole programs\n"
    "  test_prompt   text that the test samples continue; without it they are assertions\n"
    "  test_samples  raw completions (at most 5 assertions of each), or one each\n"
    "  reference     a correct program (optional; calibration judges cases by it)\n"
    "  label_test    code run after a candidate, which raises when it is wrong\n\n"
    "Programs in a pool are run, confined as the sandbox confines them.\n"
)


def add_bench(verbs: Any) -> None:
    """Add `bench` and its verbs to the verbs of `genx`."""
    bench = verbs.add_parser("bench", help="measure parts of pytest-genx on recorded data")
    bench.set_defaults(run=lambda _: bench.print_help())
    subjects = bench.add_subparsers(title="what is measured", metavar="SUBJECT")
    add_rank(subjects)
    add_calibration(subjects)
    from pytest_genx.bench.bugs_command import add_parser as add_bugs

    add_bugs(subjects)


def add_rank(subjects: Any) -> None:
    """Add `genx bench rank`."""
    rank = subjects.add_parser(
        "rank",
        help="rankers, on pools of recorded samples",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            "Run the samples of each POOL in the sandbox, rank them with every ranker, and print\n"
            "how often the first, one of the first 2 and one of the first 10 picks is correct,\n"
            "on all tasks and on those with 0 < pass rate < 1; of several pools also the mean."
        ),
        epilog=POOLS + "Example: genx bench rank pool.jsonl.gz --ranker codet --baseline codet",
    )
    add_pools(rank)
    rank.add_argument(
        "--ranker",
        action="append",
        default=[],
        metavar="NAME",
        help="show this one, repeatable (default: all there are)",
    )
    rank.add_argument(
        "--baseline",
        metavar="NAME",
        help="the ranker that leads are over (default: dual_critic, if it is shown)",
    )
    rank.add_argument(
        "--passes-only",
        action="store_true",
        help="show rankers nothing but who passes what and how often each was written",
    )
    rank.add_argument(
        "--curves", action="store_true", help="pass@1 with 3 to 100 candidates and 3 to 50 cases"
    )
    rank.add_argument(
        "--draws",
        type=positive,
        default=5,
        metavar="N",
        help="subsamples of each task and size for --curves (default: %(default)s)",
    )
    add_output(rank)
    add_execution(rank)
    rank.set_defaults(run=_run_rank)


def add_calibration(subjects: Any) -> None:
    """Add `genx bench calibration`."""
    calibration = subjects.add_parser(
        "calibration",
        help="how far scores are probabilities, on pools of recorded samples",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            "Run the samples of each POOL in the sandbox, and its references against the cases;\n"
            "print how often candidates and cases with a given score are right, the expected\n"
            "calibration error (ECE) and the Brier score."
        ),
        epilog=POOLS + "Example: genx bench calibration pool.jsonl.gz --plot reliability.png",
    )
    add_pools(calibration)
    calibration.add_argument(
        "--ranker",
        action="append",
        default=[],
        metavar="NAME",
        help="judge this one, repeatable (default: dual_critic)",
    )
    add_output(calibration)
    add_execution(calibration)
    calibration.set_defaults(run=_run_calibration)


def add_pools(parser: argparse.ArgumentParser) -> None:
    """Add the pools, at least one."""
    parser.add_argument("pools", nargs="+", type=Path, metavar="POOL", help="JSON lines or gzipped")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where numbers and charts go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to FILE")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw a chart into FILE, .png or .svg (needs the extra plot)",
    )


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add what `to_config` reads: limit, seed and cache."""
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=0.25,
        metavar="S",
        help="CPU seconds for one case (default: %(default)s; CodeT took 0.1 s of wall time)",
    )
    parser.add_argument(
        "--seed", type=_count, default=0, metavar="N", help="of everything drawn at random"
    )
    parser.add_argument(
        "--cache",
        default="",
        metavar="DIR",
        help=next(option.help for option in OPTIONS if option.name == "cache"),
    )


def to_config(arguments: argparse.Namespace) -> Config:
    """Make the configuration from what `add_execution` added."""
    from pytest_genx.config import Config

    return Config(
        rootdir=Path.cwd(),
        timeout=arguments.timeout,
        seed=arguments.seed,
        cache=arguments.cache,
    )


def _run_rank(arguments: argparse.Namespace) -> None:
    from pytest_genx import plugins
    from pytest_genx.bench.command import bench_rank

    bench_rank(
        arguments.pools,
        to_config(arguments),
        plugins.load(),
        names=arguments.ranker,
        baseline=arguments.baseline,
        passes_only=arguments.passes_only,
        draws=arguments.draws if arguments.curves else 0,
        json_path=arguments.json,
        plot_path=arguments.plot,
    )


def _run_calibration(arguments: argparse.Namespace) -> None:
    from pytest_genx import plugins
    from pytest_genx.bench.command import bench_calibration
    from pytest_genx.bench.compare import BASELINE

    bench_calibration(
        arguments.pools,
        to_config(arguments),
        plugins.load(),
        names=arguments.ranker or (BASELINE,),
        json_path=arguments.json,
        plot_path=arguments.plot,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return value


def _count(text: str) -> int:
    return _whole(text, 0)


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    return _whole(text, 1)


def _whole(text: str, least: int) -> int:
    value = int(text)
    if value < least:
        expected = f"a whole number of at least {least}"
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value
