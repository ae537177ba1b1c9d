"""One batch: rows to workers, frames to executions, until every pair is reported."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from pytest_genx.domain import Batch
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.channel import Frame
from pytest_genx.sandboxes.crew import Crew
from pytest_genx.sandboxes.handle import GRACE, Needs, Worker
from pytest_genx.sandboxes.opening import opening, places_of
from pytest_genx.sandboxes.order import UNTOUCHED, Order
from pytest_genx.sandboxes.row import Row
from pytest_genx.sandboxes.verdict import Judge

_START = 60.0  # seconds of wall time that starting a worker or opening a batch may take
_BUNDLE = 0.001  # seconds; reading frames one by one takes a core from the workers
_GRACE = 5.0  # seconds after which a worker that lost its program must have said so
_AHEAD = 2  # orders that a worker holds, so that it never waits for the next
_SLICE = (0.03, 0.1)  # seconds of wall time that a shared order should take
_SLICE_UNFORKED = (0.2, 1.0)  # the same where a worker must be started for it
_FIRST, _MOST = 64, 128  # rows of a shared order, at first and at most
_DEATHS = 5  # of workers in a row, before any has done something
_PROOF = "sys"  # an import that works wherever a worker is left alone


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
        self._forks = crew.system.forks
        self._deaths = 0  # since an order was last done
        self._waiter = crew.waiter()
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
            SandboxError: no worker can be started, or they are killed again and again.
        """
        for row in self.rows:
            self._report(row, on_pair)
        while self._n_queued or any(worker.orders for worker in self._workers):
            for worker in self._workers:
                self._assign(worker)
            while self._wants_more():
                self._hire()
            ready = self._waiter.wait(self._patience())
            now = time.monotonic()  # what comes while pairs are reported is not late
            if any(w.orders and w.orders[0].kind == "alone" for w in self._workers):
                time.sleep(_BUNDLE)
            for worker in ready:
                if worker in self._workers:
                    self._read(worker, on_pair)
            for worker in self._workers:
                worker.pipes.flush()
            for worker in [w for w in self._workers if now > self._deadline(w)]:
                self._expire(worker, on_pair)
        self._whole = True

    def close(self) -> None:
        """Give the workers back, or kill them when the batch was not finished."""
        self._waiter.close()
        workers, self._workers = self._workers, []
        warm = [w for w in workers if self._whole and w.state == "open" and self._forks]
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
        self._waiter.add(worker.pipes, worker)
        worker.send(self._message)
        worker.since = time.monotonic()

    def _assign(self, worker: Worker) -> None:
        """Give a worker its next orders."""
        while worker.state == "open" and len(worker.orders) < (_AHEAD if self._forks else 1):
            if self._imports:
                order = Order.importing(self._imports.popleft(), self.judge)
            elif self._queue:
                rows = [self._queue.popleft() for _ in range(self._size())]
                order = Order.shared_by(rows, self._may_share, self.judge, self._packages)
            elif self._alone:
                order = Order.alone(self._alone.popleft(), self.judge, None if self._forks else 1)
            else:
                return
            worker.assign(order, self.batch.programs)

    def _size(self) -> int:
        """Choose how many rows share a process: enough to be worth it, few enough to balance."""
        fair = -(-len(self._queue) // (_AHEAD * self._n_workers))
        if self._seconds_per_row == 0:
            return max(1, min(_FIRST, fair))
        slice_ = _SLICE if self._forks else _SLICE_UNFORKED
        worth, most = (int(seconds / self._seconds_per_row) for seconds in slice_)
        return max(1, min(max(worth, fair), most, _MOST, len(self._queue)))

    def _deadline(self, worker: Worker) -> float:
        """Time when a worker that says nothing must be stuck."""
        if worker.state != "open":
            return worker.since + _START
        if not worker.orders:
            return float("inf")
        return worker.since + (_GRACE if worker.expired else self.batch.limits.wall)

    def _patience(self) -> float | None:
        if any(worker.pipes.waits for worker in self._workers):
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
            case ["done", str(fate), *place]:
                self._deaths = 0
                if worker.orders:
                    worker.orders[0].place = [int(number or 0) for number in place]
                self._settle(worker, "wall" if worker.expired else fate, on_pair)
            case ["closed", str(fate)]:
                self._closed(worker, fate, on_pair)
            case ["broken", str(reason)]:
                raise self._crew.error(f"a worker cannot go on: {reason}")

    def _closed(self, worker: Worker, fate: str, on_pair: OnPair) -> None:
        """Take that a batch has ended: the one before, or this one, by an import of its own."""
        if worker.state == "closing":
            worker.state = "opening"
            return
        if worker.state != "open" and not self._message["preload"]:
            raise self._crew.error(f"a batch cannot be opened: {fate}")
        self._take_back(worker, self._mourn(worker, fate), on_pair)
        worker.state = "opening"
        worker.send(self._message)

    def _settle(self, worker: Worker, fate: str, on_pair: OnPair) -> None:
        """Take back an order, and queue what is left of its rows."""
        spent = time.monotonic() - worker.begun
        order = worker.finish()
        if order is None:
            return
        if fate != "exit 0":
            self._crew.check()
        if order.kind == "shared" and fate == "exit 0":
            self._seconds_per_row = spent / len(order.rows)
        if order.kind == "import" and fate == UNTOUCHED:
            self._imports.append(order.name)
        elif order.kind == "import":
            self._packages[order.name] = order.found
            for row in self._waiting.pop(order.name, ()):
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
        """Replace a worker that is gone; without `fork` that is how each order ends.

        Raises:
            SandboxError: it cannot even start, or too many were killed.
        """
        self._waiter.remove(worker.pipes)
        self._workers.remove(worker)
        worker.close(0.0 if worker.expired else GRACE)
        fate = "wall" if worker.expired else worker.fate()
        at_work = worker.state == "open" and worker.orders
        if at_work and not self._forks:
            self._deaths = 0
        elif not at_work or fate != "wall":
            fate = self._mourn(worker, fate)
        self._take_back(worker, fate, on_pair)

    def _mourn(self, worker: Worker, fate: str) -> str:
        """Find out whether others can do better than a worker or a foreman that died.

        Returns:
            What came of its first order: an order is tried twice, and in between is shown that
            workers live, before its program is blamed.

        Raises:
            SandboxError: workers do not start, or something kills one after the other.
        """
        self._deaths += 1
        self._crew.check()
        how = "without a word" if fate == "wall" else f"with {fate}"
        if self._deaths >= _DEATHS:
            reason = f"{self._deaths} workers in a row ended {how} before any had done something"
            raise self._crew.error(f"{reason}; something kills them, or memory has run out")
        if worker.state == "open":
            self._imports.appendleft(_PROOF)
            return UNTOUCHED if worker.orders and worker.orders[0].forgive() else fate
        if worker.state == "opening" and self._message["preload"]:
            self._message["preload"] = []  # an import that ends the process, most likely
        elif worker.state != "closing" and not fate.startswith("signal"):
            raise self._crew.error(f"no worker starts: {worker.last_words()}")
        return fate

    def _take_back(self, worker: Worker, fate: str, on_pair: OnPair) -> None:
        """Take all orders back; what came of the first is its own fault, if that is known."""
        self._settle(worker, fate, on_pair)
        while worker.orders:
            self._settle(worker, UNTOUCHED, on_pair)

    def _expire(self, worker: Worker, on_pair: OnPair) -> None:
        """Kill what is stuck: first the program, which its worker then tells, then the worker."""
        worker.since = time.monotonic()
        if self._forks and worker.state == "open" and not worker.expired:
            worker.expired = True
            worker.send({"do": "kill"})
        else:
            worker.expired = True
            self._lost(worker, on_pair)
