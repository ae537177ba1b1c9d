"""A run that is killed goes on where it was."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("resumed_run.py")
LATE = 0.5  # seconds from an execution to the kill in which it may not have been kept, at most


@pytest.fixture
def start(tmp_path):
    """Start a run in a directory of its own, so that all of them have the same paths."""

    def start(kind: str, *, cache: str = "cache") -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", str(SCRIPT), cache, kind, f"log-{cache}"]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)

    return start


def executed(log: Path) -> list[tuple[float, str]]:
    """When each pair was executed."""
    if not log.exists():
        return []
    lines = (line.split(" ", 1) for line in log.read_text().splitlines())
    return [(float(when), pair) for when, pair in lines]


@pytest.mark.parametrize("kind", ["slow", "quick", "process"])
def test_a_killed_run_resumes(start, tmp_path, kind):
    """Killed three times at random, it gives the matrix of a run that nothing happened to.

    What is executed twice was executed just before a kill.
    """
    expected = start(kind, cache="none").communicate()[0]
    total = len(executed(tmp_path / "log-none"))
    log = tmp_path / "log-cache"
    kills: list[float] = []
    draws = random.Random(kind)
    for _ in range(3):
        before = len(executed(log))
        run = start(kind)
        goal = before + draws.randrange(1, max(2, (total - before) // 2))
        while len(executed(log)) < goal and run.poll() is None:
            time.sleep(0.001)
        run.kill()
        run.communicate()
        kills.append(time.time())
    assert len(executed(log)) < total, "it was killed before it was done"
    found, _ = start(kind).communicate()
    assert found == expected
    assert found.strip()
    first: dict[str, float] = {}
    for when, pair in executed(log):
        if pair in first:
            assert any(0 <= kill - first[pair] < LATE for kill in kills), pair
        first[pair] = when
    assert len(first) == total
    again = len(executed(log))
    assert start(kind).communicate()[0] == expected
    assert len(executed(log)) == again
