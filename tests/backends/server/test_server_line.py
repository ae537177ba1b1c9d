from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
from pathlib import Path
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
        (reply({"detail": "out of memory"}, 500), f"failed (500), tries: {TRIES}", 2 * TRIES),
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
        (reply(b'{"choices"', chunked=True), f"middle of an answer, tries: {TRIES}", TRIES),
        (reply(b'data: {"choices": []}'), "is not JSON; it begins with 'data: {", 1),
        (reply({"detail": [{"msg": "no", "loc": ["x"]}]}, 405), '405: [{"msg": "no"', 2),
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


def test_the_key_is_in_no_frame_of_a_traceback(server, ask, monkeypatch, tmp_path):
    """Not even where values of variables are shown, at opening and in a thread."""

    def shown(error: BaseException) -> str:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        ours = [f for f in frames if "pytest_genx" in f.f_code.co_filename]
        assert {"_exchange", "ask"} <= {f.f_code.co_name for f in ours}
        return repr([{k: repr(v) for k, v in f.f_locals.items()} for f in ours]) + repr(error)

    def broken(*_arguments: object) -> bytes:
        raise RuntimeError

    monkeypatch.setenv("GENX_API_KEY", KEY)
    backend = server_backend(Config(tmp_path, server=server.url))
    monkeypatch.setattr("pytest_genx.backends.server_line._read", broken)
    with pytest.raises(RuntimeError) as caught:
        server_backend(Config(tmp_path, server=server.url))
    assert KEY not in shown(caught.value)
    with pytest.raises(RuntimeError) as caught:
        list(backend.sample(ask(n=1)))
    assert KEY not in shown(caught.value)
    assert server.asked[-1].headers["Authorization"] == f"Bearer {KEY}"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One that is signed by itself, for 127.0.0.1, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("making a certificate takes the program openssl")
    path = tmp_path / "certificate.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=genx-test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.pub"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.pub").read_text())
    return path


@pytest.fixture
def tls_server(start_server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return start_server(context)


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server, ask, failing, waits):
    """Nothing is sent, and nothing tried again."""
    backend = ServerBackend(endpoint(tls_server.url, KEY), Model("m"), wait=waits.append)
    got, said = failing(backend, ask(n=1))
    assert got == []
    assert "its certificate is not trusted (self" in said
    assert "SSL_CERT_FILE names a file of certificates to trust" in said
    assert (tls_server.asked, waits) == ([], [])


def test_a_certificate_named_by_the_environment_is_trusted(
    tls_server, ask, texts, certificate, monkeypatch
):
    """As by every other program that uses OpenSSL."""
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.pub")
    backend = ServerBackend(endpoint(tls_server.url, KEY), Model("m"))
    assert texts(backend, ask(n=3)) == ["s0", "s1", "s2"]


def test_tls_requests_are_broken_off_too(tls_server, ask, certificate, monkeypatch):
    """Within a second, whatever the server is about."""
    release = threading.Event()

    def answer(asked):
        if asked.body["seed"] >= 2:
            release.wait(5)
        return tls_server.one_at_a_time(asked)

    tls_server.answer = answer
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.pub")
    samples = ServerBackend(endpoint(tls_server.url, None), Model("m")).sample(ask(n=6))
    assert [next(samples).text, next(samples).text] == ["s0", "s1"]
    started = time.monotonic()
    samples.close()
    assert time.monotonic() - started < 1
    release.set()


def test_a_server_without_tls_is_told_from_one_with_it(server, ask, failing):
    """The first letters of the URL are a common mistake."""
    url = server.url.replace("http:", "https:")
    said = failing(ServerBackend(endpoint(url, None), Model("m")), ask(n=1))[1]
    assert "it does not speak TLS as https:// says (" in said


def test_a_host_that_does_not_exist_is_one_sentence(ask, failing, monkeypatch):
    """Whatever the system calls it."""

    def unknown(*_arguments: object, **_named: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    backend = ServerBackend(endpoint("http://gone.example/v1", None), Model("m"))
    said = failing(backend, ask(n=1))[1]
    assert said.endswith(": no host of that name is found (Name or service not known)")
