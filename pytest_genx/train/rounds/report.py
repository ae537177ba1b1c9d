"""The report of a run: Markdown, and one HTML page that needs nothing else.

Versions with intervals, leads over v1, what was rejected and why, speed, examples; other runs,
such as control arms, stand beside it where they are given.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.train.rounds.plot import curves
from pytest_genx.train.rounds.stages import ACCEPTED, METRICS
from pytest_genx.train.rounds.store import MANIFEST, RunError, read_lines, write_text

SHOWN = (
    "tester pass rate", "tester pass num", "tester Score", "tester runs rate", "tester runs num",
    "tester Score, values corrected", "tester validity", "mutants killed", "coder pass rate",
    "coder pass num", "coder Score", "coder pass@1", "coder pass@5", "ranking dual_critic",
    "ranking codet", "ranking majority",
)  # fmt: skip
_SHARES = frozenset(
    name for name in SHOWN if name.endswith(("rate", "validity", "killed")) or "pass@" in name
) | {name for name in SHOWN if name.startswith("ranking")}
_EXAMPLES = 4
_MEASURED = (
    "v0 is the base, v1 the base trained on the problems as they are, and each later version the "
    "base trained on what the rounds before it added. Score is the mean pass rate times the mean "
    "pass num, over problems. A tester's pass rate counts cases that the reference passes as they "
    "were written; its runs rate counts those whose input is of use, the value being corrected by "
    "running. A coder's pass rate counts samples that pass all original tests. Score rewards many "
    "trivial cases, which mutants killed does not. Brackets hold 95 % bootstrap intervals over "
    "problems."
)


@dataclass(frozen=True, slots=True)
class Arm:
    """One run: metrics by version, manifests by round, where it is."""

    name: str
    folder: Path
    metrics: dict[int, dict[str, Any]]
    manifests: dict[int, dict[str, Any]]


def write_report(folder: Path, others: Sequence[Path] = ()) -> list[Path]:
    """Write `report.md` and `report.html` into the folder of a run.

    Args:
        folder: the run's output.
        others: output folders of runs to set beside it.

    Returns:
        The two files.

    Raises:
        RunError: a folder holds no version that was measured.
    """
    arms = [read_arm(folder), *map(read_arm, others)]
    sections = list(_sections(arms))
    text = "\n\n".join(f"## {title}\n\n{body}" for title, body in sections)
    paths = [folder / "report.md", folder / "report.html"]
    write_text(paths[0], f"# {arms[0].name}\n\n{text}\n")
    write_text(paths[1], _page(arms, sections))
    return paths


def read_arm(folder: Path) -> Arm:
    """Read what a run has measured so far."""
    metrics: dict[int, dict[str, Any]] = {}
    manifests: dict[int, dict[str, Any]] = {}
    for place in (folder / "base", *sorted(folder.glob("round-*"), key=_number)):
        if (place / METRICS).exists():
            found = json.loads((place / METRICS).read_text("utf-8"))
            metrics[found["version"]] = found["sets"]
        if place.name != "base" and (place / MANIFEST).exists():
            manifests[_number(place)] = json.loads((place / MANIFEST).read_text("utf-8"))
    if not metrics:
        raise RunError(folder, "no version is measured yet")
    name = next((m["name"] for m in manifests.values()), folder.name)
    return Arm(f"{name} ({folder.name})", folder, metrics, manifests)


def _number(place: Path) -> int:
    number = place.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _sections(arms: Sequence[Arm]) -> Iterable[tuple[str, str]]:
    yield "What is measured", _MEASURED
    for arm in arms:
        for name in dict.fromkeys(n for sets in arm.metrics.values() for n in sets):
            yield f"{arm.name}: {name}", _table(arm, name)
    for arm in arms:
        yield f"{arm.name}: data and work", _work(arm)
        rejected = _rejected(arm)
        if rejected:
            yield f"{arm.name}: rejected, by cause", rejected
    yield "Examples", _examples(arms[0])


def _table(arm: Arm, name: str) -> str:
    """Figures of one set, a column a version, and the last version's lead over v1."""
    versions = sorted(v for v, sets in arm.metrics.items() if name in sets)
    last = versions[-1]
    heads = ["figure", "problems", *(f"v{v}" for v in versions)]
    if last > 1:
        heads.append(f"v{last} - v1")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for figure in SHOWN:
        found = [arm.metrics[v][name].get(figure) for v in versions]
        if not any(found):
            continue
        cells = [figure, "/".join(dict.fromkeys(str(c["problems"]) for c in found if c))]
        cells += [figure_cell(one, figure) for one in found]
        if last > 1:
            cells.append(figure_cell((found[-1] or {}).get("lead"), figure, sign="+"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def figure_cell(found: dict[str, Any] | None, figure: str, sign: str = "") -> str:
    """Write a mean with its interval, as the figure is written; nothing where there is none."""
    if not found:
        return ""
    scale, places = (100.0, 1) if figure in _SHARES else (1.0, 3)
    mean, low, high = (f"{scale * found[key]:{sign}.{places}f}" for key in ("mean", "low", "high"))
    return f"{mean}{' %' if figure in _SHARES else ''} [{low}, {high}]"


def _work(arm: Arm) -> str:
    heads = ("round", "sampled", "tokens/s", "cases", "codes", "accepted cases", "accepted codes",
             "documents", "rows by round of origin", "minutes")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for number, manifest in sorted(arm.manifests.items()):
        stages = manifest["stages"]
        sample, run, kept, train = (
            stages.get(name, {}) for name in ("sample", "execute", "filter", "train")
        )
        speed = sample.get("tokens", 0) / max(sample.get("seconds", 0.0), 0.1)
        origins = ", ".join(f"{n} of {k.removeprefix('round ')}"
                            for k, n in train.get("rows", {}).items())  # fmt: skip
        minutes = sum(stage.get("seconds", 0.0) for stage in stages.values()) / 60
        lines.append(
            f"| {number} | {sample.get('samples', 0)} | {speed:.0f} | {run.get('cases', 0)} "
            f"| {run.get('codes', 0)} | {kept.get('accepted tester', 0)} "
            f"| {kept.get('accepted coder', 0)} | {train.get('documents', 0)} | {origins} "
            f"| {minutes:.1f} |"
        )
    data = next(iter(arm.manifests.values()), {}).get("data", {})
    for name, counts in data.items():
        lines += ["", f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items()) + "."]
    return "\n".join(lines)


def _rejected(arm: Arm) -> str:
    by_round = {
        number: manifest["stages"].get("filter", {}).get("rejected", {})
        for number, manifest in sorted(arm.manifests.items())
    }
    causes = sorted({cause for counts in by_round.values() for cause in counts})
    if not causes:
        return ""
    lines = ["| cause | " + " | ".join(f"round {n}" for n in by_round) + " |"]
    lines.append("|---|" + "---|" * len(by_round))
    for cause in causes:
        counts = " | ".join(str(c.get(cause, 0)) for c in by_round.values())
        lines.append(f"| {cause} | {counts} |")
    return "\n".join(lines)


def _examples(arm: Arm) -> str:
    """The last accepted cases and codes that the model itself wrote."""
    for number in sorted(arm.manifests, reverse=True):
        path = arm.folder / f"round-{number}" / ACCEPTED
        rows = read_lines(path) if number and path.exists() else []
        chosen = [
            row
            for role in ("tester", "coder")
            for row in [r for r in rows if r["role"] == role][:_EXAMPLES]
        ]
        if chosen:
            parts = [f"{r['problem']}, {r['role']}:\n\n```python\n{r['source']}\n```"
                     for r in chosen]  # fmt: skip
            return f"Accepted in round {number}.\n\n" + "\n\n".join(parts)
    return "No round has accepted anything yet."


def _page(arms: Sequence[Arm], sections: Sequence[tuple[str, str]]) -> str:
    pictures = curves([(arm.name, arm.metrics) for arm in arms])
    parts = [f"<h2>{html.escape(title)}</h2>\n{_html(body)}" for title, body in sections]
    parts.insert(1, f"<h2>Curves</h2>\n{pictures}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{html.escape(arms[0].name)}</title>\n<style>{_STYLE}</style></head><body>\n"
        f"<h1>{html.escape(arms[0].name)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #ccc;padding:.2em .6em;"
    "text-align:left}pre{background:#f4f4f4;padding:.6em;overflow-x:auto}svg{max-width:100%;"
    "height:auto}@media(prefers-color-scheme:dark){svg{background:#fff}}"
)


def _html(text: str) -> str:
    """Turn the Markdown made here into HTML: tables, fences and paragraphs, nothing else."""
    found: list[str] = []
    blocks = text.split("\n\n")
    while blocks:
        block = blocks.pop(0)
        if block.startswith("```"):
            while not block.endswith("\n```"):
                block += "\n\n" + blocks.pop(0)
            code = block.removeprefix("```python\n").removesuffix("\n```")
            found.append(f"<pre>{html.escape(code)}</pre>")
        elif block.startswith("|"):
            rows = [line.strip("| ").split(" | ") for line in block.split("\n")]
            cells = ["".join(f"<td>{html.escape(c)}</td>" for c in r) for r in (rows[0], *rows[2:])]
            found.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
        else:
            found.append(f"<p>{html.escape(block)}</p>")
    return "\n".join(found)
