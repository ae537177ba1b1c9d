from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pytest_genx.backends.server import ServerBackend, server_backend
from pytest_genx.backends.server_line import LONGEST_WAIT, MAX_BODY, TRIES, endpoint
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role
from pytest_genx.errors import BadOption, ServerError

KEY = "sk-very-secret"
CHAT, PLAIN = "/v1/chat/completions", "/v1/completions"


@dataclass
class Reply:
    """What the server answers; `promised` is a Content-Length that is not kept."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    drop: bool = False  # hang up without a word


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    body: Any
    headers: dict[str, str]


class Scripted:
    """A server on loopback that answers as a function says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Reply] = completions
        self.lock = threading.Lock()
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                text = self.rfile.read(size)
                asked = Asked(self.path, json.loads(text) if text else None, dict(self.headers))
                with script.lock:
                    script.asked.append(asked)
                reply = script.answer(asked)
                if reply.drop:
                    return
                body = reply.body
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(reply.status)
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

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def always(self, reply: Reply) -> None:
        self.answer = lambda _asked: reply

    def after(self, *replies: Reply) -> None:
        """Give these first, then completions."""
        left = list(replies)

        def answer(asked: Asked) -> Reply:
            with self.lock:
                reply = left.pop(0) if left else None
            return reply or completions(asked)

        self.answer = answer


def completions(asked: Asked) -> Reply:
    """Answer as vLLM does: `n` choices, each named after its own seed."""
    if asked.path == "/v1/models":
        return Reply({"data": [{"id": "only"}]})
    seeds = range(asked.body["seed"], asked.body["seed"] + asked.body.get("n", 1))
    return choices(asked, [f"s{seed}" for seed in seeds])


def one_at_a_time(asked: Asked) -> Reply:
    """Answer as Ollama does: whatever `n` says, one choice."""
    return choices(asked, [f"s{asked.body['seed']}"])


def choices(asked: Asked, texts: list[str], **more: Any) -> Reply:
    if asked.path == CHAT:
        found = [{"message": {"content": text}, **more} for text in texts]
    else:
        found = [{"text": text, **more} for text in texts]
    return Reply({"choices": found, "usage": {"completion_tokens": 7}})


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    thread = threading.Thread(target=scripted.http.serve_forever, args=(0.01,))
    thread.start()
    yield scripted
    scripted.http.shutdown()
    thread.join()
    scripted.http.server_close()


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
    def make(key: str | None = None, **named: Any) -> ServerBackend:
        return ServerBackend(endpoint(server.url, key), "m", wait=waits.append, **named)

    return make


@pytest.fixture
def ask(target_of, request_of) -> Callable[..., Request]:
    """Make a request of a prompt that has messages, unless told otherwise."""

    def make(role: Role = Role.TESTER, *, chat: bool = True, **named: Any) -> Request:
        messages = (("user", "write"),) if chat else ()
        prompt = Prompt(role, "text\nassert f(", "assert f(", messages, ("\ndef ",))
        return request_of(target_of("def f(x):\n    return x\n"), role, prompt=prompt, **named)

    return make


def texts(backend: ServerBackend, request: Request) -> list[str]:
    return [sample.text for sample in backend.sample(request)]


def failing(backend: ServerBackend, request: Request) -> tuple[list[str], str]:
    """What is yielded before the failure, and its sentence."""
    got = []
    with pytest.raises(ServerError) as caught:  # noqa: PT012 -- it fails on the way
        for sample in backend.sample(request):
            got.append(sample.text)  # noqa: PERF401 -- kept when it fails
    assert "\n" not in str(caught.value)
    return got, str(caught.value)


