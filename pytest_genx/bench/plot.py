"""Charts of what `genx bench` measured, as PNG or SVG files (matplotlib, the extra `plot`).

Nothing is opened on a screen, and matplotlib's global state is left alone.
"""

# ruff: noqa: PLC0415 -- matplotlib is imported by those who draw

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_genx.bench.calibration import Calibrated, Calibration
from pytest_genx.bench.compare import Table
from pytest_genx.bench.curves import CANDIDATES, Curves, Point
from pytest_genx.bench.metrics import LEVEL, Interval
from pytest_genx.bench.rank import PoolResult
from pytest_genx.bench.reliability import Reliability
from pytest_genx.errors import BadOption, MissingDependency, WriteRefused

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

SUFFIXES = (".png", ".svg")
INSTALL = 'pip install "pytest-genx[plot]"'
# Colours that differ to most eyes (Okabe and Ito), then markers for more than eight lines.
COLOURS = ("#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SPAN = f"{LEVEL:.0%} intervals"
DPI = 130


def check(path: Path | None) -> None:
    """Say before anything is run whether a chart can be drawn; None asks for none.

    Raises:
        BadOption: the file is neither PNG nor SVG by its suffix.
        MissingDependency: matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix.lower() not in SUFFIXES:
        raise BadOption("--plot", str(path), "a file name that ends in .png or .svg")
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependency("--plot", "matplotlib", INSTALL)


def plot_ranking(
    path: Path, results: Sequence[PoolResult], compared: Sequence[Table], curves: Sequence[Curves]
) -> None:
    """Draw pass@1 by ranker, a panel a pool and one for their mean; below that the curves.

    Args:
        path: a PNG or SVG file.
        results: pools with labels.
        compared: the tables over pools, empty for a single pool.
        curves: of each pool, or empty.

    Raises:
        WriteRefused: the file cannot be written.
    """
    from matplotlib.figure import Figure

    panels = [
        (f"{result.pool}\n{result.tables[0].n_tasks} tasks", result.tables[0]) for result in results
    ]
    panels += [(f"mean of {t.n_pools} pools\n{t.n_tasks} tasks", t) for t in compared[:1]]
    curves = [of_pool for of_pool in curves if of_pool.points]
    n_lines = len(panels[0][1].lines)
    heights = [1.6 + 0.27 * n_lines, *[3.7] * len(curves)]
    columns = max([len(panels), *(len(_by_cases(of_pool)) for of_pool in curves)])
    figure = Figure(figsize=(max(7.0, 1.5 + 3.1 * columns), sum(heights)), layout="constrained")
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_means(rows[0], panels)
    styles = _styles([line.ranker for line in panels[0][1].lines])
    for row, of_pool in zip(rows[1:], curves, strict=True):
        _draw_curves(row, of_pool, styles, columns)
    save(figure, path)


def plot_calibration(path: Path, results: Sequence[Calibrated]) -> None:
    """Draw reliability diagrams: a row a pool and ranker, candidates left and cases right.

    Args:
        path: a PNG or SVG file.
        results: of each pool, and of all together when there are several.

    Raises:
        WriteRefused: the file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = [(result, one) for result in results for one in result.rankers]
    figure = Figure(figsize=(9.0, 0.4 + 4.3 * len(rows)), layout="constrained")
    for part, (result, one) in zip(
        figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows, strict=True
    ):
        _draw_reliability(part, result, one)
    save(figure, path)


def _draw_means(part: SubFigure, panels: Sequence[tuple[str, Table]]) -> None:
    """Draw a dot and an interval for each ranker."""
    part.suptitle(f"pass@1 by ranker, all tasks, with {SPAN} over tasks", fontsize="large")
    for at, (title, table) in enumerate(panels):
        axes = part.add_subplot(1, len(panels), at + 1)
        styles = _styles([line.ranker for line in table.lines])
        for y, line in enumerate(reversed(table.lines)):
            span = line.pass_at[1]
            colour = styles[line.ranker][0]
            axes.plot([100 * span.low, 100 * span.high], [y, y], color=colour, linewidth=2)
            axes.plot(100 * span.mean, y, styles[line.ranker][1], color=colour)
            axes.annotate(
                f"{100 * span.mean:.1f}",
                (100 * span.mean, y),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
            )
        names = [line.ranker for line in reversed(table.lines)]
        axes.set_yticks(range(len(names)), names if at == 0 else [""] * len(names))
        axes.set_ylim(-0.5, len(names) - 0.2)
        axes.set_xlim(0, 100)
        axes.set_xlabel("pass@1 (%)")
        axes.set_title(title, fontsize="medium")
        tidy(axes)


def _draw_curves(
    part: SubFigure, curves: Curves, styles: Mapping[str, tuple[str, str]], columns: int
) -> None:
    """Draw a panel for each number of cases; the band is the baseline's interval alone."""
    by_cases = _by_cases(curves)
    names = list(curves.points[0].pass_at_1)
    banded = curves.baseline in names
    band = f"; band: {SPAN} of {curves.baseline}" if banded else ""
    part.suptitle(
        f"{curves.pool}: pass@1 with fewer samples, {curves.n_tasks} tasks, "
        f"{curves.draws} draws each{band}",
        fontsize="large",
    )
    grid = part.subplots(1, columns, sharey=True, squeeze=False)[0]
    for axes in grid[len(by_cases) :]:
        axes.set_visible(False)
    for axes, (n_cases, points) in zip(grid, by_cases.items(), strict=False):
        x = [point.n_candidates for point in points]
        for name in names:
            colour, marker = styles[name]
            y = [100 * point.pass_at_1[name].mean for point in points]
            axes.plot(
                x,
                y,
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=1.4,
                label=name,
                clip_on=False,
            )
        if banded:
            spans = [point.pass_at_1[curves.baseline] for point in points]
            low, high = [100 * s.low for s in spans], [100 * s.high for s in spans]
            axes.fill_between(x, low, high, color=styles[curves.baseline][0], alpha=0.12)
        axes.set_xscale("log")
        axes.set_xticks(CANDIDATES, [str(n) for n in CANDIDATES])
        axes.minorticks_off()
        axes.set_xlim(CANDIDATES[0] * 0.85, CANDIDATES[-1] * 1.18)
        axes.set_ylim(0, 100)
        axes.set_xlabel("candidates (samples)")
        axes.set_title(f"{n_cases} cases", fontsize="medium")
        tidy(axes)
    grid[0].set_ylabel("pass@1 (%)")
    part.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=6,
        frameon=False,
        fontsize="small",
    )


