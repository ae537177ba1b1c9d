from __future__ import annotations

from typing import Any

import pytest

from pytest_genx.domain import Role

CHAT, PLAIN = "/v1/chat/completions", "/v1/completions"


def reply(body: Any = None, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"body": body, "status": status, **more}


def test_a_chat_server_gets_the_messages_and_gives_all_samples_at_once(
    server, open_backend, ask, texts
):
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


def test_a_prompt_without_messages_is_continued_after_its_prefix(server, open_backend, ask, texts):
    """Extraction parses prefix and completion together."""
    assert texts(open_backend(), ask(chat=False, n=1)) == ["assert f(s0"]
    (asked,) = server.asked
    assert asked.path == PLAIN
    assert asked.body["prompt"] == "text\nassert f("
    assert asked.body["stop"] == ["\ndef "]


@pytest.mark.parametrize(
    "refusal",
    [
        reply({"error": {"message": "Not Found"}}, 404),
        reply({"message": "this model has no chat template"}, 400),
    ],
    ids=["no path", "no template"],
)
def test_a_server_without_chat_is_asked_to_continue_the_text(
    server, open_backend, ask, refusal, texts
):
    """It is found out once."""
    server.answer = lambda asked: refusal if asked.path == CHAT else server.completions(asked)
    backend = open_backend()
    assert texts(backend, ask(n=2)) == ["assert f(s0", "assert f(s1"]
    assert texts(backend, ask(n=2)) == ["assert f(s0", "assert f(s1"]
    assert [asked.path for asked in server.asked] == [CHAT, PLAIN, PLAIN]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_fields_that_a_server_refuses_are_left_out(server, open_backend, ask, status, texts):
    """First log probabilities, then `n`."""

    def answer(asked):
        refused = "n" in asked.body or "logprobs" in asked.body
        return reply({"error": "unknown field"}, status) if refused else server.completions(asked)

    server.answer = answer
    assert texts(open_backend(), ask(n=3)) == ["s0", "s1", "s2"]
    assert len(server.asked) == 2 + 3


def test_the_first_sample_of_the_coder_takes_the_likeliest_tokens(server, open_backend, ask, texts):
    """The others are drawn, with the seeds that follow."""
    assert texts(open_backend(), ask(Role.CODER, n=3, seed=4)) == ["s4", "s5", "s6"]
    by_seed = sorted((a.body["seed"], a.body["temperature"]) for a in server.asked)
    assert by_seed == [(4, 0.0), (5, 0.8)]


def test_seeds_stay_below_the_limit_of_servers(server, open_backend, ask):
    """2**32 - 1 means a random one to some; the sample keeps the seed of the run."""
    (sample,) = open_backend().sample(ask(n=1, seed=2**31 + 3))
    assert server.asked[0].body["seed"] == 3
    assert sample.seed == 2**31 + 3
