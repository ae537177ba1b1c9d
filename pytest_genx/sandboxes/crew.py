"""Workers that outlive a batch: started when needed, kept warm, killed with their sandbox."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.handle import Needs, Worker, remove_tree
from pytest_genx.sandboxes.mechanism import Mechanism
from pytest_genx.sandboxes.pipes import Waiter
from pytest_genx.sandboxes.system import HERE, System

_KEPT = 8  # idle workers, the most recently used


class Crew:
    """The workers of one sandbox, in one temporary directory."""

    def __init__(self, mechanism: Mechanism, system: System = HERE) -> None:
        self.mechanism = mechanism
        self.system = system
        self._directory: Path | None = None
        self._started = 0
        self._idle: list[tuple[Needs, Worker]] = []
        self._packages: dict[Needs, dict[str, str]] = {}

    def packages(self, needs: Needs) -> dict[str, str]:
        """Return what is known of imports, by name: "ok", "slow" or "failed"; to be added to."""
        return self._packages.setdefault(needs, {})

    def hire(self, needs: Needs) -> Worker:
        """Return an idle worker, or start one.

        Raises:
            SandboxError: none can be started; the sentence says what the system answered.
        """
        for at in reversed(range(len(self._idle))):
            if self._idle[at][0] == needs:
                worker = self._idle.pop(at)[1]
                if worker.alive:
                    return worker
                worker.close()
        try:
            if self._directory is None:
                self._directory = Path(tempfile.mkdtemp(prefix="genx-")).resolve()
            self._started += 1
            home = self._directory / f"w{self._started}"
            return Worker(home, needs, self.mechanism, self.system)
        except OSError as error:
            self.check()
            raise self.error(f"no worker can be started: {_cause(error)}") from None
        except RuntimeError as error:  # no thread is left to read its pipe
            raise self.error(f"no worker can be started: {error}") from None

    def waiter(self) -> Waiter[Worker]:
        """Open what waits for workers.

        Raises:
            SandboxError: no file descriptor is left.
        """
        try:
            return Waiter(self.system)
        except OSError as error:
            raise self.error(f"workers cannot be waited for: {error}") from None

    def check(self) -> None:
        """See that the directory is there, without which programs are blamed for what they lack.

        Raises:
            SandboxError: somebody has removed it.
        """
        if self._directory is not None and not self._directory.is_dir():
            raise self.error(f"its directory {self._directory} was removed while it was in use")

    def error(self, reason: str) -> SandboxError:
        """Make the error that names this sandbox, to be raised."""
        return SandboxError(self.mechanism.name, reason)

    def release(self, needs: Needs, worker: Worker) -> None:
        """Take back a worker whose batch has ended."""
        self._idle.append((needs, worker))
        while len(self._idle) > _KEPT:
            self._idle.pop(0)[1].close()

    def dismiss(self, workers: Sequence[Worker]) -> None:
        """Kill workers; not to be interrupted."""
        with _uninterrupted():
            for worker in workers:
                worker.hang_up()
            end = time.monotonic() + 1.0
            for worker in workers:
                worker.close(max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Kill all idle workers and remove the directory; not to be interrupted."""
        with _uninterrupted():
            self.dismiss([worker for _, worker in self._idle])
            self._idle.clear()
            if self._directory is not None:
                remove_tree(self._directory)
                self._directory = None


def _cause(error: OSError) -> OSError:
    """Return what is behind an error: without descriptors, directories seem not to be there."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as lack:
        return lack
    return error


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off interrupts from the keyboard."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
