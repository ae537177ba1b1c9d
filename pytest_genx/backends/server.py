"""Samples from an OpenAI-compatible server: vLLM, llama-server, Ollama, SGLang and others.

A prompt's messages go to `/chat/completions`; a server without it, or without a chat template,
continues the prompt's text at `/completions`. All samples are asked for in one request where the
server can do that, else one by one, at most `IN_FLIGHT` at a time; they come in order either way.
The i-th has seed `request.seed + i`, below 2**31; whether that repeats it is up to the server.
The coder's first sample takes the likeliest tokens, as in the llama backend. A prompt that is too
long for the model is left for a shorter one, by the server's word or by its refusal.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pytest_genx.backends.server_answer import Choice, Model, OtherShape, choices, models
from pytest_genx.backends.server_body import CHARACTERS, Form, body, length, less
from pytest_genx.backends.server_endpoint import Endpoint, endpoint
from pytest_genx.backends.server_line import ANSWER, Line
from pytest_genx.backends.server_tasks import in_order
from pytest_genx.config import Config
from pytest_genx.domain import Prompt, Request, Role, Sample
from pytest_genx.errors import BadOption, ServerError

_MAX_NAMES = 10


@dataclass(frozen=True, slots=True)
class _Part:
    """What one request gave: choices from an index on, whole answers or continued text."""

    index: int
    choices: list[Choice]
    prompt: Prompt
    whole: bool


class ServerBackend:
    """A server and what is known of it; each `sample` opens its own connections."""

    name = "server"

    def __init__(
        self,
        to: Endpoint,
        model: Model,
        *,
        wait: Callable[[float], object] | None = None,
        timeout: float = ANSWER,
    ) -> None:
        """Name the server.

        Args:
            to: where it is.
            model: one of the server's.
            wait: sleeps so many seconds between tries; None for a real wait.
            timeout: seconds for one answer.
        """
        self.notes = _notes(to)
        self._to = to
        self._model = model
        self._wait = wait
        self._timeout = timeout
        # Learnt from refusals; threads only ever make them less.
        self._chats = to.chats
        self._without: frozenset[str] = frozenset()  # fields of a request
        self._room = math.inf  # characters of a prompt

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield `request.n` samples; after a failure those that came, then the failure.

        Raises:
            ServerError: the server gave no usable answer.
        """
        line = Line(self._to, wait=self._wait, timeout=self._timeout)
        for part in self._parts(line, request):
            prompt = part.prompt
            prefix = "" if part.whole else prompt.prefix
            for seed, each in enumerate(part.choices, request.seed + part.index):
                yield Sample(
                    prompt.role,
                    prefix + each.text,
                    self.name,
                    seed,
                    each.tokens,
                    each.logprob,
                    prompt.cut if part.whole else prompt.text_cut,
                )

    def close(self) -> None:
        """Nothing is left open."""

    def _parts(self, line: Line, request: Request) -> Iterator[_Part]:
        """Yield what makes up `request.n` choices, in order."""

        def asked(index: int, count: int = 1) -> Callable[[], _Part]:
            return partial(self._ask, line, request, index, count)

        first, end = request.first, request.first + request.n
        greedy = 1 if request.prompt.role is Role.CODER and first == 0 < request.n else 0
        start = first + greedy
        alike = len(request.temperatures) == 1
        batch = alike and end - start > 1 and "n" not in self._without
        tasks = [asked(i) for i in range(first, start if batch else end)]
        if batch:
            tasks.append(asked(start, end - start))
        done = first
        for part in in_order(tasks, line):
            done += len(part.choices)
            yield part
        if done < end:
            self._without |= {"n"}
            yield from in_order([asked(i) for i in range(done, end)], line)

    def _ask(self, line: Line, request: Request, index: int, count: int) -> _Part:
        """Ask for samples from one index on, with less and less of what the server refuses.

        Fewer than `count` come back from a server that gives one at a time.
        """
        form = self._form(request)
        while True:
            sent = body(form, request, index, count)
            try:
                answer = line.ask(form.path, {"model": self._model.name, **sent}, seed=index)
                found = choices(answer)[: sent.get("n", 1)]
                break
            except ServerError as error:
                form = less(form, sent, error)
            except OtherShape as error:
                reason = f"its answer is JSON of another shape: {error}"
                raise ServerError(self._to.url, reason) from None
        self._learn(form)
        if len(found) > 1 and len({each.text for each in found}) == 1:
            found = found[:1]  # one seed for all of them: such a server is asked one by one
        return _Part(index, found, form.prompt, form.chats)

    def _form(self, request: Request) -> Form:
        """Choose how to ask, by what is known so far."""
        chats = self._chats and bool(request.prompt.messages)
        context, tokens, room = self._model.context, request.max_tokens, self._room
        if context is not None:
            tokens = max(1, min(tokens, context // 2))
            room = min(room, CHARACTERS * (context - tokens))
        prompt = request.prompt
        while prompt.shorter is not None and length(prompt, chats=chats) > room:
            prompt = prompt.shorter
        return Form(prompt, chats, tokens, self._without, room)

    def _learn(self, form: Form) -> None:
        """Remember what led to an answer, and only that: a refusal may have other reasons."""
        self._without |= form.without
        self._room = min(self._room, form.room)
        if form.prompt.messages:
            self._chats = self._chats and form.chats


def server_backend(config: Config) -> ServerBackend:
    """Find the server, and its model where none is named.

    Args:
        config: `server` is the URL, `server_model` the name of the model, or None to take the
            only one that the server has. The key comes from the environment: GENX_API_KEY, or
            else OPENAI_API_KEY.

    Raises:
        BadOption: no URL, or not one of a server; several models, and none is named.
        ServerError: the server does not list its models.
    """
    if config.server is None:
        raise BadOption("--genx-server", "", "the URL of a server, such as http://HOST:PORT/v1")
    to = endpoint(config.server, _key())
    model = Model(config.server_model) if config.server_model else only_model(Line(to), to)
    return ServerBackend(to, model)


def only_model(line: Line, to: Endpoint) -> Model:
    """Ask a server for the one model it has.

    Raises:
        BadOption: there are several.
        ServerError: there is none, or no list of them.
    """
    try:
        found = models(line.ask("/models"))
    except OtherShape as error:
        reason = f"its answer is JSON of another shape: {error}; name one with --genx-server-model"
        raise ServerError(to.url, reason) from None
    if not found:
        raise ServerError(to.url, "it has no model; name one with --genx-server-model")
    if len(found) > 1:
        listed = ", ".join(repr(each.name[:100]) for each in found[:_MAX_NAMES])
        more = ", ..." if len(found) > _MAX_NAMES else ""
        raise BadOption("--genx-server-model", "", f"one of {listed}{more}")
    return found[0]


def _key() -> str | None:
    """Read the key from the environment; its value has no name, which a traceback might show."""
    return (
        os.environ.get("GENX_API_KEY") or os.environ.get("OPENAI_API_KEY") or ""
    ).strip() or None


def _notes(to: Endpoint) -> tuple[str, ...]:
    """Say what leaves this machine, for people who chose this tool so that nothing does."""
    if to.loopback:
        return ()
    said = f"code leaves this machine: requests go to {to.host}"
    if to.scheme == "http":
        said += ", unencrypted" + (", and so does the API key" if to.key else "")
    return (said,)
