"""Row 5 of `ranking.py`: time and memory on a large matrix, in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from common import Line
from scoring.setting import random_matrix

from pytest_genx.rankers.dual_critic import dual_critic

SIZE = 1000
SECONDS, MEGABYTES = 1.0, 500.0


def large() -> Line:
    """Rank 1,000 x 1,000 with observations on one core, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "scoring.limits"],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = map(float, done.stdout.split())
    return Line(
        f"{SIZE:,} x {SIZE:,}, the whole process",
        f"{seconds:.2f} s, {megabytes:.0f} MB",
        f"under {SECONDS:.0f} s and {MEGABYTES:.0f} MB",
        seconds < SECONDS and megabytes < MEGABYTES,
    )


def main() -> None:
    """Print seconds of ranking, and the most memory that this process had."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    matrix = random_matrix(SIZE, SIZE)
    started = time.perf_counter()
    dual_critic(matrix)
    seconds = time.perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
