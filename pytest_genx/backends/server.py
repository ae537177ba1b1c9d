"""Samples from an OpenAI-compatible server: vLLM, llama-server, Ollama, SGLang and others.

A prompt's messages go to `/chat/completions`; a server without it, or without a chat template,
continues the prompt's text at `/completions`. All samples are asked for in one request where the
server can do that, else one by one, at most `IN_FLIGHT` at a time; they come in order either way.
The i-th has seed `request.seed + i`, below 2**31; whether that repeats it is up to the server.
The coder's first sample takes the likeliest tokens, as in the llama backend.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pytest_genx.backends.server_answer import Choice, OtherShape, choices, model_names
from pytest_genx.backends.server_line import ANSWER, BUSY, Endpoint, Line, endpoint
from pytest_genx.config import Config
from pytest_genx.domain import Request, Role, Sample
from pytest_genx.errors import BadOption, GenxError, ServerError

IN_FLIGHT = 4  # requests
_SEEDS = 2**31  # what every server takes for a seed
_NOT_OFFERED = frozenset({400, 422, 500, 501})  # how servers refuse a field they do not know
_MAX_NAMES = 10

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Part:
    """What one request gave: choices from an index on, whole answers or continued text."""

    index: int
    choices: list[Choice]
    whole: bool


class ServerBackend:
    """A server and what is known of it; each `sample` opens its own connections."""

    name = "server"

    def __init__(
        self,
        to: Endpoint,
        model: str,
        *,
        wait: Callable[[float], object] | None = None,
        timeout: float = ANSWER,
    ) -> None:
        """Name the server.

        Args:
            to: where it is.
            model: as the server names it.
            wait: sleeps so many seconds between tries; None for a real wait.
            timeout: seconds for one answer.
        """
        self.notes = _notes(to)
        self._to = to
        self._model = model
        self._wait = wait
        self._timeout = timeout
        # Learnt from refusals; threads only ever turn them off.
        self._chats = True
        self._batches = True
        self._logprobs = True

    def sample(self, request: Request) -> Iterator[Sample]:
        """Yield `request.n` samples; after a failure those that came, then the failure.

        Raises:
            ServerError: the server gave no usable answer.
        """
        line = Line(self._to, wait=self._wait, timeout=self._timeout)
        for part in self._parts(line, request):
            prefix = "" if part.whole else request.prompt.prefix
            for i, each in enumerate(part.choices, request.seed + part.index):
                text = prefix + each.text
                yield Sample(request.prompt.role, text, self.name, i, each.tokens, each.logprob)

    def close(self) -> None:
        """Nothing is left open."""

    def _parts(self, line: Line, request: Request) -> Iterator[_Part]:
        """Yield what makes up `request.n` choices, in order."""

        def asked(index: int, count: int = 1) -> Callable[[], _Part]:
            return partial(self._ask, line, request, index, count)

        first, end = request.first, request.first + request.n
        greedy = 1 if request.prompt.role is Role.CODER and first == 0 < request.n else 0
        start = first + greedy
        batch = self._batches and end - start > 1 and len(request.temperatures) == 1
        tasks = [asked(i) for i in range(first, start if batch else end)]
        if batch:
            tasks.append(asked(start, end - start))
        done = first
        for part in in_order(tasks, line):
            done += len(part.choices)
            yield part
        if done < end:
            self._batches = False
            yield from in_order([asked(i) for i in range(done, end)], line)

    def _ask(self, line: Line, request: Request, index: int, count: int) -> _Part:
        """Ask for samples from one index on, with less and less of what a server may refuse.

        Fewer than `count` come back from a server that gives one at a time.
        """
        while True:
            chats = self._chats and bool(request.prompt.messages)
            logprobs = self._logprobs
            body = self._body(request, index, count, chats=chats, logprobs=logprobs)
            path = "/chat/completions" if chats else "/completions"
            # 500 is how some refuse a field: then leaving it out is the better second try.
            retried = BUSY - {500} if logprobs or count > 1 else BUSY
            try:
                answer = line.ask(path, body, seed=body["seed"], retried=retried)
                found = choices(answer)[:count]
            except ServerError as error:
                if chats and _no_chat(error):
                    self._chats = False
                elif error.status not in _NOT_OFFERED:
                    raise
                elif logprobs:
                    self._logprobs = False
                elif count > 1:
                    self._batches, count = False, 1
                else:
                    raise
                continue
            except OtherShape as error:
                reason = f"its answer is JSON of another shape: {error}"
                raise ServerError(self._to.url, reason) from None
            if len(found) > 1 and len({each.text for each in found}) == 1:
                found = found[:1]  # one seed for all of them: such a server is asked one by one
            return _Part(index, found, chats)

    def _body(
        self, request: Request, index: int, count: int, *, chats: bool, logprobs: bool
    ) -> dict[str, Any]:
        prompt = request.prompt
        greedy = index == 0 and prompt.role is Role.CODER
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": request.max_tokens,
            "temperature": 0.0 if greedy else request.temperature(index),
            "top_p": request.top_p,
            "seed": (request.seed + index) % _SEEDS,
            "stream": False,
        }
        if count > 1:
            body["n"] = count
        if chats:
            body["messages"] = [{"role": r, "content": text} for r, text in prompt.messages]
        else:
            body["prompt"] = prompt.text
            if prompt.stop:  # these are for plain text; they would cut a chat answer short
                body["stop"] = list(prompt.stop)
        if logprobs:
            body["logprobs"] = True if chats else 1
        return body


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
    key = os.environ.get("GENX_API_KEY") or os.environ.get("OPENAI_API_KEY") or ""
    to = endpoint(config.server, key.strip() or None)
    return ServerBackend(to, config.server_model or only_model(Line(to), to))


def only_model(line: Line, to: Endpoint) -> str:
    """Ask a server for the one model it has.

    Raises:
        BadOption: there are several.
        ServerError: there is none, or no list of them.
    """
    try:
        names = model_names(line.ask("/models"))
    except OtherShape as error:
        reason = f"its answer is JSON of another shape: {error}; name one with --genx-server-model"
        raise ServerError(to.url, reason) from None
    if not names:
        raise ServerError(to.url, "it has no model; name one with --genx-server-model")
    if len(names) > 1:
        listed = ", ".join(repr(name[:100]) for name in names[:_MAX_NAMES])
        more = ", ..." if len(names) > _MAX_NAMES else ""
        raise BadOption("--genx-server-model", "", f"one of {listed}{more}")
    return names[0]


def in_order(tasks: Sequence[Callable[[], Result]], line: Line) -> Iterator[Result]:
    """Run tasks in threads, `IN_FLIGHT` ahead of what is consumed, and yield results in order.

    After a failure no task is started, and those under way still yield what they get. Closing
    the iterator, or an interrupt, breaks all of them off.

    Args:
        tasks: each uses the line.
        line: hung up at the end, unless all tasks came through.

    Raises:
        GenxError: the first failure, after the results.
    """
    if not tasks:
        return
    rest = iter(tasks)
    failure: GenxError | None = None
    whole = False
    pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="genx-server")
    try:
        waiting: deque[Future[Result]] = deque(
            pool.submit(task) for task in islice(rest, IN_FLIGHT)
        )
        while waiting:
            try:
                result = waiting.popleft().result()
            except GenxError as error:
                failure = failure or error
                line.give_up()
                continue
            if failure is None:
                waiting.extend(pool.submit(task) for task in islice(rest, 1))
            yield result
        if failure is not None:
            raise failure
        whole = True
    finally:
        if not whole:
            line.hang_up()
        pool.shutdown(wait=True, cancel_futures=True)


def _no_chat(error: ServerError) -> bool:
    """Say whether a server has no chat, or its model no template for it."""
    return error.status in {404, 405} or (error.status == 400 and "chat template" in str(error))


def _notes(to: Endpoint) -> tuple[str, ...]:
    """Say what leaves this machine, for people who chose this tool so that nothing does."""
    if to.loopback:
        return ()
    said = f"code leaves this machine: requests go to {to.host}"
    if to.scheme == "http":
        said += ", unencrypted" + (", and so does the API key" if to.key else "")
    return (said,)
