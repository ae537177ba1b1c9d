"""Row 3: how long a round of the CPU recipe takes on two cores."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from common import ROOT, Line
from tuning.setting import CORES, Setting, hold_cores

from pytest_genx.train.loop import LOG
from pytest_genx.train.rounds.recipe import load_rounds
from pytest_genx.train.rounds.stages import STAGES
from pytest_genx.train.rounds.store import MANIFEST

RECIPE = Path("models") / "rounds-nano.yaml"
GOAL_MINUTES = 30.0
QUICK = 2, 1  # problems of each training set and of each test set, in a fraction
_RUN = "import sys; from pytest_genx.train.cli import main; sys.exit(main())"


def duration(setting: Setting) -> Iterator[Line]:
    """Run round 0, which makes version 1, and round 1; the latter's time counts."""
    what = f"round 1 of {RECIPE}, {CORES} cores"
    goal = f"under {GOAL_MINUTES:g} minutes"
    if not setting.problems.exists():
        print(f"{what} skipped: no folder {setting.problems}", flush=True)
        return
    cores = hold_cores()
    whole = load_rounds(ROOT / RECIPE, [f"base={ROOT / 'models' / 'genx-nano.gguf'}"])
    with tempfile.TemporaryDirectory(prefix="genx-round-") as folder:
        overrides = [f"output={folder}/out", "rounds=1", f"data.folder={setting.problems}"]
        if setting.quick:
            overrides += [f"data.limit={QUICK[0]}", f"eval.limit={QUICK[1]}"]
        command = [sys.executable, "-c", _RUN, "run", str(RECIPE), *overrides]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        manifest = Path(folder) / "out" / "round-1" / MANIFEST
        if done.returncode or not manifest.exists():
            print(done.stdout + done.stderr)
            yield Line(what, f"ended with status {done.returncode}", goal, reached=False)
            return
        stages = json.loads(manifest.read_text("utf-8"))["stages"]
        in_loop = _in_loop(manifest.parent / LOG, stages["train"]["steps"])
    seconds = {stage: float(stages[stage]["seconds"]) for stage in STAGES}
    print("seconds, as measured: " + ", ".join(f"{s} {t:.0f}" for s, t in seconds.items()))
    note = ""
    if setting.quick:
        train, test = whole.data.limit, whole.eval.limit
        assert train is not None
        assert test is not None
        seconds = extrapolated(seconds, in_loop, train / QUICK[0], test / QUICK[1])
        note = f", extrapolated from {QUICK[0]} of {train} problems of a set"
    minutes = sum(seconds.values()) / 60
    figure = f"{minutes:.1f} minutes{note}"
    if cores < CORES:
        figure += f", on {cores} core"
    yield Line(what, figure, goal, minutes < GOAL_MINUTES)


def extrapolated(
    seconds: Mapping[str, float], in_loop: float, training: float, testing: float
) -> dict[str, float]:
    """Multiply what grows with the problems; of training that is the loop alone.

    >>> extrapolated({"sample": 1.0, "train": 10.0, "evaluate": 1.0}, 2.0, 10, 5)
    {'sample': 10.0, 'train': 28.0, 'evaluate': 5.0}
    """
    whole = {s: t * (testing if s == "evaluate" else training) for s, t in seconds.items()}
    once = max(0.0, seconds["train"] - in_loop)  # packages and the model are loaded once
    return {**whole, "train": once + in_loop * training}


def _in_loop(log: Path, steps: int) -> float:
    """Seconds of all steps, from the last that the log tells of."""
    last = json.loads(log.read_text("utf-8").splitlines()[-1])
    return float(60.0 * last["minutes"] * steps / last["step"])
