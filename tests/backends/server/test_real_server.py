"""The backend against servers that people run, with the embedded model, on loopback.

What a scripted server cannot tell: whether they take the fields, and what they make of them.
"""

from __future__ import annotations

import http.client
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.backends.embedded import embedded_model
from pytest_genx.backends.server import server_backend
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Role

CONTEXT = 512  # tokens
PYTHON_SERVER = """\
import sys
from llama_cpp.server.__main__ import main
model, port, context = sys.argv[1:]
sys.argv[1:] = ["--model", model, "--port", port, "--n_ctx", context, "--n_threads", "1"]
main()
"""
# The wheel of xllamacpp carries llama-server itself.
LLAMA_SERVER = """\
import sys, threading, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[2])
parameters.n_parallel = 4
parameters.n_ctx = parameters.n_parallel * int(sys.argv[3])
parameters.cpuparams.n_threads = 1
parameters.warmup = False
server = xllamacpp.Server(parameters)
threading.Event().wait()
"""
PYTHON_PACKAGES = "llama_cpp fastapi uvicorn sse_starlette starlette_context pydantic_settings"
SERVERS = {
    "llama-cpp-python": (PYTHON_SERVER, PYTHON_PACKAGES.split()),
    "llama-server": (LLAMA_SERVER, ["xllamacpp"]),
}
START = "def add(a, b):\n    return a + b\n\n\nassert add("


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that runs for the tests of this file; skipped where its packages are missing."""
    program, packages = SERVERS[request.param]
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"a server of {request.param} takes the packages {', '.join(missing)}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tmp_path_factory.mktemp("server") / "said.txt"
    with said.open("wb") as out:
        command = [sys.executable, "-c", program, str(embedded_model()), str(port), str(CONTEXT)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for(port, process, said)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    """Return when the server has its model, which takes some seconds."""
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        assert process.poll() is None, said.read_text()
        time.sleep(0.1)
    raise AssertionError(said.read_text())


@pytest.fixture
def backend(url):
    return server_backend(Config(Path(), server=url))


@pytest.fixture
def plain(ask):
    """Make requests to continue a text."""

    def make(**named):
        prompt = Prompt(Role.TESTER, START, "assert add(", stop=named.pop("stop", ("\n",)))
        return ask(prompt=prompt, **{"max_tokens": 16, **named})

    return make


def test_seeds_give_samples_that_differ_and_that_come_again(backend, plain, texts):
    """With `n` in one request, or one by one, as the server can."""
    once = texts(backend, plain(n=6, seed=5))
    assert len(once) == 6
    assert all(text.startswith("assert add(") for text in once)
    assert len(set(once)) > 1
    assert texts(backend, plain(n=6, seed=5)) == once
    assert texts(backend, plain(n=1, seed=5, first=2)) == once[2:3]


def test_more_samples_than_the_server_takes_at_once_all_come(backend, plain):
    """In the order of their seeds, from threads."""
    samples = list(backend.sample(plain(n=20, seed=1)))
    assert [sample.seed for sample in samples] == list(range(1, 21))


def test_stop_strings_end_a_sample(backend, plain, texts):
    """They are not part of it."""
    for text in texts(backend, plain(n=4, stop=(",",))):
        assert "," not in text
    assert any("\n" in text for text in texts(backend, plain(n=8, stop=("#never#",))))


def test_log_probabilities_and_tokens_are_given(backend, plain, ask):
    """For texts that are continued, and for chats."""
    for request in (plain(n=2), ask(n=2, max_tokens=8)):
        for sample in backend.sample(request):
            assert 0 < sample.tokens <= request.max_tokens
            assert sample.logprob is not None
            assert sample.logprob < 0


def test_min_p_is_heard(backend, plain, texts):
    """At 1 only the likeliest token is left, at any temperature."""
    drawn = texts(backend, plain(n=3, min_p=1.0, temperatures=(1.5,)))
    likeliest = texts(backend, plain(n=1, temperatures=(0.0,)))
    assert drawn == likeliest * 3


def test_messages_are_answered_and_texts_continued(url, ask, texts):
    """The URL can say that a model is to continue texts, whatever template the server has."""
    request = ask(n=2, max_tokens=8)
    assert len(texts(server_backend(Config(Path(), server=url)), request)) == 2
    continuing = server_backend(Config(Path(), server=url + "/completions"))
    assert all(text.startswith("assert f(") for text in texts(continuing, request))


def test_a_prompt_that_is_too_long_gives_way_to_a_shorter_one(backend, plain):
    """Told by the server's list of models, or learnt from its refusal."""
    request = plain(n=3)
    short = replace(request.prompt, cut=("the rest",), text_cut=("the rest",))
    long = replace(short, text="x = 1\n" * 2 * CONTEXT + START, shorter=short, cut=(), text_cut=())
    for _ in range(2):
        samples = list(backend.sample(replace(request, prompt=long)))
        assert [sample.cut for sample in samples] == [("the rest",)] * 3


def test_a_prompt_without_a_shorter_form_fails_in_the_servers_words(backend, plain, failing):
    """They name the room that there is."""
    request = plain(n=1)
    long = replace(request.prompt, text="x = 1\n" * 2 * CONTEXT)
    assert str(CONTEXT) in failing(backend, replace(request, prompt=long))[1]


def test_a_model_that_a_server_does_not_have_is_its_own_matter(url, plain, texts):
    """These have one and take it for every name; the backend sends the name as it is."""
    named = server_backend(Config(Path(), server=url, server_model="some other"))
    assert len(texts(named, plain(n=2))) == 2
