"""The tables of a report, as Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_genx.train.loop import LOG as STEPS
from pytest_genx.train.rounds.arms import Arm, difference, differs, is_share, shown

ROLES = ("tester", "coder")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def figure_cell(found: Mapping[str, Any] | None, figure: str, sign: str = "") -> str:
    """Write a mean with its interval, as the figure is written; nothing where there is none."""
    if not found:
        return ""
    scale, places = (100.0, 1) if is_share(figure) else (1.0, 3)
    mean, low, high = (f"{scale * found[key]:{sign}.{places}f}" for key in ("mean", "low", "high"))
    return f"{mean}{' %' if is_share(figure) else ''} [{low}, {high}]"


def sets_table(arm: Arm) -> str:
    """Which data the figures are on, and which the model was trained on."""
    rows = []
    for name in arm.sets:
        measured = {len(arm.measured(version, name)) for version in arm.metrics}
        rows.append((name, "measured on", "/".join(str(n) for n in sorted(measured))))
    data = next(iter(arm.manifests.values()), {}).get("data", {})
    for name, counts in data.items():
        kind, _, of_set = name.partition(" ")
        left_out = ", ".join(f"{n} {what}" for what, n in counts.items() if what != "problems")
        if kind == "train" or left_out:
            what = "trained on" if kind == "train" else "left out of it"
            number = counts.get("problems", 0) if kind == "train" else ""
            rows.append((of_set, what, f"{number}{'; left out: ' if number else ''}{left_out}"
                         if left_out else number))  # fmt: skip
    return table(("set", "", "problems"), rows)


def versions_table(arm: Arm, name: str) -> str:
    """Figures of one set, a column a version, and the last version's lead over v1."""
    versions = [v for v, sets in arm.metrics.items() if name in sets]
    last = versions[-1]
    leads = [last] if last > 1 else []
    heads = ["figure", "problems", *(f"v{v}" for v in versions), *(f"v{v} - v1" for v in leads)]
    rows = []
    for figure in shown(f for v in versions for f in arm.metrics[v][name]):
        found = [arm.metrics[v][name].get(figure) for v in versions]
        problems = "/".join(dict.fromkeys(str(one["problems"]) for one in found if one))
        row = [figure, problems, *(figure_cell(one, figure) for one in found)]
        row += [figure_cell((found[-1] or {}).get("lead"), figure, sign="+") for _ in leads]
        rows.append(row)
    return table(heads, rows)


def arms_table(arms: Sequence[Arm]) -> str:
    """What the runs are, and how their settings differ from those of the first."""
    rows = []
    for arm in arms:
        found = differs(arms[0], arm)
        told = ", ".join(f"{key} = {other!r} (not {own!r})" for key, (own, other) in found.items())
        rows.append((arm.name, told or ("the run" if arm is arms[0] else "no setting")))
    return table(("run", "what differs"), rows)


def all_versions_table(arms: Sequence[Arm], of_set: str) -> str:
    """All rounds of all runs on one set, a row a version."""
    of_version = {(arm.name, v): sets[of_set] for arm in arms for v, sets in arm.metrics.items()
                  if of_set in sets}  # fmt: skip
    figures = shown(figure for found in of_version.values() for figure in found)
    rows = [
        (name, f"v{version}", *(figure_cell(found.get(figure), figure) for figure in figures))
        for (name, version), found in of_version.items()
    ]
    return table(("run", "version", *figures), rows)


def differences_table(one: Arm, other: Arm, of_set: str) -> str:
    """One run minus another, version by version, paired over problems; empty if none is common."""
    versions = [v for v in one.metrics if v > 0 and v in other.metrics]
    found = {v: difference(one, other, v, of_set) for v in versions}
    found = {v: figures for v, figures in found.items() if figures}
    if not found:
        return ""
    rows = []
    for figure in shown(name for figures in found.values() for name in figures):
        cells = [figures.get(figure) for figures in found.values()]
        problems = "/".join(dict.fromkeys(str(cell["problems"]) for cell in cells if cell))
        rows.append([figure, problems, *(figure_cell(cell, figure, sign="+") for cell in cells)])
    return table(("figure", "problems", *(f"v{v}" for v in found)), rows)


