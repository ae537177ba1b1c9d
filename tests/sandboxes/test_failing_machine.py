"""A machine that lacks something: one sentence names the cause, and what was reported stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pluggy
import pytest

import pytest_genx
from pytest_genx.domain import Batch, Case, Execution, Outcome
from pytest_genx.errors import SandboxError
from pytest_genx.outcomes.cache import OutcomeCache
from pytest_genx.pipeline.crossrun import run_programs
from pytest_genx.sandboxes import handle
from pytest_genx.sandboxes.levels import probe
from pytest_genx.sandboxes.mechanism import PROCESS, Level
from pytest_genx.sandboxes.process import ProcessSandbox

linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts and limits of Linux")
root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to mount or to change ids"
)
CASES = tuple(Case(f"assert f({n}) == {n + 1}", "test") for n in range(8))
KEEPS = "n = []\ndef f(x):\n    n.append(x)\n    return x + 1\n"  # a process for each case


def batch(programs: int = 4, text: str = KEEPS) -> Batch:
    """Make a batch of distinct programs that pass."""
    return Batch("m", "m.py", (), tuple(f"{text}# {i}\n" for i in range(programs)), CASES)


def outcomes(sandbox: ProcessSandbox, what: Batch) -> list[str]:
    """Run and return the names of outcomes."""
    found: list[str] = []
    sandbox.run(what, lambda _i, _j, execution: found.append(execution.outcome.name))
    return found


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """Mount a small tmpfs, or skip the test."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@linux
@root
def test_a_full_disk_is_named(tmp_path, monkeypatch):
    """No program is judged where it could not write a file."""
    place = tmp_path / "tmp"
    with mounted(place, "size=1m"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with suppress(OSError), (place / "fill").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with (
            closing(ProcessSandbox(1, PROCESS)) as sandbox,
            pytest.raises(SandboxError, match=r"no worker can be started: .*No space left"),
        ):
            outcomes(sandbox, batch())


@linux
@root
def test_a_read_only_directory_is_named(tmp_path, monkeypatch):
    """The sentence says which directory."""
    place = tmp_path / "tmp"
    with mounted(place, "ro"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with (
            closing(ProcessSandbox(1, PROCESS)) as sandbox,
            pytest.raises(SandboxError, match=f"Read-only file system: '{place}"),
        ):
            outcomes(sandbox, batch())


def test_no_usable_directory_is_named(tmp_path, monkeypatch):
    """What was the directory for temporary files may be gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with (
        closing(ProcessSandbox(1)) as sandbox,
        pytest.raises(SandboxError, match=r"no worker can be started: .*gone"),
    ):
        outcomes(sandbox, batch())


@linux
def test_a_level_is_not_missed_for_want_of_a_directory(tmp_path, monkeypatch):
    """The attempt says what is missing, and is made again; no weaker level is taken instead."""
    probe.cache_clear()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(SandboxError, match=r"no worker can be started: .*gone"):
        probe(Level.CONTAINER)
    monkeypatch.undo()
    assert "gone" not in probe(Level.CONTAINER).missing


@pytest.mark.parametrize("workers", [1, 2])
def test_a_directory_that_is_removed_meanwhile_is_named(workers):
    """What was reported before is right, and nobody is blamed for the rest."""
    found: list[Outcome] = []
    with closing(ProcessSandbox(workers, PROCESS)) as sandbox:

        def on_pair(_i: int, _j: int, execution: Execution) -> None:
            found.append(execution.outcome)
            directory = sandbox._crew._directory
            if len(found) == 3 and directory is not None:
                shutil.rmtree(directory)

        with pytest.raises(SandboxError, match=r"its directory .* was removed while it was in use"):
            sandbox.run(batch(), on_pair)
    assert set(found) == {Outcome.PASS}


_LIMITED = """
import os, resource, sys
from contextlib import closing
from pytest_genx.domain import Batch, Case
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.mechanism import PROCESS
from pytest_genx.sandboxes.process import ProcessSandbox
program = "n = []\\ndef f(x):\\n    n.append(x)\\n    return x + 1\\n"
cases = tuple(Case(f"assert f({n}) == {n + 1}", "test") for n in range(3))
batch = Batch("m", "/m.py", (), (program, program + "# 2\\n"), cases)
def attempt(name):
    found = []
    with closing(ProcessSandbox(2, PROCESS)) as sandbox:
        try:
            sandbox.run(batch, lambda i, j, e: found.append(e.outcome.name))
        except SandboxError as error:
            print(name, "said", error)
        else:
            print(name, "ran", *found)
"""


def limited(code: str, interpreter: str = sys.executable) -> list[str]:
    """Run attempts under limits in a process of their own, and return what each said."""
    homes = [Path(module.__file__ or "").parents[1] for module in (pytest_genx, pluggy)]
    done = subprocess.run(
        [interpreter, "-c", _LIMITED + code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "HOME": "/none", "PYTHONPATH": os.pathsep.join(map(str, homes))},
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@linux
def test_too_few_descriptors_are_named_wherever_they_run_out():
    """For each number of them, the run is whole or ends in the one sentence."""
    said = limited(
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "n = len(os.listdir('/proc/self/fd')) - 1\n"
        "for more in range(15):\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (n + more, hard))\n"
        "    attempt(more)\n"
    )
    assert len(said) == 15
    assert "Too many open files" in said[0]
    assert said[-1] == "14 ran" + " PASS" * 6
    for line in said:
        assert line.split(" ", 1)[1] == "ran" + " PASS" * 6 or "Too many open files" in line


@linux
@root
def test_too_few_processes_are_named_by_whoever_needs_one():
    """The trusted side cannot start a worker, or a worker nothing of its own."""
    interpreter = next(filter(_for_all, (sys.executable, "/usr/bin/python3")), None)
    if interpreter is None:
        pytest.skip("another user may run no interpreter that is known here")
    said = limited(
        "for n in (1, 4):\n"
        "    if os.fork():\n"
        "        os.wait()\n"
        "        continue\n"
        "    resource.setrlimit(resource.RLIMIT_NPROC, (n, n))\n"
        "    os.setgid(54321); os.setuid(54321)\n"
        "    attempt(n)\n"
        "    sys.stdout.flush(); os._exit(0)\n",
        interpreter,
    )
    assert said[0].startswith("1 said sandbox 'process': no worker can be started: [Errno 11]")
    assert said[1].startswith(
        "4 said sandbox 'process': a worker cannot go on: no process can be started"
    )


def _for_all(interpreter: str) -> bool:
    """Say whether any user may start an interpreter, of a version that we support."""
    code = "import os, sys; os.setuid(54321); os.execv(sys.executable, [sys.executable, '-V'])"
    if not Path(interpreter).exists():
        return False
    done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=False)
    minor = done.stdout.removeprefix("Python 3.").partition(".")[0]
    return done.returncode == 0 and minor.isdigit() and int(minor) >= 10


def test_what_was_reported_before_is_in_the_cache(tmp_path):
    """The next run begins where the machine gave out."""
    what = batch()

    def execute(cache: OutcomeCache, *, breaks: bool) -> list[Outcome]:
        with closing(cache), closing(ProcessSandbox(1, PROCESS)) as sandbox:

            def on_progress(done: int, _total: int) -> None:
                directory = sandbox._crew._directory
                if breaks and done == 10 and directory is not None:
                    shutil.rmtree(directory)

            rows = run_programs(
                what.module, what.path, what.programs, what.cases, sandbox,
                on_progress=on_progress, cache=cache,
            )  # fmt: skip
        return [execution.outcome for row in rows for execution in row]

    first, second = OutcomeCache(tmp_path), OutcomeCache(tmp_path)
    with pytest.raises(SandboxError, match="was removed"):
        execute(first, breaks=True)
    assert execute(second, breaks=False) == [Outcome.PASS] * 32
    assert second.found == first.executed >= 10
    assert second.executed == 32 - second.found


@contextmanager
def killing(monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[list[int]]:
    """Kill so many workers, each once it is at work, and yield the list of those."""
    killed: list[int] = []
    workers: list[handle.Worker] = []
    start = handle.Worker.__init__
    over = threading.Event()

    def noted(self: handle.Worker, *args: object) -> None:
        start(self, *args)  # type: ignore[arg-type]
        workers.append(self)

    def kill() -> None:
        while not over.wait(0.001):
            for worker in workers:
                pid = worker._process.pid
                if worker.orders and pid not in killed and len(killed) < times:
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)

    monkeypatch.setattr(handle.Worker, "__init__", noted)
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a killed worker is a killed program there")
@pytest.mark.parametrize("text", [KEEPS, "def f(x):\n    return x + 1\n"], ids=["alone", "shared"])
@pytest.mark.parametrize("mechanism", ["strongest", "process"], indirect=True)
def test_workers_that_are_killed_are_replaced(monkeypatch, mechanism, text):
    """No program is blamed, whether or not its turn had come, and every pair is reported."""
    with killing(monkeypatch, 3) as killed, closing(ProcessSandbox(2, mechanism)) as sandbox:
        found = outcomes(sandbox, batch(30, text))
    assert len(killed) == 3
    assert found == ["PASS"] * 30 * len(CASES)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a killed worker is a killed program there")
def test_workers_that_are_killed_for_ever_are_an_error(monkeypatch):
    """The sandbox gives up after a few, and says why."""
    begun = time.monotonic()
    with (
        killing(monkeypatch, 1000) as killed,
        closing(ProcessSandbox(2, PROCESS)) as sandbox,
        pytest.raises(SandboxError, match=r"5 workers in a row ended with signal 9 before .*kills"),
    ):
        outcomes(sandbox, batch(50))
    assert len(killed) < 20
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no worker apart there")
def test_a_program_that_kills_its_worker_each_time_is_blamed(run):
    """It is tried twice; honest neighbours keep their verdicts."""
    hostile = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None)\n"
        "n = []\n"
        "def f(x):\n"
        "    n.append(x)\n"
        "    text = open(f'/proc/{os.getppid()}/stat').read()\n"
        "    foreman = int(text.rpartition(')')[2].split()[1])\n"
        "    libc.kill(foreman, 9)\n"
        "    while True: pass\n"
    )
    rows = run([hostile, KEEPS, hostile + "# 2\n", KEEPS + "# 2\n"], CASES[:2], workers=2)
    names = [[e.outcome.name for e in row] for row in rows]
    assert names[1] == names[3] == ["PASS", "PASS"]
    assert {name for row in names[::2] for name in row} <= {"CRASH", "TIMEOUT", "ERROR"}
