"""Row 2: a run that is killed in every stage of a round ends as one that is not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import Line
from tuning.setting import Setting

from pytest_genx.train.rounds.stages import STAGES
from pytest_genx.train.rounds.store import MANIFEST

SCRIPT = Path(__file__).with_name("dying.py")
ROUND = "round-1"


def resumed(_: Setting) -> Iterator[Line]:
    """Count the stages that were killed, and whose part of the manifest is as if not."""
    with tempfile.TemporaryDirectory(prefix="genx-killed-") as name:
        folder = Path(name).resolve()
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False
        )
        ends = {tuple(line.split()[:2]): int(line.split()[2]) for line in done.stdout.splitlines()}
        straight, killed = (
            _manifest(folder / of / ROUND / MANIFEST) for of in ("undisturbed", "killed")
        )
    if not straight or not killed:
        print(done.stdout + done.stderr)
    same = [
        stage
        for stage in STAGES
        if ends.get(("killed", stage)) == signal.SIGKILL
        and straight
        and straight["stages"].get(stage) == killed.get("stages", {}).get(stage)
    ]
    heads = [{k: v for k, v in one.items() if k != "stages"} for one in (straight, killed)]
    whole = bool(straight) and heads[0] == heads[1] and len(same) == len(STAGES)
    for stage in STAGES:
        if stage not in same:
            ended = ends.get(("killed", stage))
            print(f"  {stage} differs, or was not killed (ended with {ended})")
    yield Line(
        "resumed after SIGKILL with the same final manifest, times aside, tiny model",
        f"{len(same)} of {len(STAGES)} stages",
        "all of them",
        whole,
    )


def _manifest(path: Path) -> dict[str, Any]:
    """Read a manifest without its times; empty where there is none."""
    if not path.exists():
        return {}
    found: dict[str, Any] = without_times(json.loads(path.read_text("utf-8")))
    return found


def without_times(tree: Any) -> Any:
    """Leave out what is measured in seconds, at any depth."""
    if isinstance(tree, dict):
        return {k: without_times(v) for k, v in tree.items() if not k.startswith("seconds")}
    return [without_times(item) for item in tree] if isinstance(tree, list) else tree
