"""A picture of what `genx bench bugs` measured: bars of detection and false alarms by set."""

# ruff: noqa: PLC0415 -- matplotlib is imported by who wants a picture

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_genx.bench.bug_score import Line, Rate, Result, lines
from pytest_genx.errors import MissingDependency, WriteRefused

_HALF = 0.2  # of the place between two sets, half the width of a bar


def plot(path: Path, results: Sequence[Result], seed: int) -> None:
    """Draw detection and false alarms of the product, with intervals, set by set.

    Args:
        path: a PNG or SVG file; its suffix says which.
        results: of the sets, left to right.
        seed: of the intervals.

    Raises:
        MissingDependency: matplotlib is not installed.
        WriteRefused: the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("--plot", "matplotlib", 'pip install "pytest-genx[plot]"') from None
    figure = Figure(figsize=(3.5 + 2.2 * len(results), 4.5), layout="constrained")
    axes = figure.add_subplot()
    own: list[Line] = [lines(result, seed)[0] for result in results]
    series: list[tuple[str, float, str, list[Rate]]] = [
        ("detected", -_HALF, "tab:blue", [line.detection for line in own]),
        ("false alarms", _HALF, "tab:red", [line.alarms for line in own]),
    ]
    for label, shift, colour, rates in series:
        means = [100.0 * rate.mean if rate.total else 0.0 for rate in rates]
        below = [max(0.0, mean - 100.0 * rate.low) for mean, rate in zip(means, rates, strict=True)]
        above = [
            max(0.0, 100.0 * rate.high - mean) for mean, rate in zip(means, rates, strict=True)
        ]
        places = [i + shift for i in range(len(rates))]
        axes.bar(
            places, means, 2 * _HALF, yerr=(below, above), capsize=3, color=colour, label=label
        )
    names = [
        f"{result.name}\nsamples: {result.samples}\n{line.detection.total} faulty codes, "
        f"{line.alarms.total} correct"
        for result, line in zip(results, own, strict=True)
    ]
    axes.set_xticks(range(len(results)), names, fontsize=8)
    axes.set_ylim(0.0, 100.0)
    axes.set_ylabel("% of codes")
    figure.suptitle("suspected bugs in faulty and in correct code, with 95% intervals", fontsize=10)
    figure.legend(loc="outside lower center", ncols=len(series), fontsize=8)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise WriteRefused(path, str(error)) from None
