"""The trusted side's hold on one worker process: start it, talk to it, kill the whole tree."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_genx.domain import Limits
from pytest_genx.sandboxes.channel import Frame, FrameReader, encode
from pytest_genx.sandboxes.environment import environment
from pytest_genx.sandboxes.launch import WORKER, command, landlock_paths, readable_paths
from pytest_genx.sandboxes.mechanism import Level, Mechanism
from pytest_genx.sandboxes.order import Order
from pytest_genx.sandboxes.pipes import open_pipes
from pytest_genx.sandboxes.system import System

_ROOM = 1 << 16  # bytes that a worker's directory must be able to hold
GRACE = 0.5  # seconds a worker has to leave by itself


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What a worker is started with, and cannot change.

    Args:
        limits: for one case.
        hash_seed: order of sets of strings.
        readable: files and directories of the project, which it may read in the strong levels.
    """

    limits: Limits
    hash_seed: int
    readable: tuple[str, ...]


class Worker:
    """One worker process, from start to `close`; `pipes` are what to wait for."""

    def __init__(self, home: Path, needs: Needs, mechanism: Mechanism, system: System) -> None:
        """Start the process.

        Args:
            home: a directory of its own, made here, where cases run.
            needs: what it cannot change later.
            mechanism: what shuts the process in.
            system: what there is to run it with.

        Raises:
            OSError: the system has no room for a directory, a file or a process.
        """
        home.mkdir()
        token = os.urandom(16)
        self.home = home
        self._forks = system.forks
        self._contained = mechanism.level is Level.CONTAINER
        if not self._contained:  # a container's home has room of its own
            _find_room(home)
        self.log = home.with_suffix(".log")
        self.reader = FrameReader(token, 16 * 1024 * needs.limits.output + (4 << 20))
        self.orders: deque[Order] = deque()  # the first is being carried out
        self.state = "starting"  # then "idle", "opening", "open", "closing"
        self.expired = False  # the program was killed as nothing happened
        self.begun = time.monotonic()  # when it began with the order it is at
        self.since = self.begun  # when it last got something to do, or told of progress
        readable = readable_paths(needs.readable)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command(
                    mechanism,
                    [sys.executable, "-B", str(WORKER)],
                    home,
                    readable,
                    needs.limits.disk,
                ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(home, needs.hash_seed),
                cwd=home,
                # an interrupt from the keyboard is the trusted side's alone
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self.pipes = open_pipes(self._process.stdin, self._process.stdout, system)
            self.send(
                {
                    "token": token.hex(),
                    "limits": dataclasses.asdict(needs.limits),
                    "seed": needs.hash_seed,
                    "level": mechanism.level.value,
                    "readable": landlock_paths(readable),
                    "fork": system.forks,
                }
            )
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def assign(self, order: Order, programs: Sequence[str]) -> None:
        """Have it carry out an order once it is done with those before."""
        self.orders.append(order)
        if len(self.orders) == 1:
            self._begin()
        self.send(order.message(programs))

    def finish(self) -> Order | None:
        """Take away the order that is done, if there is one."""
        order = self.orders.popleft() if self.orders else None
        self.expired = False
        if self.orders:
            self._begin()
        return order

    def _begin(self) -> None:
        self.begun = self.since = time.monotonic()
        self.reader.program_token = self.orders[0].token

    def send(self, message: Mapping[str, object]) -> None:
        """Tell it something, as soon as it listens."""
        self.pipes.send(encode(message))

    def receive(self) -> Iterator[Frame] | None:
        """Read what is there; None when the worker is gone."""
        data = self.pipes.receive()
        if data is None:
            return iter(())
        if not data:
            return None
        self.reader.feed(data, self.orders[0].case_token if self.orders else b"")
        return self.reader.frames()

    def fate(self) -> str:
        """Say how the process ended, as `Order.stopped` takes it."""
        code = self._process.wait()
        return f"exit {code}" if code >= 0 else f"signal {-code}"

    def last_words(self) -> str:
        """Return the last line the process wrote to its standard error."""
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no message")

    def hang_up(self) -> None:
        """Close the pipes, on which a worker that listens ends by itself."""
        self.pipes.hang_up()

    def close(self, patience: float = GRACE) -> None:
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
        self.pipes.close()
        remove_tree(self.home)


def remove_tree(directory: Path) -> None:
    """Remove a directory whatever modes a case gave to what is in it."""
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        for parent, _, _ in os.walk(directory):
            with contextlib.suppress(OSError):
                Path(parent).chmod(0o700)
        shutil.rmtree(directory, ignore_errors=True)


def _find_room(home: Path) -> None:
    """See that a directory can hold files: a case that writes would be blamed for a full disk.

    Raises:
        OSError: it cannot.
    """
    file = home / "room"
    try:
        file.write_bytes(bytes(_ROOM))
    finally:
        file.unlink(missing_ok=True)


def _kill(pid: int) -> bool:
    """Kill a process (a group if negative); False if there is none that can be."""
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def _descendants(pid: int) -> Iterator[int]:
    """Yield processes started by a process, by those, and so on, where /proc tells."""
    with contextlib.suppress(OSError):  # gone, or no descriptor is left to look
        for listing in list(Path(f"/proc/{pid}/task").glob("*/children")):
            with contextlib.suppress(OSError):
                for child in map(int, listing.read_text().split()):
                    yield child
                    yield from _descendants(child)
