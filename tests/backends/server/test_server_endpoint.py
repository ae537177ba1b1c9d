from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.backends.server import ServerBackend, server_backend
from pytest_genx.backends.server_answer import Model
from pytest_genx.backends.server_endpoint import endpoint
from pytest_genx.config import Config
from pytest_genx.errors import BadOption

KEY = "sk-very-secret"


def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(server, monkeypatch):
    """A line break inside would end the header."""
    monkeypatch.setenv("GENX_API_KEY", f"{KEY}\nX: y")
    with pytest.raises(BadOption, match="API key") as caught:
        server_backend(Config(Path(), server=server.url, server_model="m"))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        "localhost:8080",
        "ftp://h/v1",
        "http://",
        "http://h:x/v1",
        "file:///etc",
        "http://a b",
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url):
    """Only http and https are spoken."""
    with pytest.raises(BadOption, match="--genx-server"):
        server_backend(Config(Path(), server=url, server_model="m"))


@pytest.mark.parametrize(
    "url", ["http://u:hidden@h/v1", "http://h/v1?key=hidden", "http://h/#hidden"]
)
def test_a_url_with_a_secret_is_refused_without_showing_it(url):
    """Options end up in logs."""
    with pytest.raises(BadOption, match="without user, password") as caught:
        server_backend(Config(Path(), server=url, server_model="m"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "key", "notes"),
    [
        ("http://127.0.0.1:1/v1", KEY, ()),
        ("http://localhost/v1", None, ()),
        ("http://[::1]:8080/v1", None, ()),
        ("https://h.example/v1", KEY, ("code leaves this machine: requests go to h.example",)),
        ("http://127.evil.example", None, ("requests go to 127.evil.example, unencrypted",)),
        ("http://10.0.0.1/v1", KEY, ("10.0.0.1, unencrypted, and so does the API key",)),
        ("http://localhost.evil/v1", None, ("requests go to localhost.evil, unencrypted",)),
    ],
)
def test_a_server_elsewhere_is_said_in_a_note(url, key, notes):
    """People choose this tool so that code stays on their machine."""
    found = ServerBackend(endpoint(url, key), Model("m")).notes
    assert len(found) == len(notes)
    assert all(found[i].endswith(note) for i, note in enumerate(notes))


@pytest.mark.parametrize(
    ("path", "base", "chats"),
    [
        ("", "", True),
        ("/v1/", "/v1", True),
        ("/v1/chat/completions", "/v1", True),
        ("/v1/completions/", "/v1", False),
        ("/chat", "/chat", True),
    ],
)
def test_a_url_may_go_on_to_the_path_of_a_request(path, base, chats):
    """It is what a server's manual shows."""
    to = endpoint("http://h" + path, None)
    assert (to.path, to.chats) == (base, chats)
