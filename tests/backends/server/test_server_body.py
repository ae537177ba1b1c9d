from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_genx.backends.server_line import TRIES
from pytest_genx.domain import Prompt, Role

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
        "min_p": 0.05,
        "seed": 5,
        "stream": False,
        "n": 3,
        "logprobs": True,
        "top_logprobs": 1,
        "chat_template_kwargs": {"enable_thinking": False},
        "messages": [{"role": "user", "content": "write"}],
    }


def test_a_schema_is_asked_for_until_it_is_refused(server, open_backend, ask, texts):
    """Extraction reads answers of either form."""
    schema = {"type": "object"}
    prompt = Prompt(Role.TESTER, "", "", (("user", "write"),), schema=json.dumps(schema))

    def answer(asked):
        refused = "response_format" in asked.body
        said = {"error": "response_format is not offered"}
        return reply(said, 400) if refused else server.completions(asked)

    server.answer = answer
    backend = open_backend()
    for _ in range(2):
        assert len(texts(backend, ask(prompt=prompt, n=1))) == 1
    forms = [asked.body.get("response_format") for asked in server.asked]
    given = {"name": "cases", "schema": schema, "strict": True}
    assert forms == [{"type": "json_schema", "json_schema": given}, None, None]


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


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (422, 1), (500, TRIES)])
def test_fields_that_a_server_refuses_are_left_out(server, open_backend, ask, status, tries, texts):
    """All that may be, if none is named; the next request does not try them again."""

    def answer(asked):
        refused = "n" in asked.body or "logprobs" in asked.body
        return reply({"error": "unknown field"}, status) if refused else server.completions(asked)

    server.answer = answer
    backend = open_backend()
    assert texts(backend, ask(n=3)) == ["s0", "s1", "s2"]
    assert texts(backend, ask(n=3)) == ["s0", "s1", "s2"]
    assert len(server.asked) == tries + 3 + 3
    assert {"seed", "top_p", "temperature"} <= server.asked[-1].body.keys()


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ({"error": {"message": "Unknown parameter: 'min_p'."}}, {"min_p"}),
        ({"error": "logprobs are not offered"}, {"logprobs", "top_logprobs"}),
        ({"error": "top_logprobs must be 0"}, {"top_logprobs"}),
        ({"error": {"message": "Field 'n': Value must be between 1 <= value <= 2"}}, {"n"}),
        (
            {
                "detail": [
                    {"type": "extra_forbidden", "loc": ["body", "seed"]},
                    {"type": "extra_forbidden", "loc": ["body", "chat_template_kwargs"]},
                ]
            },
            {"seed", "chat_template_kwargs"},
        ),
    ],
)
def test_a_field_that_is_named_in_a_refusal_is_left_out_alone(
    server, open_backend, ask, said, gone, texts
):
    """The others are kept, from then on too."""
    first = []

    def answer(asked):
        first.append(asked.body.keys())
        if gone & asked.body.keys():
            return reply(said, 422)
        return server.choices(asked, [f"s{i}" for i in range(asked.body.get("n", 1))])

    server.answer = answer
    backend = open_backend()
    assert len(texts(backend, ask(n=3))) == 3
    assert first[1] == first[0] - gone
    asked = len(server.asked)
    assert len(texts(backend, ask(n=1))) == 1
    assert len(server.asked) == asked + 1


def test_a_refusal_for_other_reasons_costs_no_field(server, open_backend, ask, failing, texts):
    """Only what led to an answer is remembered."""
    server.always(reply({"error": "the text offends"}, 400))
    backend = open_backend()
    assert "400: the text offends" in failing(backend, ask(n=3))[1]
    assert "n" not in server.asked[-1].body
    server.answer = server.completions
    assert texts(backend, ask(n=3)) == ["s0", "s1", "s2"]
    assert {"n", "logprobs", "min_p"} <= server.asked[-1].body.keys()


def test_a_grammar_holds_plain_text_until_it_is_refused(server, open_backend, ask, texts):
    """It is for completions; a chat answer has another form."""
    prompt = Prompt(Role.TESTER, "t", messages=(("user", "m"),), grammar='root ::= "x"')
    texts(open_backend(), ask(prompt=prompt, n=1))
    texts(open_backend(), ask(prompt=replace(prompt, messages=()), n=1))
    assert [asked.body.get("grammar") for asked in server.asked] == [None, 'root ::= "x"']


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


def long_prompt(*sizes: int, chat: bool) -> Prompt:
    """A prompt of so many characters, each shorter form after it."""
    shorter = None
    for i, size in reversed(list(enumerate(sizes))):
        messages = (("user", "x" * size),) if chat else ()
        cut = tuple(f"part {j}" for j in range(i))
        named = {"cut": cut} if chat else {"text_cut": cut}
        shorter = Prompt(Role.TESTER, "x" * size, "", messages, shorter=shorter, **named)
    assert shorter is not None
    return shorter


def shown(asked) -> int:
    """How many characters the model was shown."""
    body = asked.body
    return len(body["messages"][0]["content"] if "messages" in body else body["prompt"])


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "This model's maximum context length is 512 tokens, however you requested 1605"),
        (400, "request (1600 tokens) exceeds the available context size (512 tokens)"),
        (400, "Requested tokens (1600) exceed context window of 512"),
        (422, "`inputs` must have less than 512 tokens. Given: 1600"),
        (413, "prompt is too long"),
    ],
)
def test_a_prompt_that_is_refused_for_its_length_is_asked_shorter(
    server, open_backend, ask, chat, status, said
):
    """What was cut is said with the sample, and the room there is remembered."""

    def answer(asked):
        refusal = reply({"error": {"message": said}}, status)
        return refusal if shown(asked) > 50 else server.completions(asked)

    server.answer = answer
    backend = open_backend()
    request = ask(prompt=long_prompt(100, 60, 40, 20, chat=chat), n=1)
    for _ in range(2):
        (sample,) = backend.sample(request)
        assert sample.cut == ("part 0", "part 1")
    assert [shown(asked) for asked in server.asked] == [100, 60, 40, 40]
    assert "logprobs" in server.asked[-1].body


def test_a_prompt_that_has_no_shorter_form_fails_with_the_servers_words(
    server, open_backend, ask, failing
):
    """Its numbers are what the user needs."""
    server.always(reply({"error": "exceeds the available context size (9 tokens)"}, 400))
    said = failing(open_backend(), ask(prompt=long_prompt(90, 60, chat=True), n=1))[1]
    assert "it answered with status 400: exceeds the available context size (9 tokens)" in said
    assert [shown(asked) for asked in server.asked] == [90, 60]


def test_a_known_context_chooses_the_prompt_beforehand(server, open_backend, ask):
    """Three characters are taken for a token; the answer gets half of the context at most."""
    request = ask(prompt=long_prompt(151, 150, 20, chat=True), n=1)
    (sample,) = open_backend(context=100).sample(request)
    assert sample.cut == ("part 0",)
    (asked,) = server.asked
    assert (shown(asked), asked.body["max_tokens"]) == (150, 50)


def test_a_url_of_completions_is_never_chatted_with(server, open_backend, ask, texts):
    """Servers put a template of their own in the place of one that a model lacks."""
    assert texts(open_backend(path="/completions"), ask(n=1)) == ["assert f(s0"]
    assert texts(open_backend(path="/chat/completions"), ask(n=1)) == ["s0"]
    assert [asked.path for asked in server.asked] == [PLAIN, CHAT]
