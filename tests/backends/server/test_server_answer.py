from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_genx.backends.server import server_backend
from pytest_genx.backends.server_answer import Model, models
from pytest_genx.config import Config
from pytest_genx.errors import BadOption, ServerError
from pytest_genx.pipeline.extract import extract_cases

CHAT, PLAIN = "/v1/chat/completions", "/v1/completions"


def reply(body: Any = None, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"body": body, "status": status, **more}


def test_log_probabilities_are_summed(server, open_backend, ask):
    """In the form of chats and in that of completions."""
    chat = {"content": [{"logprob": -0.5}, {"logprob": -1.5}]}
    plain = {"token_logprobs": [-0.5, -1.5]}
    server.answer = lambda a: server.choices(a, ["x"], logprobs=chat if a.path == CHAT else plain)
    for talks in (True, False):
        (sample,) = open_backend().sample(ask(chat=talks, n=1))
        assert (sample.logprob, sample.tokens, sample.backend) == (-2.0, 2, "server")


@pytest.mark.parametrize(
    "given", [None, [], {"content": None}, {"token_logprobs": [None, -1.0]}, {"content": [3]}]
)
def test_half_of_the_log_probabilities_are_none(server, open_backend, ask, given):
    """A sum over some of the tokens would be wrong; tokens are those of the usage then."""
    server.answer = lambda asked: server.choices(asked, ["x"], logprobs=given)
    (sample,) = open_backend().sample(ask(n=1))
    assert (sample.logprob, sample.tokens) == (None, 7)


def test_an_answer_that_is_all_thinking_is_empty(server, open_backend, ask, texts):
    """The content is null where the tokens ended before the answer."""
    server.always(reply({"choices": [{"message": {"content": None, "reasoning": "hm"}}]}))
    assert texts(open_backend(), ask(n=1)) == [""]


@pytest.mark.parametrize(
    "message",
    [
        {"content": "assert f(1) == 1", "reasoning_content": "assert f(2) == 9"},
        {"content": "assert f(1) == 1", "reasoning": "assert f(2) == 9"},
        {"content": "<think>\nassert f(2) == 9\n</think>\n\nassert f(1) == 1"},
        {"content": "assert f(2) == 9\n</think>\nassert f(1) == 1"},
    ],
    ids=["reasoning_content", "reasoning", "block", "end of a block"],
)
def test_what_a_model_thinks_aloud_becomes_no_case(server, open_backend, ask, message):
    """Wherever the server puts it."""
    server.always(reply({"choices": [{"message": message}]}))
    request = ask(n=1)
    cases = extract_cases(open_backend().sample(request), request.target)
    assert ["f(1) == 1" in case.source for case in cases] == [True]


def test_half_a_surrogate_pair_is_replaced(server, open_backend, ask, texts):
    """A sample must be writable."""
    server.always(reply(b'{"choices": [{"message": {"content": "a\\ud800b"}}]}'))
    assert texts(open_backend(), ask(n=1)) == ["a?b"]


def test_the_only_model_of_a_server_is_taken(server, ask, texts):
    """It is asked for at opening."""
    backend = server_backend(Config(Path(), server=server.url + "/"))
    texts(backend, ask(n=1))
    assert [asked.path for asked in server.asked] == ["/v1/models", CHAT]
    assert server.asked[1].body["model"] == "only"


def test_a_named_model_is_not_asked_for(server, ask, texts):
    """A server without a list of models can be used."""
    backend = server_backend(Config(Path(), server=server.url, server_model="mine"))
    texts(backend, ask(n=1))
    assert [asked.body["model"] for asked in server.asked] == ["mine"]


def test_of_several_models_one_must_be_named(server):
    """They are listed."""
    server.always(reply({"data": [{"id": "a"}, {"id": "b"}]}))
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
    server.always(reply(body))
    with pytest.raises(ServerError, match=f"{sentence}.*--genx-server-model"):
        server_backend(Config(Path(), server=server.url))


@pytest.mark.parametrize(
    ("entry", "context"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"meta": {"n_ctx": 512, "n_ctx_train": 1024}}, 512),
        ({"meta": {"n_ctx_train": 1024}}, 1024),
        ({"meta": None, "max_model_len": "4096"}, None),
        ({"max_model_len": True, "meta": {"n_ctx": 0}}, None),
        ({}, None),
    ],
)
def test_the_context_of_a_model_is_read_where_it_is_said(entry, context):
    """As vLLM says it, and as llama-server does."""
    assert models({"data": [{"id": "m", **entry}]}) == [Model("m", context)]
