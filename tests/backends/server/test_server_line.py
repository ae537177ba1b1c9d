from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from pytest_genx.backends.server import ServerBackend, server_backend
from pytest_genx.backends.server_answer import Model
from pytest_genx.backends.server_endpoint import endpoint
from pytest_genx.backends.server_line import LONGEST_WAIT, MAX_BODY, TRIES
from pytest_genx.config import Config

KEY = "sk-very-secret"


def reply(body: Any = None, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"body": body, "status": status, **more}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_waits(
    server, open_backend, ask, waits, status, texts
):
    """The jitter comes from the seed, so the waits are the same each time."""
    for _ in range(2):
        server.after(*[reply({}, status)] * 3)
        assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert waits[:3] == waits[3:]
    for i, wait in enumerate(waits[:3]):
        assert 0.5 * 2**i * 0.5 <= wait <= 0.5 * 2**i * 1.5
    assert len(set(waits)) == 3


def test_a_dropped_connection_is_tried_again(server, open_backend, ask, texts):
    """So is an answer that broke off."""
    server.after(reply(drop=True), reply(b'{"cho', promised=100))
    assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("3", 3.0),
        ("3600", LONGEST_WAIT),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
    ],
)
def test_retry_after_is_honoured_up_to_a_bound(
    server, open_backend, ask, waits, header, expected, texts
):
    """Seconds or a date."""
    server.after(reply({}, 429, headers={"Retry-After": header}))
    assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert waits == [expected]


def test_a_retry_after_that_is_neither_is_ignored(server, open_backend, ask, waits, texts):
    """The wait is the usual one."""
    server.after(reply({}, 503, headers={"Retry-After": "soon"}))
    assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert 0.25 <= waits[0] <= 0.75


@pytest.mark.parametrize(
    ("reply", "sentence", "requests"),
    [
        (
            reply({"error": {"message": "no\nkey"}}, 401),
            "wants an API key (401); set GENX_API_K",
            1,
        ),
        (reply({"error": "no model 'm'"}, 404), "no such path or model (404); most URLs", 2),
        (reply({}, 429), f"takes no more requests (429), tries: {TRIES}", TRIES),
        (reply({"detail": "out of memory"}, 500), f"failed (500), tries: {TRIES}", 1 + TRIES),
        (reply(b"<html>", 301), "answered with status 301", 1),
        (reply(b"<html>garbage \x00"), "its answer is not JSON; it begins with '<html>garb", 1),
        (reply(b""), "its answer is not JSON", 1),
        (reply(b"[" * 100_000), "its answer is not JSON", 1),
        (reply([1]), "JSON of another shape: no choices", 1),
        (reply({"choices": []}), "JSON of another shape: no choices", 1),
        (reply({"choices": [{"message": {}, "text": 3}]}), None, 1),
        (reply({"choices": [{}]}), "JSON of another shape: a choice without text", 1),
        (reply({"choices": ["x"]}), "JSON of another shape: a choice without text", 1),
        (reply(b'{"choices"', promised=99), f"middle of an answer, tries: {TRIES}", TRIES),
        (reply(drop=True), f"connection without an answer, tries: {TRIES}", TRIES),
    ],
)
def test_what_is_no_answer_is_one_sentence(
    server, open_backend, ask, reply, sentence, requests, texts, failing
):
    """It names the server and what it did."""
    server.always(reply)
    if sentence is None:
        assert texts(open_backend(), ask(n=1)) == [""]
    else:
        got, said = failing(open_backend(), ask(n=1))
        assert got == []
        assert said.startswith(f"server {server.url}: it")
        assert sentence in said
    assert len(server.asked) == requests


def test_a_server_that_is_silent_is_given_up(server, open_backend, ask, failing):
    """After the time-out of an answer, and without another try."""
    release = threading.Event()
    server.answer = lambda _asked: reply({"released": release.wait(5)})
    assert "did not answer in time" in failing(open_backend(timeout=0.1), ask(n=1))[1]
    release.set()
    assert len(server.asked) == 1


def test_an_answer_that_never_ends_is_given_up(server, open_backend, ask, monkeypatch, failing):
    """By its length."""
    monkeypatch.setattr("pytest_genx.backends.server_line.MAX_BODY", 1 << 20)
    server.always(reply(b" " * (2 << 20)))
    assert "longer than 1 MiB" in failing(open_backend(), ask(n=1))[1]
    assert MAX_BODY > 1 << 20


def test_nothing_at_the_address_is_one_sentence(ask, waits, failing):
    """A refused connection is not tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        backend = ServerBackend(endpoint(url, None), Model("m"), wait=waits.append)
        assert "nothing listens there" in failing(backend, ask(n=1))[1]
    assert waits == []


@pytest.mark.parametrize("name", ["GENX_API_KEY", "OPENAI_API_KEY"])
def test_the_key_comes_from_the_environment_and_is_shown_nowhere(
    server, ask, monkeypatch, name, tmp_path, failing
):
    """Not even if the server repeats it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv(name, KEY + "\n")
    backend = server_backend(Config(tmp_path, server=server.url))
    server.always(reply({"error": {"message": f"bad key {KEY} given"}}, 401))
    said = failing(backend, ask(n=1))[1]
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {KEY}"] * 2
    assert "it refuses the API key (401); set GENX_API_KEY: bad key *** given" in said
    assert KEY not in said + repr(vars(backend))


def test_without_a_key_no_header_is_sent(server, open_backend, ask, texts):
    """Servers on the own machine want none."""
    texts(open_backend(), ask(n=1))
    assert "Authorization" not in server.asked[0].headers


def test_redirects_are_not_followed(server, open_backend, ask, failing):
    """Key and code go to the host that was named, and to no other."""
    server.always(reply({}, 307, headers={"Location": server.url + "/elsewhere"}))
    assert "status 307" in failing(open_backend(KEY), ask(n=1))[1]
    assert len(server.asked) == 1
