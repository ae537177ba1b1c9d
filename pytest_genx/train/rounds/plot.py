"""Curves over versions, as SVG that stands in a page."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

_PANELS = (
    ("tester Score", "as written"),
    ("tester Score, values corrected", ""),
    ("coder Score", ""),
    ("tester validity", ""),
    ("mutants killed", "by the first kept cases"),
    ("coder pass@1", ""),
    ("coder pass@5", ""),
    ("ranking dual_critic", "best code is right"),
    ("ranking codet", "best code is right"),
)
_COLUMNS = 3
Sets = Mapping[int, Mapping[str, Mapping[str, Any]]]


def curves(arms: Sequence[tuple[str, Sets]]) -> str:
    """Draw each figure over versions, a line for each arm and test set, with intervals.

    Args:
        arms: name, and metrics by version and set.

    Returns:
        SVG, or a sentence when matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 -- only who draws needs it
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        return "<p>Curves need matplotlib: pip install 'pytest-genx[plot]'</p>"
    rows = -(-len(_PANELS) // _COLUMNS)
    figure = Figure(figsize=(4.0 * _COLUMNS, 3.0 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS).ravel()
    for panel, (name, note) in zip(axes, _PANELS, strict=True):
        for arm, metrics in arms:
            for of_set in dict.fromkeys(s for sets in metrics.values() for s in sets):
                points = [
                    (version, sets[of_set][name])
                    for version, sets in sorted(metrics.items())
                    if name in sets.get(of_set, {})
                ]
                if points:
                    _line(panel, points, f"{arm}, {of_set}" if len(arms) > 1 else of_set)
        panel.set_title(f"{name} ({note})" if note else name, fontsize=9)
        versions = sorted({version for _, metrics in arms for version in metrics})
        panel.set_xticks(versions, [f"v{version}" for version in versions])
        panel.tick_params(labelsize=8)
        panel.set_ylim(bottom=0.0)
    handles, labels = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "genx", "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _line(panel: Any, points: Sequence[tuple[int, Mapping[str, float]]], label: str) -> None:
    versions = [version for version, _ in points]
    means = [point["mean"] for _, point in points]
    below = [max(0.0, p["mean"] - p["low"]) for _, p in points]
    above = [max(0.0, p["high"] - p["mean"]) for _, p in points]
    panel.errorbar(
        versions, means, yerr=(below, above), capsize=2, marker="o", markersize=3, linewidth=1,
        label=html.unescape(label),
    )  # fmt: skip
