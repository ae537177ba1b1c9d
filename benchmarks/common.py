"""What the benchmark scripts share: running pytest, reading its records, the closing line."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pytest_genx.records import Record, TargetDone, TargetFailed, read

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent


def arguments(
    description: str, *additions: Callable[[argparse.ArgumentParser], object]
) -> argparse.Namespace:
    """Parse the one option that all benchmarks have, and those that `additions` add."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a smaller run that ends within 60 s")
    for add in additions:
        add(parser)
    return parser.parse_args()


def rows_option(rows: Mapping[int, object]) -> Callable[[argparse.ArgumentParser], None]:
    """Make what adds the option that chooses among numbered rows."""

    def numbers(text: str) -> list[int]:
        """Read `1,3,5`; ValueError when one of them is no row."""
        chosen = [int(part) for part in text.split(",")]
        if not set(chosen) <= rows.keys():
            raise ValueError(text)
        return chosen

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rows", type=numbers, default=list(rows), help="which, such as 1,3")

    return add


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table of goals, measured."""

    what: str
    figure: str
    goal: str
    reached: bool

    def __str__(self) -> str:
        short = "" if self.reached else "  SHORT"
        return f"{self.what}: {self.figure} (goal: {self.goal}){short}"


def measured(
    rows: Mapping[int, Callable[[T], Iterable[Line]]], numbers: Sequence[int], setting: T
) -> list[Line]:
    """Measure the rows of these numbers, and print each line as it comes."""
    lines = []
    for number in numbers:
        for line in rows[number](setting):
            lines.append(line)
            print(f"{number}. {line}", flush=True)
    return lines


def close_table(name: str, lines: Sequence[Line]) -> int:
    """Print how many goals were reached as the closing line, and return the exit status."""
    n_reached = sum(line.reached for line in lines)
    reached = n_reached == len(lines)
    return close(name, f"{n_reached} of {len(lines)} goals reached", "all of them", reached=reached)


def close(name: str, figure: str, goal: str, *, reached: bool) -> int:
    """Print the closing line and return the exit status."""
    print(f"{name}: {figure} (goal: {goal})")
    return 0 if reached else 1


def generate(
    rootdir: Path, targets: Sequence[str], *options: str, records: Path
) -> tuple[list[Record], float, subprocess.CompletedProcess[str]]:
    """Run `pytest --genx-generate` and read its records.

    Returns:
        The records, wall seconds, and the finished process.
    """
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    command += ["--genx-cache=none"]  # each run is timed as if it were the first
    command += [f"--genx-generate={target}" for target in targets]
    command += [f"--genx-report=jsonl:{records}", *options]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=rootdir, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    return (list(read(records)) if records.exists() else []), seconds, done


def kept_by_target(records: Sequence[Record]) -> dict[str, int]:
    """Count kept cases; a target that could not be worked on has none."""
    kept = {r.target: sum(c.kept for c in r.cases) for r in records if isinstance(r, TargetDone)}
    return kept | {r.target: 0 for r in records if isinstance(r, TargetFailed)}


def tree(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below `root` with its size and time of change, byte code caches apart."""
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