def test_a_chat_server_gets_the_messages_and_gives_all_samples_at_once(server, open_backend, ask):
    """The answer is whole, so no prefix is put before it, and no stop string cuts it."""
    assert texts(open_backend(), ask(n=3, seed=5)) == ["s5", "s6", "s7"]
    (asked,) = server.asked
    assert asked.path == CHAT
    assert asked.body == {
        "model": "m",
        "max_tokens": 256,
        "temperature": 0.8,
        "top_p": 0.95,
        "seed": 5,
        "stream": False,
        "n": 3,
        "logprobs": True,
        "messages": [{"role": "user", "content": "write"}],
    }


def test_a_prompt_without_messages_is_continued_after_its_prefix(server, open_backend, ask):
    """Extraction parses prefix and completion together."""
    assert texts(open_backend(), ask(chat=False, n=1)) == ["assert f(s0"]
    (asked,) = server.asked
    assert asked.path == PLAIN
    assert asked.body["prompt"] == "text\nassert f("
    assert asked.body["stop"] == ["\ndef "]


@pytest.mark.parametrize(
    "refusal",
    [
        Reply({"error": {"message": "Not Found"}}, 404),
        Reply({"message": "this model has no chat template"}, 400),
    ],
    ids=["no path", "no template"],
)
def test_a_server_without_chat_is_asked_to_continue_the_text(server, open_backend, ask, refusal):
    """It is found out once."""
    server.answer = lambda asked: refusal if asked.path == CHAT else completions(asked)
    backend = open_backend()
    assert texts(backend, ask(n=2)) == ["assert f(s0", "assert f(s1"]
    assert texts(backend, ask(n=2)) == ["assert f(s0", "assert f(s1"]
    assert [asked.path for asked in server.asked] == [CHAT, PLAIN, PLAIN]


def test_a_server_that_gives_one_choice_is_asked_for_the_rest_one_by_one(server, open_backend, ask):
    """Each has its own seed, and the next request does not try `n` again."""
    server.answer = one_at_a_time
    backend = open_backend()
    assert texts(backend, ask(n=4)) == ["s0", "s1", "s2", "s3"]
    assert texts(backend, ask(n=4)) == ["s0", "s1", "s2", "s3"]
    assert [asked.body.get("n") for asked in server.asked] == [4, *[None] * 7]


def test_choices_that_are_all_the_same_are_asked_for_one_by_one(server, open_backend, ask):
    """Some servers start every choice with the one seed."""

    def answer(asked: Asked) -> Reply:
        n = asked.body.get("n", 1)
        return choices(asked, [f"s{asked.body['seed']}"] * n)

    server.answer = answer
    assert texts(open_backend(), ask(n=3)) == ["s0", "s1", "s2"]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_fields_that_a_server_refuses_are_left_out(server, open_backend, ask, status):
    """First log probabilities, then `n`."""

    def answer(asked: Asked) -> Reply:
        refused = "n" in asked.body or "logprobs" in asked.body
        return Reply({"error": "unknown field"}, status) if refused else completions(asked)

    server.answer = answer
    assert texts(open_backend(), ask(n=3)) == ["s0", "s1", "s2"]
    assert len(server.asked) == 2 + 3


def test_more_choices_than_asked_for_are_cut(server, open_backend, ask):
    """A backend yields at most `n`."""
    server.answer = lambda asked: choices(asked, ["a", "b", "c", "d"])
    assert texts(open_backend(), ask(n=2)) == ["a", "b"]


def test_the_first_sample_of_the_coder_takes_the_likeliest_tokens(server, open_backend, ask):
    """The others are drawn, with the seeds that follow."""
    assert texts(open_backend(), ask(Role.CODER, n=3, seed=4)) == ["s4", "s5", "s6"]
    by_seed = sorted((a.body["seed"], a.body["temperature"]) for a in server.asked)
    assert by_seed == [(4, 0.0), (5, 0.8)]


def test_requests_for_nothing_send_nothing(server, open_backend, ask):
    """Neither role asks for a sample that nobody wants."""
    assert texts(open_backend(), ask(n=0)) == []
    assert texts(open_backend(), ask(Role.CODER, n=0)) == []
    assert server.asked == []


