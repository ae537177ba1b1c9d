"""Row 4: Score of both roles, version by version, of a run that is finished."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from common import Line
from tuning.setting import Setting

from pytest_genx.train.rounds.stages import METRICS

SCORES = ("tester Score", "coder Score")
BESIDE = ("tester Score, values corrected", "mutants killed", "coder pass@1")
FROM, TO, LAST = 1, 3, 4
_HOW = """\
no run of three rounds in {run}; make one, and its control arm:
  genx-train run models/rounds-nano.yaml
  genx-train run models/rounds-nano.yaml filter.kind=none output=build/rounds-nano-none
  python benchmarks/training.py --rows 4 --run build/rounds-nano --arm build/rounds-nano-none"""


def scores(setting: Setting) -> Iterator[Line]:
    """Print all versions of the run and its arms; what counts is the run's v3 - v1."""
    goal = "lower end above 0"
    found = read_versions(setting.run)
    if TO not in found:
        print(_HOW.format(run=setting.run), flush=True)
    for folder in (setting.run, *setting.arms):
        for line in _table(folder):
            print(line, flush=True)
    for name in SCORES:
        what = f"{name}, v{TO} - v{FROM}"
        if TO not in found:
            if setting.quick:
                print(f"{what}: not run (goal: {goal})", flush=True)
            else:
                yield Line(what, "not run", goal, reached=False)
            continue
        figure = found[TO][name]
        lead = figure["lead"]
        text = f"{written(lead, sign=True)}, n={figure['problems']}"
        yield Line(what, text, goal, lead["low"] > 0.0)


def read_versions(folder: Path) -> dict[int, dict[str, Any]]:
    """Map versions to their figures on all test problems."""
    found: dict[int, dict[str, Any]] = {}
    for path in sorted(folder.glob(f"round-*/{METRICS}")):
        metrics = json.loads(path.read_text("utf-8"))
        sets = metrics["sets"]
        found[metrics["version"]] = sets.get("all") or next(iter(sets.values()))
    return dict(sorted(found.items()))


def written(interval: Mapping[str, float], *, sign: bool = False) -> str:
    """Write a figure with its interval.

    >>> written({"mean": 0.25, "low": -0.5, "high": 1.0}, sign=True)
    '+0.250 [-0.500, +1.000]'
    """
    form = "+.3f" if sign else ".3f"
    mean, low, high = (format(interval[key], form) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _table(folder: Path) -> Iterator[str]:
    versions = read_versions(folder)
    for name in (*SCORES, *BESIDE):
        cells = [f"v{v} {written(f[name])}" for v, f in versions.items() if v <= LAST and name in f]
        lead = versions.get(TO, {}).get(name, {}).get("lead")
        if cells and lead:
            cells.append(f"v{TO} - v{FROM} {written(lead, sign=True)}")
        if cells:
            yield f"{folder.name}, {name}: " + "; ".join(cells)