def data_table(arm: Arm) -> str:
    """The data versions: what each version was trained on, by role and round of origin."""
    rounds = list(arm.manifests)
    rows = []
    for number, manifest in arm.manifests.items():
        train = manifest["stages"].get("train", {})
        for role in ROLES if "tester rows" in train else ("both",):
            of_role = train.get(f"{role} rows" if role in ROLES else "rows", {})
            if train:
                counts = [of_role.get(f"round {n}", 0) for n in rounds]
                rows.append((f"v{number + 1}", role, *counts, sum(counts)))
    return table(("version", "role", *(f"of round {n}" for n in rounds), "rows"), rows)


def work_table(arm: Arm) -> str:
    """Samples, speed, and minutes of each round; no speed where a stage went on after a break."""
    heads = ("round", "samples", "sampled tokens/s", "cases", "codes", "runs", "accepted cases",
             "accepted codes", "documents", "trained tokens/s", "minutes")  # fmt: skip
    rows = []
    for number, manifest in arm.manifests.items():
        stages = manifest["stages"]
        sample, run, kept, train = (
            stages.get(name, {}) for name in ("sample", "execute", "filter", "train")
        )
        seconds = sample.get("seconds", 0.0)
        whole = seconds and (number, "sample") not in arm.broken
        minutes = sum(stage.get("seconds", 0.0) for stage in stages.values()) / 60
        cut = any((number, stage) in arm.broken for stage in stages)
        rows.append((
            number, sample.get("samples", 0),
            f"{sample.get('tokens', 0) / seconds:.0f}" if whole else "",
            run.get("cases", 0), run.get("codes", 0), run.get("pairs", 0),
            kept.get("accepted tester", 0), kept.get("accepted coder", 0),
            train.get("documents", 0), _trained(arm, number),
            f"{'over ' if cut else ''}{minutes:.1f}",
        ))  # fmt: skip
    return table(heads, rows)


def rejected_counts(arm: Arm) -> dict[str, dict[int, int]]:
    """How many were rejected: by cause, then by round."""
    by_round = {
        number: manifest["stages"].get("filter", {}).get("rejected", {})
        for number, manifest in arm.manifests.items()
    }
    causes = sorted({cause for counts in by_round.values() for cause in counts})
    return {c: {n: counts.get(c, 0) for n, counts in by_round.items()} for c in causes}


def rejected_table(arm: Arm) -> str:
    """Rejected by cause, a column a round; empty where nothing was."""
    counts = rejected_counts(arm)
    if not counts:
        return ""
    rounds = list(next(iter(counts.values())))
    rows = [(cause, *(of_round[n] for n in rounds)) for cause, of_round in counts.items()]
    return table(("cause", *(f"round {n}" for n in rounds)), rows)


def origin_table(arm: Arm) -> str:
    """Seed, hashes and versions: what another run needs to give the same."""
    return table(("", ""), list(_origin(arm)))


def _origin(arm: Arm) -> Iterator[tuple[str, str]]:
    head = next(iter(arm.manifests.values()), {})
    yield "seed", str(head.get("seed", "not recorded"))
    yield "recipe, digest", f"`{head.get('recipe', 'not recorded')}`"
    yield "base, SHA-256", f"`{head.get('base', 'not recorded')}`"
    for number, manifest in arm.manifests.items():
        files = manifest["stages"].get("train", {}).get("files", {})
        for name, found in files.items():
            if name.endswith(".gguf"):
                yield f"v{number + 1}, {name}, SHA-256", f"`{found}`"
    yield "versions", ", ".join(f"{k} {v}" for k, v in head.get("versions", {}).items())


def _trained(arm: Arm, number: int) -> str:
    """Tokens a second of training, the median of the logged steps; padding is not counted."""
    path = arm.place(number).folder / STEPS
    if not path.exists():
        return ""
    speeds = []
    for line in path.read_text("utf-8").splitlines():
        try:
            speeds.append(json.loads(line)["tokens_per_second"])
        except (ValueError, KeyError):
            continue  # the log of a killed run may end in half a line
    return f"{statistics.median(speeds):.0f}" if speeds else ""