def test_samples_come_in_the_order_of_their_seeds(server, open_backend, ask):
    """Whichever answer is there first."""

    def answer(asked: Asked) -> Reply:
        time.sleep(0.05 if asked.body["seed"] % 2 else 0)
        return one_at_a_time(asked)

    server.answer = answer
    samples = list(open_backend().sample(ask(n=6, seed=10)))
    assert [(s.seed, s.text) for s in samples] == [(i, f"s{i}") for i in range(10, 16)]


def test_at_most_four_requests_are_in_flight(server, open_backend, ask):
    """And no fewer, while there is work."""
    now, most = 0, 0

    def answer(asked: Asked) -> Reply:
        nonlocal now, most
        with server.lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with server.lock:
            now -= 1
        return one_at_a_time(asked)

    server.answer = answer
    assert len(texts(open_backend(), ask(n=12))) == 12
    assert most == 4


def test_a_slow_consumer_holds_requests_back(server, open_backend, ask):
    """Nothing is asked for that is not soon taken."""
    server.answer = one_at_a_time
    samples = open_backend().sample(ask(n=30))
    with closing(samples):
        assert next(samples).text == "s0"
        assert next(samples).text == "s1"
        time.sleep(0.05)
        assert len(server.asked) <= 1 + 1 + 4


def test_closing_breaks_off_what_is_under_way(server, open_backend, ask):
    """Without waiting for the answers."""
    release = threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.body["seed"] >= 2:
            release.wait(5)
        return one_at_a_time(asked)

    server.answer = answer
    samples = open_backend().sample(ask(n=6))
    assert [next(samples).text, next(samples).text] == ["s0", "s1"]
    started = time.monotonic()
    samples.close()
    assert time.monotonic() - started < 2
    release.set()


def test_seeds_stay_below_the_limit_of_servers(server, open_backend, ask):
    """2**32 - 1 means a random one to some; the sample keeps the seed of the run."""
    (sample,) = open_backend().sample(ask(n=1, seed=2**31 + 3))
    assert server.asked[0].body["seed"] == 3
    assert sample.seed == 2**31 + 3


def test_log_probabilities_are_summed(server, open_backend, ask):
    """In the form of chats and in that of completions."""
    chat = {"content": [{"logprob": -0.5}, {"logprob": -1.5}]}
    plain = {"token_logprobs": [-0.5, -1.5]}
    server.answer = lambda a: choices(a, ["x"], logprobs=chat if a.path == CHAT else plain)
    for talks in (True, False):
        (sample,) = open_backend().sample(ask(chat=talks, n=1))
        assert (sample.logprob, sample.tokens, sample.backend) == (-2.0, 2, "server")


@pytest.mark.parametrize(
    "given", [None, [], {"content": None}, {"token_logprobs": [None, -1.0]}, {"content": [3]}]
)
def test_half_of_the_log_probabilities_are_none(server, open_backend, ask, given):
    """A sum over some of the tokens would be wrong; tokens are those of the usage then."""
    server.answer = lambda asked: choices(asked, ["x"], logprobs=given)
    (sample,) = open_backend().sample(ask(n=1))
    assert (sample.logprob, sample.tokens) == (None, 7)


def test_an_answer_that_is_all_thinking_is_empty(server, open_backend, ask):
    """The content is null where the tokens ended before the answer."""
    server.always(Reply({"choices": [{"message": {"content": None, "reasoning": "hm"}}]}))
    assert texts(open_backend(), ask(n=1)) == [""]


