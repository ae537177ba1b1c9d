"""Figures with intervals, and the table of a model's card."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.errors import BadOption

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: a mean over problems, as a share, with its 95 % interval."""

    on: str
    figure: str
    problems: int
    mean: float
    low: float
    high: float


def interval(values: Sequence[float], rng: random.Random) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean (Efron 1979).

    Where no problem has succeeded, or every one has, resampling sees no spread. The far end is
    then the exact binomial one for so many problems (Clopper and Pearson 1934).

    Args:
        values: one a problem, in [0, 1], since answers to one problem resemble each other.
        rng: chooses the resamples.

    >>> tuple(round(end, 3) for end in interval([0.0] * 60, random.Random(0)))
    (0.0, 0.06)
    """
    doubt = 1 - 0.025 ** (1 / len(values))
    if not any(values):
        return 0.0, doubt
    if all(value == 1.0 for value in values):
        return 1.0 - doubt, 1.0
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def summarise(on: str, rows: Sequence[Mapping[str, float]], rng: random.Random) -> list[Measure]:
    """Make a figure of each key of the rows, one row a problem."""
    measures = []
    for figure in rows[0] if rows else ():
        values = [row[figure] for row in rows]
        mean = statistics.fmean(values)
        measures.append(Measure(on, figure, len(rows), mean, *interval(values, rng)))
    return measures


def table(measures: Iterable[Measure]) -> str:
    """Write measures as a Markdown table, in percent."""
    lines = ["| measured on | figure | problems | % | 95 % interval |", "|---|---|---|---|---|"]
    for m in measures:
        span = f"{100 * m.low:.1f} to {100 * m.high:.1f}"
        lines.append(f"| {m.on} | {m.figure} | {m.problems} | {100 * m.mean:.1f} | {span} |")
    return "\n".join(lines)


def write_card(path: Path, text: str) -> None:
    """Replace the marked section of a card.

    Raises:
        BadOption: the file has no such section.
    """
    card = path.read_text("utf-8") if path.exists() else ""
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadOption("--card", str(path), f"a file with the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
