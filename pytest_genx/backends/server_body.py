"""What a server is asked: a request's fields, which of them it may refuse, and how long it may be.

Not every server knows every field, and none says so beforehand; what is left out is learnt from
refusals.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from pytest_genx.domain import Prompt, Request, Role
from pytest_genx.errors import ServerError

CHARACTERS = 3  # a token, of code; on the safe side for the tokenizers of code models
_SEEDS = 2**31  # what every server takes for a seed
_REFUSING = frozenset({400, 422, 500, 501})  # statuses of servers that do not know a field
_OPTIONAL = frozenset(
    {
        "n",
        "logprobs",
        "top_logprobs",
        "min_p",
        "chat_template_kwargs",
        "grammar",
        "response_format",
        "seed",
    }
)
_TOO_LONG = re.compile(r"context.(length|size|window)|\btoo long\b|must have less than \d+ tokens")


@dataclass(frozen=True, slots=True)
class Form:
    """A way to ask; `without` names fields left out, `room` is how many characters fit."""

    prompt: Prompt
    chats: bool  # whether messages are sent; else text that is to be continued
    max_tokens: int
    without: frozenset[str] = frozenset()
    room: float = math.inf

    @property
    def path(self) -> str:
        """Where such requests go, below the URL of the server."""
        return "/chat/completions" if self.chats else "/completions"


def body(form: Form, request: Request, index: int, count: int) -> dict[str, Any]:
    """Make the body of a request for `count` samples from an index on, save the model's name."""
    prompt, without = form.prompt, form.without
    greedy = index == 0 and prompt.role is Role.CODER
    fields: dict[str, Any] = {
        "max_tokens": form.max_tokens,
        "temperature": 0.0 if greedy else request.temperature(index),
        "top_p": request.top_p,
        "min_p": request.min_p,
        "seed": (request.seed + index) % _SEEDS,
        "stream": False,
    }
    if count > 1:
        fields["n"] = count
    if form.chats:
        fields["messages"] = [{"role": r, "content": text} for r, text in prompt.messages]
        fields["logprobs"] = True
        fields["top_logprobs"] = 1  # without it some give none at all
        # Thinking aloud would use up the tokens before the answer.
        fields["chat_template_kwargs"] = {"enable_thinking": False}
        if prompt.schema:
            schema = {"name": "cases", "schema": json.loads(prompt.schema), "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
    else:
        fields["prompt"] = prompt.text
        fields["logprobs"] = 1
        if prompt.stop:  # these are for plain text; they would cut a chat answer short
            fields["stop"] = list(prompt.stop)
        if prompt.grammar:
            fields["grammar"] = prompt.grammar
    if "logprobs" in without:
        without |= {"top_logprobs"}
    return {name: value for name, value in fields.items() if name not in without}


def length(prompt: Prompt, *, chats: bool) -> int:
    """Count the characters that a model is shown."""
    return sum(len(text) for _, text in prompt.messages) if chats else len(prompt.text)


def less(form: Form, sent: dict[str, Any], error: ServerError) -> Form:
    """Take from a way to ask what it was refused for.

    Args:
        form: how it was asked.
        sent: the body that was refused.
        error: what the server said to it.

    Raises:
        ServerError: the same, where nothing is left to take.
    """
    if form.chats and _no_chat(error):
        return replace(form, chats=False)
    if _too_long(error):
        if form.prompt.shorter is None:
            raise error
        room = min(form.room, length(form.prompt, chats=form.chats) - 1)
        return replace(form, prompt=form.prompt.shorter, room=room)
    here = _OPTIONAL & sent.keys() if error.status in _REFUSING else frozenset()
    named = {name for name in here if re.search(rf"\b{name}\b", error.reason)}
    fields = named or here - {"seed"}
    if not fields:
        raise error
    return replace(form, without=form.without | fields)


def _too_long(error: ServerError) -> bool:
    """Say whether a prompt was refused because the model's context has no room for it."""
    said = error.reason.lower()
    return error.status in _REFUSING | {413} and _TOO_LONG.search(said) is not None


def _no_chat(error: ServerError) -> bool:
    """Say whether a server has no chat, or its model no template for it."""
    template = error.status == 400 and "chat template" in error.reason
    return template or error.status in {404, 405}
