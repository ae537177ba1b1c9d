"""Shows what `genx bench bugs` measures: progress while it runs, tables when it is done."""

# ruff: noqa: PLC0415 -- rich is imported by those who print

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from pytest_genx.bench.bug_score import Line, Rate, Result, by_kind, lines, missed
from pytest_genx.bench.bugs import RECORDED
from pytest_genx.bench.metrics import LEVEL, RESAMPLES

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 118  # columns, where the output is no terminal
TENTHS = 10
NOTE = (
    "Detected: a suspected bug in faulty code, by a case that the correct code passes. False "
    f"alarm: any suspected bug in correct code. In %, with {LEVEL:.0%} intervals: {RESAMPLES:,} "
    "resamples of problems, or Wilson's where a problem counts once or all come out alike."
)


class Told:
    """Progress on standard error: each problem of a backend, else a line each tenth."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    def __call__(self, title: str, done: int, total: int) -> None:
        """Say how many of `total` problems are done."""
        started = self._started.setdefault(title, time.monotonic())
        tenth = done * TENTHS // total > (done - 1) * TENTHS // total if total else False
        if done and (tenth or not title.endswith(RECORDED)):
            elapsed = time.monotonic() - started
            sys.stderr.write(f"{title}: {done} of {total} problems, {elapsed:.0f} s\n")
            sys.stderr.flush()


def show(result: Result, seed: int) -> None:
    """Print the tables of one result to standard output."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    n_problems = len({trial.problem for trial in result.trials})
    console.print(
        f"\n[bold]{result.name}[/bold], samples: {result.samples}; {n_problems} problems, "
        f"{len(result.trials)} codes, {result.seconds:.1f} s"
    )
    for reason, count in result.left_out.items():
        console.print(f"left out: {count} ({reason})")
    _print_policies(console, lines(result, seed))
    kinds = by_kind(result.trials, seed)
    if len(kinds) > 1:
        _print_kinds(console, kinds)
    for reason, count in missed(result.trials).items():
        if count:
            console.print(f"missed: {count} ({reason})")
    console.print(NOTE, style="dim")


def _print_policies(console: Console, found: list[Line]) -> None:
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("policy")
    for title in ("detected", "where a candidate is correct", "false alarms"):
        grid.add_column(title, justify="right")
    for line in found:
        solvable = "" if line.solvable is None else _percent(line.solvable)
        grid.add_row(line.policy, _percent(line.detection), solvable, _percent(line.alarms))
    console.print(grid)


def _print_kinds(console: Console, kinds: dict[str, Rate]) -> None:
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("mutation")
    grid.add_column("detected", justify="right")
    for kind, rate in kinds.items():
        grid.add_row(kind, _percent(rate))
    console.print(grid)


def _percent(rate: Rate) -> str:
    if rate.total == 0:
        return "-"
    mean, low, high = (f"{100.0 * x:.1f}" for x in (rate.mean, rate.low, rate.high))
    return f"{mean} \\[{low}, {high}] of {rate.total}"