def test_half_a_surrogate_pair_is_replaced(server, open_backend, ask):
    """A sample must be writable."""
    server.always(Reply(b'{"choices": [{"message": {"content": "a\\ud800b"}}]}'))
    assert texts(open_backend(), ask(n=1)) == ["a?b"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_waits(server, open_backend, ask, waits, status):
    """The jitter comes from the seed, so the waits are the same each time."""
    for _ in range(2):
        server.after(*[Reply({}, status)] * 3)
        assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert waits[:3] == waits[3:]
    for i, wait in enumerate(waits[:3]):
        assert 0.5 * 2**i * 0.5 <= wait <= 0.5 * 2**i * 1.5
    assert len(set(waits)) == 3


def test_a_dropped_connection_is_tried_again(server, open_backend, ask):
    """So is an answer that broke off."""
    server.after(Reply(drop=True), Reply(b'{"cho', promised=100))
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
def test_retry_after_is_honoured_up_to_a_bound(server, open_backend, ask, waits, header, expected):
    """Seconds or a date."""
    server.after(Reply({}, 429, {"Retry-After": header}))
    assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert waits == [expected]


def test_a_retry_after_that_is_neither_is_ignored(server, open_backend, ask, waits):
    """The wait is the usual one."""
    server.after(Reply({}, 503, {"Retry-After": "soon"}))
    assert texts(open_backend(), ask(n=1)) == ["s0"]
    assert 0.25 <= waits[0] <= 0.75


@pytest.mark.parametrize(
    ("reply", "sentence", "requests"),
    [
        (
            Reply({"error": {"message": "no\nkey"}}, 401),
            "wants an API key (401); set GENX_API_K",
            1,
        ),
        (Reply({"error": "no model 'm'"}, 404), "no such path or model (404); most URLs", 2),
        (Reply({}, 429), f"takes no more requests (429), tries: {TRIES}", TRIES),
        (Reply({"detail": "out of memory"}, 500), f"failed (500), tries: {TRIES}", 1 + TRIES),
        (Reply(b"<html>", 301), "answered with status 301", 1),
        (Reply(b"<html>garbage \x00"), "its answer is not JSON; it begins with '<html>garb", 1),
        (Reply(b""), "its answer is not JSON", 1),
        (Reply(b"[" * 100_000), "its answer is not JSON", 1),
        (Reply([1]), "JSON of another shape: no choices", 1),
        (Reply({"choices": []}), "JSON of another shape: no choices", 1),
        (Reply({"choices": [{"message": {}, "text": 3}]}), None, 1),
        (Reply({"choices": [{}]}), "JSON of another shape: a choice without text", 1),
        (Reply({"choices": ["x"]}), "JSON of another shape: a choice without text", 1),
        (Reply(b'{"choices"', promised=99), f"middle of an answer, tries: {TRIES}", TRIES),
        (Reply(drop=True), f"connection without an answer, tries: {TRIES}", TRIES),
    ],
)
def test_what_is_no_answer_is_one_sentence(server, open_backend, ask, reply, sentence, requests):
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


def test_a_server_that_is_silent_is_given_up(server, open_backend, ask):
    """After the time-out of an answer, and without another try."""
    release = threading.Event()
    server.answer = lambda _asked: Reply({"released": release.wait(5)})
    assert "did not answer in time" in failing(open_backend(timeout=0.1), ask(n=1))[1]
    release.set()
    assert len(server.asked) == 1


def test_an_answer_that_never_ends_is_given_up(server, open_backend, ask, monkeypatch):
    """By its length."""
    monkeypatch.setattr("pytest_genx.backends.server_line.MAX_BODY", 1 << 20)
    server.always(Reply(b" " * (2 << 20)))
    assert "longer than 1 MiB" in failing(open_backend(), ask(n=1))[1]
    assert MAX_BODY > 1 << 20


def test_nothing_at_the_address_is_one_sentence(ask, waits):
    """A refused connection is not tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        backend = ServerBackend(endpoint(url, None), "m", wait=waits.append)
        assert "nothing listens there" in failing(backend, ask(n=1))[1]
    assert waits == []


def test_what_was_sampled_before_a_failure_is_kept(server, open_backend, ask):
    """Of those in flight too; nothing is asked for after it."""

    def answer(asked: Asked) -> Reply:
        return Reply({}, 401) if asked.body["seed"] == 3 else one_at_a_time(asked)

    server.answer = answer
    got, said = failing(open_backend(), ask(n=20))
    assert got == ["s0", "s1", "s2", "s4", "s5", "s6"]
    assert "401" in said


def test_a_failure_keeps_the_seeds_of_the_others(server, open_backend, ask):
    """The coder's first request fails, the one for all others does not."""
    server.answer = lambda a: Reply({}, 403) if a.body["seed"] == 0 else completions(a)
    assert failing(open_backend(), ask(Role.CODER, n=3))[0] == ["s1", "s2"]


@pytest.mark.parametrize("name", ["GENX_API_KEY", "OPENAI_API_KEY"])
def test_the_key_comes_from_the_environment_and_is_shown_nowhere(
    server, ask, monkeypatch, name, tmp_path
):
    """Not even if the server repeats it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv(name, KEY + "\n")
    backend = server_backend(Config(tmp_path, server=server.url))
    server.always(Reply({"error": {"message": f"bad key {KEY} given"}}, 401))
    said = failing(backend, ask(n=1))[1]
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {KEY}"] * 2
    assert "it refuses the API key (401); set GENX_API_KEY: bad key *** given" in said
    assert KEY not in said + repr(vars(backend))


def test_without_a_key_no_header_is_sent(server, open_backend, ask):
    """Servers on the own machine want none."""
    texts(open_backend(), ask(n=1))
    assert "Authorization" not in server.asked[0].headers


def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(server, monkeypatch):
    """A line break inside would end the header."""
    monkeypatch.setenv("GENX_API_KEY", f"{KEY}\nX: y")
    with pytest.raises(BadOption, match="API key") as caught:
        server_backend(Config(Path(), server=server.url, server_model="m"))
    assert KEY not in str(caught.value)


def test_the_only_model_of_a_server_is_taken(server, ask):
    """It is asked for at opening."""
    backend = server_backend(Config(Path(), server=server.url + "/"))
    texts(backend, ask(n=1))
    assert [asked.path for asked in server.asked] == ["/v1/models", CHAT]
    assert server.asked[1].body["model"] == "only"


def test_a_named_model_is_not_asked_for(server, ask):
    """A server without a list of models can be used."""
    backend = server_backend(Config(Path(), server=server.url, server_model="mine"))
    texts(backend, ask(n=1))
    assert [asked.body["model"] for asked in server.asked] == ["mine"]


def test_of_several_models_one_must_be_named(server):
    """They are listed."""
    server.always(Reply({"data": [{"id": "a"}, {"id": "b"}]}))
    with pytest.raises(BadOption, match=r"--genx-server-model .* one of 'a', 'b'"):
        server_backend(Config(Path(), server=server.url))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"data": []}, "it has no model"),
        ({"data": None}, "no list of models"),
        ({"data": [{"id": 3}]}, "no list of models"),
        ([], "no list of models"),
        ({"data": 3}, "no list of models"),
    ],
)
def test_no_model_is_one_sentence(server, body, sentence):
    """The option that helps is named."""
    server.always(Reply(body))
    with pytest.raises(ServerError, match=f"{sentence}.*--genx-server-model"):
        server_backend(Config(Path(), server=server.url))


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
    found = ServerBackend(endpoint(url, key), "m").notes
    assert len(found) == len(notes)
    assert all(found[i].endswith(note) for i, note in enumerate(notes))


def test_redirects_are_not_followed(server, open_backend, ask):
    """Key and code go to the host that was named, and to no other."""
    server.always(Reply({}, 307, {"Location": server.url + "/elsewhere"}))
    assert "status 307" in failing(open_backend(KEY), ask(n=1))[1]
    assert len(server.asked) == 1
