from __future__ import annotations

import http.client
import threading
import time
from contextlib import closing
from typing import Any

from pytest_genx.domain import Role


def reply(body: Any = None, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"body": body, "status": status, **more}


def test_samples_come_in_the_order_of_their_seeds(server, open_backend, ask):
    """Whichever answer is there first."""

    def answer(asked):
        time.sleep(0.05 if asked.body["seed"] % 2 else 0)
        return server.one_at_a_time(asked)

    server.answer = answer
    samples = list(open_backend().sample(ask(n=6, seed=10)))
    assert [(s.seed, s.text) for s in samples] == [(i, f"s{i}") for i in range(10, 16)]


def test_at_most_four_requests_are_in_flight(server, open_backend, ask, texts):
    """And no fewer, while there is work."""
    now, most = 0, 0

    def answer(asked):
        nonlocal now, most
        with server.lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with server.lock:
            now -= 1
        return server.one_at_a_time(asked)

    server.answer = answer
    assert len(texts(open_backend(), ask(n=12))) == 12
    assert most == 4


def test_a_slow_consumer_holds_requests_back(server, open_backend, ask):
    """Nothing is asked for that is not soon taken."""
    server.answer = server.one_at_a_time
    samples = open_backend().sample(ask(n=30))
    with closing(samples):
        assert next(samples).text == "s0"
        assert next(samples).text == "s1"
        time.sleep(0.05)
        assert len(server.asked) <= 1 + 1 + 4


def test_closing_breaks_off_what_is_under_way(server, open_backend, ask):
    """Without waiting for the answers."""
    release = threading.Event()

    def answer(asked):
        if asked.body["seed"] >= 2:
            release.wait(5)
        return server.one_at_a_time(asked)

    server.answer = answer
    samples = open_backend().sample(ask(n=6))
    assert [next(samples).text, next(samples).text] == ["s0", "s1"]
    started = time.monotonic()
    samples.close()
    assert time.monotonic() - started < 1
    release.set()


def test_what_was_sampled_before_a_failure_is_kept(server, open_backend, ask, failing):
    """Of those in flight too; nothing is asked for after it."""

    def answer(asked):
        return reply({}, 401) if asked.body["seed"] == 3 else server.one_at_a_time(asked)

    server.answer = answer
    got, said = failing(open_backend(), ask(n=20))
    assert got == ["s0", "s1", "s2", "s4", "s5", "s6"]
    assert "401" in said


def test_a_failure_keeps_the_seeds_of_the_others(server, open_backend, ask, failing):
    """The coder's first request fails, the one for all others does not."""
    server.answer = lambda a: reply({}, 403) if a.body["seed"] == 0 else server.completions(a)
    assert failing(open_backend(), ask(Role.CODER, n=3))[0] == ["s1", "s2"]


def test_a_batch_is_broken_off_within_a_second(server, open_backend, ask):
    """The server sees the connection end, so it can stop, too."""
    release = threading.Event()

    def answer(asked):
        if "n" in asked.body:
            release.wait(5)
        return server.completions(asked)

    server.answer = answer
    samples = open_backend().sample(ask(Role.CODER, n=40))
    assert next(samples).text == "s0"
    started = time.monotonic()
    samples.close()
    assert time.monotonic() - started < 1
    release.set()
    assert len(server.asked) <= 2


def test_closing_does_not_wait_for_a_host_that_does_not_answer(
    server, open_backend, ask, monkeypatch
):
    """A connection that is not there yet cannot be broken off; its thread ends by itself."""
    hangs, hanging, release = threading.Event(), threading.Event(), threading.Event()
    connect = http.client.HTTPConnection.connect

    def slow(self) -> None:
        if hangs.is_set():
            hanging.set()
            release.wait(5)
        connect(self)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", slow)
    server.answer = server.one_at_a_time
    samples = open_backend().sample(ask(n=30))
    assert [next(samples).text, next(samples).text] == ["s0", "s1"]
    hangs.set()
    assert next(samples).text == "s2"
    assert hanging.wait(5)
    started = time.monotonic()
    samples.close()
    assert time.monotonic() - started < 1
    release.set()
