"""Shards over a cluster: a bounded number at a time, and again when one is lost.

What a cluster is stands in `Cluster`; nothing here knows how its shards travel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Protocol

from pytest_genx.domain import Batch
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import OnPair
from pytest_genx.sandboxes.shard import Cutter, Ran, Shard, Shared

ATTEMPTS = 3  # times that a shard is tried
AHEAD = 2  # shards for each slot that are submitted: one runs, one waits


class Lost(Exception):
    """A shard will not come back; its process or its machine is gone."""


class Cluster(Protocol):
    """What runs shards; a ticket stands for one that was submitted."""

    def slots(self) -> int:
        """Count the shards that can run at the same time now; at least 1."""

    def put(self, shared: Shared) -> object:
        """Hand over, once, what holds for all shards of a batch."""

    def submit(self, shared: object, shard: Shard) -> Hashable:
        """Start a shard, now or when there is room, and return its ticket."""

    def wait(self, tickets: Collection[Hashable]) -> Collection[Hashable]:
        """Return the tickets that have ended, after at most about a second; maybe none."""

    def result(self, ticket: Hashable) -> Ran | str:
        """Return what `run_shard` did.

        Raises:
            Lost: there is nothing to return.
        """

    def abandon(self, tickets: Collection[Hashable]) -> None:
        """End shards, and return when nothing of them runs any more."""


@dataclass(frozen=True, slots=True)
class _Flight:
    shard: Shard
    attempt: int


def spread(batch: Batch, shared: Shared, cluster: Cluster, on_pair: OnPair) -> set[str]:
    """Run a batch on a cluster; rows that are known as a whole do not travel.

    Args:
        batch: what to run.
        shared: what `share` made of it.
        cluster: what runs it.
        on_pair: takes each pair, in the calling thread.

    Returns:
        The names of the sandboxes that ran it.

    Raises:
        SandboxError: a node cannot run its shard, or one was lost `ATTEMPTS` times.
    """
    open_rows = _report_known(batch, on_pair)
    names: set[str] = set()
    cutter, again = Cutter(batch, open_rows), deque[_Flight]()
    flying: dict[Hashable, _Flight] = {}
    try:
        everyone = cluster.put(shared) if open_rows else None
        while flying or again or cutter.left:
            slots = cluster.slots()
            while len(flying) < AHEAD * slots and (again or cutter.left):
                flight = again.popleft() if again else _Flight(cutter.cut(slots), 1)
                flying[cluster.submit(everyone, flight.shard)] = flight
            for ticket in cluster.wait(flying):
                flight = flying.pop(ticket)
                try:
                    ran = _ran(cluster.result(ticket))
                except Lost as lost:
                    again.append(_retry(flight, lost))
                    continue
                names.add(ran.sandbox)
                cutter.learn(len(flight.shard.rows), ran.seconds)
                _report(flight.shard, ran, len(batch.cases), on_pair)
    except BaseException:
        cluster.abandon(flying)
        raise
    return names


def _report_known(batch: Batch, on_pair: OnPair) -> list[int]:
    """Report the rows that are known as a whole, and return the others."""
    n_cases = len(batch.cases)
    if not batch.known or not n_cases:
        return list(range(len(batch.programs))) if n_cases else []
    whole = [row for row, known in enumerate(batch.known) if len(known) == n_cases]
    for row in whole:
        for case in range(n_cases):
            on_pair(row, case, batch.known[row][case])
    return sorted(set(range(len(batch.programs))) - set(whole))


def _ran(result: Ran | str) -> Ran:
    """Return what a shard did.

    Raises:
        SandboxError: its node cannot run it; no other is tried, as they are to be alike.
    """
    if isinstance(result, str):
        raise SandboxError("ray", result)
    return result


def _retry(flight: _Flight, lost: Lost) -> _Flight:
    """Try a lost shard once more.

    Raises:
        SandboxError: it was tried often enough.
    """
    if flight.attempt >= ATTEMPTS:
        raise SandboxError("ray", f"a shard was lost {ATTEMPTS} times, at last: {lost}")
    return _Flight(flight.shard, flight.attempt + 1)


def _report(shard: Shard, ran: Ran, n_cases: int, on_pair: OnPair) -> None:
    for place, execution in enumerate(ran.executions()):
        row, case = divmod(place, n_cases)
        on_pair(shard.rows[row], case, execution)
