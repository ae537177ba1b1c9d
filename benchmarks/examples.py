"""The README's main job on `examples/`: seconds, kept cases, and whether they really hold.

The examples are copied, tests are written there, and the written tests are run by plain
pytest without the plugin, five times with other hash seeds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, arguments, close, generate, kept_by_target

GOAL_SECONDS = 120
GOAL_TARGETS = 6
GOAL_KEPT = 3


def failures(directory: Path, hash_seed: int) -> int:
    """Run the written tests once; 0 when all of at least one test passed."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:genx", "-p", "no:cacheprovider", "."],
        cwd=directory,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        check=False,
    ).returncode


def main() -> int:
    """Measure and print."""
    samples = "8" if arguments(__doc__ or "").quick else "16"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "project"
        shutil.copytree(ROOT / "examples", directory)
        (directory / "pytest.ini").write_text("[pytest]\n")
        records, seconds, done = generate(
            directory,
            ["."],
            "--genx-write=accept",
            f"--genx-samples={samples}",
            records=Path(name) / "records.jsonl",
        )
        kept = kept_by_target(records)
        for target, count in kept.items():
            print(f"{count:3} kept  {target}")
        broken = [seed for seed in range(1, 6) if failures(directory, seed)]
    good = sum(count >= GOAL_KEPT for count in kept.values())
    print(f"exit status {done.returncode}; hash seeds with a failing written test: {broken or 0}")
    return close(
        "examples",
        f"{seconds:.0f} s, {good} of {len(kept)} targets with {GOAL_KEPT} or more kept cases",
        f"under {GOAL_SECONDS} s, {GOAL_TARGETS} targets, no failing test",
        reached=seconds < GOAL_SECONDS
        and good >= GOAL_TARGETS
        and not broken
        and done.returncode == 0,
    )


if __name__ == "__main__":
    sys.exit(main())
