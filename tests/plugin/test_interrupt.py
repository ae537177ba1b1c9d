"""Ctrl-C while generating: what is done is reported, nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLOW = '''\
def quick(n: int) -> int:
    """One more."""
    return n + 1


def slow(n: int) -> int:
    """Never ends."""
    while True:
        n += 1
'''


def processes_below(pid: int) -> list[int]:
    """All descendants of a process, by the kernel's own list."""
    children = [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]
    return children + [below for child in children for below in processes_below(child)]


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_interrupt_reports_what_is_done_and_leaves_nothing(project: pytest.Pytester) -> None:
    """Exit status 2 within seconds, no process left, no file written, the first target shown."""
    (project.path / "slow.py").write_text(SLOW)
    texts = {"quick tester": ["assert quick(1) == 2"], "slow tester": ["assert slow(1) == 2"]}
    (project.path / "texts.json").write_text(json.dumps(texts))
    flags = [
        "--genx-sandbox=process",
        "--genx-timeout=60",
        "--genx-write=accept",
        "--genx-report=jsonl:out.jsonl",
    ]
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "pytest", "--genx-generate=slow.py", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    report = project.path / "out.jsonl"
    deadline = time.monotonic() + 60
    while not (
        report.exists() and '"TargetStarted", "target": "slow.py::slow"' in report.read_text()
    ):
        assert time.monotonic() < deadline, "the slow target was never reached"
        assert child.poll() is None, child.stdout.read()
        time.sleep(0.1)
    while not (below := processes_below(child.pid)):
        assert time.monotonic() < deadline, "no worker was ever started"
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    pressed = time.monotonic()
    output, _ = child.communicate(timeout=30)
    assert time.monotonic() - pressed < 5
    time.sleep(max(0.0, pressed + 2 - time.monotonic()))
    assert not [pid for pid in below if is_running(pid)]
    assert child.returncode == pytest.ExitCode.INTERRUPTED
    assert "slow.py::quick" in output
    assert "slow.py::slow: interrupted" in output
    assert ", interrupted" in " ".join(output.split())
    assert "Traceback" not in output
    assert not list(project.path.glob("**/*genx*"))
    last = report.read_text().splitlines()[-1]
    assert '"RunEnded", "interrupted": true' in last