def _draw_reliability(part: SubFigure, result: Calibrated, one: Calibration) -> None:
    """Draw the reliability table of each side, and how many there are of each score."""
    part.suptitle(
        f"{one.ranker} on {result.pool}, {result.n_tasks} tasks\n"
        f"bars: {SPAN} over tasks; dashed: a score that is right as often as it says",
        fontsize="medium",
    )
    sides = (("candidates", "correct", one.candidates), ("cases", "valid", one.cases))
    upper = part.subplots(2, 2, sharex=True, height_ratios=[3.2, 1])
    for at, (side, right, found) in enumerate(sides):
        top, below = upper[0][at], upper[1][at]
        top.plot([0, 1], [0, 1], color="#7f7f7f", linestyle="--", linewidth=1)
        top.set_xlim(0, 1)
        top.set_ylim(0, 1)
        top.set_ylabel(f"share {right}")
        below.set_ylabel("number")
        below.set_xlabel(f"score of {side}")
        for axes in (top, below):
            tidy(axes)
        if found is None:
            top.set_title(f"{side}: nothing to judge", fontsize="medium")
            continue
        top.set_title(
            f"{found.number:,} {side} of {found.n_tasks} tasks\n"
            f"ECE {_span(found.ece)}, Brier {_span(found.brier)}",
            fontsize="medium",
        )
        _draw_bins(top, below, found)


def _draw_bins(top: Axes, below: Axes, found: Reliability) -> None:
    x, y = [], []
    for line in found.bins:
        if line.mean_score is None or line.share_right is None:
            continue
        x.append(line.mean_score)
        y.append(line.share_right.mean)
        top.plot(
            [x[-1]] * 2,
            [line.share_right.low, line.share_right.high],
            color=COLOURS[6],
            linewidth=3,
        )
    top.plot(x, y, color=COLOURS[2], marker="o", linewidth=1.4, clip_on=False, zorder=3)
    lows = [line.low for line in found.bins]
    heights = [line.number for line in found.bins]
    width = found.bins[0].high - found.bins[0].low
    below.bar(lows, heights, width, align="edge", color=COLOURS[2], edgecolor="white")
    below.set_yscale("log")
    below.set_ylim(bottom=0.7)


def _by_cases(curves: Curves) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = {}
    for point in curves.points:
        found.setdefault(point.n_cases, []).append(point)
    return found


def _styles(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give each ranker a colour and a marker; pairs repeat after 56 names."""
    return {
        name: (COLOURS[i % len(COLOURS)], MARKERS[(i + i // len(COLOURS)) % len(MARKERS)])
        for i, name in enumerate(names)
    }


def _span(span: Interval) -> str:
    return f"{span.mean:.3f} [{span.low:.3f}, {span.high:.3f}]"


def tidy(axes: Axes) -> None:
    """Draw a faint grid behind the data, and no frame."""
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write the file; the same numbers give the same bytes, and text in an SVG stays text."""
    import matplotlib as mpl

    kind = path.suffix.lower()[1:]
    metadata = {"Date": None} if kind == "svg" else {}
    try:
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "genx"}):
            figure.savefig(path, format=kind, dpi=DPI, metadata=metadata)
    except OSError as error:
        raise WriteRefused(path, error.strerror or str(error)) from None
