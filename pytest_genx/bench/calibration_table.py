"""Shows what `genx bench calibration` measured: a summary and reliability tables for each pool."""

# ruff: noqa: PLC0415 -- rich is imported by those who print

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_genx.bench.calibration import POOLED, Calibrated
from pytest_genx.bench.metrics import LEVEL, RESAMPLES, Interval
from pytest_genx.bench.reliability import BINS, Reliability
from pytest_genx.bench.table import open_console, say_doubtful, warn

if TYPE_CHECKING:
    from rich.console import Console

NOTE = (
    f"ECE over {BINS} bins of equal width, weighted by number; every distinct candidate or case "
    "counts once, or under `samples` as often as it was written. In brackets "
    f"{LEVEL:.0%} intervals from {RESAMPLES:,} resamples of the tasks."
)


def show(results: Sequence[Calibrated]) -> None:
    """Print everything to standard output, and warnings to standard error."""
    console = open_console()
    for result in results:
        if result.pool != POOLED:
            warn(result.pool, result.warnings)
        console.print(
            f"\n[bold]{result.pool}[/bold]: {result.n_tasks} tasks{say_doubtful(result.warnings)}"
        )
        if result.unreferenced:
            console.print(f"{result.unreferenced} tasks have no reference to judge cases by")
        if result.unjudged:
            console.print(f"{result.unjudged:,} cases on which the reference ran out of time")
        _print_summary(console, result)
        for one in result.rankers:
            _print_bins(console, f"{one.ranker}, candidates", one.candidates)
            _print_bins(console, f"{one.ranker}, cases", one.cases)
    console.print(NOTE, style="dim")


def _print_summary(console: Console, result: Calibrated) -> None:
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("ranker")
    grid.add_column("side")
    for name in ("tasks", "number", "right", "ECE", "samples", "Brier", "samples"):
        grid.add_column(name, justify="right")
    for one in result.rankers:
        for side, found in (("candidates", one.candidates), ("cases", one.cases)):
            if found is None:
                grid.add_row(one.ranker, side, "0", "0")
                continue
            grid.add_row(
                one.ranker,
                side,
                str(found.n_tasks),
                f"{found.number:,}",
                f"{found.share_right:.1%}",
                _fraction(found.ece),
                _estimate(found.ece_by_samples),
                _fraction(found.brier),
                _estimate(found.brier_by_samples),
            )
    console.print(grid)


def _print_bins(console: Console, title: str, found: Reliability | None) -> None:
    from rich import box
    from rich.table import Table as Grid

    if found is None:
        return
    grid = Grid(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("scores", "number", "mean score", "share right"):
        grid.add_column(name, justify="right")
    for line in found.bins:
        mean = "" if line.mean_score is None else f"{line.mean_score:.3f}".removeprefix("0")
        share = "" if line.share_right is None else _fraction(line.share_right)
        grid.add_row(f"{line.low:.1f} to {line.high:.1f}", f"{line.number:,}", mean, share)
    console.print(grid)


def _estimate(span: Interval) -> str:
    return f"{span.mean:.3f}".removeprefix("0")


def _fraction(span: Interval) -> str:
    mean, low, high = (f"{x:.3f}".removeprefix("0") for x in (span.mean, span.low, span.high))
    return f"{mean} \\[{low}, {high}]"
