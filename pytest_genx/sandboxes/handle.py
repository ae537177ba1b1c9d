"""The trusted side's hold on one worker process: start it, talk to it, kill the whole tree."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_genx.sandboxes.channel import Frame, FrameReader, encode
from pytest_genx.sandboxes.launch import WORKER, command
from pytest_genx.sandboxes.mechanism import PROCESS, Level, Mechanism
from pytest_genx.sandboxes.row import Row

# Without these some interpreters do not start; no other variable of the user's is passed on.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_READ = 1 << 16  # bytes
_GRACE = 0.5  # seconds a worker has to leave by itself


class Worker:
    """One worker process, from start to `close`; `fileno` is what to select on."""

    def __init__(
        self,
        home: Path,
        header: Mapping[str, object],
        limit: int,
        *,
        mechanism: Mechanism = PROCESS,
        readable: Sequence[str] = (),
        disk: int = 64,
    ) -> None:
        """Start the process.

        Args:
            home: a directory of its own, made here, where cases run.
            header: what holds for the whole batch.
            limit: bytes that a verdict may have.
            mechanism: what shuts the process in.
            readable: paths it may read in the strong levels.
            disk: MiB that its home holds in a container.
        """
        home.mkdir()
        token = os.urandom(16)
        self.home = home
        self._contained = mechanism.level is Level.CONTAINER
        self.log = home.with_suffix(".log")
        self.reader = FrameReader(token, limit)
        self.program: int | None = None  # process id
        self.ready = False
        self.row: Row | None = None
        self.expired = False  # its program was killed as nothing happened
        self.since = time.monotonic()  # when it last got something to do, or told of progress
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command(mechanism, [sys.executable, "-B", str(WORKER)], home, readable, disk),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(home, header["seed"]),
                cwd=home,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._control, self._verdicts = self._process.stdin, self._process.stdout
        os.set_blocking(self._verdicts.fileno(), False)
        try:
            self.send({**header, "token": token.hex()})
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor of the pipe with the verdicts."""
        return self._verdicts.fileno()

    def assign(self, row: Row, program: str) -> None:
        """Let it run the cases that are left of a row."""
        self.row, self.expired = row, False
        launch = row.launch()
        self.reader.program_token = row.token
        self.send({**launch, "program": program})

    def send(self, message: Mapping[str, object]) -> None:
        """Give it something to do; a worker that is gone is noticed when it is read."""
        self.since = time.monotonic()
        with contextlib.suppress(BrokenPipeError):
            self._control.write(encode(message))
            self._control.flush()

    def receive(self, case_token: bytes) -> Iterator[Frame] | None:
        """Read what is there; None when the worker is gone.

        Args:
            case_token: token of the pair in flight.
        """
        try:
            data = os.read(self.fileno(), _READ)
        except BlockingIOError:
            return iter(())
        if not data:
            return None
        self.reader.feed(data, case_token)
        return self.reader.frames()

    def fate(self) -> str:
        """Say how the process ended, as `Row.stopped` takes it."""
        code = self._process.wait()
        return f"exit {code}" if code >= 0 else f"signal {-code}"

    def last_words(self) -> str:
        """Return the last line the process wrote to its standard error."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no message")

    def kill_program(self) -> None:
        """Kill the process of the program and of its case; the worker notices and goes on."""
        with contextlib.suppress(OSError):  # it may be gone, and its number may be another's
            if self.program is not None and os.getsid(self.program) == self._process.pid:
                _kill(-self.program)
                _kill(self.program)

    def hang_up(self) -> None:
        """Kill the program and close the pipes, on which the worker ends by itself."""
        self.kill_program()
        for pipe in (self._control, self._verdicts):
            with contextlib.suppress(OSError):
                pipe.close()

    def close(self, patience: float = _GRACE) -> None:
        """Kill everything, wait for it, and remove the directory.

        Args:
            patience: seconds the worker has to end by itself.
        """
        self.hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        if self._contained:
            self._process.kill()  # and with it all that is inside
        if self._process.poll() is None and not self._contained:
            for _ in range(100):  # a tree that grows while it is felled
                if not [pid for pid in _descendants(self._process.pid) if _kill(pid)]:
                    break
            self._process.kill()
        self._process.wait()
        remove_tree(self.home)


def remove_tree(directory: Path) -> None:
    """Remove a directory whatever modes a case gave to what is in it."""
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        for parent, _, _ in os.walk(directory):
            with contextlib.suppress(OSError):
                Path(parent).chmod(0o700)
        shutil.rmtree(directory, ignore_errors=True)


def _environment(home: Path, seed: object) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    user = {"PYTHONUSERBASE": site.getuserbase()} if site.ENABLE_USER_SITE else {}
    fixed = {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": str(seed)}
    places = {"HOME": str(home), "TMPDIR": str(home), "PWD": str(home), "LOGNAME": "user"}
    return {**kept, **user, **fixed, **places, **dict.fromkeys(_ONE_THREAD, "1")}


def _kill(pid: int) -> bool:
    """Kill a process (a group if negative); False if there is none that can be."""
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def _descendants(pid: int) -> Iterator[int]:
    """Yield processes started by a process, by those, and so on, where /proc tells."""
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listing.read_text().split()):
                yield child
                yield from _descendants(child)
