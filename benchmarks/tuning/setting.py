"""What the rows of training share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CORES = 2  # that the goals are for


@dataclass(frozen=True, slots=True)
class Setting:
    """How the rows are measured."""

    quick: bool
    problems: Path  # a folder of problem files
    run: Path  # a finished run of three rounds
    arms: tuple[Path, ...]  # finished control arms
    threads: int


def hold_cores() -> int:
    """Keep this process and its children to so many cores; returns how many there are."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
