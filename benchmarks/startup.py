"""What the plugin adds to a pytest run that uses none of its options.

Runs `pytest --version`-like empty sessions with and without the plugin, alternating, and
compares medians; alternating makes both feel the same neighbours.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, close

GOAL_MS = 15.0


def one_run(directory: Path, *options: str) -> float:
    """Milliseconds of wall time for one session with a single trivial test."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    started = time.perf_counter()
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return (time.perf_counter() - started) * 1000


def main() -> int:
    """Measure and print."""
    runs = 10 if arguments(__doc__ or "").quick else 40
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "test_nothing.py").write_text("def test_nothing(): pass\n")
        one_run(directory)  # byte code and disk caches
        pairs = [(one_run(directory, "-p", "no:genx"), one_run(directory)) for _ in range(runs)]
    without = statistics.median(pair[0] for pair in pairs)
    added = statistics.median(pair[1] - pair[0] for pair in pairs)
    print(f"without the plugin: {without:.0f} ms; ratio {1 + added / without:.3f}; {runs} pairs")
    return close(
        "startup", f"{added:+.1f} ms", f"at most +{GOAL_MS:g} ms", reached=added <= GOAL_MS
    )


if __name__ == "__main__":
    sys.exit(main())
