"""The report of a run: Markdown, one HTML page that needs nothing else, and pictures.

Other runs, such as control arms, stand beside it where they are given, with differences that
are paired over problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_genx.errors import WriteRefused
from pytest_genx.train.rounds import tables
from pytest_genx.train.rounds.arms import ALL, Arm, read_arms
from pytest_genx.train.rounds.examples import examples
from pytest_genx.train.rounds.page import page
from pytest_genx.train.rounds.plot import inline, pictures, write_pictures
from pytest_genx.train.rounds.store import RunError, keeping, write_text

PICTURES = "report"  # the folder of the pictures
_MEASURED = (
    "v0 is the base, v1 the base trained on the problems as they are, and each later version the "
    "base trained on what the rounds before it added. Score is the mean pass rate times the mean "
    "pass num, over problems. A tester's pass rate counts cases that the reference passes as they "
    "were written; its runs rate counts those whose input is of use, the value being corrected by "
    "running. A coder's pass rate counts samples that pass all original tests. Score rewards many "
    "trivial cases, which mutants killed does not. Ranking is how often the best code of a ranking "
    "is right, over problems with right and wrong samples. Brackets hold 95 % bootstrap intervals "
    "over problems; a version's lead is paired over them."
)
_DIFFERENCE = "The run minus the other, on {of_set}, paired over the problems that both have."


def write_report(folder: Path, others: Sequence[Path] = ()) -> list[Path]:
    """Write `report.md`, `report.html` and their pictures into the folder of a run.

    Args:
        folder: the run's output.
        others: output folders of runs to set beside it.

    Returns:
        The files; without matplotlib there are no pictures.

    Raises:
        RunError: a folder holds no version that was measured, or the disk is full.
    """
    arms = read_arms(folder, others)
    drawn = pictures(arms)
    titles = {name: title for name, (title, _) in drawn.items()}
    sections = list(_sections(arms, titles))
    name = next((m["name"] for m in arms[0].manifests.values()), "")
    title = f"{name} ({arms[0].name})" if name else arms[0].name
    text = "\n\n".join(f"## {head}\n\n{body}" for head, body in sections)
    paths = [folder / "report.md", folder / "report.html"]
    svg = {name: (t, inline(name, t, figure)) for name, (t, figure) in drawn.items()}
    with keeping(folder, "the report"):
        write_text(paths[0], f"# {title}\n\n{text}\n")
        write_text(paths[1], page(title, sections, svg))
        try:
            paths += write_pictures(folder / PICTURES, drawn)
        except WriteRefused as error:
            raise RunError(folder, f"the report stopped ({error}); the run is kept") from None
    return paths


def _sections(arms: Sequence[Arm], titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Headings and what stands below them."""
    arm, others = arms[0], arms[1:]
    yield "What is measured, and on what", f"{_MEASURED}\n\n{tables.sets_table(arm)}"
    if others:
        yield "Runs", tables.arms_table(arms)
    no_pictures = "Pictures need matplotlib: `pip install 'pytest-genx[plot]'`."
    yield "Curves", _picture(titles, "curves") if titles else no_pictures
    for name in arm.sets:
        yield f"Versions on {_set(name)}", tables.versions_table(arm, name)
    for name in ("versions", "replay"):
        if name in titles:
            yield titles[name].partition(":")[0].partition(" (")[0], _picture(titles, name)
    if others:
        yield from _compared(arm, others)
    rows = "Rows that each version was trained on, by the round that they come from."
    yield "Data versions", f"{rows}\n\n{tables.data_table(arm)}"
    yield "Work and speed", tables.work_table(arm)
    if rejected := tables.rejected_table(arm):
        drawn = _picture(titles, "rejected") + "\n\n" if "rejected" in titles else ""
        yield "Rejected, by cause", f"{drawn}{rejected}"
    yield "Examples", _examples(arm)
    yield "Seed, hashes and versions", tables.origin_table(arm)


def _compared(arm: Arm, others: Sequence[Arm]) -> Iterator[tuple[str, str]]:
    for name in arm.sets:
        yield (
            f"All runs and versions on {_set(name)}",
            tables.all_versions_table([arm, *others], name),
        )
    for other in others:
        found = tables.differences_table(arm, other, arm.whole)
        told = _DIFFERENCE.format(of_set=_set(arm.whole))
        yield (
            f"{arm.name} - {other.name}",
            f"{told}\n\n{found}" if found else "No problem and version was measured in both.",
        )


def _examples(arm: Arm) -> str:
    """What the model wrote: accepted, and rejected with the cause."""
    number, chosen = examples(arm)
    if not chosen:
        return "No round has sampled anything yet."
    parts = [f"Of round {number}."]
    for one in chosen:
        verdict = f"rejected, {one.cause}" if one.cause else "accepted"
        note = f" ({one.note})" if one.note else ""
        parts.append(f"{one.problem}, {one.role}: {verdict}{note}")
        parts.append(f"```python\n{one.source}\n```")
    return "\n\n".join(parts)


def _set(name: str) -> str:
    return "all sets together" if name == ALL else name


def _picture(titles: Mapping[str, str], name: str) -> str:
    return f"![{titles[name]}]({PICTURES}/{name}.png)"
