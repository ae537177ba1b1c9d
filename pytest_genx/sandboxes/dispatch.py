"""One batch: rows to workers, frames to executions, until every pair is reported."""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Sequence

from pytest_genx.domain import Batch
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.channel import Frame
from pytest_genx.sandboxes.crew import Crew
from pytest_genx.sandboxes.handle import Needs, Worker
from pytest_genx.sandboxes.opening import opening, places_of
from pytest_genx.sandboxes.order import Order
from pytest_genx.sandboxes.row import Row
from pytest_genx.sandboxes.verdict import Judge

_START = 60.0  # seconds of wall time that starting a worker or opening a batch may take
_BUNDLE = 0.001  # seconds; reading frames one by one takes a core from the workers
_GRACE = 5.0  # seconds after which a worker that lost its program must have said so
_AHEAD = 2  # orders that a worker holds, so that it never waits for the next
_SLICE = (0.01, 0.05)  # seconds of wall time that a shared order should take
_FIRST, _MOST = 8, 64  # rows of a shared order, at first and at most


class Dispatch:
    """The rows of one batch and the workers that run them; `run` once, then `close`."""

    def __init__(
        self,
        batch: Batch,
        judge: Judge,
        crew: Crew,
        n_workers: int,
        readable: Sequence[str],
    ) -> None:
        """Prepare; no worker is started before `run`.

        Args:
            batch: programs, and what is known of them.
            judge: knows the cases as plans.
            crew: where workers come from.
            n_workers: processes at a time, at most.
            readable: what they may read, besides what the batch names.
        """
        self.batch = batch
        self.judge = judge
        known = batch.known or ({},) * len(batch.programs)
        n_cases = len(judge.plans)
        self.rows = [Row.of(i, n_cases, batch.limits, known[i]) for i in range(len(known))]
        self._queue = deque(row for row in self.rows if row.left())
        self._alone: deque[Row] = deque()
        self._waiting: dict[str, list[Row]] = {}  # by the package that is being tried
        self._imports: deque[str] = deque()
        self._crew = crew
        may_read = places_of(batch, readable)
        self._needs = Needs(batch.limits, batch.hash_seed % 2**32, may_read)
        self._packages = crew.packages(self._needs)
        self._n_workers = n_workers
        self._workers: list[Worker] = []
        self._may_share: list[bool] = [False] * n_cases
        self._message = opening(batch, judge.plans)
        self._seconds_per_row = 0.0
        self._selector = selectors.DefaultSelector()
        self._whole = False

    @property
    def open(self) -> set[tuple[int, str]]:
        """Cases and answers that wait for a decision."""
        return {pair for row in self.rows for pair in row.open.items()}

    def settle_open(self, on_pair: OnPair) -> None:
        """Report what was left open, now that the judge can decide it."""
        for row in self.rows:
            for case, answer in list(row.open.items()):
                execution = self.judge.decide(case, answer)
                assert execution is not None
                row.put(case, execution)
            self._report(row, on_pair)

    def run(self, on_pair: OnPair) -> None:
        """Run what is not known, and report all pairs that are not left open.

        Raises:
            SandboxError: no worker can be started.
        """
        for row in self.rows:
            self._report(row, on_pair)
        while self._n_queued or any(worker.orders for worker in self._workers):
            for worker in self._workers:
                self._assign(worker)
            while self._wants_more():
                self._hire()
            events = self._selector.select(self._patience())
            now = time.monotonic()  # what comes while pairs are reported is not late
            time.sleep(_BUNDLE)
            for key, _ in events:
                self._read(key.data, on_pair)
            for worker in self._workers:
                worker.flush()
            for worker in [w for w in self._workers if now > self._deadline(w)]:
                self._expire(worker, on_pair)
        self._whole = True

    def close(self) -> None:
        """Give the workers back, or kill them when the batch was not finished."""
        self._selector.close()
        workers, self._workers = self._workers, []
        warm = [w for w in workers if self._whole and w.state == "open"]
        for worker in warm:
            worker.send({"do": "end"})
            worker.state = "closing"
            self._crew.release(self._needs, worker)
        self._crew.dismiss([worker for worker in workers if worker not in warm])

    @property
    def _n_queued(self) -> int:
        return len(self._imports) + len(self._queue) + len(self._alone)

    def _wants_more(self) -> bool:
        starting = sum(not worker.orders for worker in self._workers)
        return self._n_queued > starting and len(self._workers) < self._n_workers

    def _hire(self) -> None:
        worker = self._crew.hire(self._needs)
        self._workers.append(worker)
        self._selector.register(worker, selectors.EVENT_READ, worker)
        worker.send(self._message)
        worker.since = time.monotonic()

    def _assign(self, worker: Worker) -> None:
        """Give a worker its next orders."""
        while worker.state == "open" and len(worker.orders) < _AHEAD:
            if self._imports:
                order = Order.importing(self._imports.popleft(), self.judge)
            elif self._queue:
                rows = [self._queue.popleft() for _ in range(self._size())]
                order = Order.shared_by(rows, self._may_share, self.judge, self._packages)
            elif self._alone:
                order = Order.alone(self._alone.popleft(), self.judge)
            else:
                return
            worker.assign(order, self.batch.programs)

    def _size(self) -> int:
        """Choose how many rows share a process: enough to be worth it, few enough to balance."""
        fair = -(-len(self._queue) // (_AHEAD * self._n_workers))
        if self._seconds_per_row == 0:
            return min(_FIRST, len(self._queue))
        worth, most = (int(seconds / self._seconds_per_row) for seconds in _SLICE)
        return max(1, min(max(worth, fair), most, _MOST, len(self._queue)))

    def _deadline(self, worker: Worker) -> float:
        """Time when a worker that says nothing must be stuck."""
        if worker.state != "open":
            return worker.since + _START
        if not worker.orders:
            return float("inf")
        return worker.since + (_GRACE if worker.expired else self.batch.limits.wall)

    def _patience(self) -> float | None:
        if any(worker.waits is not None for worker in self._workers):
            return _BUNDLE
        first = min(map(self._deadline, self._workers), default=float("inf"))
        return None if first == float("inf") else max(0.0, first - time.monotonic()) + 0.001

    def _read(self, worker: Worker, on_pair: OnPair) -> None:
        frames = worker.receive()
        if frames is None:
            self._lost(worker, on_pair)
            return
        for frame in frames:
            worker.since = time.monotonic()
            if frame.from_worker:
                self._take(worker, frame, on_pair)
            elif worker.orders:
                row = worker.orders[0].take(frame)
                if row is not None:
                    self._report(row, on_pair)

    def _take(self, worker: Worker, frame: Frame, on_pair: OnPair) -> None:
        """Act on what a worker says."""
        match frame.fields:
            case ["ready"] if worker.state == "starting":
                worker.state = "opening"
            case ["open", str(shareable)]:
                worker.state = "open"
                self._may_share = [letter == "1" for letter in shareable]
                if not any(self._may_share):  # nor may programs that are scripts be imported
                    self._alone.extend(self._queue)
                    self._queue.clear()
            case ["done", str(fate)]:
                self._settle(worker, "wall" if worker.expired else fate, on_pair)
            case ["closed", str(fate)]:
                self._closed(worker, fate, on_pair)

    def _closed(self, worker: Worker, fate: str, on_pair: OnPair) -> None:
        """Take that a batch has ended: the one before, or this one, by an import of its own."""
        if worker.state == "closing":
            worker.state = "opening"
            return
        if worker.state != "open" and not self._message["preload"]:
            raise SandboxError(self._crew.mechanism.name, f"a batch cannot be opened: {fate}")
        self._message["preload"] = []
        while worker.orders:
            self._settle(worker, fate, on_pair)
        worker.state = "opening"
        worker.send(self._message)

    def _settle(self, worker: Worker, fate: str, on_pair: OnPair) -> None:
        """Take back an order, and queue what is left of its rows."""
        spent = time.monotonic() - worker.begun
        order = worker.finish()
        if order is None:
            return
        if order.kind == "shared" and fate == "exit 0":
            self._seconds_per_row = spent / len(order.rows)
        if order.kind == "import":
            self._packages[order.name] = order.found
            for row in self._waiting.pop(order.name):
                self._put_back(row)
        for row in reversed(order.stopped(fate)):
            row.alone = row.alone or order.kind == "alone"
            self._put_back(row)
        for row in order.rows:
            self._report(row, on_pair)

    def _put_back(self, row: Row) -> None:
        """Queue what is left of a row, or let it wait for an import to be tried."""
        known = self._packages.get(row.unknown)
        if row.unknown and known is None:
            if row.unknown not in self._waiting:
                self._waiting[row.unknown] = []
                self._imports.append(row.unknown)
            self._waiting[row.unknown].append(row)
            return
        row.alone = row.alone or known == "failed"
        row.unknown = ""
        (self._alone if row.alone else self._queue).appendleft(row)

    def _report(self, row: Row, on_pair: OnPair) -> None:
        for case, execution in row.reports():
            on_pair(row.program, case, execution)

    def _lost(self, worker: Worker, on_pair: OnPair) -> None:
        """Replace a worker that died; one that cannot even start is an error."""
        if worker.state in {"starting", "opening"} and not self._message["preload"]:
            reason = f"no worker starts: {worker.last_words()}"
            raise SandboxError(self._crew.mechanism.name, reason)
        if worker.state != "open":
            self._message["preload"] = []  # an import that ends the process, most likely
        self._selector.unregister(worker)
        self._workers.remove(worker)
        worker.close()
        fate = "wall" if worker.expired else worker.fate()
        while worker.orders:
            self._settle(worker, fate, on_pair)

    def _expire(self, worker: Worker, on_pair: OnPair) -> None:
        """Kill what is stuck: first the program, which its worker then tells, then the worker."""
        worker.since = time.monotonic()
        if worker.state == "open" and not worker.expired:
            worker.expired = True
            worker.send({"do": "kill"})
        else:
            self._lost(worker, on_pair)
