"""A server on loopback that answers as a test says, and a backend that asks it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pytest_genx.backends.server import ServerBackend
from pytest_genx.backends.server_answer import Model
from pytest_genx.backends.server_endpoint import endpoint
from pytest_genx.domain import Prompt, Request, Role
from pytest_genx.errors import ServerError

CHAT = "/v1/chat/completions"


@dataclass
class Reply:
    """What the server answers; `promised` is a Content-Length that is not kept."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    chunked: bool = False  # one chunk, and nothing that ends them
    drop: bool = False  # hang up without a word


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    body: Any
    headers: dict[str, str]


class Scripted:
    """It answers as a function says, and keeps what it was asked.

    Replies are dictionaries of the fields of `Reply`, so that tests need not import it.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], dict[str, Any]] = self.completions
        self.lock = threading.Lock()
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                text = self.rfile.read(size)
                asked = Asked(self.path, json.loads(text) if text else None, dict(self.headers))
                with script.lock:
                    script.asked.append(asked)
                reply = Reply(**script.answer(asked))
                if reply.drop:
                    return
                body = reply.body
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(reply.status)
                    if reply.chunked:
                        self.send_header("Transfer-Encoding", "chunked")
                        data = b"%x\r\n%s\r\n" % (len(data), data)
                    else:
                        size = len(data) if reply.promised is None else reply.promised
                        self.send_header("Content-Length", str(size))
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    return  # the client has gone

            do_GET = do_POST  # noqa: N815 -- the name that the base class calls

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        class Http(ThreadingHTTPServer):
            def handle_error(self, *_arguments: object) -> None:
                """Say nothing of clients that refuse the certificate."""

        self.http = Http(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.http.server_address[1]}/v1"

    def always(self, reply: dict[str, Any]) -> None:
        self.answer = lambda _asked: reply

    def after(self, *replies: dict[str, Any]) -> None:
        """Give these first, then completions."""
        left = list(replies)

        def answer(asked: Asked) -> dict[str, Any]:
            with self.lock:
                reply = left.pop(0) if left else None
            return reply or self.completions(asked)

        self.answer = answer

    def completions(self, asked: Asked) -> dict[str, Any]:
        """Answer as vLLM does: `n` choices, each named after its own seed."""
        if asked.path == "/v1/models":
            return {"body": {"data": [{"id": "only"}]}}
        seeds = range(asked.body["seed"], asked.body["seed"] + asked.body.get("n", 1))
        return self.choices(asked, [f"s{seed}" for seed in seeds])

    def one_at_a_time(self, asked: Asked) -> dict[str, Any]:
        """Answer as Ollama does: whatever `n` says, one choice."""
        return self.choices(asked, [f"s{asked.body['seed']}"])

    def choices(self, asked: Asked, texts: list[str], **more: Any) -> dict[str, Any]:
        if asked.path == CHAT:
            found = [{"message": {"content": text}, **more} for text in texts]
        else:
            found = [{"text": text, **more} for text in texts]
        return {"body": {"choices": found, "usage": {"completion_tokens": 7}}}


@pytest.fixture
def start_server() -> Iterator[Callable[..., Scripted]]:
    """Start servers that end with the test."""
    running = []

    def start(tls: ssl.SSLContext | None = None) -> Scripted:
        scripted = Scripted(tls)
        thread = threading.Thread(target=scripted.http.serve_forever, args=(0.01,))
        thread.start()
        running.append((scripted, thread))
        return scripted

    yield start
    for scripted, thread in running:
        scripted.http.shutdown()
        thread.join()
        scripted.http.server_close()


@pytest.fixture
def server(start_server) -> Scripted:
    return start_server()


@pytest.fixture(autouse=True)
def no_keys(monkeypatch) -> None:
    monkeypatch.delenv("GENX_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def waits() -> list[float]:
    """What would have been slept."""
    return []


@pytest.fixture
def open_backend(server, waits) -> Callable[..., ServerBackend]:
    def make(
        key: str | None = None, *, context: int | None = None, path: str = "", **named: Any
    ) -> ServerBackend:
        to = endpoint(server.url + path, key)
        return ServerBackend(to, Model("m", context), wait=waits.append, **named)

    return make


@pytest.fixture
def ask(target_of, request_of) -> Callable[..., Request]:
    """Make a request of a prompt that has messages, unless told otherwise."""

    def make(role: Role = Role.TESTER, *, chat: bool = True, **named: Any) -> Request:
        messages = (("user", "write"),) if chat else ()
        prompt = Prompt(role, "text\nassert f(", "assert f(", messages, ("\ndef ",))
        named = {"prompt": prompt, **named}
        return request_of(target_of("def f(x):\n    return x\n"), role, **named)

    return make


@pytest.fixture
def texts() -> Callable[[ServerBackend, Request], list[str]]:
    """Sample, and take the texts."""
    return lambda backend, request: [sample.text for sample in backend.sample(request)]


@pytest.fixture
def failing() -> Callable[[ServerBackend, Request], tuple[list[str], str]]:
    """Sample until it fails: what is yielded before, and the sentence."""

    def sample(backend: ServerBackend, request: Request) -> tuple[list[str], str]:
        got = []
        with pytest.raises(ServerError) as caught:  # noqa: PT012 -- it fails on the way
            for each in backend.sample(request):
                got.append(each.text)  # noqa: PERF401 -- kept when it fails
        assert "\n" not in str(caught.value)
        return got, str(caught.value)

    return sample
