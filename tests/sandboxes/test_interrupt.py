"""Whatever ends a run, nothing of it is left: no process, no directory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from pytest_genx.domain import Batch, Case, Limits
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.process import ProcessSandbox

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found through /proc"
)
RUN = """
import sys
from contextlib import closing
from pytest_genx.domain import Batch, Case, Limits
from pytest_genx.sandboxes.levels import strongest
from pytest_genx.sandboxes.mechanism import PROCESS, Level
from pytest_genx.sandboxes.process import ProcessSandbox
programs = ("def f(x):\\n    return x\\n", "import signal\\ndef f(x):\\n    signal.pause()\\n")
cases = tuple(Case(f"assert f({i}) == {i}", "x") for i in range(500))
batch = Batch("mod", "/mod.py", (), programs, cases, Limits(wall=60.0))
mechanism = PROCESS if sys.argv[1:] == ["process"] else strongest(Level.PROCESS)
with closing(ProcessSandbox(2, mechanism)) as sandbox:
    sandbox.run(batch, lambda *_: print("pair", flush=True))
"""


def processes(directory: Path) -> list[int]:
    """List processes whose environment or working directory lies in a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environ = (entry / "environ").read_bytes()
                if os.fsencode(f"HOME={directory}/genx-") in environ:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def leader(directory: Path) -> int:
    """Find the worker, which leads the session of its processes."""
    for pid in processes(directory):
        with contextlib.suppress(ProcessLookupError):  # cases come and go
            if os.getsid(pid) == pid:
                return pid
    raise AssertionError("no worker is running")


def wait_until_gone(directory: Path, seconds: float) -> bool:
    """Wait for the processes of a run and its directory to disappear."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not processes(directory) and not any(directory.glob("genx-*")):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("level", ["strongest", "process"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_runner_ends_every_process_within_two_seconds(tmp_path, sent, level):
    """An interrupt cleans up; even a runner that is killed takes its processes with it."""
    if level == "strongest" and os.geteuid() != 0:
        pytest.skip("workers that are not dumpable are seen by root alone")
    runner = subprocess.Popen(
        [sys.executable, "-c", RUN, level],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert runner.stdout is not None
    with contextlib.closing(runner.stdout):
        for _ in range(20):
            runner.stdout.readline()
        end = time.monotonic() + 5.0
        while len(processes(tmp_path)) <= 2 and time.monotonic() < end:
            time.sleep(0.02)  # what was read may be all of the first worker's
        assert len(processes(tmp_path)) > 2, "workers and programs are running"
        runner.send_signal(sent)
        runner.wait()
        if sent is not signal.SIGINT:  # nobody is left to remove the directory
            for left in tmp_path.glob("genx-*"):
                left.rename(tmp_path / "left")
        assert wait_until_gone(tmp_path, 2.0)


class Stop(Exception):
    """What a caller may raise."""


def test_an_exception_of_the_caller_ends_the_run(tmp_path, monkeypatch):
    """What `on_pair` raises passes through, and nothing is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    batch = Batch("mod", "/mod.py", (), ("def f(): pass\n",) * 2, (Case("f()", "x"),) * 50)
    seen = []

    def on_pair(*pair):
        seen.append(pair)
        if len(seen) == 5:
            raise Stop

    with closing(ProcessSandbox(2)) as sandbox, pytest.raises(Stop):
        sandbox.run(batch, on_pair)
    assert wait_until_gone(tmp_path, 0.1)


def test_a_worker_that_is_killed_is_replaced(tmp_path, monkeypatch):
    """The pair in flight crashes, all others keep their verdicts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cases = tuple(Case(f"assert f({i}) == {i}", "x") for i in range(40))
    batch = Batch("mod", "/mod.py", (), ("def f(x): return x\n",), cases)
    outcomes = {}

    def on_pair(_, case, execution):
        outcomes[case] = execution.outcome.value
        if case == 10:
            os.kill(leader(tmp_path), signal.SIGKILL)

    with closing(ProcessSandbox(1)) as sandbox:
        sandbox.run(batch, on_pair)
    assert sorted(outcomes) == list(range(40))
    assert list(outcomes.values()).count("P") >= 38


def test_a_worker_that_cannot_start_is_an_error(tmp_path, monkeypatch):
    """A broken interpreter is told as such, with its last words."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such interpreter >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    batch = Batch("mod", "/mod.py", (), ("",), (Case("", "x"),), Limits())
    with (
        closing(ProcessSandbox(1)) as sandbox,
        pytest.raises(SandboxError, match="no such interpreter"),
    ):
        sandbox.run(batch, lambda *_: None)
    assert wait_until_gone(tmp_path, 0.1)
