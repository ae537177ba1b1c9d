"""What runs have left in their folders, read for a report: figures, manifests, settings.

Nothing is measured here; a difference between two runs is paired over the problems that both
were measured on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.train.rounds.run import LOG, PATHS, SAVED, flat
from pytest_genx.train.rounds.score import summary
from pytest_genx.train.rounds.stages import MEASURED, METRICS
from pytest_genx.train.rounds.store import MANIFEST, Place, RunError

ALL = "all"  # the set of all problems, where there are several sets
_ORDER = (
    "tester pass rate", "tester pass num", "tester Score", "tester runs rate", "tester runs num",
    "tester Score, values corrected", "tester validity", "mutants killed", "coder pass rate",
    "coder pass num", "coder Score", "coder pass@", "ranking dual_critic", "ranking codet",
    "ranking majority",
)  # fmt: skip

Sets = Mapping[int, Mapping[str, Mapping[str, Any]]]  # version, test set, figure


@dataclass(frozen=True, slots=True)
class Arm:
    """One run: metrics by version, manifests by round, settings by dotted key."""

    name: str
    folder: Path
    metrics: Sets
    manifests: Mapping[int, Mapping[str, Any]]
    settings: Mapping[str, Any]
    broken: frozenset[tuple[int, str]]  # rounds and stages that went on after a break

    @property
    def sets(self) -> list[str]:
        """Test sets, in order."""
        return list(dict.fromkeys(n for sets in self.metrics.values() for n in sets))

    @property
    def whole(self) -> str:
        """The set of all problems."""
        return ALL if ALL in self.sets else self.sets[0]

    def place(self, number: int) -> Place:
        """The folder of a round; that of round -1 is the base's."""
        name = f"round-{number}" if number >= 0 else "base"
        return Place(self.folder / name, {})

    def measured(self, version: int, of_set: str) -> dict[str, Mapping[str, float | None]]:
        """Figures by problem; empty where the version was not measured."""
        place = self.place(version - 1)
        if not place.done("evaluate"):
            return {}
        rows = place.read(MEASURED)
        return {r["problem"]: r["figures"] for r in rows if of_set in (ALL, r["set"])}


def read_arms(folder: Path, others: Sequence[Path] = ()) -> list[Arm]:
    """Read a run and those it is compared with.

    Raises:
        RunError: a folder is not there, or holds no version that was measured.
    """
    folders = [folder, *others]
    names = [path.resolve().name for path in folders]
    twice = {name for name, n in Counter(names).items() if n > 1}
    return [
        read_arm(path, str(path) if name in twice else name)
        for path, name in zip(folders, names, strict=True)
    ]


def read_arm(folder: Path, name: str) -> Arm:
    """Read what a run has measured so far.

    Raises:
        RunError: nothing was measured, or a file is damaged.
    """
    metrics: dict[int, dict[str, Any]] = {}
    manifests: dict[int, dict[str, Any]] = {}
    for place in (folder / "base", *folder.glob("round-*")):
        number = place.name.rpartition("-")[2]
        if place.name != "base" and not number.isdecimal():
            continue
        if found := _read(folder, place / METRICS):
            metrics[found["version"]] = found["sets"]
        if place.name != "base" and (found := _read(folder, place / MANIFEST)):
            manifests[int(number)] = found
    if not any(metrics.values()):
        raise RunError(folder, "no version is measured yet")
    saved = _read(folder, folder / SAVED)
    saved.pop(PATHS, None)
    return Arm(
        name, folder, dict(sorted(metrics.items())), dict(sorted(manifests.items())),
        flat(saved), _broken(folder),
    )  # fmt: skip


def shown(figures: Iterable[str]) -> list[str]:
    """The figures that are shown, in order; pass@k for each k that was measured."""
    found: list[str] = []
    given = list(dict.fromkeys(figures))
    for name in _ORDER:
        if name.endswith("@"):
            found += sorted(
                (f for f in given if f.startswith(name)), key=lambda f: int(f[len("coder pass@") :])
            )
        elif name in given:
            found.append(name)
    return found


def is_share(figure: str) -> bool:
    """Whether a figure is a share, written in per cent."""
    ends = ("rate", "validity", "killed")
    return figure.endswith(ends) or "pass@" in figure or figure.startswith("ranking")


def differs(one: Arm, other: Arm) -> dict[str, tuple[Any, Any]]:
    """Settings that differ: of this run, of the other."""
    keys = sorted({*one.settings, *other.settings})
    pairs = {key: (one.settings.get(key), other.settings.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def difference(one: Arm, other: Arm, version: int, of_set: str) -> dict[str, Any]:
    """One run's figures minus the other's, paired over the problems that both have.

    Returns:
        For each figure mean, low, high and problems; empty where there is nothing to compare.
    """
    own, others = one.measured(version, of_set), other.measured(version, of_set)
    both = [problem for problem in own if problem in others]
    if not both:
        return {}
    seed = int(one.settings.get("seed", 0))
    found = summary([own[p] for p in both], seed, [others[p] for p in both])
    return {
        name: {**figure["lead"], "problems": figure["problems"]}
        for name, figure in found.items()
        if "lead" in figure
    }


def _broken(folder: Path) -> frozenset[tuple[int, str]]:
    """Stages that the log saw begin more than once."""
    try:
        text = (folder / LOG).read_text("utf-8")
    except OSError:
        return frozenset()
    begun: Counter[tuple[int, str]] = Counter()
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("event") == "stage":
            begun[event["round"], event["stage"]] += 1
    return frozenset(key for key, n in begun.items() if n > 1)


def _read(folder: Path, path: Path) -> dict[str, Any]:
    """Read an object; empty where there is no file."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except OSError:
        return {}
    except ValueError:
        raise RunError(folder, f"{path.relative_to(folder)} is damaged") from None
    return found
