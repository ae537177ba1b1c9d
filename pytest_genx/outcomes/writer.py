"""Puts outcomes into their file from a thread of its own, as they arrive.

What is given to `put` is in the file about ten milliseconds later, however many others come or
do not come after it, so that a run that is killed has lost next to nothing; and whoever calls
`put` pays for little more than an append to a queue.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from pytest_genx.domain import Execution
from pytest_genx.outcomes.codec import pack, segment, storable
from pytest_genx.store.rows import Rows

_DELAY = 0.01  # seconds that outcomes are gathered for one write
_REMEMBERED = 1 << 14  # executions whose bytes are kept for the next of the kind


class Writer:
    """A queue and the thread that empties it, started by the first `put`."""

    def __init__(self, file: Rows) -> None:
        """Name where outcomes go."""
        self._file = file
        self._queue: deque[tuple[bytes, bytes, Execution]] = deque()
        self._packed: dict[int, tuple[Execution, bytes | None]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._asleep = True
        self._stopped = False
        self._thread: threading.Thread | None = None

    def put(self, row: bytes, case: bytes, execution: Execution) -> None:
        """Take an outcome: the key of its row, the digest of its case."""
        self._queue.append((row, case, execution))
        if self._asleep:
            self._asleep = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="genx-cache", daemon=True)
                self._thread.start()
            self._wake.set()

    def drain(self) -> None:
        """Write what is in the queue, and return when it is written."""
        with self._lock:
            rows: dict[bytes, list[bytes]] = {}
            packed = self._packed
            for _ in range(len(self._queue)):
                row, case, execution = self._queue.popleft()
                known = packed.get(id(execution))
                if known is None or known[0] is not execution:
                    known = (execution, pack(execution) if storable(execution) else None)
                    packed[id(execution)] = known
                if known[1] is not None:
                    parts = rows.get(row)
                    if parts is None:
                        parts = rows[row] = []
                    parts += (case, known[1])
            if len(packed) > _REMEMBERED:
                packed.clear()
            if not rows or self._stopped:
                return
            self._file.append({row: segment(parts) for row, parts in rows.items()})

    def close(self) -> None:
        """Write what is left and end the thread; the file stays open."""
        self.drain()
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped:
            self._wake.wait()
            self._wake.clear()
            if not self._stopped:
                time.sleep(_DELAY)
            self._asleep = True  # whatever is put from here on wakes this thread again
            self.drain()
