"""Twenty functions of two libraries that the project has never seen, from the package index.

`pip install more-itertools boltons` first. Their sources are copied, so that the run has a
project of its own, and compared afterwards: nothing may be left behind.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from common import arguments, close, generate, kept_by_target, tree

from pytest_genx.records import TargetFailed

TARGETS = {
    "more_itertools": [
        "more.py::chunked",
        "more.py::divide",
        "more.py::interleave",
        "more.py::windowed",
        "more.py::locate",
        "more.py::strip",
        "recipes.py::flatten",
        "recipes.py::all_equal",
        "recipes.py::quantify",
        "recipes.py::unique_everseen",
    ],
    "boltons": [
        "strutils.py::slugify",
        "strutils.py::camel2under",
        "strutils.py::cardinalize",
        "strutils.py::ordinalize",
        "strutils.py::bytes2human",
        "iterutils.py::chunk_ranges",
        "iterutils.py::bucketize",
        "iterutils.py::pairwise",
        "mathutils.py::clamp",
        "mathutils.py::ceil",
    ],
}
GOAL_TARGETS = 12
GOAL_KEPT = 3


def copy_package(package: str, directory: Path) -> None:
    """Copy the sources of an installed package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        sys.exit(f"{package} is not installed; run: pip install more-itertools boltons")
    shutil.copytree(
        Path(spec.origin).parent, directory / package, ignore=shutil.ignore_patterns("__pycache__")
    )


def main() -> int:
    """Measure and print."""
    quick = arguments(__doc__ or "").quick
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "project"
        directory.mkdir()
        (directory / "pytest.ini").write_text("[pytest]\n")
        for package in TARGETS:
            copy_package(package, directory)
        before = tree(directory)
        targets = [
            f"{package}/{target}"
            for package, listed in TARGETS.items()
            for target in (listed[:4] if quick else listed)
        ]
        records, seconds, done = generate(directory, targets, records=Path(name) / "records.jsonl")
        left = tree(directory).items() ^ before.items()
    kept = kept_by_target(records)
    for target, count in kept.items():
        print(f"{count:3} kept  {target}")
    for record in records:
        if isinstance(record, TargetFailed):
            print(f"failed: {record.target}: {record.reason}")
    crashed = done.returncode != 0 or len(kept) != len(targets)
    if crashed:
        print(done.stdout[-2000:], done.stderr[-2000:], sep="\n")
    print(f"{seconds:.0f} s; files left behind or changed: {sorted({item[0] for item in left})}")
    good = sum(count >= GOAL_KEPT for count in kept.values())
    goal = GOAL_TARGETS * len(targets) // 20
    return close(
        "strangers",
        f"{good} of {len(targets)} targets with {GOAL_KEPT} or more kept cases",
        f"{goal}, no crash, no file left behind",
        reached=good >= goal and not crashed and not left,
    )


if __name__ == "__main__":
    sys.exit(main())
