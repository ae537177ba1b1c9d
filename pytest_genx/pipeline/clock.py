"""Where the time of a run goes: seconds of wall time for each stage, taken as it is spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_genx.domain import Batch
from pytest_genx.interfaces import OnPair, Sandbox
from pytest_genx.records import Timing

SAMPLING, EXECUTION, REST = "sampling", "execution", "rest"


class Clock:
    """Adds up seconds by stage; one for a run."""

    def __init__(self) -> None:
        self._spent = {SAMPLING: 0.0, EXECUTION: 0.0}

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count what is done in here for a stage."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._spent[stage] += time.monotonic() - started

    def timings(self, total: float) -> tuple[Timing, ...]:
        """Return seconds by stage, and what of `total` seconds is left as the rest."""
        rest = max(0.0, total - sum(self._spent.values()))
        return tuple(Timing(*item) for item in (*self._spent.items(), (REST, rest)))


class TimedSandbox:
    """A sandbox whose runs are counted; `timed` is the sandbox itself, for who must know it."""

    def __init__(self, timed: Sandbox, clock: Clock) -> None:
        self.timed = timed
        self.name = timed.name
        self._clock = clock

    def run(self, batch: Batch, on_pair: OnPair) -> None:
        """As the sandbox's own."""
        with self._clock.on(EXECUTION):
            self.timed.run(batch, on_pair)

    def close(self) -> None:
        """As the sandbox's own."""
        self.timed.close()
