"""The sandbox that every system with `fork` has: confined processes, fresh for each case.

Covered, for code that goes wrong or cheats without aiming at this very sandbox: endless loops,
memory, recursion, floods of output, exits before the verdict, forged verdicts, writing and
removing outside a temporary directory, starting processes, killing others, the network,
the user's environment variables, and state carried from one case to another.

How far is said in `worker/confine.py`: on Linux the kernel enforces it (Landlock, seccomp, where
it has them); elsewhere an audit hook in the interpreter does, which C code walks around.

Not covered: reading the user's files; a candidate that searches its own process for tokens,
or whose objects claim to equal everything, can turn its own row, and only that, to PASS.
Use a container for code that means harm.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import selectors
import signal
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Execution
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.channel import Frame, find_frame
from pytest_genx.sandboxes.handle import Worker, remove_tree
from pytest_genx.sandboxes.row import HOPELESS, Row, read_verdict
from pytest_genx.sandboxes.shared_imports import shared_imports

_START = 60.0  # seconds of wall time that starting a worker may take
_BUNDLE = 0.001  # seconds; reading frames one by one takes a core from the workers
_GRACE = 5.0  # seconds after which a worker that lost its program must have said so


def process_sandbox(config: Config) -> ProcessSandbox:
    """Make the sandbox; nothing is started before `run`."""
    return ProcessSandbox(config.workers or usable_cores())


def usable_cores() -> int:
    """Count the processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessSandbox:
    """Runs batches in at most `n_workers` processes at a time."""

    name = "process"

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """Run every program against every case; see `Sandbox.run`.

        Raises:
            SandboxError: there is no `fork`, or no worker can be started.
        """
        if not hasattr(os, "fork"):
            raise SandboxError(self.name, "this system cannot fork")
        if batch.programs and batch.cases:
            with contextlib.closing(_Pool(batch, on_pair, self.n_workers)) as pool:
                pool.run()

    def close(self) -> None:
        """Do nothing: `run` leaves nothing behind."""


class _Pool:
    """The workers of one run; closing it kills them and removes their directory."""

    def __init__(self, batch: Batch, on_pair: OnPair, n_workers: int) -> None:
        self.batch = batch
        self.on_pair = on_pair
        self.rows = deque(
            Row(i, len(batch.cases), batch.limits) for i in range(len(batch.programs))
        )
        self.n_workers = min(n_workers, len(self.rows))
        self.workers: list[Worker] = []
        self.started = 0
        self.header = _header(batch)
        self.selector = selectors.DefaultSelector()
        self.directory = Path(tempfile.mkdtemp(prefix="genx-")).resolve()

    def close(self) -> None:
        """Kill all processes and remove the directory; not to be interrupted."""
        with _uninterrupted():
            for worker in self.workers:
                worker.hang_up()
            end = time.monotonic() + 1.0
            for worker in self.workers:
                worker.close(max(0.0, end - time.monotonic()))
            self.selector.close()
            remove_tree(self.directory)

    def run(self) -> None:
        """Report all pairs."""
        while self.rows or any(worker.row for worker in self.workers):
            for worker in self.workers:
                if self.rows and worker.ready and worker.row is None:
                    row = self.rows.popleft()
                    worker.assign(row, self.batch.programs[row.program])
            while self.rows and len(self.workers) < self.n_workers:
                self._start()
            events = self.selector.select(self._patience())
            now = time.monotonic()  # what comes while pairs are reported is not late
            time.sleep(_BUNDLE)
            for key, _ in events:
                self._read(key.data)
            for worker in [w for w in self.workers if now > self._deadline(w)]:
                self._expire(worker)

    def _start(self) -> None:
        limit = 4 * 1024 * self.batch.limits.output + (1 << 16)
        worker = Worker(self.directory / f"w{self.started}", self.header, limit)
        self.started += 1
        self.workers.append(worker)
        self.selector.register(worker, selectors.EVENT_READ, worker)

    def _stop(self, worker: Worker) -> None:
        self.selector.unregister(worker)
        self.workers.remove(worker)
        worker.close()

    def _deadline(self, worker: Worker) -> float:
        """Time when a worker that says nothing must be stuck."""
        if worker.ready and worker.row is None:
            return float("inf")
        if not worker.ready:
            return worker.since + _START
        return worker.since + (_GRACE if worker.expired else self.batch.limits.wall)

    def _patience(self) -> float | None:
        first = min(map(self._deadline, self.workers), default=float("inf"))
        return None if first == float("inf") else max(0.0, first - time.monotonic()) + 0.001

    def _read(self, worker: Worker) -> None:
        row = worker.row
        frames = worker.receive(row.case_token if row else b"")
        if frames is None:
            self._lost(worker)
            return
        for frame in frames:
            worker.since = time.monotonic()
            if frame.from_worker:
                self._take(worker, frame)
            elif worker.row is not None:
                self._take_of_program(worker.row, frame)

    def _take(self, worker: Worker, frame: Frame) -> None:
        """Act on what a worker says."""
        match frame.fields:
            case ["ready"]:
                worker.ready = True
            case ["started", str(pid)]:
                worker.program = int(pid)
            case ["done", str(fate)]:
                worker.program = None
                self._settle(worker, "wall" if worker.expired else fate)

    def _take_of_program(self, row: Row, frame: Frame) -> None:
        """Act on what the process of a program says, of its own row alone."""
        match frame.fields:
            case ["imported"]:
                row.imported = True
            case ["failed", *fields]:
                self._report(row, row.failed(read_verdict(fields)))
            case ["ended", str(fate)]:
                verdict = read_verdict(find_frame(frame.before, row.case_token))
                self._report(row, row.ended(fate, verdict))

    def _report(self, row: Row, reports: Iterator[tuple[int, Execution]]) -> None:
        for case, execution in reports:
            self.on_pair(row.program, case, execution)

    def _settle(self, worker: Worker, fate: str) -> None:
        """Take a row back from a worker, and queue what is left of it."""
        row, worker.row = worker.row, None
        if row is not None:
            self._report(row, row.stopped(fate))
            if row.next < row.n_cases:
                self.rows.appendleft(row)

    def _lost(self, worker: Worker) -> None:
        """Replace a worker that died; one that cannot even start is an error."""
        if not worker.ready and not self.header["preload"]:
            raise SandboxError("process", f"no worker starts: {worker.last_words()}")
        if not worker.ready:
            self.header["preload"] = []  # an import that ends the process, most likely
        self._stop(worker)
        self._settle(worker, "wall" if worker.expired else worker.fate())

    def _expire(self, worker: Worker) -> None:
        """Kill what is stuck: first the program, which its worker then tells, then the worker."""
        worker.since = time.monotonic()
        if worker.ready and not worker.expired:
            worker.expired = True
            worker.kill_program()
        else:
            self._lost(worker)


def _header(batch: Batch) -> dict[str, object]:
    """Say what holds for all programs of a batch."""
    cases = [
        {
            "source": case.source,
            "imports": case.imports,
            "call": case.expectation and case.expectation.call,
            "value": case.expectation and case.expectation.value,
            "raises": case.expectation and case.expectation.raises,
        }
        for case in batch.cases
    ]
    return {
        "module": batch.module,
        "path": str(Path(batch.path).absolute()),
        "sys_path": [str(Path(path).absolute()) for path in batch.sys_path],
        "cases": cases,
        "limits": dataclasses.asdict(batch.limits),
        "seed": batch.hash_seed % 2**32,
        "hopeless": HOPELESS,
        "preload": shared_imports(batch),
    }


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off interrupts from the keyboard."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
