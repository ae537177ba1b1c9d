"""The pictures of a report (matplotlib, the extra `plot`): curves, control arms, causes.

Each is a function from runs to a figure; nothing is opened on a screen. The pictures after the
figures of the GenX paper are reconstructions of what these showed, on this run's own data.
"""

# ruff: noqa: PLC0415 -- matplotlib is imported by those who draw

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_genx.bench.plot import COLOURS, MARKERS, save, tidy
from pytest_genx.train.rounds.arms import Arm, is_share, shown
from pytest_genx.train.rounds.tables import rejected_counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Titles and axes; in a page it becomes the colour of the text, whatever the reader's scheme is.
INK = "#1a1a1b"
_PALETTE = (*COLOURS[2:4], *COLOURS[1:2], *COLOURS[4:], INK)
_COLUMNS = 4
_REPLAYED = ("tester Score", "tester Score, values corrected", "mutants killed", "coder Score")
_ROLES = {
    "tester": ("tester pass rate", "tester pass num", "tester Score"),
    "coder": ("coder pass rate", "coder pass num", "coder Score"),
}
_SPAN = "whiskers: 95 % bootstrap intervals over problems"


def pictures(arms: Sequence[Arm]) -> dict[str, tuple[str, Figure]]:
    """Draw all that there is something to show of.

    Returns:
        By name of file what it shows, and the figure; nothing where matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        return {}
    ink: Any = {f"{what}.color": INK for what in ("text", "xtick", "ytick")}
    ink |= {"axes.edgecolor": INK, "axes.labelcolor": INK}
    with mpl.rc_context(ink):
        drawn = {
            "curves": ("Each figure over versions", _curves(arms)),
            "versions": (
                "Rounds: both roles by version (a reconstruction after figure 3 of the GenX paper)",
                _versions(arms[0]),
            ),
            "replay": (
                "Replay against no replay (a reconstruction after figure 2 of the GenX paper)",
                _replay(arms),
            ),
            "rejected": ("Rejected, by cause", _rejected(arms[0])),
        }
    return {name: (title, figure) for name, (title, figure) in drawn.items() if figure is not None}


def write_pictures(folder: Path, drawn: Mapping[str, tuple[str, Figure]]) -> list[Path]:
    """Write each picture as PNG and SVG, and give the files.

    Raises:
        WriteRefused: a file cannot be written.
    """
    paths = [folder / f"{name}.{kind}" for name in drawn for kind in ("png", "svg")]
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        save(drawn[path.stem][1], path)
    return paths


def inline(name: str, title: str, figure: Figure) -> str:
    """Write a figure as SVG that stands in a page and takes the page's colours."""
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r'(id="|"#|\(#)(\w)', rf"\g<1>{name}-\g<2>", text)  # ids are those of one page
    return text.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)


def _curves(arms: Sequence[Arm]) -> Figure | None:
    """Each figure over versions: a line for each test set, or, of several runs, for each run."""
    lines = (
        [(name, arms[0], name) for name in arms[0].sets]
        if len(arms) == 1
        else [(arm.name, arm, arm.whole) for arm in arms]
    )
    of_sets = [found for _, arm, _ in lines for sets in arm.metrics.values()
               for found in sets.values()]  # fmt: skip
    names = shown(name for found in of_sets for name in found)
    names = [name for name in names if name != "coder pass rate"]  # it is pass@1
    if not names:
        return None
    figure, panels = _panels(len(names), _COLUMNS)
    for panel, name in zip(panels, names, strict=True):
        for at, (label, arm, of_set) in enumerate(lines):
            shift = 0.08 * (at - (len(lines) - 1) / 2)
            _line(panel, name, _points(arm, of_set, name), label, at, shift)
        _finish(panel, name, arms)
    several = len(arms) > 1
    figure.suptitle(f"{f'on {arms[0].whole}; ' if several else ''}{_SPAN}", fontsize="medium")
    _legend(figure, panels)
    return figure


def _versions(arm: Arm) -> Figure | None:
    """Pass rate, pass num and Score of both roles, a group of bars a version from v1 on."""
    versions = [v for v in arm.metrics if v > 0]
    if len(versions) < 2:
        return None
    figure, panels = _panels(6, 3)
    names = [name for figures in _ROLES.values() for name in figures]
    width = 0.8 / len(arm.sets)
    for panel, name in zip(panels, names, strict=True):
        for at, of_set in enumerate(arm.sets):
            points = {v: p for v, p in _points(arm, of_set, name).items() if v > 0}
            x = [v + width * (at - (len(arm.sets) - 1) / 2) for v in points]
            means, spans = _spans(points, name)
            colour = _PALETTE[at % len(_PALETTE)]
            panel.bar(x, means, 0.9 * width, color=colour, label=of_set)
            panel.errorbar(x, means, yerr=spans, fmt="none", ecolor=INK, elinewidth=1, capsize=2)
        _finish(panel, name, [arm], versions)
    figure.suptitle(f"{arm.name}; {_SPAN}", fontsize="medium")
    _legend(figure, panels)
    return figure


