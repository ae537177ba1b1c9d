"""Shards over a cluster that is not there: what is in flight, what is lost, what is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Batch, Case, Execution, Outcome
from pytest_genx.errors import SandboxError
from pytest_genx.sandboxes.shard import Ran, share
from pytest_genx.sandboxes.spread import AHEAD, ATTEMPTS, Lost, spread

CASES = (Case("a", "x"), Case("b", "x"), Case("c", "x"))


class Cluster:
    """Runs nothing; answers the oldest ticket first, with the program's text as detail."""

    def __init__(self, slots: int = 2, lose: tuple[int, ...] = (), answer: str = "") -> None:
        self.n_slots = slots
        self.lose = lose  # numbers of submissions that are lost
        self.answer = answer
        self.submitted = []
        self.flying = []
        self.most = 0
        self.puts = 0
        self.abandoned = []

    def slots(self):
        return self.n_slots

    def put(self, shared):
        self.puts += 1
        return shared

    def submit(self, shared, shard):
        ticket = len(self.submitted)
        self.submitted.append(shard)
        self.flying.append(ticket)
        self.most = max(self.most, len(self.flying))
        return ticket

    def wait(self, tickets):
        assert sorted(tickets) == self.flying
        return [self.flying.pop(0)]

    def result(self, ticket):
        shard = self.submitted[ticket]
        if ticket in self.lose or self.lose == (-1,):
            raise Lost(f"submission {ticket} is gone")
        if self.answer:
            return self.answer
        found = tuple(
            Execution(Outcome.PASS, f"{p}{case.source}") for p in shard.programs for case in CASES
        )
        places = b"".join(i.to_bytes(4, "little") for i in range(len(found)))
        return Ran("process", 1.0, found, places)

    def abandon(self, tickets):
        self.abandoned = sorted(tickets)


def run(cluster: Cluster, n: int = 60, known=(), on_pair=None) -> dict:
    """Spread a batch, and return its pairs."""
    batch = Batch("m", "m.py", (), tuple(f"p{i}" for i in range(n)), CASES, known=known)
    found: dict = {}

    def take(i: int, j: int, execution: Execution) -> None:
        assert (i, j) not in found, "a pair is reported once"
        found[i, j] = execution.detail

    shared = share(batch, lambda config: None, Config(Path()))
    names = spread(batch, shared, cluster, on_pair or take)
    assert names <= {"process"}
    return found


WHOLE = {(i, j): f"p{i}{'abc'[j]}" for i in range(60) for j in range(3)}


def test_every_pair_is_reported_where_it_belongs():
    """Rows and columns are those of the batch; what all shards share is handed over once."""
    cluster = Cluster()
    assert run(cluster) == WHOLE
    assert cluster.puts == 1
    assert len(cluster.submitted) > 8
    assert all(shard.programs for shard in cluster.submitted)


@pytest.mark.parametrize("slots", [1, 2, 7])
def test_no_more_is_in_flight_than_the_slots_can_take(slots):
    """Each slot has one shard running and one waiting; the rest stays here."""
    cluster = Cluster(slots)
    run(cluster)
    assert cluster.most == AHEAD * slots


def test_a_cluster_that_grows_is_used():
    """The size of the cluster is looked at again as shards come back."""
    cluster = Cluster(1)
    wait = cluster.wait

    def growing(tickets):
        cluster.n_slots = 3
        return wait(tickets)

    cluster.wait = growing
    run(cluster)
    assert cluster.most == AHEAD * 3


def test_lost_shards_are_run_again():
    """The pairs are the same as if nothing had happened."""
    cluster = Cluster(lose=(0, 3, 4))
    assert run(cluster) == WHOLE
    rows = [shard.rows for shard in cluster.submitted]
    assert len(rows) == len(set(rows)) + 3


def test_a_shard_that_is_always_lost_ends_the_run():
    """After three attempts the sentence names what happened last, and the rest is ended."""
    cluster = Cluster(1, lose=(-1,))
    with pytest.raises(SandboxError, match=r"lost 3 times, at last: submission \d+ is gone"):
        run(cluster)
    assert cluster.abandoned == cluster.flying
    assert max(cluster.submitted.count(shard) for shard in cluster.submitted) == ATTEMPTS


def test_what_a_node_lacks_ends_the_run():
    """No other node is tried: the matrix would depend on where a shard runs."""
    cluster = Cluster(answer="n1 has no /src")
    with pytest.raises(SandboxError) as caught:
        run(cluster)
    assert str(caught.value) == "sandbox 'ray': n1 has no /src"
    assert cluster.abandoned == cluster.flying


def test_an_exception_of_the_caller_ends_what_is_in_flight():
    """An interrupt, too, passes through once nothing runs any more."""

    def interrupt(*pair):
        raise KeyboardInterrupt

    cluster = Cluster()
    with pytest.raises(KeyboardInterrupt):
        run(cluster, on_pair=interrupt)
    assert cluster.abandoned == cluster.flying != []


def test_rows_that_are_known_do_not_travel():
    """A row that is known in part goes with what is known of it."""
    old = Execution(Outcome.FAIL, "old")
    known = ({0: old, 1: old, 2: old}, {1: old}, {})
    cluster = Cluster()
    found = run(cluster, 3, known)
    assert [found[0, j] for j in range(3)] == ["old"] * 3
    assert sorted(row for s in cluster.submitted for row in s.rows) == [1, 2]
    assert [s.known for s in cluster.submitted if 1 in s.rows] == [({1: old},)]


def test_nothing_to_run_does_not_trouble_the_cluster():
    """A batch whose rows are all known is answered here."""
    cluster = Cluster()
    whole = dict.fromkeys(range(3), Execution(Outcome.PASS, "old"))
    assert len(run(cluster, 2, (whole, whole))) == 6
    assert run(cluster, 0) == {}
    assert (cluster.puts, cluster.submitted) == (0, [])
