"""Shows what `genx bench rank` measures: progress while it runs, tables when it is done.

On a terminal progress is a bar; elsewhere a plain line each time a tenth is done.
"""

# ruff: noqa: PLC0415 -- rich is imported by those who print

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_genx.bench.compare import KS, Line, Table
from pytest_genx.bench.curves import Curves
from pytest_genx.bench.metrics import LEVEL, RESAMPLES, Interval
from pytest_genx.bench.rank import PoolResult

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 118  # columns, where the output is no terminal
TENTHS = 10
NOTE = (
    "pass@k in %, expected over ties; where a ranker ranks nothing, or all alike, a random pick "
    f"counts. In brackets {LEVEL:.0%} intervals from {RESAMPLES:,} paired resamples of the tasks."
)


@contextmanager
def progress(title: str, total: int, unit: str = "pairs") -> Iterator[Callable[[int], None]]:
    """Show on standard error how many of `total` are done."""
    if not sys.stderr.isatty():
        yield _plain(title, total, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar_task = bar.add_task(title, total=total)
        yield lambda n: bar.update(bar_task, advance=n)


def show(result: PoolResult) -> None:
    """Print the tables of one pool to standard output, and its warnings to standard error."""
    warn(result.pool, result.warnings)
    console = open_console()
    console.print(
        f"\n[bold]{result.pool}[/bold]: {len(result.executed)} tasks, "
        f"{result.n_candidates:,} candidates, {result.n_cases:,} cases, {result.n_pairs:,} pairs, "
        f"executed in {result.seconds:.1f} s{say_doubtful(result.warnings)}"
    )
    if not result.tables:
        seconds = ", ".join(f"{one.ranker} {one.seconds:.2f} s" for one in result.ranked)
        console.print(f"ranked, without labels to judge by: {seconds}")
        return
    for table in result.tables:
        _print_table(console, table)
    console.print(NOTE, style="dim")


def show_compared(tables: Sequence[Table]) -> None:
    """Print the tables over several pools, if there are any."""
    console = open_console()
    for table in tables:
        _print_table(console, table)


def show_curves(curves: Curves) -> None:
    """Print pass@1 for each size, in percent; intervals are left to the file."""
    from rich import box
    from rich.table import Table as Grid

    console = open_console()
    title = f"{curves.pool}: pass@1 in % with fewer samples, {curves.draws} draws a task"
    grid = Grid(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    names = list(curves.points[0].pass_at_1) if curves.points else []
    for name in ("cases", "candidates", *names, "tasks with fewer"):
        grid.add_column(name, justify="right")
    for point in curves.points:
        means = (f"{100.0 * point.pass_at_1[name].mean:.1f}" for name in names)
        short = f"{point.short} of {curves.n_tasks}"
        grid.add_row(str(point.n_cases), str(point.n_candidates), *means, short)
    if curves.points:
        console.print(grid)
    else:
        console.print(f"{curves.pool}: no task has enough samples for curves")


def open_console() -> Console:
    """Return a console on standard output, of a fixed width where that is no terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def warn(pool: str, warnings: Sequence[str]) -> None:
    """Say on standard error what is wrong with a pool's tasks."""
    for warning in warnings:
        sys.stderr.write(f"warning: {pool}: {warning}\n")


def say_doubtful(warnings: Sequence[str]) -> str:
    """Return how many references fail their labels, as the end of a sentence; "" for none."""
    return f"; [bold]{len(warnings)} references fail their labels[/bold]" if warnings else ""


def say_cached(executed: int, cached: int, notes: Sequence[str]) -> None:
    """Say on standard error what the cache spared, and what is wrong with it."""
    sys.stderr.write(f"{executed:,} pairs executed, {cached:,} from the cache\n")
    for note in notes:
        sys.stderr.write(f"warning: {note}\n")


def _print_table(console: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as Grid

    number = f"{table.n_tasks}"
    if table.n_pools > 1:
        number += f" tasks of {table.n_pools} pools"
    title = f"{table.tasks} ({number})"
    grid = Grid(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    grid.add_column("ranker")
    for k in KS:
        grid.add_column(f"pass@{k}", justify="right")
    if table.baseline is not None:
        grid.add_column(f"pass@1 over {table.baseline}", justify="right")
    grid.add_column("seconds", justify="right")
    for line in table.lines:
        grid.add_row(*_cells(line, leads=table.baseline is not None))
    console.print(grid)


def _cells(line: Line, *, leads: bool) -> list[str]:
    spans = [percent(line.pass_at[k]) for k in KS]
    lead = ["" if line.lead is None else percent(line.lead, sign="+")] if leads else []
    return [line.ranker, *spans, *lead, "" if line.seconds is None else f"{line.seconds:.2f}"]


def percent(span: Interval, sign: str = "") -> str:
    """Write an estimate and its interval in percent."""
    mean, low, high = (f"{100.0 * x:{sign}.1f}" for x in (span.mean, span.low, span.high))
    return f"{mean} \\[{low}, {high}]"


def _plain(title: str, total: int, unit: str) -> Callable[[int], None]:
    """Return a counter that writes a line for each tenth."""
    started = time.monotonic()
    done = tenth = 0

    def advance(n: int) -> None:
        nonlocal done, tenth
        done += n
        if total and done * TENTHS // total > tenth:
            tenth = done * TENTHS // total
            elapsed = time.monotonic() - started
            sys.stderr.write(f"{title}: {done:,} of {total:,} {unit}, {elapsed:.0f} s\n")
            sys.stderr.flush()

    return advance