def _replay(arms: Sequence[Arm]) -> Figure | None:
    """The runs that differ in nothing but the policy of replay, the first one's and others'."""
    key = "filter.replay"
    alike = [a for a in arms if {k: v for k, v in a.settings.items() if k != key}
             == {k: v for k, v in arms[0].settings.items() if k != key}]  # fmt: skip
    policies = [arm.settings.get(key) for arm in alike]
    if "none" not in policies or len(set(policies)) < 2:
        return None
    names = [n for n in _REPLAYED if any(_points(arm, arm.whole, n) for arm in alike)]
    figure, panels = _panels(len(names), len(names))
    for panel, name in zip(panels, names, strict=True):
        for at, arm in enumerate(alike):
            policy = arm.settings.get(key)
            label = "no replay" if policy == "none" else f"replay: {policy}"
            points = {v: p for v, p in _points(arm, arm.whole, name).items() if v > 0}
            _line(panel, name, points, f"{label} ({arm.name})", at, 0.06 * (at - 0.5))
        _finish(panel, name, alike, [v for v in arms[0].metrics if v > 0])
    figure.suptitle(f"on {arms[0].whole}; {_SPAN}", fontsize="medium")
    _legend(figure, panels)
    return figure


def _rejected(arm: Arm) -> Figure | None:
    """How many were rejected by cause, a bar a round."""
    counts = rejected_counts(arm)
    if not counts:
        return None
    from matplotlib.figure import Figure as Made

    causes = sorted(counts, key=lambda cause: sum(counts[cause].values()))
    rounds = [n for n in next(iter(counts.values())) if any(of[n] for of in counts.values())]
    figure = Made(figsize=(9.0, 1.0 + 0.22 * len(causes) * max(1.0, len(rounds) * 0.6)),
                  layout="constrained")  # fmt: skip
    axes = figure.subplots()
    height = 0.8 / max(1, len(rounds))
    for at, number in enumerate(rounds):
        y = [i + height * ((len(rounds) - 1) / 2 - at) for i in range(len(causes))]
        values = [counts[cause][number] for cause in causes]
        bars = axes.barh(
            y, values, 0.9 * height, color=_PALETTE[at % len(_PALETTE)], label=f"round {number}"
        )
        axes.bar_label(bars, [str(v) if v else "" for v in values], padding=2, fontsize=7)
    axes.set_yticks(range(len(causes)), causes, fontsize=8)
    axes.set_ylim(-0.6, len(causes) - 0.4)
    axes.set_xlabel("samples, cases and codes", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    tidy(axes)
    _grid(axes)
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    return figure


def _panels(n: int, columns: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure as Made

    columns = min(n, columns)
    rows = -(-n // columns)
    figure = Made(figsize=(3.1 * columns, 2.4 * rows + 0.7), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in grid[n:]:
        axes.set_visible(False)
    return figure, grid[:n]


def _points(arm: Arm, of_set: str, name: str) -> dict[int, Mapping[str, float]]:
    found = {v: sets.get(of_set, {}).get(name) for v, sets in arm.metrics.items()}
    return {v: point for v, point in found.items() if point}


def _spans(
    points: Mapping[int, Mapping[str, float]], name: str
) -> tuple[list[float], tuple[list[float], list[float]]]:
    """Means, and how far the intervals reach below and above them."""
    scale = 100.0 if is_share(name) else 1.0
    means = [scale * p["mean"] for p in points.values()]
    below = [scale * max(0.0, p["mean"] - p["low"]) for p in points.values()]
    above = [scale * max(0.0, p["high"] - p["mean"]) for p in points.values()]
    return means, (below, above)


def _line(
    axes: Axes, name: str, points: Mapping[int, Mapping[str, float]], label: str, at: int,
    shift: float,
) -> None:  # fmt: skip
    means, spans = _spans(points, name)
    axes.errorbar(
        [v + shift for v in points], means, yerr=spans, capsize=2, markersize=4, linewidth=1.2,
        marker=MARKERS[at % len(MARKERS)], color=_PALETTE[at % len(_PALETTE)], label=label,
    )  # fmt: skip


def _finish(axes: Axes, name: str, arms: Sequence[Arm], versions: Sequence[int] = ()) -> None:
    at = versions or sorted({v for arm in arms for v in arm.metrics})
    axes.set_title(f"{name} (%)" if is_share(name) else name, fontsize=9)
    axes.set_xticks(at, [f"v{v}" for v in at])
    axes.set_xlim(min(at) - 0.6, max(at) + 0.6)
    axes.tick_params(labelsize=8)
    highest = max((c.get_datalim(axes.transData).y1 for c in axes.collections), default=0.0)
    axes.set_ylim(0.0, 1.08 * highest if highest > 0 else 1.0)
    if highest <= 0:
        axes.text(0.5, 0.5, "0 everywhere", transform=axes.transAxes, ha="center", fontsize=8)
    tidy(axes)
    _grid(axes)


def _grid(axes: Axes) -> None:
    """Lines that are seen on light and on dark paper."""
    axes.grid(visible=True, color="#888888", alpha=0.35, linewidth=0.6)


def _legend(figure: Figure, panels: Sequence[Axes]) -> None:
    handles: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=3,
                  fontsize=8, frameon=False)  # fmt: skip
