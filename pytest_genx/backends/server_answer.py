"""What OpenAI-compatible servers answer -> texts; any other shape is one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


class OtherShape(ValueError):
    """JSON, but not what was asked for; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the texts of an answer; `tokens` is 0 where the server does not say."""

    text: str
    tokens: int = 0
    logprob: float | None = None  # sum over tokens, nats


@dataclass(frozen=True, slots=True)
class Model:
    """A server's model; `context` is how many tokens prompt and answer may have, if it says."""

    name: str
    context: int | None = None


def choices(answer: Any) -> list[Choice]:
    """Read the choices of a completion or a chat completion, one or more.

    Raises:
        OtherShape: there are none, or one has no text.
    """
    found = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not found:
        raise OtherShape("no choices")
    usage = answer.get("usage")
    used = usage.get("completion_tokens") if isinstance(usage, dict) else None
    alone = used if len(found) == 1 and type(used) is int and used >= 0 else 0
    return [_choice(each, alone) for each in found]


def models(answer: Any) -> list[Model]:
    """Read which models a server has.

    Raises:
        OtherShape: it is no list of models.
    """
    found = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise OtherShape("no list of models")
    return [_model(each) for each in found]


def _model(each: Any) -> Model:
    name = each.get("id") if isinstance(each, dict) else None
    if not isinstance(name, str):
        raise OtherShape("no list of models")
    meta = each.get("meta")  # llama-server's; vLLM's number stands beside the name
    of_meta = [meta.get("n_ctx"), meta.get("n_ctx_train")] if isinstance(meta, dict) else []
    sizes = [each.get("max_model_len"), *of_meta]
    return Model(name, next((n for n in sizes if type(n) is int and n > 0), None))


def _choice(each: Any, tokens: int) -> Choice:
    if not isinstance(each, dict):
        raise OtherShape("a choice without text")
    message = each.get("message")
    text = message.get("content") if isinstance(message, dict) else each.get("text")
    if text is None and isinstance(message, dict):
        text = ""  # all of it went into what the model thinks aloud
    if not isinstance(text, str):
        raise OtherShape("a choice without text")
    values = _logprobs(each.get("logprobs"))
    # Half a surrogate pair can stand in JSON, but in no file.
    whole = text.encode("utf-8", "replace").decode()
    return Choice(whole, len(values) or tokens, math.fsum(values) if values else None)


def _logprobs(given: Any) -> list[float]:
    """Read the values of each token, in either form; nothing if one is missing."""
    if not isinstance(given, dict):
        return []
    values = given.get("token_logprobs")
    if isinstance(given.get("content"), list):
        values = [t.get("logprob") if isinstance(t, dict) else None for t in given["content"]]
    if not isinstance(values, list):
        return []
    whole = all(type(v) in {int, float} and math.isfinite(v) for v in values)
    return [float(v) for v in values] if whole else []
